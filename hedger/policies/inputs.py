"""What every policy sees: one book at one instant, in plain floats."""

from __future__ import annotations

import math
from typing import NamedTuple


class Inputs(NamedTuple):
    """Everything a kernel may know beside its own parameters and memory."""

    now_s: float
    """Market time, seconds since the Unix epoch."""
    delta_coin: float
    """The controlled quantity y, hedges and hedges in flight included."""
    target_delta_coin: float
    """Where y is to be steered."""
    gamma_coin_per_usd: float
    """d y / d index of the whole book; negative when short options."""
    theta_usd_per_day: float
    """Decay of the whole book, signed: positive when short options."""
    index_usd: float
    iv: float
    """The book's representative volatility as a fraction per square root of a 365-day year."""
    lot_coin: float
    """Smallest order step of the hedge instrument, in coin at the present price."""
    last_hedge_s: float
    """Market time of the last own hedge; NaN if there was none."""
    book_epoch: float
    """A counter that changes at start-up, at a trade or expiry not made by the hedger, when a hedge that was
    counted as in flight failed, and at new settings: delta from there on is born, not drifted."""
    equity_coin: float = math.nan
    """Equity in every currency the book settles in, in coin; NaN where it is not known."""
    book_gamma_coin_per_usd: float = math.nan
    """The sum of the options' gammas; `gamma_coin_per_usd` is what stands beside y in a P&L."""
    band_scale: float = 1.0
    """By how much the no-trade interval is wider than its parameters say: a timed override, a soft limit."""
    blackout: float = 0.0
    """1 within a blackout window: no hedge inside the hard limit."""
    centre_s: float = 0.0
    """The announced event before which delta is to be at its target once (its market time, s); 0: none."""
    vanna_coin: float = math.nan
    """d delta / d volatility of the book's options, coin per 1.00 of volatility; NaN: not known."""
    tau_years: float = math.nan
    """Time to expiry of the one option that has the book's gamma and vega; NaN where there is none such."""


def at_delta(inputs: Inputs, delta_coin: float) -> Inputs:
    """The same book at another delta, written out for compilers that know no `_replace`."""
    return Inputs(
        inputs.now_s,
        delta_coin,
        inputs.target_delta_coin,
        inputs.gamma_coin_per_usd,
        inputs.theta_usd_per_day,
        inputs.index_usd,
        inputs.iv,
        inputs.lot_coin,
        inputs.last_hedge_s,
        inputs.book_epoch,
        inputs.equity_coin,
        inputs.book_gamma_coin_per_usd,
        inputs.band_scale,
        inputs.blackout,
        inputs.centre_s,
        inputs.vanna_coin,
        inputs.tau_years,
    )


class Interval(NamedTuple):
    """Where a policy leaves the book alone, as status shows it; NaN where it cannot be known."""

    lower_delta: float
    """The policy acts when y ends below this (theta-offset: at the window's end)."""
    upper_delta: float
    hard_lower: float
    """The policy acts at once when y is below this."""
    hard_upper: float
    lower_index_usd: float
    """Index level below the present one at which the next trigger would fire, by the book's gamma."""
    upper_index_usd: float
