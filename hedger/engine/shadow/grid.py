"""Hedged P&L per interval of market time, live and shadow on the same grid, and how they compare.

Options, other futures and the hedge both began with are common to the two; what differs is their own trades.
An interval counts where the book was looked at in two slots of the grid that follow each other and held the
same options and futures at both: a trade or an expiry in between is no P&L of a hedge.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from hedger.engine.shadow.ledger import Worth
from hedger.engine.shadow.moments import Moments

Held = tuple[tuple[str, Decimal], ...]
"""Instrument and exact size of everything both hold."""


class Gains(NamedTuple):
    """The same figure of the live hedge and of the shadow's."""

    live: float
    own: float


NEITHER = Gains(0.0, 0.0)


class Picture(NamedTuple):
    """What both were worth at one instant."""

    market_ms: int
    held: Held
    index_usd: float
    levels: Gains | None  # coin that a move of the index multiplies, live and shadow; None: counted in coin
    common: Worth
    live: Worth
    own: Worth
    gaps: Gains = NEITHER  # delta less its target, coin


@dataclass(slots=True)
class Grid:
    """Intervals of `seconds`, aligned to 00:00 UTC of 1970."""

    seconds: int
    live: Moments = field(default_factory=Moments)
    own: Moments = field(default_factory=Moments)
    apart: Moments = field(default_factory=Moments)  # shadow less live
    looks: int = 0  # pictures, each with a gap
    squares: Gains = NEITHER  # sums of squared gaps, coin squared
    last: Picture | None = None
    ends_ms: int = 0  # of the slot that has its picture

    def due(self, market_ms: int) -> bool:
        """Whether the slot of this time has no picture yet."""
        return market_ms >= self.ends_ms

    def take(self, picture: Picture) -> None:
        """The first picture of a slot; those after it are left aside."""
        if not self.due(picture.market_ms):
            return
        self._weigh(picture.gaps)
        before, began_ms, width_ms = self.last, self.ends_ms, self.seconds * 1000
        self.last, self.ends_ms = picture, picture.market_ms // width_ms * width_ms + width_ms
        follows = self.ends_ms == began_ms + width_ms
        if before is None or not follows or before.held != picture.held:
            return
        found = gains(before, picture)
        self.live.add(found.live)
        self.own.add(found.own)
        self.apart.add(found.own - found.live)

    def _weigh(self, gaps: Gains) -> None:
        self.looks += 1
        self.squares = Gains(self.squares.live + gaps.live**2, self.squares.own + gaps.own**2)

    @property
    def gap_rms(self) -> Gains | None:
        """Root mean square of the delta left open, coin: the risk that hedging is about, alone."""
        if not self.looks:
            return None
        return Gains(*(math.sqrt(square / self.looks) for square in self.squares))

    @property
    def variance_ratio(self) -> float | None:
        """Variance of the shadow's hedged P&L over the live one's; None while either is not known or 0."""
        live, own = self.live.variance, self.own.variance
        return own / live if live and own is not None else None


def gains(before: Picture, after: Picture) -> Gains:
    """Hedged P&L of an interval, in the unit the book is kept neutral in.

    In coin dE; in USD d(E S) = E0 dS + dE S1 with E0 the level (theory 4). Dollars of a book counted in coin
    are coin at the index.
    """
    levels = before.levels
    return Gains(
        _gain(before, after, before.live, after.live, None if levels is None else levels.live),
        _gain(before, after, before.own, after.own, None if levels is None else levels.own),
    )


def _gain(before: Picture, after: Picture, then: Worth, now: Worth, level_coin: float | None) -> float:
    coin = after.common.coin - before.common.coin + now.coin - then.coin
    usd = after.common.usd - before.common.usd + now.usd - then.usd
    if level_coin is None:
        return coin + usd / after.index_usd
    return level_coin * (after.index_usd - before.index_usd) + coin * after.index_usd + usd
