"""The order table: every order of ours by label, from draft to its end, and every fill counted once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from hedger.domain.account import Fill
from hedger.domain.order import (
    HEDGES,
    TERMINAL,
    Amendment,
    Order,
    OrderEvent,
    OrderIntent,
    OrderReport,
    OrderState,
    Side,
    TimeInForce,
)

ENDED_KEPT = 1_000
"""Ended orders kept for late evidence and for display."""

FILLS_KEPT = 50_000
"""Fill keys remembered; far more than a venue repeats."""

TOLD_LATE_MS = 1_000
"""Market time after `valid_until` at which a venue may still not tell of an order: it begins to process a
request before that moment (deribit.md 8), and what it answers is gathered elsewhere a little later."""

_NEVER_S = float("-inf")

_EVENT_OF_REPORT = {
    "open": OrderEvent.ACKED_OPEN,
    "untriggered": OrderEvent.ACKED_OPEN,
    "triggered": OrderEvent.ACKED_OPEN,
    "filled": OrderEvent.FILLED_ALL,
    "cancelled": OrderEvent.CANCELLED,
    "rejected": OrderEvent.REFUSED,
}

_NOT_THERE = (OrderState.REJECTED, OrderState.ABSENT)
"""States that say the venue does not have the order: a fill contradicts them."""

NEVER_LEFT = (OrderState.DRAFT, OrderState.DROPPED)
"""States of an order that has not left this process: what the venue tells of its label is another's."""


