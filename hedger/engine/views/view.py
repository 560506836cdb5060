"""The frozen picture of the engine that status, page, metrics and CLI read. None means not known."""

from __future__ import annotations

import msgspec

from hedger.domain.vocabulary import BreakerState, Environment, Mode, Neutral, Rung, Severity, State
from hedger.engine.decision import Decision
from hedger.engine.profile import ProfileView
from hedger.engine.views.by_expiry_view import ByExpiryView
from hedger.engine.views.difference_view import DifferenceView
from hedger.engine.views.execution_view import WorkingView
from hedger.engine.views.owned_view import OwnershipView
from hedger.engine.views.shadow_view import ShadowView
from hedger.engine.views.smile_view import SmileView
from hedger.engine.views.view_attribution import AttributionView
from hedger.engine.views.view_guard import GuardView
from hedger.portfolio.breakdown import Cut
from hedger.portfolio.moved import Moved


class VenueView(msgspec.Struct, frozen=True):
    name: str  # as configured
    environment: Environment  # whose money it is
    connected: bool  # and logged in where it needs to be
    data_age_s: float | None  # since the last market data message
    credits: float | None  # left in the matching-engine bucket
    account_id: str  # empty until the venue told it
    clock_skew_ms: float | None  # the venue's clock less ours
    round_trip_s: float | None  # of the last request, wire time
    reconnects: int  # since the start
    locked: bool  # trading is locked by the venue
    standby_of: str = ""  # the run that holds the account while this one waits; empty: it does not wait
    lease_left_s: float | None = None  # wire time until this run's lease on the account ends; None: none
    takeovers: int = 0  # 1: another run held the account before this one


class DeltaView(msgspec.Struct, frozen=True):
    """The three conventions side by side, in coin, and the one the book is steered by."""

    black: float | None  # unadjusted Black-76 deltas and futures
    net_transaction: float | None  # premium-adjusted options and futures
    with_equity: float | None  # net transaction delta and the coin's equity
    used: float | None  # the controlled quantity, by the source that counts
    source: str = ""  # whose delta counts: exchange, model, account
    model: float | None = None  # the controlled quantity by our own model
    account: float | None = None  # and by the account's total, where that speaks of this book alone
    kept_coin: float = 0.0  # hedges of delivered options set aside, no part of the above
    rung: Rung = Rung.VENUE  # of the degradation ladder


class ExpiringView(msgspec.Struct, frozen=True):
    """A held option that expires within a day, and how far its strike is."""

    instrument: str  # as the venue names it
    size: float  # signed, in the instrument's amount unit
    hours: float  # until it expires, market time
    distance_sigmas: float  # of the volatility left; positive: the strike is above the forward


class BandView(msgspec.Struct, frozen=True):
    """The no-trade interval in absolute deltas (coin), and as index levels where they are known."""

    lower: float | None  # edge at which the policy acts, coin
    upper: float | None  # coin
    hard_lower: float | None  # beyond it waits end, coin
    hard_upper: float | None  # coin
    lower_index_usd: float | None
    upper_index_usd: float | None


class HedgePositionView(msgspec.Struct, frozen=True):
    coin: float | None  # signed; at the mark where the amount is in USD
    usd: float | None  # signed; at the mark where the amount is in coin


class PositionView(msgspec.Struct, frozen=True):
    """One instrument of the book; `size` exact, in `unit`."""

    instrument: str  # as the venue names it
    kind: str  # option, future or perpetual
    size: str  # signed
    unit: str  # of the size: USD or coin
    mark: float | None  # in the instrument's price unit
    iv: float | None  # implied volatility, a fraction
    delta_coin: float | None  # position total, unadjusted
    net_transaction_delta_coin: float | None
    gamma_coin_per_usd: float | None
    theta_usd_per_day: float | None
    vega_usd: float | None
    quote_age_s: float | None  # since the last ticker came, wire time
    missing: str  # what is missing or stale, empty when all is well
    bid: float | None = None  # in the instrument's own price unit, like the mark; None: nobody bids
    ask: float | None = None  # None: nobody asks
    forward_usd: float | None = None  # of an option's expiry, as the venue prices it


class TickerView(msgspec.Struct, frozen=True):
    """What the hedge instrument trades at; prices and amounts in its own units."""

    bid: float | None  # None: nobody bids
    bid_amount: float | None  # at the bid
    ask: float | None  # None: nobody asks
    ask_amount: float | None  # at the ask
    mark: float  # the venue's
    funding_8h: float | None  # fraction of the position paid in 8 h by longs; None: not a perpetual
    age_s: float  # wire time


