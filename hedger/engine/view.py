"""The frozen picture of the engine that status, page, metrics and CLI read. None means not known."""

from __future__ import annotations

import msgspec

from hedger.domain.vocabulary import BreakerState, Environment, Mode, Neutral, Rung, Severity, State
from hedger.engine.decision import Decision
from hedger.engine.execution_view import WorkingView
from hedger.engine.owned_view import OwnershipView
from hedger.engine.profile import ProfileView
from hedger.engine.view_guard import GuardView
from hedger.portfolio.breakdown import Cut
from hedger.portfolio.moved import Moved


class VenueView(msgspec.Struct, frozen=True):
    name: str
    environment: Environment
    connected: bool
    data_age_s: float | None  # since the last market data message
    credits: float | None  # left in the matching-engine bucket
    account_id: str
    clock_skew_ms: float | None
    round_trip_s: float | None
    reconnects: int
    locked: bool


class DeltaView(msgspec.Struct, frozen=True):
    """The three conventions side by side, in coin, and the one the book is steered by."""

    black: float | None
    net_transaction: float | None
    with_equity: float | None
    used: float | None
    source: str = ""  # whose delta counts: exchange, model, account
    model: float | None = None  # the controlled quantity by our own model
    account: float | None = None  # and by the account's total, where that speaks of this book alone
    kept_coin: float = 0.0  # hedges of delivered options set aside, no part of the above
    rung: Rung = Rung.VENUE  # of the degradation ladder


class ExpiringView(msgspec.Struct, frozen=True):
    """A held option that expires within a day, and how far its strike is."""

    instrument: str
    size: float
    hours: float
    distance_sigmas: float  # of the volatility left; positive: the strike is above the forward


class BandView(msgspec.Struct, frozen=True):
    """The no-trade interval in absolute deltas (coin), and as index levels where they are known."""

    lower: float | None
    upper: float | None
    hard_lower: float | None
    hard_upper: float | None
    lower_index_usd: float | None
    upper_index_usd: float | None


class HedgePositionView(msgspec.Struct, frozen=True):
    coin: float | None
    usd: float | None


class PositionView(msgspec.Struct, frozen=True):
    """One instrument of the book; `size` exact, in `unit`."""

    instrument: str
    kind: str
    size: str
    unit: str
    mark: float | None
    iv: float | None
    delta_coin: float | None  # position total, unadjusted
    net_transaction_delta_coin: float | None
    gamma_coin_per_usd: float | None
    theta_usd_per_day: float | None
    vega_usd: float | None
    quote_age_s: float | None
    missing: str  # what is missing or stale, empty when all is well
    bid: float | None = None  # in the instrument's own price unit, like the mark; None: nobody bids
    ask: float | None = None


class TickerView(msgspec.Struct, frozen=True):
    """What the hedge instrument trades at; prices and amounts in its own units."""

    bid: float | None
    bid_amount: float | None
    ask: float | None
    ask_amount: float | None
    mark: float
    funding_8h: float | None  # fraction of the position paid in 8 h by longs; None: not a perpetual
    age_s: float  # wire time


class BookView(msgspec.Struct, frozen=True):
    name: str
    venue: str
    underlying: str
    hedge_instrument: str
    neutral: Neutral | None
    policy: str
    state: BreakerState
    delta: DeltaView
    target: float
    band: BandView
    index_usd: float | None
    equity_coin: float | None
    options_value_coin: float | None
    gamma_coin_per_usd: float | None
    theta_usd_per_day: float | None
    vega_usd: float | None
    hedge_position: HedgePositionView
    in_flight_coin: float
    turnover_usd_24h: float
    fees_usd_24h: float
    hedges_24h: int
    positions: tuple[PositionView, ...]
    last_decision: Decision | None
    last_hedge: Decision | None
    missing: tuple[str, ...]  # warm-up or blocked: exactly what is awaited
    expiries: tuple[Cut, ...] = ()  # greeks by expiry, in every convention
    expiring: tuple[ExpiringView, ...] = ()  # within 24 h, the nearest strike first
    moved: Moved | None = None  # what moved delta since the book was last flat
    working: WorkingView = WorkingView()  # its execution
    profile: ProfileView = ProfileView()
    guard: GuardView = GuardView()
    ownership: OwnershipView = OwnershipView()  # whose what is
    tags: tuple[Cut, ...] = ()  # greeks of the options by strategy tag
    ticker: TickerView | None = None  # of the hedge instrument


class OrderView(msgspec.Struct, frozen=True):
    label: str
    instrument: str
    side: str
    amount: str
    filled: str
    price: str
    average_price: str
    state: str
    detail: str
    created_ms: int
    purpose: str = "hedge"  # hedge, resting (at an edge of the band) or manual (an operator's)


class OrdersView(msgspec.Struct, frozen=True):
    open: int
    unknown: int
    foreign_open: int
    recent: tuple[OrderView, ...]


class AlarmView(msgspec.Struct, frozen=True):
    """A condition that holds now and a person must know of; `book` is empty for the daemon."""

    name: str
    book: str
    severity: Severity
    detail: str
    since_ms: int  # market time


class EditView(msgspec.Struct, frozen=True):
    """A key set on the running daemon, above file and environment, until cleared or changed in the file."""

    key: str  # dotted
    value: str
    since_ms: int  # market time
    by: str


class CountersView(msgspec.Struct, frozen=True):
    """Monotonic counts since start; keys of the maps are enumeration values."""

    steps: int
    events: int
    decisions: dict[str, int]  # "action|reason" -> count
    orders: dict[str, int]  # terminal state -> count, and "placed"
    reconnects: dict[str, int]  # venue -> count
    bad_data: dict[str, int]  # venue -> count


class StatusView(msgspec.Struct, frozen=True):
    """What /v1/status answers."""

    version: str
    mode: Mode
    state: State
    config_hash: str
    settings_error: str  # the last refused reload, empty after a good one
    market_ms: int
    uptime_s: float
    last_step_age_s: float
    epoch: int
    journal_ok: bool
    venues: tuple[VenueView, ...]
    books: tuple[BookView, ...]
    orders: OrdersView
    counters: CountersView
    missing: tuple[str, ...]
    breaker: BreakerState = BreakerState.RUNNING  # the daemon's own switch, whatever the phase
    alarms: tuple[AlarmView, ...] = ()  # the oldest first
    edits: tuple[EditView, ...] = ()
