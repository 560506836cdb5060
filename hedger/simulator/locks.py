"""What keeps an account from trading: its liquidation, or a lock that an operator of the exchange set."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

ALL = "ALL"  # the currency of a lock on the whole account (cross models)
LIQUIDATION, ACCOUNT, POSITION = "liquidation", "account", "position"


@dataclass(slots=True)
class Lock:
    """A lock on one settlement currency, or on all. A position lock lets positions shrink and is not told."""

    currency: str
    reason: str
    since_ms: int
    rounds_left: int = 0  # a liquidation that was asked for goes on for so many rounds whatever the margin
    steps: dict[str, Decimal] = field(default_factory=dict)  # amount per round, by instrument


@dataclass(frozen=True, slots=True)
class LockNews:
    """An account was locked or unlocked (channel user.lock)."""

    currency: str
    locked: bool

    def as_json(self) -> dict[str, object]:
        return {"locked": self.locked, "currency": self.currency}
