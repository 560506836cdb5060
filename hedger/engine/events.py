"""Everything that can happen to the engine: a closed union of frozen values."""

from __future__ import annotations

import math

import msgspec

from hedger.domain.account import Account, Fill, LedgerEntry, Position
from hedger.domain.instrument import Instrument, InstrumentState
from hedger.domain.order import Order, OrderReport
from hedger.domain.quote import IndexPrice, Quote
from hedger.domain.vocabulary import BreakerState, Environment
from hedger.engine.hedging.manual_order import OrderAsked
from hedger.engine.ownership.owned import CashFlow, LabelSum
from hedger.engine.records import (
    Attributed,
    HoldSet,
    Kept,
    Latched,
    LossReferenced,
    Overridden,
    RivalSeen,
    ShadowsKept,
    SmileSampled,
    Snapshot,
)
from hedger.engine.settings import EngineSettings


class Now(msgspec.Struct, frozen=True, array_like=True):
    """The two times of a step: market time in ms since the epoch, wire time in monotonic seconds."""

    market_ms: int
    wire_s: float


class _Event(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="event", tag=str.lower):
    pass


class LinkUp(_Event, frozen=True):
    """A venue is connected, authenticated and subscribed to the account's channels."""

    venue: str
    environment: Environment
    account_id: str


class LinkDown(_Event, frozen=True):
    venue: str
    reason: str


class LinkHealth(_Event, frozen=True):
    """Figures of the link for status and metrics; credits left in the matching-engine bucket."""

    venue: str
    credits: float
    clock_skew_ms: float
    round_trip_s: float


class InstrumentsListed(_Event, frozen=True):
    """Instruments of a venue; `complete` replaces all that was known, otherwise it adds."""

    venue: str
    instruments: tuple[Instrument, ...]
    complete: bool


class InstrumentStateChanged(_Event, frozen=True):
    venue: str
    instrument: str
    state: InstrumentState


class Quoted(_Event, frozen=True):
    quote: Quote


class Indexed(_Event, frozen=True):
    index: IndexPrice


class Reported(_Event, frozen=True):
    """Evidence about an order, ours or foreign."""

    report: OrderReport


class Filled(_Event, frozen=True):
    fill: Fill


class PositionReported(_Event, frozen=True):
    position: Position


class AccountReported(_Event, frozen=True):
    account: Account


class SnapshotTaken(_Event, frozen=True):
    """A consistent answer to RequestSnapshot: all positions (missing = flat), open orders, recent trades.

    `server_ms` is the earliest server time among the answers, market time; `positions_ms` that of the
    positions themselves, which are asked for last (0: not told, `server_ms` counts). Trades are all those
    since `since_ms`; `asked_wire_s` is when the question was put (None: the last one that the engine put).
    """

    venue: str
    server_ms: int
    positions: tuple[Position, ...]
    open_orders: tuple[OrderReport, ...]
    accounts: tuple[Account, ...]
    fills: tuple[Fill, ...]
    positions_ms: int = 0
    since_ms: int = 0
    asked_wire_s: float | None = None


class PlacementRefused(_Event, frozen=True):
    """The venue answered a placement with an error that proves nothing was placed."""

    venue: str
    label: str
    code: int
    message: str


class PlacementLost(_Event, frozen=True):
    """The outcome of a placement is unknown (lost reply, disconnect, or an error that proves nothing)."""

    venue: str
    label: str
    reason: str


class PlacementUnsent(_Event, frozen=True):
    """The placement never left this process (link down, no credits, size limit): proof of absence."""

    venue: str
    label: str
    reason: str


class AmendRefused(_Event, frozen=True):
    """An amendment changed nothing and never will: refused by name, or it never left. The old terms stand."""

    venue: str
    label: str
    code: int
    message: str


class AmendLost(_Event, frozen=True):
    """Nobody knows what became of an amendment, or the order may have ended: its state is to be fetched."""

    venue: str
    label: str
    reason: str


class CancelRefused(_Event, frozen=True):
    """A cancel failed (11044 and kin): the order's state is to be fetched."""

    venue: str
    label: str
    code: int
    message: str


class LookedUp(_Event, frozen=True):
    """The whole answer to a LookUp: open orders, order state by label, trades recent and historical.

    `server_ms` is the earliest server time among the answers, market time; empty tuples say "nothing there".
    """

    venue: str
    label: str
    server_ms: int
    reports: tuple[OrderReport, ...]
    fills: tuple[Fill, ...]


class LookupFailed(_Event, frozen=True):
    venue: str
    label: str
    reason: str


class SnapshotFailed(_Event, frozen=True):
    venue: str
    reason: str


class LogTold(_Event, frozen=True):
    """The venue's own log of the account since `since_ms`, every currency, the oldest first."""

    venue: str
    since_ms: int
    entries: tuple[LedgerEntry, ...]


class LogFailed(_Event, frozen=True):
    venue: str
    reason: str


class PlatformLocked(_Event, frozen=True):
    """The venue locked or unlocked trading on an index ("" = the whole platform)."""

    venue: str
    index: str
    locked: bool
    detail: str


class AccountLocked(_Event, frozen=True):
    """The venue locked or unlocked the account, by a notification or by what it refused.

    `currency` is what is locked; empty: all of it, or not told.
    """

    venue: str
    locked: bool
    detail: str
    currency: str = ""


class BadData(_Event, frozen=True):
    """A payload was refused: nothing may be traded on it. `instrument` may be empty."""

    venue: str
    channel: str
    instrument: str
    detail: str


