"""What the smiles of one underlying have taught so far: R of each expiry, Hull-White's coefficients.

Feed it intervals between the same expiries at successive instants: `shifts` first, for what is hedged from an
instant on, and `learn` when the next instant is known. What `shifts` returns at an instant rests on intervals
that ended by then, so errors of hedging with it are out of sample.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from typing import NamedTuple

import numpy as np

from hedger.pricing.black76 import Floats
from hedger.pricing.smile.delta import (
    NO_MOVE,
    STICKY_DELTA,
    Coefficients,
    Normal,
    believed,
    minimum_variance_shift,
    solve,
    sticky_shift,
)
from hedger.pricing.smile.lesson import Lesson, Move
from hedger.pricing.smile.stickiness import UNKNOWN, Stickiness, stickiness
from hedger.pricing.smile.strip import Fitted

LEAST_INSTANTS = 20
"""Intervals before Hull-White's coefficients are other than 0."""


class Shifts(NamedTuple):
    """Smile delta less Black's of every option of a strip, coin per coin of notional, by rule."""

    sticky_delta: Floats
    fitted: Floats
    minimum_variance: Floats


class Taught(NamedTuple):
    """What the lessons come to."""

    stickiness: dict[int, Stickiness]
    """By expiry, milliseconds."""
    calls: Coefficients
    puts: Coefficients


class Track:
    """Mutable. R and the coefficients rest on intervals that ended within `window_ms` of the last."""

    def __init__(self, window_ms: float) -> None:
        self.window_ms = window_ms
        self._lessons: deque[Lesson] = deque()
        self._taught: Taught | None = Taught({}, NO_MOVE, NO_MOVE)  # None: to be worked out when asked for

    @property
    def taught(self) -> Taught:
        """R of every expiry that moved, and Hull-White's coefficients; worked out once per lesson."""
        if self._taught is None:
            self._taught = _taught(self._lessons)
        return self._taught

    def stickiness(self, expiration_ms: int) -> Stickiness:
        """R of an expiry; 1 while little is known of it."""
        return self.taught.stickiness.get(expiration_ms, UNKNOWN)

    def learn(self, lesson: Lesson) -> None:
        """Take in an interval, and forget those that are older than the window."""
        self._taught = None
        self._lessons.append(lesson)
        while self._lessons[0].market_ms < lesson.market_ms - self.window_ms:
            self._lessons.popleft()

    def shifts(self, fitted: Fitted) -> Shifts:
        """What each rule adds to Black's delta now, as far as is known by now."""
        strip = fitted.strip
        greeks, slopes = strip.greeks(), fitted.slopes()
        r = self.stickiness(strip.expiration_ms).r
        return Shifts(
            believed(sticky_shift(greeks.vega_usd, strip.forward_usd, slopes, STICKY_DELTA)),
            believed(sticky_shift(greeks.vega_usd, strip.forward_usd, slopes, r)),
            believed(self._minimum_variance(fitted, greeks.delta, greeks.vega_usd)),
        )

    def _minimum_variance(self, fitted: Fitted, delta: Floats, vega_usd: Floats) -> Floats:
        if fitted.gap:
            return np.zeros_like(delta)
        strip = fitted.strip
        of = (self.taught.calls, self.taught.puts)
        both = [minimum_variance_shift(delta, vega_usd, strip.forward_usd, strip.tau_years, c) for c in of]
        return np.where(strip.sign > 0.0, both[0], both[1])


def _taught(lessons: Collection[Lesson]) -> Taught:
    by_expiry: dict[int, list[Move]] = {}
    for each in lessons:
        for move in each.moves:
            by_expiry.setdefault(move.expiration_ms, []).append(move)
    enough = len(lessons) >= LEAST_INSTANTS
    return Taught(
        {expiry: _stickiness(moves) for expiry, moves in by_expiry.items()},
        _solved([each.calls for each in lessons]) if enough else NO_MOVE,
        _solved([each.puts for each in lessons]) if enough else NO_MOVE,
    )


def _stickiness(moves: list[Move]) -> Stickiness:
    _, vols, skews, logs = np.array(moves).T
    return stickiness(vols, skews, logs)


def _solved(normals: list[Normal]) -> Coefficients:
    square = np.sum([each.square for each in normals], axis=0)
    product = np.sum([each.product for each in normals], axis=0)
    return solve(Normal(square, product))
