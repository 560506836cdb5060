"""Orders: what we meant, and the table of everything that can happen to one.

The table knows the awkward pairs of a real venue: a fill before the acknowledgement, a fill after a
cancel, a cancel that loses its race, evidence arriving for an order thought lost. A pair that is not
in the table is a defect of ours and raises.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

import msgspec

from hedger.domain.errors import InvariantError
from hedger.domain.names import legs_of


class Side(StrEnum):
    BUY = "buy"
    SELL = "sell"

    @property
    def sign(self) -> int:
        return 1 if self is Side.BUY else -1

    @classmethod
    def of(cls, signed: float | Decimal) -> Side:
        """The side that moves a position by `signed` (not zero)."""
        return cls.BUY if signed > 0 else cls.SELL


class OrderType(StrEnum):
    LIMIT = "limit"
    MARKET = "market"


class TimeInForce(StrEnum):
    IOC = "immediate_or_cancel"
    FOK = "fill_or_kill"
    GTC = "good_til_cancelled"


class Purpose(StrEnum):
    """What an order is for: how it counts in delta, and who looks after it."""

    HEDGE = "hedge"  # a child of the working hedge: what of it may still trade counts in delta
    MOVE = "move"  # a leg of a move between perpetual and dated futures: counts as a hedge does
    RESTING = "resting"  # waits at an edge of the band: may trade or not, counts on its own side only
    MANUAL = "manual"  # an operator's


HEDGES: frozenset[Purpose] = frozenset({Purpose.HEDGE, Purpose.MOVE})
"""What is never more than one at a time, and counts in delta until it has ended."""


class OrderState(StrEnum):
    DRAFT = "draft"  # in the outbox, not yet durable: the venue cannot know it
    IN_FLIGHT = "in_flight"  # handed to the socket, nothing heard
    OPEN = "open"  # the venue has it (partly filled counts as open)
    AMENDING = "amending"  # open, and new terms were sent: it stands at the old or at the new ones
    CANCELLING = "cancelling"  # open, and a cancel was sent
    UNKNOWN = "unknown"  # outcome unknown: never re-sent, never taken for rejected
    FILLED = "filled"
    CANCELLED = "cancelled"
    REJECTED = "rejected"  # the venue answered with a definite refusal
    ABSENT = "absent"  # proved never to have existed at the venue
    DROPPED = "dropped"  # left the outbox unsent: expired, or the gate closed


class OrderEvent(StrEnum):
    SENT = "sent"
    ACKED_OPEN = "acked_open"  # any evidence of the venue that it is open
    FILLED_ALL = "filled_all"
    CANCELLED = "cancelled"
    REFUSED = "refused"  # a definite error reply to the placement
    LOST = "lost"  # time-out, lost reply, disconnect
    PROVED_ABSENT = "proved_absent"
    CANCEL_SENT = "cancel_sent"
    CANCEL_REFUSED = "cancel_refused"  # 11044 and kin: the race was lost, state to be fetched
    AMEND_SENT = "amend_sent"
    AMENDED = "amended"  # evidence of the new terms
    AMEND_REFUSED = "amend_refused"  # a definite refusal, or never sent: the old terms stand
    DROPPED = "dropped"


TERMINAL: frozenset[OrderState] = frozenset(
    {OrderState.FILLED, OrderState.CANCELLED, OrderState.REJECTED, OrderState.ABSENT, OrderState.DROPPED}
)

_S, _E = OrderState, OrderEvent

TRANSITIONS: dict[tuple[OrderState, OrderEvent], OrderState] = {
    (_S.DRAFT, _E.SENT): _S.IN_FLIGHT,
    (_S.DRAFT, _E.DROPPED): _S.DROPPED,
    (_S.DRAFT, _E.LOST): _S.UNKNOWN,  # crashed between durable and sent: it may have left
    (_S.IN_FLIGHT, _E.ACKED_OPEN): _S.OPEN,
    (_S.IN_FLIGHT, _E.FILLED_ALL): _S.FILLED,  # fill before the acknowledgement
    (_S.IN_FLIGHT, _E.CANCELLED): _S.CANCELLED,  # an IOC's usual end
    (_S.IN_FLIGHT, _E.REFUSED): _S.REJECTED,
    (_S.IN_FLIGHT, _E.LOST): _S.UNKNOWN,
    (_S.IN_FLIGHT, _E.CANCEL_SENT): _S.IN_FLIGHT,  # the cancel travels behind the placement
    (_S.IN_FLIGHT, _E.CANCEL_REFUSED): _S.UNKNOWN,
    (_S.OPEN, _E.ACKED_OPEN): _S.OPEN,
    (_S.OPEN, _E.FILLED_ALL): _S.FILLED,
    (_S.OPEN, _E.CANCELLED): _S.CANCELLED,
    (_S.OPEN, _E.CANCEL_SENT): _S.CANCELLING,
    (_S.OPEN, _E.CANCEL_REFUSED): _S.UNKNOWN,
    (_S.OPEN, _E.LOST): _S.UNKNOWN,
    (_S.OPEN, _E.REFUSED): _S.OPEN,  # late error reply behind better evidence
    (_S.OPEN, _E.PROVED_ABSENT): _S.UNKNOWN,  # it was there: keep asking
    (_S.OPEN, _E.AMEND_SENT): _S.AMENDING,
    (_S.OPEN, _E.AMENDED): _S.OPEN,
    (_S.OPEN, _E.AMEND_REFUSED): _S.OPEN,
    (_S.AMENDING, _E.ACKED_OPEN): _S.AMENDING,  # a word on the old terms: the new ones may still arrive
    (_S.AMENDING, _E.AMENDED): _S.OPEN,
    (_S.AMENDING, _E.AMEND_REFUSED): _S.OPEN,
    (_S.AMENDING, _E.FILLED_ALL): _S.FILLED,
    (_S.AMENDING, _E.CANCELLED): _S.CANCELLED,  # a post-only amendment that would have taken ends so
    (_S.AMENDING, _E.CANCEL_SENT): _S.CANCELLING,  # the cancel travels behind the amendment
    (_S.AMENDING, _E.CANCEL_REFUSED): _S.UNKNOWN,
    (_S.AMENDING, _E.LOST): _S.UNKNOWN,  # looked up, and never sent again
    (_S.AMENDING, _E.REFUSED): _S.AMENDING,
    (_S.CANCELLING, _E.AMENDED): _S.CANCELLING,
    (_S.CANCELLING, _E.AMEND_REFUSED): _S.CANCELLING,
    (_S.UNKNOWN, _E.AMENDED): _S.OPEN,
    (_S.UNKNOWN, _E.AMEND_REFUSED): _S.UNKNOWN,
    (_S.CANCELLING, _E.ACKED_OPEN): _S.CANCELLING,
    (_S.CANCELLING, _E.FILLED_ALL): _S.FILLED,  # the cancel lost the race
    (_S.CANCELLING, _E.CANCELLED): _S.CANCELLED,
    (_S.CANCELLING, _E.CANCEL_REFUSED): _S.UNKNOWN,  # filled or gone: fetch the state
    (_S.CANCELLING, _E.CANCEL_SENT): _S.CANCELLING,
    (_S.CANCELLING, _E.LOST): _S.UNKNOWN,
    (_S.CANCELLING, _E.REFUSED): _S.CANCELLING,
    (_S.UNKNOWN, _E.SENT): _S.UNKNOWN,
    (_S.UNKNOWN, _E.ACKED_OPEN): _S.OPEN,
    (_S.UNKNOWN, _E.FILLED_ALL): _S.FILLED,
    (_S.UNKNOWN, _E.CANCELLED): _S.CANCELLED,
    (_S.UNKNOWN, _E.REFUSED): _S.REJECTED,  # the late reply is evidence of the venue
    (_S.UNKNOWN, _E.LOST): _S.UNKNOWN,
    (_S.UNKNOWN, _E.PROVED_ABSENT): _S.ABSENT,
    (_S.UNKNOWN, _E.CANCEL_SENT): _S.UNKNOWN,
    (_S.UNKNOWN, _E.CANCEL_REFUSED): _S.UNKNOWN,
    # after the end: repeats are heard and change nothing, contradictions become the stronger fact
    (_S.CANCELLED, _E.FILLED_ALL): _S.FILLED,  # "filled after cancel" happens
    (_S.CANCELLED, _E.ACKED_OPEN): _S.CANCELLED,  # a reordered older report
    (_S.REJECTED, _E.ACKED_OPEN): _S.OPEN,  # the venue's book outranks an error reply
    (_S.REJECTED, _E.FILLED_ALL): _S.FILLED,
    (_S.REJECTED, _E.CANCELLED): _S.CANCELLED,
    (_S.ABSENT, _E.ACKED_OPEN): _S.OPEN,  # evidence of presence beats proof of absence
    (_S.ABSENT, _E.FILLED_ALL): _S.FILLED,
    (_S.ABSENT, _E.CANCELLED): _S.CANCELLED,
    (_S.ABSENT, _E.REFUSED): _S.REJECTED,
    (_S.FILLED, _E.ACKED_OPEN): _S.FILLED,  # a reordered older report
    (_S.FILLED, _E.CANCELLED): _S.FILLED,
}

_IGNORED_AFTER_THE_END: frozenset[OrderEvent] = frozenset(
    {
        _E.LOST,
        _E.CANCEL_SENT,
        _E.CANCEL_REFUSED,
        _E.PROVED_ABSENT,
        _E.REFUSED,
        _E.SENT,
        _E.AMENDED,
        _E.AMEND_REFUSED,
    }
)


def transition(state: OrderState, event: OrderEvent) -> OrderState:
    """The state after `event`. Raises InvariantError for a pair nobody has thought of."""
    after = TRANSITIONS.get((state, event))
    if after is not None:
        return after
    if state in TERMINAL and (event in _IGNORED_AFTER_THE_END or _same_end(state, event)):
        return state
    raise InvariantError(f"order state {state} cannot take event {event}")


def _same_end(state: OrderState, event: OrderEvent) -> bool:
    return (state, event) in {
        (_S.FILLED, _E.FILLED_ALL),
        (_S.CANCELLED, _E.CANCELLED),
        (_S.DROPPED, _E.DROPPED),
    }


class OrderIntent(msgspec.Struct, frozen=True, tag="order_intent", forbid_unknown_fields=True):
    """What we mean to send. `amount` in the instrument's amount unit, `price` in its price unit."""

    label: str
    book: str
    venue: str
    instrument: str
    side: Side
    amount: Decimal
    order_type: OrderType
    time_in_force: TimeInForce
    valid_until_ms: int  # market time; the venue refuses the order afterwards
    created_ms: int  # market time
    price: Decimal | None = None  # None only for market orders
    reduce_only: bool = False
    post_only: bool = False
    reference_price: float = 0.0  # mark of the instrument at the decision
    purpose: Purpose = Purpose.HEDGE

    @property
    def signed_amount(self) -> Decimal:
        return self.amount * self.side.sign

    @property
    def legs(self) -> tuple[tuple[str, int], ...]:
        """The instruments whose positions it moves, each with the sign of its side there: +1 buys."""
        return tuple((name, sign * self.side.sign) for name, sign in legs_of(self.instrument))


