"""What status says of the smiles of a book: fits with their residuals, R, the correction, the gate."""

from __future__ import annotations

import math

import msgspec

from hedger.domain.instants import iso_day
from hedger.domain.vocabulary import SmileRule
from hedger.engine.delta.smile.state import SmileState
from hedger.engine.events import Now
from hedger.engine.state import BookState
from hedger.pricing.smile.curve import Smile, calendar_gap


class SmileExpiryView(msgspec.Struct, frozen=True):
    """The last fit of one held expiry."""

    expiry: str  # ISO date, UTC
    age_s: float  # of the fit, market time
    strikes: int  # different ones it was fitted to
    curve: str  # svi or parabola (few strikes); empty: none
    atm_iv: float | None  # at the forward, a fraction
    slope: float | None  # d iv / d ln(strike) at the forward: a fraction per unit
    residual_points: float | None  # vega-weighted root mean square of marks less fit, vol points
    worst_points: float | None  # of a single strike, vol points
    stickiness: float  # R as used: 0 sticky delta, 1 sticky strike; shrunk to 1, within 0 to 2
    stickiness_error: float | None  # standard error of its regression; None: too few moves, R is 1
    moves: int  # samples R rests on
    shift_coin: float  # what the rule adds to the delta of the book's options of this expiry
    gap: str  # why its options keep Black's delta; empty where they need not
    calendar: str  # where its total variance is below that of the expiry before; empty: nowhere


class SmileView(msgspec.Struct, frozen=True):
    """The smile's delta beside Black's; empty while the rule is off."""

    rule: SmileRule = SmileRule.OFF  # how volatility is taken to move with the coin
    gate_open: bool = False  # whether the rule's delta is the one that is hedged
    gate: str = ""  # why, with its figures
    shift_coin: float | None = None  # what the rule adds to Black's delta of the book
    used_coin: float = 0.0  # what is added now: the same while the gate is open, else 0
    variance_ratio: float | None = None  # squared errors of the rule over those of Black; below 1: better
    ratio_error: float | None = None  # its standard error
    confidence: float | None = None  # that the true ratio is below 1, a fraction
    samples: int = 0  # intervals measured
    minimum_variance_calls: tuple[float, float, float] = (0.0, 0.0, 0.0)  # Hull-White's a, b, c
    minimum_variance_puts: tuple[float, float, float] = (0.0, 0.0, 0.0)  # the same of puts
    expiries: tuple[SmileExpiryView, ...] = ()  # those held, the nearest first


def smile_view(book: BookState, now: Now) -> SmileView:
    """The picture of a book's smiles as of its last look at them."""
    smile: SmileState | None = book.smile
    if smile is None:
        return SmileView()
    ratio = smile.gate.ratio
    calls, puts = smile.track.taught.calls, smile.track.taught.puts
    return SmileView(
        rule=smile.rule,
        gate_open=smile.gate.open,
        gate=smile.gate.why,
        shift_coin=smile.shift_coin,
        used_coin=book.smile_coin,
        variance_ratio=_known(ratio.ratio),
        ratio_error=_known(ratio.error),
        confidence=_known(ratio.confidence),
        samples=ratio.instants,
        minimum_variance_calls=(calls.a, calls.b, calls.c),
        minimum_variance_puts=(puts.a, puts.b, puts.c),
        expiries=tuple(_expiries(smile, now)),
    )


def _expiries(smile: SmileState, now: Now) -> list[SmileExpiryView]:
    found, near = [], None
    for expiry in sorted(smile.fits):
        found.append(_expiry(smile, expiry, near, now))
        fitted = smile.fits[expiry]
        near = fitted.smile if fitted.smile is not None and not fitted.gap else near
    return found


def _expiry(smile: SmileState, expiration_ms: int, near: Smile | None, now: Now) -> SmileExpiryView:
    fitted, stuck = smile.fits[expiration_ms], smile.track.stickiness(expiration_ms)
    curve = fitted.smile
    return SmileExpiryView(
        expiry=iso_day(expiration_ms),
        age_s=(now.market_ms - fitted.strip.market_ms) / 1000,
        strikes=0 if curve is None else curve.strikes,
        curve="" if curve is None else curve.name,
        atm_iv=None if curve is None else curve.atm_iv,
        slope=None if curve is None else curve.atm_slope,
        residual_points=None if curve is None else curve.rms_points,
        worst_points=None if curve is None else curve.worst_points,
        stickiness=stuck.r,
        stickiness_error=_known(stuck.error),
        moves=stuck.moves,
        shift_coin=smile.shifts_coin.get(expiration_ms, 0.0),
        gap=fitted.gap,
        calendar=calendar_gap(near, curve) if near is not None and curve is not None else "",
    )


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