class OrderTable:
    """Mutated by its one owner. After moving an order with `Order.apply` call `touched`."""

    def __init__(self, ended_kept: int = ENDED_KEPT, fills_kept: int = FILLS_KEPT) -> None:
        self._ended_kept, self._fills_kept = ended_kept, fills_kept
        self._orders: dict[str, Order] = {}
        self._live: dict[str, Order] = {}  # not ended, in the order of their creation
        self._ended: dict[str, None] = {}  # labels, the longest ended first
        self._by_id: dict[tuple[str, str], str] = {}
        self._traded: dict[str, tuple[Decimal, Decimal]] = {}  # label -> amount, amount times price
        self._legs: dict[str, dict[str, Decimal]] = {}  # of spreads: label -> instrument -> amount traded
        self._settling: dict[str, Order] = {}  # reported as filled further than their trades have told
        self._fills: dict[tuple[str, str, str], None] = {}
        self._touched_wire_s: dict[str, float] = {}
        self._looked_up_wire_s: dict[str, float] = {}

    def add(self, intent: OrderIntent) -> Order:
        """A new draft. Raises ValueError for a label used before."""
        if intent.label in self._orders:
            raise ValueError(f"label = {intent.label!r}: used before, every order needs its own")
        order = Order(intent)
        self._file(order)
        return order

    def restore(self, order: Order) -> None:
        """An order of an earlier run, out of the journal; that run's wire times mean nothing in this one."""
        order.sent_wire_s = None
        order.fees = Decimal(0)  # its fills are told again and count them
        order.amendment = None if order.state in TERMINAL else order.amendment
        self._file(order)

    def get(self, label: str) -> Order | None:
        """The order with this label, if it is ours and not forgotten."""
        return self._orders.get(label)

    def sent(self, label: str, wire_s: float) -> None:
        """The order was handed to the socket."""
        order = self._orders[label]
        order.apply(OrderEvent.SENT)
        order.sent_wire_s = wire_s
        self.touched(label, wire_s)

    def touched(self, label: str, wire_s: float) -> None:
        """Something moved this order: its time-out starts anew."""
        self._touched_wire_s[label] = wire_s
        self._file(self._orders[label])

    def report(self, evidence: OrderReport) -> bool:
        """Take in the venue's word on an order; True where something changed.

        A filled amount only grows: reports may arrive in any order. A word never seen before is no
        evidence of the order's end: the order becomes UNKNOWN and is looked up.
        """
        order = self._orders.get(evidence.label)
        if order is None or order.state in NEVER_LEFT:
            return False
        if order.order_id is not None and order.order_id != evidence.order_id:
            order.detail = f"the venue has a second order with this label: {evidence.order_id}"
            return False
        before = (order.state, order.filled_amount, order.order_id, order.amount)
        self._identify(order, evidence.venue, evidence.order_id)
        self._filled_to(order, evidence.filled_amount)
        if order.filled_amount <= evidence.amount < order.amount:
            order.reduced_to = evidence.amount  # it only falls: an older word cannot raise it again
        if evidence.average_price > 0:
            order.average_price = evidence.average_price
        order.detail = evidence.cancel_reason or order.detail
        event = _EVENT_OF_REPORT.get(evidence.state, OrderEvent.LOST)
        self._move(order, self._terms(order, evidence) if event is OrderEvent.ACKED_OPEN else event)
        self._settle(order)
        return before != (order.state, order.filled_amount, order.order_id, order.amount)

    @staticmethod
    def _terms(order: Order, evidence: OrderReport) -> OrderEvent:
        """Where an open order stands."""
        asked = order.amendment
        confirmed = asked is not None and (evidence.price, evidence.amount) == (asked.price, asked.amount)
        if confirmed or order.state is OrderState.UNKNOWN:
            order.amendment = None  # answered, or its fate is this word on the order
        if confirmed or evidence.updated_ms >= order.updated_ms:
            order.price, order.updated_ms = evidence.price, max(order.updated_ms, evidence.updated_ms)
        return OrderEvent.AMENDED if confirmed else OrderEvent.ACKED_OPEN

    def amend(self, label: str, amendment: Amendment) -> Order:
        """New terms are being written down for an open order. Raises ValueError for terms that add to it."""
        order = self._orders[label]
        if not order.filled_amount < amendment.amount <= order.amount:
            allowed = f"above {order.filled_amount} filled, at most {order.amount}"
            raise ValueError(f"amount = {amendment.amount}: an amendment of {label} must be {allowed}")
        order.amendment = amendment
        return order

    def amend_sent(self, label: str, wire_s: float) -> None:
        """The amendment was handed to the socket."""
        self._orders[label].apply(OrderEvent.AMEND_SENT)
        self.touched(label, wire_s)

    def amend_refused(self, label: str) -> None:
        """The amendment changed nothing and never will."""
        order = self._orders.get(label)
        if order is not None:
            order.amendment = None
            self._move(order, OrderEvent.AMEND_REFUSED)

    def fill(self, fill: Fill) -> bool:
        """Count a fill once and give it to its order; False for one seen before.

        An order whose fills reach its amount is FILLED, acknowledged or not. Fills count after a cancel, too.
        """
        if fill.key in self._fills:
            return False
        self._fills[fill.key] = None
        if len(self._fills) > self._fills_kept:
            del self._fills[next(iter(self._fills))]
        order = self.order_of(fill)
        if order is not None:
            self._attach(order, fill)
        return True

    def order_of(self, fill: Fill) -> Order | None:
        """The order a fill belongs to: by its label, where it has none by the venue's number of the order."""
        label = fill.label or self._by_id.get((fill.venue, fill.order_id), "")
        order = self._orders.get(label)
        return None if order is None or order.state in NEVER_LEFT else order

    def knows(self, key: tuple[str, str, str]) -> bool:
        """Whether a fill of this key has been counted."""
        return key in self._fills

    def fill_known(self, fill: Fill) -> None:
        """A fill out of the journal: known from now on, counted by whoever journalled it."""
        self.fill(fill)

    def live(self, venue: str | None = None) -> list[Order]:
        """Every order that may still trade, drafts and unknown ones included, the oldest first."""
        return [
            order
            for order in self._live.values()
            if order.state not in TERMINAL and (venue is None or order.intent.venue == venue)
        ]

    def resting(self, venue: str, before_wire_s: float) -> list[Order]:
        """Orders that have been open at the venue, and unmoved, since before that wire time."""
        return [
            order
            for order in self.live(venue)
            if order.state is OrderState.OPEN and self._touch(order) < before_wire_s
        ]

    def ended_before(self, label: str, wire_s: float) -> bool:
        """Whether an order has ended for good, cancelled or filled, before that wire time."""
        order = self._orders.get(label)
        ended = order is not None and order.state in (OrderState.CANCELLED, OrderState.FILLED)
        return ended and self._touched_wire_s.get(label, _NEVER_S) < wire_s

    def moving(self, venue: str) -> list[Order]:
        """Orders whose next word is awaited: everything live that does not simply rest."""
        return [order for order in self.live(venue) if order.state is not OrderState.OPEN]

    def unknown(self) -> list[Order]:
        """Orders whose outcome nobody knows."""
        return [order for order in self.live() if order.state is OrderState.UNKNOWN]

    @property
    def quiet(self) -> bool:
        """Nothing may still trade and nothing is awaited: the state of most steps."""
        return not self._live and not self._settling

    def settling(self) -> list[Order]:
        """Orders whose reported fills have not all arrived as trades: the position lacks them."""
        return list(self._settling.values())

    def settling_overdue(self, wire_s: float, timeout_s: float) -> list[Order]:
        """Settling orders nothing has been heard of for `timeout_s`."""
        return [order for order in self.settling() if self._touch(order) + timeout_s <= wire_s]

    def settle_all(self, venue: str, before_wire_s: float) -> None:
        """The venue has told its positions: they hold what its orders had filled when it was asked."""
        for label, order in tuple(self._settling.items()):
            if order.intent.venue == venue and self._touch(order) < before_wire_s:
                self._traded[label] = (order.filled_amount, order.filled_amount * order.average_price)
                if len(order.intent.legs) > 1:
                    self._legs[label] = {name: order.filled_amount for name, _ in order.intent.legs}
                del self._settling[label]

    def recent(self, most: int) -> list[Order]:
        """The newest orders, the newest first."""
        return list(self._orders.values())[: -most - 1 : -1]

    def in_flight(
        self, venue: str, instrument: str, *, book: str | None = None, hedges: bool = True
    ) -> Decimal:
        """Signed amount, in the instrument's unit, of hedges that may still trade, and of every order what
        has traded without being in the position yet; without `hedges` the latter alone.

        What rests at an edge of the band, and what an operator placed, may never trade: see `worst_case`.
        Of one book where it is named: another's hedges in the same instrument are in the other's delta.
        """
        live = {order.intent.label: order for order in self.live(venue)}
        total = Decimal(0)
        for label, order in (live | self._settling).items():
            intent = order.intent
            if book is not None and intent.book != book:
                continue
            for name, sign in intent.legs:
                if (intent.venue, name) == (venue, instrument):
                    counts = hedges and intent.purpose in HEDGES
                    waiting = order.remaining_amount if counts else Decimal(0)
                    total += (waiting + self._untraded(label, order, name)) * sign
        return total

    def worst_case(
        self, venue: str, instrument: str, side: Side, *, but: str = "", hedges: bool = True
    ) -> Decimal:
        """Signed amount by which one side's orders, all filled, move the position.

        The label `but` is left out and, without `hedges`, the hedge itself: there is never more than one.
        """
        total = Decimal(0)
        for order in self.live(venue):
            intent = order.intent
            counts = intent.label != but and (hedges or intent.purpose not in HEDGES)
            if counts and (instrument, side.sign) in intent.legs:
                total += order.remaining_amount
        return total * side.sign

    def overdue(self, wire_s: float, ack_timeout_s: float) -> list[Order]:
        """Orders whose answer should have come: in flight, cancelling, or immediate and still open."""
        return [order for order in self._awaited() if self._touch(order) + ack_timeout_s <= wire_s]

    def lookups_due(self, wire_s: float, interval_s: float) -> list[Order]:
        """Unknown orders to be asked about now; each is named at most once per interval."""
        due = [order for order in self.unknown() if self._lookup_at(order, interval_s) <= wire_s]
        for order in due:
            self.looked_up(order.intent.label, wire_s)
        return due

    def looked_up(self, label: str, wire_s: float) -> None:
        """The venue was asked about this order."""
        self._looked_up_wire_s[label] = wire_s

    def next_deadline(self, ack_timeout_s: float, lookup_interval_s: float) -> float | None:
        """Wire time of the next time-out or look-up; None when nothing is awaited."""
        return min(
            (
                *(self._touch(order) + ack_timeout_s for order in self._awaited()),
                *(self._lookup_at(order, lookup_interval_s) for order in self.unknown()),
            ),
            default=None,
        )

    @staticmethod
    def absence_proved(
        order: Order, looked_up_server_ms: int, reports: Sequence[OrderReport], fills: Sequence[Fill]
    ) -> bool:
        """Whether a look-up proves that the venue never had the order.

        Only an answer later (server time, market ms) than the order's `valid_until` by TOLD_LATE_MS and empty
        in open orders, state by label and trades, with no evidence before it: until then the placement may
        still arrive, or be told.
        """
        never_seen = order.order_id is None and not order.filled_amount
        late = looked_up_server_ms > order.intent.valid_until_ms + TOLD_LATE_MS
        return never_seen and not reports and not fills and late

    @staticmethod
    def end_proved(order: Order, looked_up_server_ms: int, reports: Sequence[OrderReport]) -> bool:
        """Whether a look-up proves that an order seen before has ended, with what had filled by then.

        A venue forgets ended orders (Deribit after half an hour) but never open ones: an answer later than
        `valid_until` without the order says it is over. Attach the answer's fills first.
        """
        seen = order.order_id is not None or bool(order.filled_amount)
        return seen and not reports and looked_up_server_ms > order.intent.valid_until_ms

    def _awaited(self) -> Iterator[Order]:
        for order in self.live():
            resting = order.state is OrderState.OPEN and order.intent.time_in_force is TimeInForce.GTC
            if order.state not in (OrderState.DRAFT, OrderState.UNKNOWN) and not resting:
                yield order

    def _touch(self, order: Order) -> float:
        return self._touched_wire_s.get(order.intent.label, _NEVER_S)

    def _lookup_at(self, order: Order, interval_s: float) -> float:
        return self._looked_up_wire_s.get(order.intent.label, _NEVER_S) + interval_s

    def _attach(self, order: Order, fill: Fill) -> None:
        label = order.intent.label
        order.fees += fill.fee
        if len(order.intent.legs) > 1:
            self._attach_leg(order, fill)
            return
        amount, value = self._traded.get(label, (Decimal(0), Decimal(0)))
        amount, value = amount + fill.amount, value + fill.amount * fill.price
        self._traded[label] = (amount, value)
        self._identify(order, fill.venue, fill.order_id)
        if amount > order.filled_amount:  # otherwise a report has told of it, with the venue's own average
            order.average_price = value / amount
        self._proved(order, amount)

    def _attach_leg(self, order: Order, fill: Fill) -> None:
        """A leg's trade: that much of the spread has filled, and has arrived once every leg has told of it.

        It has a number of an order of its own, which is not the spread's.
        """
        told = self._legs.setdefault(order.intent.label, {name: Decimal(0) for name, _ in order.intent.legs})
        if fill.instrument in told:
            told[fill.instrument] += fill.amount
            self._traded[order.intent.label] = (min(told.values()), Decimal(0))
            self._proved(order, max(told.values()))

    def _proved(self, order: Order, amount: Decimal) -> None:
        """Trades prove that this much of an order has filled."""
        self._filled_to(order, amount)
        if order.filled_amount == order.amount:
            self._move(order, OrderEvent.FILLED_ALL)
        elif order.state in _NOT_THERE:
            self._move(order, OrderEvent.ACKED_OPEN)
        self._settle(order)

    def _untraded(self, label: str, order: Order, instrument: str) -> Decimal:
        if label not in self._settling:
            return Decimal(0)
        amount = self._traded.get(label, (Decimal(0), Decimal(0)))[0]
        return order.filled_amount - self._legs.get(label, {}).get(instrument, amount)

    def _settle(self, order: Order) -> None:
        label = order.intent.label
        if order.filled_amount > self._traded.get(label, (Decimal(0), Decimal(0)))[0]:
            self._settling[label] = order
        else:
            self._settling.pop(label, None)

    @staticmethod
    def _filled_to(order: Order, amount: Decimal) -> None:
        """More than was ordered: someone amended the order. Positions know the whole, the row is full."""
        if amount > order.intent.amount:
            order.detail = f"the venue filled {amount} of {order.intent.amount}"
        order.filled_amount = max(order.filled_amount, min(amount, order.intent.amount))

    def _identify(self, order: Order, venue: str, order_id: str) -> None:
        if order.order_id is None and order_id:
            order.order_id = order_id
            self._by_id[(venue, order_id)] = order.intent.label

    def _move(self, order: Order, event: OrderEvent) -> None:
        order.apply(event)
        self._file(order)

    def _file(self, order: Order) -> None:
        """Keep the order where its state belongs; forget the longest ended beyond the bound."""
        label = order.intent.label
        self._orders[label] = order
        if order.state not in TERMINAL:
            self._ended.pop(label, None)
            self._live[label] = order
            return
        self._live.pop(label, None)
        self._ended.setdefault(label, None)
        while len(self._ended) > self._ended_kept:
            self._forget(next(iter(self._ended)))

    def _forget(self, label: str) -> None:
        order = self._orders.pop(label)
        del self._ended[label]
        self._by_id.pop((order.intent.venue, order.order_id or ""), None)
        self._traded.pop(label, None)
        self._legs.pop(label, None)
        self._settling.pop(label, None)
        self._touched_wire_s.pop(label, None)
        self._looked_up_wire_s.pop(label, None)