class OrderReport(msgspec.Struct, frozen=True, tag="order_report", forbid_unknown_fields=True):
    """Evidence of a venue about one order, ours or foreign."""

    venue: str
    order_id: str
    label: str
    instrument: str
    side: Side
    state: str  # the venue's word: open | filled | cancelled | rejected | untriggered | ...
    amount: Decimal
    filled_amount: Decimal
    average_price: Decimal = Decimal(0)
    price: Decimal | None = None
    order_type: str = ""
    reduce_only: bool = False
    cancel_reason: str | None = None
    updated_ms: int = 0
    is_liquidation: bool = False

    @property
    def resting(self) -> bool:
        """Whether the venue may still fill it."""
        return self.state in ("open", "untriggered")


class Amendment(msgspec.Struct, frozen=True, tag="amendment", forbid_unknown_fields=True):
    """New terms of an open order: `amount` is its new total, filled part included, never above the old."""

    price: Decimal
    amount: Decimal
    valid_until_ms: int  # market time; the venue refuses the amendment afterwards


class Order(msgspec.Struct, tag="order", forbid_unknown_fields=True):
    """A row of the order table, mutated by its one owner."""

    intent: OrderIntent
    state: OrderState = OrderState.DRAFT
    order_id: str | None = None
    filled_amount: Decimal = Decimal(0)
    average_price: Decimal = Decimal(0)
    fees: Decimal = Decimal(0)
    detail: str = ""  # the venue's words for a refusal or a cancel
    sent_wire_s: float | None = None
    reduced_to: Decimal | None = None  # its total since an amendment made it smaller
    price: Decimal | None = None  # where the venue last said it stands
    updated_ms: int = 0  # of that word, market time
    amendment: Amendment | None = None  # written down or sent, neither confirmed nor refused yet

    @property
    def amount(self) -> Decimal:
        """Its total now, filled part included."""
        return self.intent.amount if self.reduced_to is None else self.reduced_to

    @property
    def remaining_amount(self) -> Decimal:
        """What may still fill; zero once the order has ended."""
        if self.state in TERMINAL:
            return Decimal(0)
        return self.amount - self.filled_amount

    def apply(self, event: OrderEvent) -> None:
        """Move to the state the table names."""
        self.state = transition(self.state, event)
