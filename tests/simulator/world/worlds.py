"""Instants and helpers the world's tests share."""

from __future__ import annotations

from datetime import UTC, datetime

from hedger.simulator.model import Market, World

MINUTE_MS = 60_000
HOUR_MS = 3_600_000
DAY_MS = 86_400_000


def utc_ms(*when: int) -> int:
    """Milliseconds since the epoch of a UTC date and time."""
    return int(datetime(*when, tzinfo=UTC).timestamp() * 1000)  # type: ignore[arg-type,misc]


ORIGIN_MS = utc_ms(2026, 1, 7, 10, 20, 34) + 567  # a Wednesday, off every grid


def markets(world: World) -> dict[str, Market]:
    """All markets of a world now."""
    return {name: world.market(name) for name in world.listings()}
