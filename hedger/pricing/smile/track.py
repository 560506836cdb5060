"""What the smiles of one underlying have taught so far: R of each expiry, Hull-White's coefficients.

Feed it the same strips at successive instants: `shifts` first, for what is hedged from an instant on, and
`learn` when the next instant is known. What `shifts` returns at an instant rests on intervals that ended by
then, so errors of hedging with it are out of sample.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

import numpy as np

from hedger.pricing.black76 import Floats
from hedger.pricing.smile.curve import Smile
from hedger.pricing.smile.delta import (
    NO_MOVE,
    NO_SAMPLE,
    STICKY_DELTA,
    Coefficients,
    Normal,
    minimum_variance_shift,
    normal_equations,
    solve,
    sticky_shift,
)
from hedger.pricing.smile.stickiness import UNKNOWN, Stickiness, stickiness
from hedger.pricing.smile.strip import Fitted, matched

LEAST_INSTANTS = 20
"""Intervals before Hull-White's coefficients are other than 0."""

_ZERO = np.zeros(1)


class Shifts(NamedTuple):
    """Smile delta less Black's of every option of a strip, coin per coin of notional, by rule."""

    sticky_delta: Floats
    fitted: Floats
    minimum_variance: Floats


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


class _Sides(NamedTuple):
    """Regressions of the interval that ended at `market_ms`: calls and puts apart."""

    market_ms: int
    calls: Normal
    puts: Normal


class _Move(NamedTuple):
    """How one expiry moved over an interval that ended at `market_ms`."""

    market_ms: int
    vol: float
    """d sigma_ATM."""
    skew: float
    """s_ATM at the start."""
    log_forward: float
    """d ln F."""


class Track:
    """Mutable. R and the coefficients rest on intervals that ended within `window_ms`."""

    def __init__(self, window_ms: float) -> None:
        self.window_ms = window_ms
        self._moves: dict[int, deque[_Move]] = {}
        self._sides: deque[_Sides] = deque()
        self.calls, self.puts = NO_MOVE, NO_MOVE

    def stickiness(self, expiration_ms: int) -> Stickiness:
        """R of an expiry; 1 while little is known of it."""
        moves = self._moves.get(expiration_ms)
        if not moves:
            return UNKNOWN
        _, vols, skews, logs = np.array(moves).T
        return stickiness(vols, skews, logs)

    def shifts(self, fitted: Fitted) -> Shifts:
        """What each rule adds to Black's delta now, as far as is known by now."""
        strip = fitted.strip
        greeks, slopes = strip.greeks(), fitted.slopes()
        r = self.stickiness(strip.expiration_ms).r
        return Shifts(
            sticky_shift(greeks.vega_usd, strip.forward_usd, slopes, STICKY_DELTA),
            sticky_shift(greeks.vega_usd, strip.forward_usd, slopes, r),
            self._minimum_variance(fitted, greeks.delta, greeks.vega_usd),
        )

    def _minimum_variance(self, fitted: Fitted, delta: Floats, vega_usd: Floats) -> Floats:
        if fitted.gap:
            return np.zeros_like(delta)
        strip = fitted.strip
        of = (self.calls, self.puts)
        both = [minimum_variance_shift(delta, vega_usd, strip.forward_usd, strip.tau_years, c) for c in of]
        return np.where(strip.sign > 0.0, both[0], both[1])

    def learn(self, market_ms: int, pairs: list[tuple[Fitted, Fitted]]) -> None:
        """Take in the interval that ended at `market_ms`: every expiry that both ends have."""
        calls = puts = NO_SAMPLE
        for before, after in pairs:
            if before.gap or after.gap or before.smile is None or after.smile is None:
                continue
            moves = self._moves.setdefault(before.strip.expiration_ms, deque())
            moves.append(_move(before, before.smile, after, after.smile))
            mine = _regressions(before, interval(before, after))
            calls, puts = calls + mine[0], puts + mine[1]
        self._sides.append(_Sides(market_ms, calls, puts))
        self._forget(market_ms)
        enough = len(self._sides) >= LEAST_INSTANTS
        self.calls = _solved([each.calls for each in self._sides]) if enough else NO_MOVE
        self.puts = _solved([each.puts for each in self._sides]) if enough else NO_MOVE

    def _forget(self, market_ms: int) -> None:
        """What is older than the window, and expiries that are gone."""
        since_ms = market_ms - self.window_ms
        while self._sides and self._sides[0].market_ms < since_ms:
            self._sides.popleft()
        for moves in self._moves.values():
            while moves and moves[0].market_ms < since_ms:
                moves.popleft()
        self._moves = {expiry: moves for expiry, moves in self._moves.items() if expiry > market_ms}


def _move(before: Fitted, was: Smile, after: Fitted, now: Smile) -> _Move:
    return _Move(
        after.strip.market_ms,
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


def _solved(normals: list[Normal]) -> Coefficients:
    square = np.sum([each.square for each in normals], axis=0)
    product = np.sum([each.product for each in normals], axis=0)
    return solve(Normal(square, product))
