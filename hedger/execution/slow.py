"""What of a quickly moving figure lasts: a slow minimum of the hedge, and a slow mean of the funding rate.

Pure; times are market time. Both start anew with the first figure they are given.
"""

from __future__ import annotations

from typing import NamedTuple

from hedger.domain.time_units import HOUR_MS


class Slow(NamedTuple):
    """A figure and when it was looked at last."""

    value: float
    market_ms: int


def standing(before: Slow | None, hedge_coin: float, market_ms: int, half_life_h: float) -> Slow:
    """The part of a hedge that stands, signed coin.

    It shrinks with the hedge at once and is nothing when the hedge changes sides; it grows towards the hedge
    by half in each half-life. So what comes and goes within that time never counts as standing.
    """
    if before is None or before.value * hedge_coin < 0.0:
        return Slow(0.0, market_ms)
    if abs(hedge_coin) <= abs(before.value):
        return Slow(hedge_coin, market_ms)
    share = _share(before, market_ms, half_life_h)
    return Slow(before.value + (hedge_coin - before.value) * share, market_ms)


def begun(hedge_coin: float, placed_coin: float, market_ms: int) -> Slow:
    """The standing part after a start: what is in dated futures already, as far as it hedges."""
    same_side = placed_coin * hedge_coin > 0.0
    return Slow(min(placed_coin, hedge_coin, key=abs) if same_side else 0.0, market_ms)


def mean(before: Slow | None, value: float, market_ms: int, half_life_h: float) -> Slow:
    """The exponential mean of a rate that is told now and then."""
    if before is None:
        return Slow(value, market_ms)
    return Slow(before.value + (value - before.value) * _share(before, market_ms, half_life_h), market_ms)


def _share(before: Slow, market_ms: int, half_life_h: float) -> float:
    """Of the way to the new figure; a clock that was set back goes no way."""
    hours = max(0.0, (market_ms - before.market_ms) / HOUR_MS)
    return float(1.0 - 2.0 ** (-hours / half_life_h))
