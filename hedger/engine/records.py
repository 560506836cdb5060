"""What the journal keeps: the closed union of its records."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

import msgspec

from hedger.domain.account import Fill
from hedger.domain.order import Order, OrderIntent
from hedger.domain.vocabulary import BreakerState, Reason
from hedger.engine.decision import Decision
from hedger.engine.ownership.owned import CashFlow, LabelSum
from hedger.portfolio.attribution import Lines


class Intended(msgspec.Struct, frozen=True, tag="intended", forbid_unknown_fields=True):
    """An order about to be sent; durable before it reaches the socket."""

    market_ms: int
    intent: OrderIntent


class OrderChanged(msgspec.Struct, frozen=True, tag="order_changed", forbid_unknown_fields=True):
    """The order table's row after a change."""

    market_ms: int
    order: Order


class Traded(msgspec.Struct, frozen=True, tag="traded", forbid_unknown_fields=True):
    """A fill of the account."""

    market_ms: int
    fill: Fill


class Decided(msgspec.Struct, frozen=True, tag="decided", forbid_unknown_fields=True):
    """A decision that acted or changed its reason."""

    market_ms: int
    decision: Decision


class Commanded(msgspec.Struct, frozen=True, tag="commanded", forbid_unknown_fields=True):
    """An operator's command and what the breaker became; `book` is empty for the daemon."""

    market_ms: int
    command: str
    book: str
    state: BreakerState
    by: str
    reason: str


class Overridden(msgspec.Struct, frozen=True, tag="overridden", forbid_unknown_fields=True):
    """The band of a book is scaled by `factor` until `until_ms` (market time); one that is over ends it."""

    market_ms: int
    book: str
    factor: float
    until_ms: int
    by: str
    reason: str


class SettingChanged(msgspec.Struct, frozen=True, tag="setting_changed", forbid_unknown_fields=True):
    """A key was set on the running daemon, or what was set ended; values as text, empty: none."""

    market_ms: int
    key: str
    value: str
    before: str
    by: str
    reason: str
    config_hash: str


class Configured(msgspec.Struct, frozen=True, tag="configured", forbid_unknown_fields=True):
    """Settings that took effect."""

    market_ms: int
    config_hash: str


class Snapshot(msgspec.Struct, frozen=True, tag="snapshot", forbid_unknown_fields=True):
    """The venue's word at a reconciliation that left nothing unexplained: sizes (signed) and money are exact.

    The next run holds what it finds against the newest one. `told_ms` is the venue's time of the positions
    (0: not told, nothing is held against it), `cash` what is understood of each wallet's cash as of
    `cash_ms`, with every trade up to `traded_ms`; in a `paper` one are the positions on paper, too.
    """

    market_ms: int
    positions: dict[str, str]
    equity: dict[str, str]
    venue: str = ""
    told_ms: int = 0
    cash: dict[str, str] = {}
    cash_ms: int = 0
    traded_ms: int = 0
    paper: bool = False


