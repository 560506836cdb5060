"""Instants between the recorded ones: modelled, and only where a person asks for them.

The logarithm of the index runs from one recorded value to the next as a Brownian bridge of the volatility at
the money at its start, drawn from a seed and the time it begins; volatilities, and the ratios of forwards
and perpetual to the index, run straight. Options do not trade in between. The way to the next recorded
instant knows where it ends, so whatever a policy earns there is no proof of anything.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from hedger.backtest.chain import Floats, Instant, Recorded, Row, Touch
from hedger.domain.time_units import DAY_MS, HOUR_MS
from hedger.pricing.black76 import YEAR_MS
from hedger.pricing.scalar import black76_one, years_to

HALF_DAY_MS = 12 * HOUR_MS


@dataclass(frozen=True)
class Bridge:
    """How to fill a chain: an instant every `step_ms` after each recorded one."""

    step_ms: int
    seed: int

    def __post_init__(self) -> None:
        if not 1_000 <= self.step_ms <= DAY_MS:
            raise ValueError(f"step = {self.step_ms / 1000:g} s: must be 1 to 86400")

    @property
    def told(self) -> str:
        """In words."""
        return (
            f"MODELLED: an instant every {self.step_ms / 1000:g} s between the recorded ones, index by "
            f"Brownian bridge (seed {self.seed}), which knows where it ends; volatilities and basis straight."
        )

    def over(self, recorded: Sequence[Instant]) -> Iterator[Instant]:
        """All instants in their order. ValueError for instants that are modelled themselves."""
        for before, after in pairwise(recorded):
            if not (isinstance(before, Recorded) and isinstance(after, Recorded)):
                raise ValueError("only recorded chains can be bridged")
            yield before
            yield from self._between(before, after)
        yield recorded[-1]

    def _between(self, before: Recorded, after: Recorded) -> Iterator[Instant]:
        times_ms = np.arange(before.market_ms + self.step_ms, after.market_ms, self.step_ms)
        if not len(times_ms):
            return
        for market_ms, index_usd in zip(times_ms, self._index(before, after, times_ms), strict=True):
            share = (int(market_ms) - before.market_ms) / (after.market_ms - before.market_ms)
            yield Between(before, after, int(market_ms), float(index_usd), share)

    def _index(self, before: Recorded, after: Recorded, times_ms: NDArray[np.int64]) -> Floats:
        """The index at these times, given both ends."""
        rng = np.random.default_rng((self.seed & ((1 << 64) - 1), before.market_ms))
        marks = np.concatenate(([before.market_ms], times_ms, [after.market_ms])).astype(np.float64)
        spans = np.diff(marks)
        walk = np.cumsum(rng.standard_normal(len(spans)) * np.sqrt(spans / YEAR_MS)) * at_the_money(before)
        share = (marks[1:] - marks[0]) / (marks[-1] - marks[0])
        noise = walk - share * walk[-1]
        drift = math.log(after.index_usd / before.index_usd)
        index: Floats = before.index_usd * np.exp(share * drift + noise)
        return index[:-1]


@dataclass(frozen=True)
class Between:
    """One instant on the way from `before` to `after`; `share` of the time has passed."""

    before: Recorded
    after: Recorded
    market_ms: int
    index_usd: float
    share: float
    recorded: bool = False
    touch: Touch | None = None
    options_trade: bool = False
    size: int = 0
    fingerprint: bytes = b""

    @property
    def perpetual_usd(self) -> float:
        first, last = (each.perpetual_usd / each.index_usd for each in (self.before, self.after))
        return self.index_usd * (first + (last - first) * self.share)

    def row(self, name: str) -> Row | None:
        """The option on its way; one the next instant does not tell keeps volatility and forward ratio."""
        was = self.before.row(name)
        if was is None:
            return None
        next_ = self.after.row(name) or was._replace(forward_usd=self._carried(was))
        ratios = was.forward_usd / self.before.index_usd, next_.forward_usd / self.after.index_usd
        forward = self.index_usd * (ratios[0] + (ratios[1] - ratios[0]) * self.share)
        iv = was.iv + (next_.iv - was.iv) * self.share
        expiration_ms, strike, sign = self.before.terms(name)
        value = black76_one(forward, strike, years_to(expiration_ms, self.market_ms), iv, sign)
        return Row(forward, iv, value.price_usd / forward, None, None)

    def table(self) -> Recorded:
        """Nothing trades here. TypeError: nobody may ask."""
        raise TypeError("options do not trade between recorded instants")

    def _carried(self, was: Row) -> float:
        return was.forward_usd * self.after.index_usd / self.before.index_usd


def at_the_money(instant: Recorded) -> float:
    """Volatility of the strike nearest to the forward, of the first expiry at least half a day away."""
    far = instant.expiration_ms >= instant.market_ms + HALF_DAY_MS
    first = instant.expiration_ms[far].min() if far.any() else instant.expiration_ms.max()
    distance = np.abs(instant.strike_usd / instant.forward_usd - 1.0)
    return float(instant.iv[np.argmin(np.where(instant.expiration_ms == first, distance, np.inf))])
