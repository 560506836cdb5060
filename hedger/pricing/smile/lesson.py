"""What an interval between two instants of a market's smiles teaches: moves, and regressions to add up."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hedger.pricing.black76 import Floats
from hedger.pricing.smile.curve import Smile
from hedger.pricing.smile.delta import NO_SAMPLE, Normal, normal_equations
from hedger.pricing.smile.strip import Fitted, matched

_ZERO = np.zeros(1)


class Interval(NamedTuple):
    """Options of one expiry over one interval; arrays of shape (options seen at both ends,)."""

    places: tuple[np.ndarray, np.ndarray]
    value_move_usd: Floats
    forward_move_usd: float

    def errors(self, delta: Floats, forward_usd: float) -> Floats:
        """Hedging errors as a fraction of the forward: (dV - delta dF) / F."""
        return (self.value_move_usd - delta * self.forward_move_usd) / forward_usd


def interval(before: Fitted, after: Fitted) -> Interval:
    """How the options that both instants quote moved in value, by Black at their own volatility."""
    first, second = matched(before.strip, after.strip)
    moved = after.strip.greeks().price_usd[second] - before.strip.greeks().price_usd[first]
    return Interval((first, second), moved, after.strip.forward_usd - before.strip.forward_usd)


class Move(NamedTuple):
    """How one expiry moved over an interval."""

    expiration_ms: int
    vol: float
    """d sigma_ATM."""
    skew: float
    """s_ATM at the start."""
    log_forward: float
    """d ln F."""


class Lesson(NamedTuple):
    """Of the interval that ended at `market_ms`: moves by expiry, Hull-White's regressions of all options."""

    market_ms: int
    moves: tuple[Move, ...]
    calls: Normal
    puts: Normal


def lesson(market_ms: int, pairs: list[tuple[Fitted, Fitted]]) -> Lesson:
    """From every expiry that both ends have, before and after; nothing from smiles that are not used."""
    moves, calls, puts = [], NO_SAMPLE, NO_SAMPLE
    for before, after in pairs:
        if before.gap or after.gap or before.smile is None or after.smile is None:
            continue
        moves.append(_move(before, before.smile, after, after.smile))
        mine = _regressions(before, interval(before, after))
        calls, puts = calls + mine[0], puts + mine[1]
    return Lesson(market_ms, tuple(moves), calls, puts)


def _move(before: Fitted, was: Smile, after: Fitted, now: Smile) -> Move:
    return Move(
        before.strip.expiration_ms,
        float(now.sigma(_ZERO)[0] - was.sigma(_ZERO)[0]),
        float(was.slope(_ZERO)[0]),
        float(np.log(after.strip.forward_usd / before.strip.forward_usd)),
    )


def _regressions(before: Fitted, over: Interval) -> tuple[Normal, Normal]:
    """Of calls and of puts."""
    strip, greeks, first = before.strip, before.strip.greeks(), over.places[0]
    tau = np.full(len(first), strip.tau_years)

    def of(sign: float) -> Normal:
        mine = strip.sign[first] == sign
        at = first[mine]
        moved, forward_move = over.value_move_usd[mine], over.forward_move_usd
        return normal_equations(
            moved, forward_move, greeks.delta[at], greeks.vega_usd[at], strip.forward_usd, tau[mine]
        )

    return of(1.0), of(-1.0)
