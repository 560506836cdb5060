"""Figures of a distribution from sums that can be merged: memory does not grow with the number of paths.

Central moments merge by Chan, Golub and LeVeque (1983) / Pebay (2008); quantiles and expected shortfall come
from a fixed histogram on an asinh scale, whose bins keep their sums, so that only the boundary bin is
interpolated; certainty equivalents from log-sum-exp. Every figure has a standard error.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from hedger.pricing.black76 import Floats

PER_UNIT, REACH = 256, 16
BINS = 2 * REACH * PER_UNIT


class Figure(NamedTuple):
    """A figure and its standard error; NaN where there is none."""

    value: float
    se: float


@dataclass(frozen=True, slots=True)
class Moments:
    """Number, mean and central sums of powers two to four."""

    n: int = 0
    mean: float = 0.0
    m2: float = 0.0
    m3: float = 0.0
    m4: float = 0.0

    @classmethod
    def of(cls, x: Floats) -> Moments:
        mean = float(x.mean())
        d = x - mean
        square = d * d
        return cls(
            len(x), mean, float(square.sum()), float((square * d).sum()), float((square * square).sum())
        )

    def merged(self, other: Moments) -> Moments:
        if self.n == 0:
            return other
        a, b = self.n, other.n
        n, d = a + b, other.mean - self.mean
        r = d / n
        return Moments(
            n,
            self.mean + b * r,
            self.m2 + other.m2 + d * r * a * b,
            self.m3 + other.m3 + d * r * r * a * b * (a - b) + 3.0 * r * (a * other.m2 - b * self.m2),
            self.m4
            + other.m4
            + d * r**3 * a * b * (a * a - a * b + b * b)
            + 6.0 * r * r * (a * a * other.m2 + b * b * self.m2)
            + 4.0 * r * (a * other.m3 - b * self.m3),
        )

    def average(self) -> Figure:
        return Figure(self.mean, self._sd() / math.sqrt(self.n))

    def deviation(self) -> Figure:
        """Its error from the fourth moment: hedging errors are not normal (theory 5.2)."""
        variance = self.m2 / self.n
        if variance <= 0.0:
            return Figure(0.0, 0.0)
        spread = max(self.m4 / self.n - variance * variance, 0.0)
        return Figure(self._sd(), math.sqrt(spread / self.n) / (2.0 * math.sqrt(variance)))

    def _sd(self) -> float:
        return math.sqrt(self.m2 / (self.n - 1)) if self.n > 1 else 0.0


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts, sums and sums of squares per bin; bin b holds asinh(x / scale) * PER_UNIT in [b, b + 1)."""

    scale: float
    counts: Floats
    sums: Floats
    squares: Floats

    @classmethod
    def of(cls, x: Floats, scale: float) -> Histogram:
        at = np.floor(np.arcsinh(x / scale) * PER_UNIT).astype(np.int64) + BINS // 2
        at = np.clip(at, 0, BINS - 1)
        counted = (np.bincount(at, weights=w, minlength=BINS) for w in (np.ones_like(x), x, x * x))
        return cls(scale, *(np.asarray(each, dtype=np.float64) for each in counted))

    def merged(self, other: Histogram) -> Histogram:
        return Histogram(
            self.scale, self.counts + other.counts, self.sums + other.sums, self.squares + other.squares
        )

    def edges(self) -> Floats:
        return np.asarray(self.scale * np.sinh((np.arange(BINS + 1) - BINS // 2) / PER_UNIT))

    def _quantile(self, share: float) -> float:
        reached = np.cumsum(self.counts)
        wanted = min(max(share, 0.0), 1.0) * reached[-1]
        b = int(np.searchsorted(reached, wanted))
        inside = (wanted - (reached[b] - self.counts[b])) / max(self.counts[b], 1.0)
        low, high = self.edges()[b : b + 2]
        return float(low + inside * (high - low))

    def quantile(self, share: float) -> Figure:
        """Its error from the order statistics one binomial deviation away."""
        away = math.sqrt(share * (1.0 - share) / self.counts.sum())
        spread = self._quantile(share + away) - self._quantile(share - away)
        return Figure(self._quantile(share), 0.5 * spread)

    def shortfall(self, share: float) -> Figure:
        """Mean of the worst `share`. Error: sqrt((Var(tail) + (1 - a)(ES - q)^2) / (a n))."""
        n = float(self.counts.sum())
        reached = np.cumsum(self.counts)
        b = int(np.searchsorted(reached, share * n))
        part = (share * n - (reached[b] - self.counts[b])) / max(self.counts[b], 1.0)
        total = float(self.sums[:b].sum() + part * self.sums[b])
        squares = float(self.squares[:b].sum() + part * self.squares[b])
        mean = total / (share * n)
        variance = max(squares / (share * n) - mean * mean, 0.0)
        gap = mean - self._quantile(share)
        return Figure(mean, math.sqrt((variance + (1.0 - share) * gap * gap) / (share * n)))


@dataclass(frozen=True, slots=True)
class Certainty:
    """ln sum exp(-a x) and ln sum exp(-2 a x) of an exponential utility of risk aversion a."""

    aversion: float
    n: int
    first: float
    second: float

    @classmethod
    def of(cls, x: Floats, aversion: float) -> Certainty:
        logs = (float(np.logaddexp.reduce(-k * aversion * x)) for k in (1.0, 2.0))
        return cls(aversion, len(x), *logs)

    def merged(self, other: Certainty) -> Certainty:
        first = float(np.logaddexp(self.first, other.first))
        second = float(np.logaddexp(self.second, other.second))
        return Certainty(self.aversion, self.n + other.n, first, second)

    def cost(self) -> Figure:
        """ln E[exp(-a x)] / a: what a holder of that aversion would pay to be rid of the result."""
        value = (self.first - math.log(self.n)) / self.aversion
        relative = max(math.exp(self.second + math.log(self.n) - 2.0 * self.first) - 1.0, 0.0)
        return Figure(value, math.sqrt(relative / self.n) / self.aversion)
