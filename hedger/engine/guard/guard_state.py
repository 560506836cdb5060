"""What guards a book and an account: state only, changed by guard, latch, losses and margins."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from hedger.domain.account import Account, Position
from hedger.domain.vocabulary import Reason
from hedger.risk.loss import Reference
from hedger.risk.margin import MarginState
from hedger.risk.tiers import Cap, Tier


@dataclass(slots=True)
class Guard:
    """One book's caps, losses, margin and latch."""

    latch: str = ""  # what was seen of a liquidation; no order until a person resumes
    latched_ms: int = 0  # market time
    caps: tuple[Cap, ...] = ()  # as of the last look
    tiers: dict[str, Tier] = field(default_factory=dict)
    refused_by: Reason | None = None  # the cap, or margin, that stopped the last hedge
    refused_detail: str = ""
    day: Reference | None = None
    start: Reference | None = None
    cash_flow_coin: float = 0.0  # net deposits of this run that the references have moved with
    loss_stopped: bool = False  # the book was paused for its losses; ends with a resume
    ended: str = ""  # what the last resume ended besides the breaker
    margin: MarginState | None = None
    sizes: dict[str, float] = field(default_factory=dict)  # of futures, when the account was last told
    looked_wire_s: float = -math.inf
    tabled_wire_s: float = -math.inf
    tabled_epoch: float = 0.0
    complete: bool = False  # the last look knew the equity
    stale: bool = True  # something was told since the last look


@dataclass(slots=True)
class AccountState:
    """What a venue has told of the account as a whole."""

    accounts: dict[str, Account] = field(default_factory=dict)  # by currency
    heard_wire_s: dict[str, float] = field(default_factory=dict)  # when each was told last
    positions: dict[str, Position] = field(default_factory=dict)  # futures, as last told
    locked: dict[str, str] = field(default_factory=dict)  # currency ("" all) -> how the venue locked it
    seen: dict[str, None] = field(default_factory=dict)  # orders whose sign of a liquidation was taken
