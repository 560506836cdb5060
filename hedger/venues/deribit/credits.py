"""Deribit's credit buckets (deribit.md 5): they refill in wire time, whatever the speed of the market.

The venue counts at the moment a request arrives, and one late by more than the next ones leaves less time for
its refill than we saw pass. A credit too many ends the session, so ours never has more than the venue's: what
a full bucket gives refills from when it may have arrived at the latest.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

LATE_S = 0.5  # by which a request may arrive later than the ones after it, in wire time
ROUNDING = 1e-9  # of a credit: what adding up seconds loses


class Pool(StrEnum):
    """Which bucket a request is charged to."""

    MATCHING = "matching"
    GENERAL = "general"
    SUBSCRIBE = "subscribe"
    INSTRUMENTS = "instruments"
    LOG = "log"


@dataclass(slots=True)
class Bucket:
    """`burst` requests at once, refilled at `rate_per_s` requests a second of wire time."""

    rate_per_s: float
    burst: float
    credits: float = field(default=-1.0)
    _at_wire_s: float = 0.0

    def __post_init__(self) -> None:
        if self.credits < 0:
            self.credits = self.burst

    def level(self, wire_s: float) -> float:
        """Credits at `wire_s`, in requests."""
        gained = max(0.0, wire_s - self._at_wire_s) * self.rate_per_s
        self.credits = min(self.burst, self.credits + gained)
        self._at_wire_s = max(self._at_wire_s, wire_s)
        return self.credits

    def take(self, wire_s: float, reserve: float = 0.0) -> bool:
        """Spend one credit if `reserve` credits remain afterwards."""
        if self.level(wire_s) < 1.0 + reserve - ROUNDING:
            return False
        self.spend(wire_s)
        return True

    def spend(self, wire_s: float) -> None:
        """Count what is sent whether or not there is a credit for it."""
        if self.level(wire_s) >= self.burst:
            self._at_wire_s += LATE_S
        self.credits -= 1.0

    def ready_at(self, wire_s: float) -> float:
        """Wire time at which one credit is there."""
        missing = 1.0 - self.level(wire_s)
        return wire_s if missing <= 0.0 else self._at_wire_s + missing / self.rate_per_s

    def resize(self, rate_per_s: float, burst: float, wire_s: float) -> None:
        """Take over the venue's own figures; what was spent stays spent."""
        spent = self.burst - self.level(wire_s)
        self.rate_per_s, self.burst = rate_per_s, burst
        self.credits = max(0.0, burst - spent)

    def empty(self, wire_s: float) -> float:
        """The venue says there is nothing left; returns the seconds until the bucket is full again."""
        self.level(wire_s)
        self.credits = 0.0
        return self.burst / self.rate_per_s


def default_buckets() -> dict[Pool, Bucket]:
    """The lowest tier, until the account summary tells the account's own."""
    return {
        Pool.MATCHING: Bucket(5.0, 20.0),
        Pool.GENERAL: Bucket(20.0, 100.0),
        Pool.SUBSCRIBE: Bucket(10 / 3, 10.0),
        Pool.INSTRUMENTS: Bucket(1.0, 50.0),
        Pool.LOG: Bucket(1.0, 1.0),
    }
