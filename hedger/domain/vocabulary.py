"""Every mode, state, action and reason an operator can read, enumerated in this one place.

Status, decisions, metrics, logs and the journal use these values and no others.
"""

from __future__ import annotations

from enum import StrEnum


class Environment(StrEnum):
    """Where a venue's orders end: a local exchange, the venue's test system, or real money."""

    LOCAL = "local"
    TESTNET = "testnet"
    PRODUCTION = "production"


class Mode(StrEnum):
    """What happens to an order the policy wants: shown, filled on paper, or sent."""

    OBSERVE = "observe"
    PAPER = "paper"
    LIVE = "live"


class BreakerState(StrEnum):
    """The latched switch of a book or of the daemon; later members are stricter."""

    RUNNING = "running"
    REDUCE_ONLY = "reduce_only"  # only orders that make the hedge position smaller
    NEUTRALISING = "neutralising"  # one hedge to the target now, then paused
    FLATTENING = "flattening"  # the hedge position goes to zero; nothing else
    PAUSED = "paused"  # no new orders, hedges under way are cancelled; an operator's orders stay
    HALTED = "halted"  # nothing leaves, resting orders are cancelled


class Phase(StrEnum):
    """How far the daemon is from its first decision (start-up and crash recovery are one path)."""

    CONNECTING = "connecting"
    STANDBY = "standby"  # another run holds the account
    RECOVERING = "recovering"
    WARMING_UP = "warming_up"
    TRADING = "trading"
    STOPPING = "stopping"


class State(StrEnum):
    """What /v1/status calls `state`: the phase until trading starts, then the breaker."""

    CONNECTING = "connecting"
    STANDBY = "standby"
    RECOVERING = "recovering"
    WARMING_UP = "warming_up"
    STOPPING = "stopping"
    RUNNING = "running"
    PAUSED = "paused"
    REDUCE_ONLY = "reduce_only"
    NEUTRALISING = "neutralising"
    FLATTENING = "flattening"
    HALTED = "halted"


class Neutral(StrEnum):
    """Which quantity y a book keeps at its target (theory: 1.4)."""

    COIN = "coin"  # y = net transaction delta of options + futures
    USD = "usd"  # y = equity in coin + net transaction delta
    BLACK = "black"  # y = sum of Black deltas + futures; display only unless allow_naive


class Legs(StrEnum):
    """What a book's instruments settle in (theory 1.5)."""

    INVERSE = "inverse"  # the coin
    LINEAR = "linear"  # a dollar coin
    BOTH = "both"  # both, hedged as one sum: only where one collateral carries them


class Rung(StrEnum):
    """How far a book has come down from fresh greeks; later members are worse."""

    VENUE = "venue"  # the venue's own greeks, fresh
    MODEL = "model"  # our model on the last good volatility and the live index
    LAST_RESORT = "last_resort"  # the same, older: only back to the hard limit, in small clips
    BLOCKED = "blocked"  # too old to trade on


class SmileRule(StrEnum):
    """How volatility is taken to move with the coin, and so which delta options have (theory 2)."""

    OFF = "off"  # Black's delta; no smile is fitted
    STICKY_STRIKE = "sticky_strike"  # a strike keeps its volatility: Black's delta, smiles shown
    STICKY_DELTA = "sticky_delta"  # the smile moves with the forward
    FITTED = "fitted"  # in between or beyond, as each expiry's volatility was seen to move
    MINIMUM_VARIANCE = "minimum_variance"  # Hull-White: as a regression on all options has it


class Action(StrEnum):
    """What a decision did."""

    HOLD = "hold"  # the policy sees no reason to trade, or no legal order ends nearer the target
    WAIT = "wait"  # the policy would like to trade later (dwell, cooldown, window, order in flight)
    BLOCKED = "blocked"  # a trade may be due and a named constraint forbids it
    HEDGE = "hedge"  # an order was handed to the outbox
    WOULD_HEDGE = "would_hedge"  # observe mode: the order that would have been sent


