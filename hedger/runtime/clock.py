"""The one file that reads clocks.

Market time is unix time on a real venue; a local exchange announces
`market_ms = origin_ms + speed * (unix_ms - started_unix_ms)` in its ready file.
"""

from __future__ import annotations

import time

from hedger.engine.events import Now


class Clock:
    """Wire time is monotonic and real; market time follows the venue's announced mapping."""

    def __init__(self, origin_ms: int = 0, started_unix_ms: int = 0, speed: float = 1.0) -> None:
        self._origin_ms, self._started_unix_ms, self.speed = origin_ms, started_unix_ms, speed

    def now(self) -> Now:
        """Both times, read for every frame: `market_ms` is written out here."""
        unix_ms = time.time_ns() // 1_000_000
        return Now(self._origin_ms + int(self.speed * (unix_ms - self._started_unix_ms)), time.monotonic())

    def market_ms(self) -> int:
        return self._origin_ms + int(self.speed * (self.unix_ms() - self._started_unix_ms))

    @staticmethod
    def unix_ms() -> int:
        return time.time_ns() // 1_000_000

    @staticmethod
    def wire_s() -> float:
        return time.monotonic()
