"""The state of the engine, mutated in place by its one owner, and the collector of a step's effects."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from hedger.domain.account import Fill
from hedger.domain.instrument import Instrument
from hedger.domain.order import OrderReport
from hedger.domain.quote import IndexPrice, Quote
from hedger.domain.vocabulary import Action, BreakerState, Environment, Phase, Reason, Severity
from hedger.engine.attribution.wallet import Wallet
from hedger.engine.by_expiry.memory import ByExpiry
from hedger.engine.decision import Decision
from hedger.engine.effects import Effect, Note, Watch
from hedger.engine.events import Now
from hedger.engine.guard.guard_state import AccountState, Guard
from hedger.engine.hedging.hedge import Working
from hedger.engine.outbox import Outbox
from hedger.engine.ownership.owned import Owned, Ownership
from hedger.engine.profile import ProfileState
from hedger.engine.reconcile.differences import Differences
from hedger.engine.records import Record
from hedger.engine.settings import BookSettings, EngineSettings
from hedger.engine.shadow.shadow import Shadow
from hedger.execution.costs import FeeKey, Rates
from hedger.execution.table import OrderTable
from hedger.policies.registry import Policy
from hedger.portfolio.book import Book
from hedger.portfolio.moved import MovedBy
from hedger.risk.counters import Counters


@dataclass(slots=True)
class VenueState:
    """What is known of one venue's link and of the account behind it."""

    name: str
    environment: Environment
    account_id: str = ""
    connected: bool = False
    down_reason: str = ""  # how the last connection, or the last attempt at one, ended
    phase: Phase = Phase.CONNECTING
    epoch: int = 0  # 0: the journal of this account has not been loaded
    lease_until_wire_s: float = math.inf  # of this run's lease, or of the one it waits for; inf: none is kept
    lease_holder: str = ""  # whom this run waits for
    lease_error: str = ""  # why the last renewal failed
    takeovers: int = 0  # 1: another run held the account before this one
    pictured: bool = False  # a snapshot has told positions to be shown while the journal is not ours
    superseded: bool = False  # the snapshot under way was asked for too early: what it says is not taken
    last_fill_ms: int = 0
    trades_told_ms: int = 0  # market time up to which the venue has told every trade in answers to us
    loading: bool = False  # the journal has been asked
    snapshot_due_wire_s: float | None = None  # a snapshot is under way until then
    snapshot_asked_wire_s: float = -math.inf
    snapshot_since_ms: int = 0  # of the trades asked for then
    reconcile_wire_s: float = math.inf  # when positions are to be compared with the venue next
    moved: dict[str, None] = field(default_factory=dict)  # filled since the snapshot was asked for
    told_ms: dict[str, int] = field(default_factory=dict)  # instrument -> market time of the venue's own word
    told_all_ms: int = -1  # the same of instruments that were flat whenever the venue told all
    filled_ms: dict[str, int] = field(default_factory=dict)  # instrument -> market time of its newest fill
    disputed: dict[str, str] = field(default_factory=dict)  # instrument -> how its position and fills differ
    adopted: dict[str, OrderReport] = field(default_factory=dict)  # open orders of ours no journal knows
    adopted_asked_wire_s: float = -math.inf
    last_data_wire_s: float | None = None
    credits: float | None = None
    clock_skew_ms: float | None = None
    jumped_s: float = 0.0  # by which our clock stepped last
    jumped_wire_s: float | None = None  # and when, until the venue's time was measured anew
    round_trip_s: float | None = None
    links: int = 0
    reconciled: bool = False  # a snapshot has told positions and orders at least once
    locked: dict[str, str] = field(default_factory=dict)  # index ("" = platform) -> detail
    instruments: dict[str, Instrument] = field(default_factory=dict)
    positions: dict[str, str] = field(default_factory=dict)  # exact signed sizes of instruments not listed
    quotes: dict[str, Quote] = field(default_factory=dict)
    indices: dict[str, IndexPrice] = field(default_factory=dict)
    foreign_open: dict[str, OrderReport] = field(default_factory=dict)
    fees: dict[FeeKey, Rates] = field(default_factory=dict)  # the account's own, by (kind, index)
    asked_tickers: dict[str, float] = field(
        default_factory=dict
    )  # instrument -> wire time it is wanted until
    watch: Watch | None = None
    account: AccountState = field(default_factory=AccountState)
    owned: Owned = field(default_factory=Owned)  # futures and wallets beside the books
    differences: Differences = field(default_factory=Differences)  # positions that are not as expected
    attribution: dict[str, Wallet] = field(default_factory=dict)  # by settlement currency

    @property
    def standby(self) -> bool:
        """Whether another run holds the account and this one waits for its lease."""
        return bool(self.lease_holder) and not self.epoch

    @property
    def reconnects(self) -> int:
        return max(0, self.links - 1)

    def position_holds(self, fill: Fill) -> bool:
        """Whether the venue's own word on a position is as new as a fill, and so should have it already."""
        return fill.market_ms <= self.told_of(fill.instrument)

    def told_of(self, instrument: str) -> int:
        """Market time of the venue's own word on a position; -1 before the first."""
        return self.told_ms.get(instrument, self.told_all_ms)