class Reason(StrEnum):
    """Why a decision was what it was: the one constraint that bound."""

    # policy
    WITHIN_BAND = "within_band"
    OUTSIDE_BAND = "outside_band"
    HARD_LIMIT = "hard_limit"
    DWELL = "dwell"
    COOLDOWN = "cooldown"
    WINDOW = "window"  # theta-offset, time, leland: the window has not ended
    DECAY_PAYS = "decay_pays"  # theta-offset: decay covered the move, no trade
    DECAY_LOST = "decay_lost"  # theta-offset: the move cost more than decay earned
    QUIET_WINDOW = "quiet_window"  # theta-offset, long gamma: the move did not pay the decay
    WINDOW_ENDED = "window_ended"  # time: the window has ended, to the target
    SLICE = "slice"  # the next part of a hedge made in slices
    DELTA_CAP = "delta_cap"  # theta-offset: the mandatory cap; time: where one is set
    NEW_DELTA = "new_delta"  # delta born of start-up, a trade, an expiry or new settings
    SIGMA_BAND = "sigma_band"  # gamma and theta do not offset: a band in sigmas instead
    STEP = "step"  # the FMZ rule
    FLATTEN = "flatten"  # an operator asked for the hedge to be closed
    MIN_TRADE = "min_trade"
    MIN_LOT = "min_lot"  # no legal order ends nearer the target
    # policy: intervals, filters, the calendar
    MIN_MOVE = "min_move"  # the index has not moved far enough since the last hedge or window
    MAX_INTERVAL = "max_interval"  # to the target at least this often
    CENTRE_BEFORE = "centre_before"  # to the target before an announced event
    BLACKOUT = "blackout"  # no hedge in this window, inside the hard limit
    # knowledge
    CONNECTING = "connecting"
    STANDBY = "standby"  # another run holds the account
    LEASE = "lease"  # too little is left of this run's lease on the account
    RECOVERING = "recovering"
    WARM_UP = "warm_up"
    ACCOUNT_UNKNOWN = "account_unknown"
    MISSING_QUOTE = "missing_quote"
    MISSING_GREEKS = "missing_greeks"
    STALE_QUOTE = "stale_quote"
    STALE_INDEX = "stale_index"
    BAD_INPUT = "bad_input"
    LINK_DOWN = "link_down"
    INSTRUMENT_NOT_OPEN = "instrument_not_open"
    PLATFORM_LOCKED = "platform_locked"
    POSITION_MISMATCH = "position_mismatch"
    EQUITY_MISMATCH = "equity_mismatch"  # the wallet's figures do not add up any more
    CLOCK_SKEW = "clock_skew"  # our clock and the venue's are too far apart for valid_until
    GREEKS_TOO_OLD = "greeks_too_old"  # option tickers beyond the last resort
    LAST_RESORT = "last_resort"  # old greeks: nothing but back to the hard limit
    SOURCES_PART = "sources_part"  # two deltas differ and do not ask for the same hedge
    CROSS_MARGIN_NEEDED = "cross_margin_needed"  # coin and dollar legs without one collateral
    # settlement
    SETTLEMENT_SLICE = "settlement_slice"  # unwinding with the delivery average
    SETTLEMENT_CLOSE = "settlement_close"  # the hedge of what was delivered, after delivery
    SETTLEMENT_PAUSE = "settlement_pause"  # 07:59:50 until trading is open and two-sided again
    HEDGE_EXPIRING = "hedge_expiring"  # the hedge instrument itself expires
    # orders
    IN_FLIGHT = "in_flight"
    UNKNOWN_ORDER = "unknown_order"
    JOURNAL_DOWN = "journal_down"
    VENUE_REFUSED = "venue_refused"
    # ownership
    UNASSIGNED_FUTURE = "unassigned_future"  # a future that is neither the book's nor set aside
    EXTERNAL_DELTA_EXPIRED = "external_delta_expired"  # nobody vouches for external_delta_coin any more
    SCOPE_CONFLICT = "scope_conflict"  # two books take the same instrument
    SETTLING_TRADE = "settling_trade"  # somebody's trade may have further legs
    HOLD = "hold"  # a person trades by hand and asked the book to wait
    CASH_FLOW = "cash_flow"  # equity changed and nothing explains it yet
    OTHER_HEDGER = "other_hedger"  # orders of another hedger are on the account
    # envelope
    PAUSED = "paused"
    REDUCE_ONLY = "reduce_only"
    FLATTENING = "flattening"
    HALTED = "halted"
    STOPPING = "stopping"
    OBSERVE_MODE = "observe_mode"
    ORDER_NOTIONAL = "order_notional"
    ORDER_SIZE = "order_size"
    HEDGE_POSITION = "hedge_position"
    ORDER_RATE = "order_rate"
    TURNOVER_HOUR = "turnover_hour"
    TURNOVER_DAY = "turnover_day"
    PRICE_COLLAR = "price_collar"
    SPREAD = "spread"
    NO_LIQUIDITY = "no_liquidity"
    SHRUNK = "shrunk"
    ILLEGAL_ORDER = "illegal_order"  # amount or price off the instrument's steps
    # envelope: kinds of orders, margin, the venue's own hand in the account
    ASSET_CLASS = "asset_class"
    ORDER_TYPE = "order_type"
    MARGIN = "margin"  # delta is out and the account could not carry the hedge
    LIQUIDATION = "liquidation"  # latched: the venue trades or locks the account
    UNEXPLAINED_POSITION = "unexplained_position"  # the venue tells another position than we know of
    # execution
    NEUTRALISE = "neutralise"  # an operator asked for a hedge to the target, whatever the band says
    NEUTRALISING = "neutralising"
    CONFIRMATION = "confirmation"  # the first hedge is large and waits for a person
    RESTING_CANCEL = "resting_cancel"  # orders at the band's edges are cancelled before a hedge
    AMEND_RATE = "amend_rate"
    BY_EXPIRY = "by_expiry"  # the standing part of the hedge moves to or from a dated future
    NEXT_CLIP = "next_clip"  # the rest of a hedge waits for a ticker that shows what the last clip left


class Severity(StrEnum):
    """How loudly a note is said."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"


BREAKER_ORDER: tuple[BreakerState, ...] = tuple(BreakerState)


def stricter(first: BreakerState, second: BreakerState) -> BreakerState:
    """The stricter of two breaker states: a book obeys its own and the daemon's."""
    return first if first is second else max(first, second, key=BREAKER_ORDER.index)
