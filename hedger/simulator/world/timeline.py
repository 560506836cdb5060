"""Index and funding second by second: consecutive stretches of arrays, made on demand, old ones dropped.

A stretch is a day of the seeded path or the bridge between two recorded snapshots. Both are drawn from their
own seeds, so what is here at an instant never depends on who looked before.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_right
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hedger.simulator.time_units import DAY_MS, HOUR_MS

Floats = NDArray[np.float64]

TWAP_SAMPLE_MS = 4_000
"""The index is sampled every 4 s for the delivery price (deribit.md 11)."""

_FUNDING_MS = 8 * HOUR_MS
_DAMPER = 0.00025
_KEPT_MS = 2 * DAY_MS
"""The 24 h range and the last settlement look back one day; nobody looks back two."""


@dataclass(frozen=True, slots=True)
class FundingPoint:
    """Funding accrued since the timeline began."""

    rate_8h: float
    interest: float  # sum of rate x dt / 8 h
    coin_per_usd: float  # sum of rate / index x dt / 8 h: what a long of 1 USD has paid
    usd_per_coin: float  # sum of rate x index x dt / 8 h: what a long of 1 coin has paid


@dataclass(frozen=True, slots=True)
class Stretch:
    """Seconds from `first_s` of the timeline; accruals at each second's start, and one beyond."""

    first_s: int
    index: Floats
    rate: Floats
    interest: Floats
    coin: Floats
    usd: Floats

    @property
    def end_s(self) -> int:
        return self.first_s + len(self.index)


def funding_rate(premium: Floats, cap: float) -> Floats:
    """8 h rate of a premium with the 0.025 % damper, capped (0.5 % for BTC; deribit.md 11)."""
    damped = np.maximum(_DAMPER, premium) + np.minimum(-_DAMPER, premium)
    rate: Floats = np.clip(damped, -cap, cap)
    return rate


class Course(Protocol):
    """The index (USD) and the perpetual's funding as functions of market time."""

    first_ms: int

    def index_at(self, market_ms: int) -> float:
        """The index at an instant."""

    def funding_at(self, market_ms: int) -> FundingPoint:
        """Funding accrued until an instant."""

    def mean(self, after_ms: int, until_ms: int) -> float:
        """Average of the index over the 4 s samples in (after_ms, until_ms]; the index now if none."""

    def range_24h(self, market_ms: int) -> tuple[float, float]:
        """Lowest and highest index of the last 24 hours."""


class Timeline(ABC):
    """The index (USD, whole cents) and the perpetual's funding as functions of market time."""

    def __init__(self, first_ms: int, funding_cap: float) -> None:
        self.first_ms = first_ms
        self._funding_cap = funding_cap
        self._stretches: list[Stretch] = []
        self._starts: list[int] = []

    @abstractmethod
    def _next_stretch(self, first_s: int) -> Stretch:
        """The stretch that follows the last one."""

    @abstractmethod
    def _forget(self) -> None:
        """The oldest stretch is dropped: drop what belongs to it."""

    def index_at(self, market_ms: int) -> float:
        """The index of the last full second."""
        second = self._second(market_ms)
        stretch = self._stretch(second)
        return float(stretch.index[second - stretch.first_s])

    def funding_at(self, market_ms: int) -> FundingPoint:
        """Funding, exact to the millisecond: the rate holds for its second."""
        second = self._second(market_ms)
        stretch = self._stretch(second)
        place = second - stretch.first_s
        rate, index = float(stretch.rate[place]), float(stretch.index[place])
        share = (market_ms - self.first_ms) % 1000 / _FUNDING_MS
        interest = float(stretch.interest[place]) + rate * share
        coin = float(stretch.coin[place]) + rate / index * share
        return FundingPoint(rate, interest, coin, float(stretch.usd[place]) + rate * index * share)

    def mean(self, after_ms: int, until_ms: int) -> float:
        """Average of the index over the 4 s samples in (after_ms, until_ms]; the index now if none."""
        samples = self._slice(after_ms + TWAP_SAMPLE_MS, until_ms)[:: TWAP_SAMPLE_MS // 1000]
        return float(samples.mean()) if samples.size else self.index_at(until_ms)

    def range_24h(self, market_ms: int) -> tuple[float, float]:
        """Lowest and highest index of the last 24 hours (less where the timeline is younger)."""
        window = self._slice(max(market_ms - DAY_MS, self.first_ms), market_ms)
        return float(window.min()), float(window.max())

    def _accrue(self, first_s: int, index: Floats, premium: Floats) -> Stretch:
        """A stretch that continues the accruals of the one before."""
        rate = funding_rate(premium, self._funding_cap)
        interest = coin = usd = 0.0
        if self._stretches:
            last = self._stretches[-1]
            interest, coin, usd = float(last.interest[-1]), float(last.coin[-1]), float(last.usd[-1])
        return Stretch(
            first_s,
            index,
            rate,
            interest + _accrued(rate),
            coin + _accrued(rate / index),
            usd + _accrued(rate * index),
        )

    def _second(self, market_ms: int) -> int:
        return (market_ms - self.first_ms) // 1000

    def _slice(self, from_ms: int, until_ms: int) -> Floats:
        """The index at the seconds from `from_ms` (the second it lies in) to `until_ms`, both included."""
        start, stop = self._second(from_ms), self._second(until_ms) + 1
        parts: list[Floats] = []
        while start < stop:
            stretch = self._stretch(start)
            parts.append(stretch.index[start - stretch.first_s : stop - stretch.first_s])
            start = stretch.end_s
        return np.concatenate(parts) if parts else np.empty(0)

    def _stretch(self, second: int) -> Stretch:
        while not self._stretches or second >= self._stretches[-1].end_s:
            self._append()
        place = bisect_right(self._starts, second) - 1
        if place < 0:
            raise ValueError(f"second {second} of the timeline is not kept: time must not go backwards")
        return self._stretches[place]

    def _append(self) -> None:
        first_s = self._stretches[-1].end_s if self._stretches else 0
        stretch = self._next_stretch(first_s)
        self._stretches.append(stretch)
        self._starts.append(first_s)
        while self._stretches[0].end_s * 1000 + _KEPT_MS <= first_s * 1000:
            del self._stretches[0], self._starts[0]
            self._forget()


def _accrued(rate_per_period: Floats) -> Floats:
    return np.concatenate(([0.0], np.cumsum(rate_per_period))) * (1000.0 / _FUNDING_MS)
