"""How long to wait before the next connection: exponential, with full jitter over its upper half."""

from __future__ import annotations

from collections.abc import Iterator

STABLE_S = 30.0  # a connection that lasted this long starts the back-off anew


def pauses(least_s: float, most_s: float) -> Iterator[float]:
    """least, twice that, ... up to most, for ever."""
    pause_s = least_s
    while True:
        yield pause_s
        pause_s = min(pause_s * 2, most_s)


def jittered(pause_s: float, jitter: float) -> float:
    """`pause_s` shortened by up to a half; `jitter` from 0 to 1: many clients do not come back at once."""
    return pause_s * (0.5 + 0.5 * jitter)
