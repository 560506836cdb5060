"""The constraint that bound a decision, in an operator's words: one for every reason."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from hedger.domain.vocabulary import Reason


class Binding(StrEnum):
    """Families of reasons: what an operator would look at or change."""

    BAND = "band"
    HARD_LIMIT = "hard_limit"
    DWELL = "dwell"
    COOLDOWN = "cooldown"
    WINDOW = "window"
    MOVE = "move"
    INTERVAL = "interval"
    CALENDAR = "calendar"
    CAP = "cap"
    NEW_DELTA = "new_delta"
    LOT_SIZE = "lot_size"
    WARM_UP = "warm_up"
    ACCOUNT = "account"
    QUOTE = "quote"
    LINK = "link"
    MARKET = "market"
    POSITION = "position"
    ORDER = "order"
    SETTLEMENT = "settlement"
    JOURNAL = "journal"
    BREAKER = "breaker"
    MODE = "mode"
    MARGIN = "margin"
    LIMIT = "limit"
    OWNERSHIP = "ownership"
    PERSON = "person"
    LEASE = "lease"


class Meaning(NamedTuple):
    """What bound, and the sentence said where the decision itself carries none."""

    binding: Binding
    sentence: str


_B, _R = Binding, Reason

MEANING: Mapping[Reason, Meaning] = MappingProxyType(
    {
        _R.WITHIN_BAND: Meaning(_B.BAND, "delta is inside the band"),
        _R.OUTSIDE_BAND: Meaning(_B.BAND, "delta left the band"),
        _R.HARD_LIMIT: Meaning(_B.HARD_LIMIT, "delta is beyond the hard limit"),
        _R.DWELL: Meaning(_B.DWELL, "delta left the band, but not for long enough yet"),
        _R.COOLDOWN: Meaning(_B.COOLDOWN, "the last hedge is too recent"),
        _R.WINDOW: Meaning(_B.WINDOW, "the observation window has not ended"),
        _R.DECAY_PAYS: Meaning(_B.WINDOW, "decay earned covers what the move cost"),
        _R.DECAY_LOST: Meaning(_B.WINDOW, "decay and the move did not pay for each other"),
        _R.QUIET_WINDOW: Meaning(_B.WINDOW, "the move earned less than decay cost"),
        _R.WINDOW_ENDED: Meaning(_B.WINDOW, "the observation window has ended: to the target"),
        _R.SLICE: Meaning(_B.WINDOW, "the next slice of a hedge made in parts"),
        _R.DELTA_CAP: Meaning(_B.CAP, "delta drifted beyond the cap"),
        _R.NEW_DELTA: Meaning(_B.NEW_DELTA, "delta is new: start-up, trade, expiry or settings"),
        _R.SIGMA_BAND: Meaning(_B.BAND, "gamma and theta do not offset: a band in sigmas decides"),
        _R.STEP: Meaning(_B.BAND, "delta is further from the target than the step"),
        _R.FLATTEN: Meaning(_B.BREAKER, "an operator asked for the hedge to be closed"),
        _R.MIN_TRADE: Meaning(_B.LOT_SIZE, "the hedge would be below the minimum trade"),
        _R.MIN_LOT: Meaning(_B.LOT_SIZE, "no legal order ends nearer the target"),
        _R.MIN_MOVE: Meaning(_B.MOVE, "the index has not moved far enough since the last hedge"),
        _R.MAX_INTERVAL: Meaning(_B.INTERVAL, "the maximum interval ended away from the target"),
        _R.CENTRE_BEFORE: Meaning(_B.CALENDAR, "an announced event is near: to the target before it"),
        _R.BLACKOUT: Meaning(_B.CALENDAR, "a blackout window: no hedge inside the hard limit"),
        _R.CONNECTING: Meaning(_B.LINK, "the venue is not connected yet"),
        _R.STANDBY: Meaning(_B.LEASE, "another run holds the account; this one is its standby"),
        _R.LEASE: Meaning(_B.LEASE, "too little is left of this run's lease on the account"),
        _R.RECOVERING: Meaning(_B.WARM_UP, "positions and orders are being reconciled with the venue"),
        _R.WARM_UP: Meaning(_B.WARM_UP, "not every held instrument has a fresh quote yet"),
        _R.ACCOUNT_UNKNOWN: Meaning(_B.ACCOUNT, "the account is not known yet"),
        _R.MISSING_QUOTE: Meaning(_B.QUOTE, "a quote is missing"),
        _R.MISSING_GREEKS: Meaning(_B.QUOTE, "a quote carries no usable greeks"),
        _R.STALE_QUOTE: Meaning(_B.QUOTE, "a quote is too old to trade on"),
        _R.STALE_INDEX: Meaning(_B.QUOTE, "the index is too old to trade on"),
        _R.BAD_INPUT: Meaning(_B.QUOTE, "an input is not a usable number"),
        _R.LINK_DOWN: Meaning(_B.LINK, "the venue is disconnected"),
        _R.INSTRUMENT_NOT_OPEN: Meaning(_B.MARKET, "the hedge instrument is not open for trading"),
        _R.PLATFORM_LOCKED: Meaning(_B.MARKET, "the venue has locked trading"),
        _R.POSITION_MISMATCH: Meaning(_B.POSITION, "the venue's position differs from the one expected"),
        _R.EQUITY_MISMATCH: Meaning(_B.ACCOUNT, "the account's equity is not what its parts come to"),
        _R.CLOCK_SKEW: Meaning(_B.MARKET, "our clock and the venue's are too far apart"),
        _R.GREEKS_TOO_OLD: Meaning(_B.QUOTE, "option tickers are too old even for the last resort"),
        _R.LAST_RESORT: Meaning(_B.QUOTE, "greeks are old: nothing is hedged but back to the hard limit"),
        _R.SOURCES_PART: Meaning(_B.QUOTE, "two sources of delta differ and do not ask for the same hedge"),
        _R.CROSS_MARGIN_NEEDED: Meaning(
            _B.ACCOUNT, "coin and dollar legs are hedged as one only where one collateral carries both"
        ),
        _R.SETTLEMENT_SLICE: Meaning(
            _B.SETTLEMENT, "the hedge is unwound in slices with the delivery average"
        ),
        _R.SETTLEMENT_CLOSE: Meaning(_B.SETTLEMENT, "the hedge of what was delivered is closed"),
        _R.SETTLEMENT_PAUSE: Meaning(
            _B.SETTLEMENT, "settlement: no order until trading is open and two-sided"
        ),
        _R.HEDGE_EXPIRING: Meaning(_B.SETTLEMENT, "the hedge instrument expires within the hour"),
        _R.IN_FLIGHT: Meaning(_B.ORDER, "a hedge is in flight"),
        _R.UNKNOWN_ORDER: Meaning(_B.ORDER, "the outcome of an order is unknown and is being looked up"),
        _R.JOURNAL_DOWN: Meaning(_B.JOURNAL, "the journal cannot be written"),
        _R.VENUE_REFUSED: Meaning(_B.ORDER, "the venue refused the last order"),
        _R.UNASSIGNED_FUTURE: Meaning(_B.OWNERSHIP, "a future on the account is nobody's"),
        _R.EXTERNAL_DELTA_EXPIRED: Meaning(_B.OWNERSHIP, "nobody vouches for the external delta any more"),
        _R.SCOPE_CONFLICT: Meaning(_B.OWNERSHIP, "two books take the same instrument"),
        _R.SETTLING_TRADE: Meaning(_B.PERSON, "somebody's trade may have further legs"),
        _R.HOLD: Meaning(_B.PERSON, "a person trades by hand and asked for a pause"),
        _R.CASH_FLOW: Meaning(_B.ACCOUNT, "cash moved and no trade explains it yet"),
        _R.OTHER_HEDGER: Meaning(_B.OWNERSHIP, "another hedger trades on the account"),
        _R.PAUSED: Meaning(_B.BREAKER, "paused by an operator"),
        _R.REDUCE_ONLY: Meaning(_B.BREAKER, "only orders that shrink the hedge are allowed"),
        _R.FLATTENING: Meaning(_B.BREAKER, "the hedge position is being closed"),
        _R.HALTED: Meaning(_B.BREAKER, "halted: nothing leaves until an operator resumes"),
        _R.STOPPING: Meaning(_B.BREAKER, "the daemon is stopping"),
        _R.OBSERVE_MODE: Meaning(_B.MODE, "observe mode sends no orders"),
        _R.ORDER_NOTIONAL: Meaning(_B.LIMIT, "the order is above the notional limit"),
        _R.ORDER_SIZE: Meaning(_B.LIMIT, "the order is above the size limit"),
        _R.HEDGE_POSITION: Meaning(_B.LIMIT, "the hedge position would exceed its limit"),
        _R.ORDER_RATE: Meaning(_B.LIMIT, "too many orders within a minute"),
        _R.TURNOVER_HOUR: Meaning(_B.LIMIT, "the turnover limit of the hour is used up"),
        _R.TURNOVER_DAY: Meaning(_B.LIMIT, "the turnover limit of the day is used up"),
        _R.PRICE_COLLAR: Meaning(_B.LIMIT, "the price is too far from mark or index"),
        _R.SPREAD: Meaning(_B.LIMIT, "the spread is too wide"),
        _R.NO_LIQUIDITY: Meaning(_B.MARKET, "nobody quotes the side the hedge needs"),
        _R.SHRUNK: Meaning(_B.LIMIT, "a limit made the order smaller"),
        _R.ASSET_CLASS: Meaning(_B.LIMIT, "orders in this kind of instrument are not allowed"),
        _R.ORDER_TYPE: Meaning(_B.LIMIT, "this type of order is not allowed"),
        _R.MARGIN: Meaning(_B.MARGIN, "delta is out and the margin floor forbids the hedge"),
        _R.LIQUIDATION: Meaning(_B.ACCOUNT, "the venue liquidates or locks the account: latched"),
        _R.UNEXPLAINED_POSITION: Meaning(_B.POSITION, "a position is not what trades have made it"),
        _R.ILLEGAL_ORDER: Meaning(_B.LOT_SIZE, "amount or price is off the instrument's steps"),
        _R.NEUTRALISE: Meaning(_B.BREAKER, "an operator asked for a hedge to the target"),
        _R.NEUTRALISING: Meaning(_B.BREAKER, "neutralised: the book is at its target"),
        _R.CONFIRMATION: Meaning(_B.BREAKER, "the first hedge is large: it waits for `hedger confirm`"),
        _R.RESTING_CANCEL: Meaning(_B.ORDER, "orders at the edges of the band are being cancelled first"),
        _R.BY_EXPIRY: Meaning(_B.ORDER, "a part of the hedge moves to where it costs less"),
        _R.NEXT_CLIP: Meaning(_B.MARKET, "the rest waits for a ticker newer than the last clip"),
        _R.AMEND_RATE: Meaning(_B.LIMIT, "too many amendments within a minute"),
    }
)