@dataclass(slots=True)
class Settling:
    """What a book remembers of the settlement it is in, or has just been through."""

    expiry_ms: int = 0  # of the window in which the book had options that mattered; 0: none
    sliced: int = -1  # number of the last slice taken in that window
    close_due: bool = False  # a held hedge is to be closed after delivery
    frozen_net_coin: float = 0.0  # delta of the expiring options as the window opened


@dataclass(slots=True)
class BookState:
    """One book: its rows, its policy's memory, its breaker and its last words."""

    settings: BookSettings
    book: Book
    policy: Policy
    params: Any  # the policy's own NamedTuple
    memory: Any
    counters: Counters
    breaker: BreakerState = BreakerState.RUNNING
    epoch: float = 1.0  # changes when delta is born: start-up, a foreign trade, an expiry, new settings
    warm: bool = False
    last_hedge_s: float = math.nan  # market time of the last own hedge, seconds
    refreshed_wire_s: float = -math.inf
    bad: dict[str, str] = field(default_factory=dict)  # instrument -> why its last payload was refused
    fruitless: int = 0  # orders in a row that ended with nothing
    retry_wire_s: float = -math.inf  # back-off after them
    fruitless_reason: Reason = Reason.VENUE_REFUSED
    fruitless_detail: str = ""
    moved: MovedBy = field(default_factory=MovedBy)
    looked_wire_s: float = -math.inf  # when `moved` was looked at last
    filled_wire_s: float = -math.inf  # when the newest trade in the book was heard of
    settling: Settling = field(default_factory=Settling)
    window_ms: int = 0  # market time at which it was written down last, by this run or an earlier one
    kept_coin: float = 0.0  # hedges of delivered options that were kept: set aside, no part of the delta
    smile_coin: float = 0.0  # by which the smile's delta exceeds Black's; 0 while that counts
    smile: Any = None  # its SmileState, see delta.smile; None: off
    soft_scale: float = 1.0  # by how much a soft limit of the envelope widens the band
    profile: ProfileState = field(default_factory=ProfileState)
    guard: Guard = field(default_factory=Guard)
    last_decision: Decision | None = None
    last_hedge: Decision | None = None
    recorded_wire_s: float = -math.inf
    blocked_by: Reason | None = None  # what the last full look was blocked by
    blocked_wire_s: float = -math.inf  # when that was
    blocked_s: dict[Reason, float] = field(default_factory=dict)  # wire time blocked in this run
    out_wire_s: float | None = None  # since when it has been blocked with its delta beyond the hard limit
    working: Working = field(default_factory=Working)  # its execution
    ownership: Ownership = field(default_factory=Ownership)
    by_expiry: ByExpiry = field(default_factory=ByExpiry)
    held: Any = None  # what a calm step may repeat, see calm.Held
    shadows: list[Shadow] = field(default_factory=list)  # policies asked beside the live one
    shadows_slot: int = 0  # quarter of an hour in which they were written down last
    missed: int = 0  # of the epochs those in which a live hedge in flight failed: no shadow had it

    @property
    def name(self) -> str:
        return self.settings.name


@dataclass(slots=True)
class State:
    """Everything the engine knows."""

    settings: EngineSettings
    started: Now
    venues: dict[str, VenueState] = field(default_factory=dict)
    books: dict[str, BookState] = field(default_factory=dict)
    orders: OrderTable = field(default_factory=OrderTable)
    outbox: Outbox = field(default_factory=Outbox)
    breaker: BreakerState = BreakerState.RUNNING
    label_sequence: int = 0
    journal_error: str = ""  # why it cannot be written
    journal_space: str = ""  # how little room it has
    journal_full: bool = False  # too little to go on writing
    settings_error: str = ""
    stopping: str = ""  # the reason, once a stop was requested
    stop_by_wire_s: float = math.inf
    exited: bool = False
    steps: int = 0
    events: int = 0
    last_step: Now | None = None
    decisions: Counter[tuple[Action, Reason]] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    bad_data: Counter[str] = field(default_factory=Counter)
    bad_noted: dict[str, float] = field(default_factory=dict)  # channel -> wire time of the last note
    alarms: dict[tuple[str, str], Any] = field(default_factory=dict)  # (book, name) -> Alarm, see alarms.tell

    @property
    def journal_closed(self) -> str:
        """Why nothing may be sent that the journal would have to hold; empty: it may."""
        if self.journal_error:
            return f"the journal cannot be written: {self.journal_error}"
        return f"no room for the journal: {self.journal_space}" if self.journal_full else ""

    @property
    def passive(self) -> bool:
        """Whether every account this run has asked for is another's."""
        asked = [venue for venue in self.venues.values() if venue.epoch or venue.standby]
        return bool(asked) and all(venue.standby for venue in asked)


class Step:
    """Collects what one step asks for."""

    def __init__(self, state: State, now: Now) -> None:
        self.state, self.now = state, now
        self.effects: list[Effect] = []

    def ask(self, effect: Effect) -> None:
        self.effects.append(effect)

    def record(self, record: Record) -> None:
        """Write it down; a standby writes nothing, the journal is the holder's."""
        if not self.state.passive:
            self.state.outbox.record(record)

    def note(self, severity: Severity, name: str, **fields: str | int | float | bool | None) -> None:
        self.effects.append(Note(severity=severity, name=name, fields=fields))
