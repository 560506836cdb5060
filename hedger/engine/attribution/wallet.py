"""What the attribution of one wallet remembers."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from hedger.domain.account import Fill
from hedger.domain.time_units import MINUTE_MS
from hedger.engine.attribution.cash import CashCheck
from hedger.engine.attribution.days import Days
from hedger.portfolio.running import RunningAttribution
from hedger.portfolio.taylor import Taylor

LOOK_MS = MINUTE_MS
"""Market time between two marks of everything."""


@dataclass(slots=True)
class Trade:
    """A trade that is not booked yet: its instrument has no mark, or no listing."""

    fill: Fill
    decided: float | None  # mark at the decision; None: nobody here decided


@dataclass(slots=True)
class Funded:
    """A perpetual's funding of one session, as it was told last, in the settlement currency."""

    amount: float
    session: int
    market_ms: int
    per_ms: float = 0.0  # speed at which it grew last


@dataclass(slots=True)
class Wallet:
    """One settlement currency of one account."""

    currency: str
    running: RunningAttribution | None = None  # None: it has not begun, or there is nothing to begin with
    days: Days = field(default_factory=Days)
    equity: float | None = None  # told last
    waiting: list[Trade] = field(default_factory=list)
    funding: dict[str, Funded] = field(default_factory=dict)  # by instrument
    ended: dict[str, Funded] = field(default_factory=dict)  # the same of the session before
    apart: dict[str, float] = field(default_factory=dict)  # instrument -> wire time since its size differs
    looked_ms: int = 0
    looked_wire_s: float = -math.inf
    cut_wire_s: float = -math.inf
    due_wire_s: float | None = None  # since when the present interval is due to be closed
    due_steps: int = 0  # of the engine since then
    booked_ms: int = 0  # market time of the newest trade booked
    taylor: Taylor | None = None  # of the newest closed interval; None: no interval yet
    rounding: float = 0.0  # of the options' marks at its end, see portfolio.taylor
    cash: CashCheck = field(default_factory=CashCheck)
    settled: int = -1  # the session whose beginning the venue's log has told
    log_ms: int = 0  # market time of an answer that did not have it yet

    def held(self) -> dict[str, float]:
        """Signed quantities by instrument; empty before it begins."""
        return {} if self.running is None else self.running.held()
