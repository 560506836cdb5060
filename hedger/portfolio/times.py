"""The two times as the pure packages see them."""

from __future__ import annotations

from typing import Protocol


class Now(Protocol):
    """Market time in ms since the epoch, wire time in monotonic seconds (`engine.events.Now` is one)."""

    @property
    def market_ms(self) -> int: ...

    @property
    def wire_s(self) -> float: ...
