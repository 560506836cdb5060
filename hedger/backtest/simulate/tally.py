"""What a life came to, and what must not happen in it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


class Violation(AssertionError):
    """Something that must hold does not; `name` says which."""

    def __init__(self, name: str, detail: str) -> None:
        super().__init__(f"{name}: {detail}")
        self.name, self.detail = name, detail


@dataclass(slots=True)
class Tally:
    """For the table; times in seconds of wire time, by reason."""

    events: int = 0
    frames: int = 0
    steps: int = 0
    placed: int = 0
    beside: int = 0  # of them, while the other book of the account could not trade
    fills: int = 0
    restarts: int = 0
    takeovers: int = 0
    turnover_usd: float = 0.0
    kinds: Counter[str] = field(default_factory=Counter)  # lives, by what their books are of
    incidents: Counter[str] = field(default_factory=Counter)
    blocked_s: dict[str, float] = field(default_factory=dict)
    beyond_s: dict[str, float] = field(default_factory=dict)
    watched_s: float = 0.0
    blocked_at_end: Counter[str] = field(default_factory=Counter)
