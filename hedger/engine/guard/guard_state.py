"""What guards a book and an account: state only, changed by guard, latch, losses and margins."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from decimal import Decimal

from hedger.domain.account import Account, Position
from hedger.domain.vocabulary import Reason
from hedger.risk.loss import Reference
from hedger.risk.margin import Liquidation, MarginState
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
    liquidation: Liquidation | None = None
    looked_wire_s: float = -math.inf
    tabled_wire_s: float = -math.inf
    tabled_epoch: float = 0.0
    complete: bool = False  # the last look knew the equity
    stale: bool = True  # something was told since the last look


@dataclass(slots=True)
class Suspect:
    """A change of a future's position that no trade explains yet, in its amount unit."""

    amount: Decimal
    since_wire_s: float


@dataclass(slots=True)
class AccountState:
    """What a venue has told of the account as a whole."""

    accounts: dict[str, Account] = field(default_factory=dict)  # by currency
    heard_wire_s: dict[str, float] = field(default_factory=dict)  # when each was told last
    positions: dict[str, Position] = field(default_factory=dict)  # futures, as last told
    locked: dict[str, str] = field(default_factory=dict)  # currency ("" all) -> how the venue locked it
    untold: dict[str, None] = field(default_factory=dict)  # overtaken in the very first snapshot
    owed: dict[str, Decimal] = field(default_factory=dict)  # trades told that have moved no position yet
    suspects: dict[str, Suspect] = field(default_factory=dict)
    seen: dict[str, None] = field(default_factory=dict)  # orders whose sign of a liquidation was taken

    def owe(self, instrument: str, amount: Decimal) -> None:
        """A trade out of an answer: the next whole word on the position will hold it."""
        left = self.owed.get(instrument, Decimal(0)) + amount
        if left:
            self.owed[instrument] = left
        else:
            self.owed.pop(instrument, None)

    def explain(self, instrument: str, amount: Decimal) -> None:
        """A trade that came later than the position which held it."""
        suspect = self.suspects.get(instrument)
        if suspect is not None:
            self._left(instrument, suspect, suspect.amount - amount)

    def suspect(self, instrument: str, amount: Decimal, wire_s: float) -> None:
        """A position moved by `amount` more than the trades told."""
        known = self.suspects.setdefault(instrument, Suspect(Decimal(0), wire_s))
        self._left(instrument, known, known.amount + amount)

    def _left(self, instrument: str, suspect: Suspect, amount: Decimal) -> None:
        suspect.amount = amount
        if not amount:
            del self.suspects[instrument]
