"""Market time: a linear function of wire time that can be paused.

`market_ms = origin_ms + speed * (unix_ms - started_unix_ms)`. The file reads no clock; wire time is
an argument in seconds since the Unix epoch.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class MarketClock:
    """Maps wire time to market time.

    After a pause `started_unix_ms` is moved by the length of the pause, so market time never jumps.
    """

    origin_ms: int
    speed: float
    started_unix_ms: float
    paused_us: int | None = None

    def market_us(self, wire_s: float) -> int:
        """Market time in microseconds."""
        if self.paused_us is not None:
            return self.paused_us
        elapsed_ms = max(0.0, wire_s * 1000.0 - self.started_unix_ms)
        return self.origin_ms * 1000 + round(elapsed_ms * self.speed * 1000.0)

    def market_ms(self, wire_s: float) -> int:
        """Market time in milliseconds."""
        return self.market_us(wire_s) // 1000

    @property
    def paused(self) -> bool:
        return self.paused_us is not None

    def pause(self, wire_s: float) -> None:
        """Freeze market time; a second call changes nothing."""
        self.paused_us = self.market_us(wire_s)

    def resume(self, wire_s: float) -> None:
        """Go on from the frozen instant."""
        if self.paused_us is None:
            return
        elapsed_ms = (self.paused_us / 1000.0 - self.origin_ms) / self.speed
        self.started_unix_ms = wire_s * 1000.0 - elapsed_ms
        self.paused_us = None