class BookView(msgspec.Struct, frozen=True):
    name: str  # as configured
    venue: str  # where its account is
    underlying: str  # the coin
    hedge_instrument: str  # what it hedges with
    neutral: Neutral | None  # the convention it is steered in; None: display only
    policy: str  # name of the rule that decides
    state: BreakerState  # the stricter of its own and the daemon's breaker
    delta: DeltaView  # by convention and source
    target: float  # where the policy steers to, coin
    band: BandView  # in force now
    index_usd: float | None
    equity_coin: float | None
    options_value_coin: float | None  # inverse options at mark
    gamma_coin_per_usd: float | None
    theta_usd_per_day: float | None
    vega_usd: float | None
    hedge_position: HedgePositionView  # in every future of the book
    in_flight_coin: float
    turnover_usd_24h: float
    fees_usd_24h: float
    hedges_24h: int
    positions: tuple[PositionView, ...]  # what it holds, options and futures
    last_decision: Decision | None  # None before the first look
    last_hedge: Decision | None  # None before the first hedge
    missing: tuple[str, ...]  # warm-up or blocked: exactly what is awaited
    expiries: tuple[Cut, ...] = ()  # greeks by expiry, in every convention
    expiring: tuple[ExpiringView, ...] = ()  # within 24 h, the nearest strike first
    moved: Moved | None = None  # what moved delta since the book was last flat
    working: WorkingView = WorkingView()  # its execution
    profile: ProfileView = ProfileView()  # parameters in force and what comes next
    guard: GuardView = GuardView()  # caps, losses, margin, latch
    ownership: OwnershipView = OwnershipView()  # whose what is
    tags: tuple[Cut, ...] = ()  # greeks of the options by strategy tag
    ticker: TickerView | None = None  # of the hedge instrument
    blocked_s: dict[str, float] = {}  # wire time without permission to trade in this run, by reason
    by_expiry: ByExpiryView = ByExpiryView()  # the hedge divided among perpetual and dated futures
    differences: tuple[DifferenceView, ...] = ()  # positions that were not as expected, at the start or now
    shadows: tuple[ShadowView, ...] = ()  # other policies beside the live one, sending nothing; as configured
    smile: SmileView = SmileView()  # its delta beside Black's


class OrderView(msgspec.Struct, frozen=True):
    label: str  # ours, unique in the journal
    instrument: str  # as the venue names it
    side: str  # buy or sell
    amount: str  # exact, in the instrument's amount unit
    filled: str  # of the amount
    price: str  # limit, in the instrument's price unit, or market
    average_price: str  # of what was filled; empty before
    state: str  # of the order's life
    detail: str  # what the venue said, empty when nothing
    created_ms: int  # market time
    purpose: str = "hedge"  # hedge, resting (at an edge of the band) or manual (an operator's)


class OrdersView(msgspec.Struct, frozen=True):
    open: int  # our own at the venues
    unknown: int  # our own whose outcome is being looked up
    foreign_open: int  # of others on the same accounts
    recent: tuple[OrderView, ...]  # our own, the newest first


class AlarmView(msgspec.Struct, frozen=True):
    """A condition that holds now and a person must know of; `book` is empty for the daemon."""

    name: str  # of the condition, the same at every return
    book: str
    severity: Severity  # critical pages a person
    detail: str  # in words, with the command that ends it where there is one
    since_ms: int  # market time


class EditView(msgspec.Struct, frozen=True):
    """A key set on the running daemon, above file and environment, until cleared or changed in the file."""

    key: str  # dotted
    value: str  # as it was given
    since_ms: int  # market time
    by: str  # who set it


class CountersView(msgspec.Struct, frozen=True):
    """Monotonic counts since start; keys of the maps are enumeration values."""

    steps: int  # of the engine
    events: int  # that the steps were given
    decisions: dict[str, int]  # "action|reason" -> count
    orders: dict[str, int]  # terminal state -> count, and "placed"
    reconnects: dict[str, int]  # venue -> count
    bad_data: dict[str, int]  # venue -> count
    mismatches: dict[str, int] = {}  # venue -> differences found in positions, orders, equity


class StatusView(msgspec.Struct, frozen=True):
    """What /v1/status answers."""

    version: str  # of hedger
    mode: Mode  # observe, paper or live
    state: State  # the phase until all books trade, then the strictest breaker
    config_hash: str  # of the effective configuration
    settings_error: str  # the last refused reload, empty after a good one
    market_ms: int  # market time of the picture
    uptime_s: float  # wire time since the start
    last_step_age_s: float  # wire time since the engine last stepped
    epoch: int  # the highest of the venues' journals: one more with each start
    journal_ok: bool  # False: cannot be written, no order is sent
    venues: tuple[VenueView, ...]  # as configured
    books: tuple[BookView, ...]  # as configured
    orders: OrdersView  # of all books
    counters: CountersView  # since the start
    missing: tuple[str, ...]  # what is awaited, with the book's name
    breaker: BreakerState = BreakerState.RUNNING  # the daemon's own switch, whatever the phase
    underlyings: tuple[Cut, ...] = ()  # greeks of all books of an underlying, coin and dollar legs together
    alarms: tuple[AlarmView, ...] = ()  # the oldest first
    edits: tuple[EditView, ...] = ()  # keys set on the running daemon
    attribution: tuple[AttributionView, ...] = ()  # where each wallet's change of the day came from