class AcceptedDifference(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A position as it was expected and as the venue tells it; exact, in the instrument's amount unit."""

    instrument: str
    expected: str
    observed: str
    unexplained: str


class Accepted(msgspec.Struct, frozen=True, tag="accepted", forbid_unknown_fields=True):
    """A person took positions as they are that nothing explained, and said why."""

    market_ms: int
    venue: str
    book: str
    differences: tuple[AcceptedDifference, ...]
    by: str
    reason: str


class EpochRaised(msgspec.Struct, frozen=True, tag="epoch_raised", forbid_unknown_fields=True):
    """The venue has seen labels of a later run than the journal knows: this run's epoch goes beyond them."""

    market_ms: int
    venue: str
    epoch: int


class Latched(msgspec.Struct, frozen=True, tag="latched", forbid_unknown_fields=True):
    """The venue's hand was seen in the account: no order of the book until a person resumes it.

    `detail` says what was seen; empty: the latch has ended.
    """

    market_ms: int
    venue: str
    book: str
    detail: str
    by: str


class LossReferenced(msgspec.Struct, frozen=True, tag="loss_referenced", forbid_unknown_fields=True):
    """What a book's losses are counted from: equity in the coin, its worth in USD then, and dollars."""

    market_ms: int
    venue: str
    book: str
    period: str  # "day" | "start"
    coin: float
    coin_usd: float
    dollars: float


class HedgeEnd(StrEnum):
    """How a hedge that was worked came to its end."""

    REACHED = "reached"
    CHANGED = "changed"  # the policy wants something else, or nothing any more
    GIVEN_UP = "given_up"  # not reached in time, decided afresh
    STOPPED = "stopped"  # an operator, or the daemon's own end


class HedgeDone(msgspec.Struct, frozen=True, tag="hedge_done", forbid_unknown_fields=True):
    """A hedge worked to its end, and its implementation shortfall: fills and fees against the mark at the
    decision, positive where they lost."""

    market_ms: int  # when it ended
    venue: str  # where
    book: str  # whose
    instrument: str  # as the venue names it
    side: str  # buy or sell
    reason: Reason  # of the decision
    end: HedgeEnd  # how it came to its end
    started_ms: int  # market time of the decision
    worked_s: float  # wire time
    children: tuple[str, ...]  # labels, the oldest first
    decided: str  # amount at the decision, exact, in the instrument's unit
    filled: str  # of it
    reference_price: float  # mark at the decision
    average_price: float  # of the fills; 0 without one
    fees_usd: float
    shortfall_coin: float
    shortfall_usd: float
    shortfall_bps: float  # of the notional that traded


class Adjusted(msgspec.Struct, frozen=True, tag="adjusted", forbid_unknown_fields=True):
    """A correction of what the trades under a label come to: added to their sum for good."""

    market_ms: int
    venue: str
    sum: LabelSum
    why: str


class CashMoved(msgspec.Struct, frozen=True, tag="cash_moved", forbid_unknown_fields=True):
    """A deposit, withdrawal or spot trade that was recognised."""

    market_ms: int
    flow: CashFlow


class HoldSet(msgspec.Struct, frozen=True, tag="hold_set", forbid_unknown_fields=True):
    """A person trades by hand: the book waits until `until_ms` (market time; 0: the hold has ended)."""

    market_ms: int
    venue: str
    book: str
    until_ms: int
    by: str
    reason: str


class Kept(msgspec.Struct, frozen=True, tag="kept", forbid_unknown_fields=True):
    """What a book carries through settlements, so that a restart across 08:00 UTC finds it: the hedges of
    delivered options it has set aside (no part of its delta any more), and the window it is in."""

    market_ms: int
    venue: str
    book: str
    coin: float  # signed; 0: nothing is set aside any more
    expiry_ms: int = 0  # end of the open window; 0: none is open
    frozen_coin: float = 0.0  # delta of its expiring options when it opened


class RivalSeen(msgspec.Struct, frozen=True, tag="rival_seen", forbid_unknown_fields=True):
    """Another hedger trades on the account: the book is blocked; an empty detail: a person has resumed."""

    market_ms: int
    venue: str
    book: str
    detail: str


class SmileMove(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How one expiry's volatility and forward moved between two samples."""

    expiration_ms: int
    vol: float  # at the forward, a fraction
    skew: float  # d iv / d ln(strike) at the forward, before
    log_forward: float


class SmileSampled(msgspec.Struct, frozen=True, tag="smile_sampled", forbid_unknown_fields=True):
    """What the smile has shown a book since its sample before: what its gate and its R stand on."""

    market_ms: int
    venue: str
    book: str
    squares: tuple[float, ...]  # of hedging errors: Black's, sticky delta, fitted, minimum variance; or none
    moves: tuple[SmileMove, ...]
    calls: tuple[float, ...]  # normal equations of Hull-White's regression
    puts: tuple[float, ...]


class HeldAt(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A position as an interval of the attribution left it; forward and volatility are an option's,
    the index a dated future's."""

    quantity: float  # signed, in the instrument's amount unit
    market_ms: int
    price: float
    forward_usd: float | None = None
    sigma: float | None = None
    index_usd: float | None = None


class FundedAt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A perpetual's funding since 08:00 UTC as it was told last."""

    amount: float  # in the settlement currency, positive received
    session: int  # number of the venue's day
    market_ms: int


class Attributed(msgspec.Struct, frozen=True, tag="attributed", forbid_unknown_fields=True):
    """Where one wallet's change of equity came from in an interval that ends at `market_ms`.

    Equity and lines are in the currency; a line of the account itself stands under the empty name. `held` and
    `funding` are what the next run goes on from.
    """

    market_ms: int
    venue: str
    currency: str
    from_ms: int
    equity_before: float
    equity_after: float
    rate_before_usd: float  # USD per unit of the currency
    rate_after_usd: float
    lines: dict[str, Lines]  # by instrument
    tags: dict[str, Lines]  # of options, by strategy tag; empty where none has one
    bookings: int
    booked_ms: int  # trades up to this market time are in it
    cash_gap: float  # balance and realised result beyond what was booked, see engine.attribution.cash
    cash_tolerance: float  # what rounding may have made of that
    held: dict[str, HeldAt] = {}
    funding: dict[str, FundedAt] = {}
    paper: bool = False  # of paper mode: equity by marks, the account knows nothing of it


class LedgerAt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One hedge since a shadow began, see engine.shadow.ledger."""

    amount: Decimal  # signed, in the hedge instrument's amount unit
    cash: float  # in the settlement currency
    trades: int
    turnover_usd: float
    fees_usd: float
    spread_usd: float
    funding_usd: float
    accrued_ms: int


class MomentsAt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Count, mean and sum of squared deviations."""

    count: int
    mean: float
    squares: float


class GridAt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Hedged P&L per interval of the live hedge, of the shadow's, and of the one less the other."""

    live: MomentsAt
    own: MomentsAt
    apart: MomentsAt
    looks: int
    live_square: float  # sums of squared open delta, coin squared
    own_square: float


class ShadowAt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One shadow's figures; `terms` is a digest of what it is and of what it is held against."""

    name: str
    terms: str
    since_ms: int
    last_hedge_s: float | None
    own: LedgerAt
    live: LedgerAt
    minutes: GridAt
    hours: GridAt


class ShadowsKept(msgspec.Struct, frozen=True, tag="shadows_kept", forbid_unknown_fields=True):
    """What the shadows of a book have come to: the next run goes on from the newest."""

    market_ms: int
    venue: str
    book: str
    fills_through_ms: int  # live trades up to this market time are in it
    shadows: tuple[ShadowAt, ...]


Record = (
    Attributed
    | HedgeDone
    | Intended
    | OrderChanged
    | Traded
    | Decided
    | Commanded
    | Overridden
    | SettingChanged
    | Configured
    | Snapshot
    | EpochRaised
    | Latched
    | LossReferenced
    | Adjusted
    | CashMoved
    | HoldSet
    | RivalSeen
    | Kept
    | Accepted
    | SmileSampled
    | ShadowsKept
)
