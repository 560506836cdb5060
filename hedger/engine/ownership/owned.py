"""What ownership remembers: the account's futures and who traded them, its wallets, and what waits."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

import msgspec

from hedger.domain.account import Account
from hedger.domain.instrument import Instrument

MOST_LABELS = 10_000
"""Foreign (label, instrument) sums kept apart; the sums of further labels count as unlabelled."""


class LabelSum(msgspec.Struct, frozen=True, tag="label_sum", forbid_unknown_fields=True):
    """What all trades under one label in one instrument come to; `label` is `h-BOOK` for a hedger's own."""

    label: str
    instrument: str
    size: Decimal  # signed, in the instrument's amount unit
    paper: bool = False  # trades that paper mode made and no venue knows


class CashFlow(msgspec.Struct, frozen=True, tag="cash_flow", forbid_unknown_fields=True):
    """Cash that no trade, fee or settlement explains: a deposit (positive), a withdrawal, a spot trade."""

    market_ms: int
    venue: str
    currency: str
    amount: Decimal  # in the currency
    kind: str = ""  # the word of the venue's log; empty: recognised by the balance alone


@dataclass(slots=True)
class CashWatch:
    """One wallet against what explains it, since its last known cash."""

    known: Decimal  # balance that was understood last
    told: Decimal  # balance told last
    since_ms: int  # market time of the first balance: trades up to then are in it
    explained: Decimal = Decimal(0)  # by premiums and fees since `known`
    since_wire_s: float | None = None  # wire time since which something has been unexplained
    awaits_log: bool = False  # of an earlier run: what happened since only the venue's log can tell

    @property
    def unexplained(self) -> Decimal:
        return self.told - self.known - self.explained

    @property
    def pending(self) -> bool:
        return self.since_wire_s is not None

    @property
    def wants_log(self) -> bool:
        return self.awaits_log and self.pending


@dataclass(slots=True)
class Owned:
    """One account beside its books; sizes are signed, in the instruments' amount units."""

    futures: dict[str, Decimal] = field(default_factory=dict)  # instrument -> whole position
    outside: dict[str, Decimal] = field(default_factory=dict)  # options in no book's scope
    listings: dict[str, Instrument] = field(default_factory=dict)  # of positions, also after their end
    own: dict[tuple[str, str], Decimal] = field(default_factory=dict)  # (book, instrument)
    labelled: dict[tuple[str, str], Decimal] = field(default_factory=dict)  # (a person's label, instrument)
    wallets: dict[str, Account] = field(default_factory=dict)  # currency -> newest summary
    first: dict[str, Account] = field(default_factory=dict)  # currency -> summary at the start
    flows: dict[str, Decimal] = field(default_factory=dict)  # currency -> unexplained cash since the start
    cash: dict[str, CashWatch] = field(default_factory=dict)  # by currency


class Wait(msgspec.Struct, frozen=True):
    """Delta of somebody's trade that may not be complete yet."""

    what: str
    legs: bool  # of a block or combo: complete as soon as a later snapshot has told the positions
    told_wire_s: float  # when its newest leg arrived
    until_wire_s: float


@dataclass(slots=True)
class Ownership:
    """One book's share of all that."""

    waits: dict[str, Wait] = field(default_factory=dict)  # by block, combo or order
    hold_until_ms: int = 0  # market time
    hold_by: str = ""
    rival: str = ""  # how another hedger showed itself; latched until a person resumes
    rivals_looked_at_ms: int = 0  # market time of the resume that ended it; trades until then are known
    flows: list[CashFlow] = field(default_factory=list)  # of the last two days
    unjudged_coin: float = 0.0  # cash that arrived and was not held against the band yet
    paused_by_flow: str = ""  # the flow that paused the book, until a person resumes
    unassigned: dict[str, str] = field(default_factory=dict)  # future -> how much of it is nobody's
    unassigned_wire_s: float | None = None  # since when there has been any
    contested: dict[str, str] = field(default_factory=dict)  # option -> books that both take it
