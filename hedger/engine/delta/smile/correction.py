"""The smile's delta less Black's, summed over a book: n (vega / F) (R - 1) s, or Hull-White's, coin.

Slopes and coefficients are those of the last fit and the last sample; strikes are placed at the forward of
now, as the rule has it that the smile moves (theory 7). An option keeps Black's delta where its smile is not
used or old, beyond the fitted strikes, within a day of expiry, and where its own ticker is old: the
correction stands on the same figures as the delta it corrects.
"""

from __future__ import annotations

import math
from typing import assert_never

import numpy as np

from hedger.domain.time_units import HOUR_MS
from hedger.domain.vocabulary import SmileRule
from hedger.engine.delta.smile.state import SmileState
from hedger.engine.delta.smile.surface import rows_by_expiry
from hedger.engine.events import Now
from hedger.engine.state import BookState
from hedger.portfolio.row import Row
from hedger.pricing.black76 import YEAR_MS, Floats
from hedger.pricing.smile.delta import (
    STICKY_DELTA,
    STICKY_STRIKE,
    believed,
    minimum_variance_shift,
    sticky_shift,
)
from hedger.pricing.smile.strip import LEAST_MS, Fitted

OLD_MS = HOUR_MS
"""A fit older than this, in market time, is not used any more."""


def correct(book: BookState, now: Now) -> None:
    """Work the correction out anew; in force while the gate is open. To be called with the exact refresh."""
    smile: SmileState | None = book.smile
    if smile is None:
        return
    smile.shifts_coin = {
        expiry: _of_expiry(smile, smile.fits[expiry], rows, now)
        for expiry, rows in rows_by_expiry(book, now).items()
        if expiry in smile.fits
    }
    smile.shift_coin = sum(smile.shifts_coin.values())
    book.smile_coin = smile.shift_coin if smile.gate.open else 0.0


def _of_expiry(smile: SmileState, fitted: Fitted, rows: list[Row], now: Now) -> float:
    left_ms = fitted.strip.expiration_ms - now.market_ms
    if fitted.gap or fitted.smile is None or left_ms < LEAST_MS:
        return 0.0
    if now.market_ms - fitted.strip.market_ms > OLD_MS:
        return 0.0
    mine = [row for row in rows if not (row.missing or row.by_model) and row.good is not None]
    if not mine:
        return 0.0
    forward = np.array([(row.good.underlying_usd or 0.0) if row.good else 0.0 for row in mine])
    strike = np.array([float(row.instrument.strike_usd or 0) for row in mine])
    sizes = np.array([float(row.size) for row in mine])
    vega = np.array([100.0 * row.counted.vega for row in mine]) / sizes  # per coin and 1.00 of volatility
    k = np.log(strike / forward)
    slope = fitted.smile.known_slope(k)
    shift = believed(_shift(smile, fitted, mine, forward, vega, slope, left_ms / YEAR_MS))
    total = float(sizes @ shift)
    return total if math.isfinite(total) else 0.0  # what is not a number is Black's


def _shift(
    smile: SmileState, fitted: Fitted, rows: list[Row], forward: Floats, vega: Floats, slope: Floats,
    tau_years: float,
) -> Floats:  # fmt: skip
    """Per coin of each option."""
    match smile.rule:
        case SmileRule.OFF | SmileRule.STICKY_STRIKE:
            return sticky_shift(vega, forward, slope, STICKY_STRIKE)
        case SmileRule.STICKY_DELTA:
            return sticky_shift(vega, forward, slope, STICKY_DELTA)
        case SmileRule.FITTED:
            return sticky_shift(vega, forward, slope, smile.track.stickiness(fitted.strip.expiration_ms).r)
        case SmileRule.MINIMUM_VARIANCE:
            delta = np.array([row.counted.options_model / float(row.size) for row in rows])
            calls = np.array([row.instrument.option_sign == 1 for row in rows])
            of_calls, of_puts = (
                minimum_variance_shift(delta, vega, forward, tau_years, of)
                for of in (smile.track.taught.calls, smile.track.taught.puts)
            )
            return np.where(calls, of_calls, of_puts)
        case _:
            assert_never(smile.rule)