class CommandGiven(_Event, frozen=True):
    """An operator's command: a breaker's, or `confirm`. `book` empty: the daemon.

    `accept_naked_delta` lets a flatten leave more delta than there is.
    """

    command: str
    book: str
    by: str
    reason: str
    accept_naked_delta: bool = False


class OrderGiven(_Event, frozen=True):
    """An operator's order by hand."""

    asked: OrderAsked


class CancelGiven(_Event, frozen=True):
    """An operator cancels one order of ours."""

    label: str
    by: str
    reason: str


class OverrideGiven(_Event, frozen=True):
    """Scale the band by `factor` for `duration_s` of market time. `book` empty: every book."""

    book: str
    factor: float
    duration_s: float
    by: str
    reason: str


class OverrideCleared(_Event, frozen=True):
    """End the override now. `book` empty: of every book."""

    book: str
    by: str
    reason: str


class SettingChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an operator set on the running daemon, as text; an empty value: no longer."""

    key: str
    value: str
    before: str
    by: str
    reason: str


class HoldAsked(_Event, frozen=True):
    """A person trades by hand and asks a book ("": every book) to wait; 0 seconds ends it. Wire seconds."""

    book: str
    seconds: float
    by: str
    reason: str


class AcceptGiven(_Event, frozen=True):
    """A person takes the venue's positions as they are, although nothing explains how they came about."""

    book: str
    by: str
    reason: str


class SettingsApplied(_Event, frozen=True):
    settings: EngineSettings
    changes: tuple[SettingChange, ...] = ()  # by `hedger set`; none for an edit of the file


class SettingsRefused(_Event, frozen=True):
    """A reload was refused whole; the running settings stay."""

    detail: str


class JournalLoaded(_Event, frozen=True, omit_defaults=True):
    """What the journal knows of (venue, environment, account): the second half of recovery.

    `epoch` is this run's, already durable. `breakers` by book name, "" for the daemon.
    `last_fill_ms` is the market time of the newest journalled fill (0: none). `latches` and
    `loss_references` are the newest of each book (and period).
    """

    venue: str
    environment: Environment
    account_id: str
    epoch: int
    orders: tuple[Order, ...]
    fills: tuple[Fill, ...]  # of the last 24 hours, and all that the venue will tell again, however old
    breakers: dict[str, BreakerState]
    last_fill_ms: int
    overrides: dict[str, Overridden] = {}  # the last one of each book
    latches: tuple[Latched, ...] = ()
    loss_references: tuple[LossReferenced, ...] = ()
    sums: tuple[LabelSum, ...] = ()  # what all trades under each label come to, per instrument
    cash_flows: tuple[CashFlow, ...] = ()  # of the last two days of market time
    holds: tuple[HoldSet, ...] = ()  # per book the last one
    kept: tuple[Kept, ...] = ()  # per book what it has set aside of delivered options' hedges
    rivals: tuple[RivalSeen, ...] = ()  # per book the last word on another hedger
    smiles: tuple[SmileSampled, ...] = ()  # what the smile has shown each book, the oldest first
    shadows: tuple[ShadowsKept, ...] = ()  # per book what its shadows have come to
    baseline: Snapshot | None = None  # the last one; `fills` reach back to it
    lease_until_wire_s: float = math.inf  # until when this run holds the account; inf: no lease is kept
    attributed: tuple[Attributed, ...] = ()  # intervals of the last day and the newest, the oldest first


class LeaseAwaited(_Event, frozen=True):
    """Another run holds the account: this one is a standby and waits until the lease is free.

    `until_wire_s` is when it ends, unless the holder renews it.
    """

    venue: str
    holder: str
    until_wire_s: float


class LeaseRenewed(_Event, frozen=True):
    """This run holds the account until then."""

    venue: str
    until_wire_s: float


class LeaseUnrenewed(_Event, frozen=True):
    """The store did not answer a renewal, or a standby's question: the lease ends when it was to end."""

    venue: str
    detail: str


class LeaseLost(_Event, frozen=True):
    """Another run has taken the account: nothing of this one may leave or be written any more."""

    venue: str
    holder: str
    detail: str


class Durable(_Event, frozen=True):
    """Everything written up to and including `sequence` is on disk."""

    sequence: int


class JournalFailed(_Event, frozen=True):
    """A write was refused, or has had no answer for too long; it is tried again."""

    detail: str


class JournalRestored(_Event, frozen=True):
    """Writes are durable in time again."""


class JournalSpace(_Event, frozen=True):
    """How the room for the journal stands against its bounds."""

    detail: str  # empty: there is enough
    critical: bool  # too little to go on writing


class StopRequested(_Event, frozen=True):
    reason: str


Event = (
    LinkUp
    | LinkDown
    | LinkHealth
    | InstrumentsListed
    | InstrumentStateChanged
    | Quoted
    | Indexed
    | Reported
    | Filled
    | PositionReported
    | AccountReported
    | SnapshotTaken
    | SnapshotFailed
    | LogTold
    | LogFailed
    | PlacementRefused
    | PlacementLost
    | PlacementUnsent
    | AmendRefused
    | AmendLost
    | CancelRefused
    | LookedUp
    | LookupFailed
    | PlatformLocked
    | AccountLocked
    | BadData
    | CommandGiven
    | OrderGiven
    | CancelGiven
    | OverrideGiven
    | OverrideCleared
    | HoldAsked
    | AcceptGiven
    | SettingsApplied
    | SettingsRefused
    | JournalLoaded
    | LeaseAwaited
    | LeaseRenewed
    | LeaseUnrenewed
    | LeaseLost
    | Durable
    | JournalFailed
    | JournalRestored
    | JournalSpace
    | StopRequested
)
