"""A venue that answers late, twice, in any order or not at all: what holds whatever it does."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from hedger.domain.account import Fill
from hedger.domain.order import (
    TERMINAL,
    Amendment,
    Order,
    OrderEvent,
    OrderReport,
    OrderState,
    TimeInForce,
)
from hedger.execution.table import OrderTable
from tests.execution.test_table import LABEL, LATE_MS, VALID_UNTIL_MS, fill, intent, report
from tests.portfolio import market

REOPENS = {
    (OrderState.REJECTED, OrderState.OPEN),
    (OrderState.ABSENT, OrderState.OPEN),
    (OrderState.CANCELLED, OrderState.FILLED),
    (OrderState.REJECTED, OrderState.FILLED),
    (OrderState.ABSENT, OrderState.FILLED),
    (OrderState.REJECTED, OrderState.CANCELLED),
    (OrderState.ABSENT, OrderState.CANCELLED),
    (OrderState.ABSENT, OrderState.REJECTED),
}


class Venue(RuleBasedStateMachine):
    """The true order at the venue, and messages about it delivered in any order, any number of times."""

    def __init__(self) -> None:
        super().__init__()
        self.table = OrderTable()
        self.price, self.amount = Decimal(100_100), Decimal(100)
        self.versions = 0
        self.asked: list[Amendment] = []  # on their way to the venue
        self.order: Order = self.table.add(intent(time_in_force=TimeInForce.GTC))
        self.table.sent(LABEL, 0.0)
        self.wire_s = 0.0
        self.exists, self.open, self.filled = False, False, 0
        self.messages: list[OrderReport | Fill] = []
        self.delivered: set[str] = set()
        self.before = self.order.state
        self.told = self.traded = Decimal(0)

    @rule()
    @precondition(lambda self: not self.exists)
    def arrive(self) -> None:
        self.exists = self.open = True
        self.messages.append(self.word("open"))

    def word(self, state: str) -> OrderReport:
        """What the venue says of the order now."""
        self.versions += 1
        terms = {"price": self.price, "amount": self.amount, "updated_ms": self.versions}
        return report(state, self.filled, **terms)

    @rule(amount=st.integers(1, 10))
    @precondition(lambda self: self.open and self.filled < self.amount)
    def trade(self, amount: int) -> None:
        amount = min(amount * 10, int(self.amount) - self.filled)
        self.filled += amount
        self.open = self.filled < self.amount
        self.messages.append(fill(f"T{self.filled}", amount))
        self.messages.append(self.word("open" if self.open else "filled"))

    @rule()
    @precondition(lambda self: self.open)
    def end(self) -> None:
        self.open = False
        self.messages.append(self.word("cancelled"))

    @rule(price=st.integers(1, 9), less=st.integers(0, 9))
    @precondition(lambda self: self.order.state is OrderState.OPEN and self.order.amendment is None)
    def amend(self, price: int, less: int) -> None:
        total = self.order.amount - 10 * less
        if total <= self.order.filled_amount:
            return
        terms = Amendment(price=Decimal(100_100 + price), amount=total, valid_until_ms=VALID_UNTIL_MS)
        self.table.amend(LABEL, terms)
        self.table.amend_sent(LABEL, self.wire_s)
        self.asked.append(terms)

    @rule(lost=st.booleans())
    @precondition(lambda self: self.asked)
    def amended(self, lost: bool) -> None:
        """The venue takes new terms in, late or never."""
        terms = self.asked.pop(0)
        if lost or not self.open or not self.filled < terms.amount <= self.amount:
            return
        self.price, self.amount = terms.price, terms.amount
        self.messages.append(self.word("open"))

    @rule()
    @precondition(lambda self: self.order.state not in (OrderState.DRAFT, OrderState.IN_FLIGHT))
    def terms_refused(self) -> None:
        """A refusal, of these terms or late of earlier ones."""
        self.table.amend_refused(LABEL)
        self.table.touched(LABEL, self.wire_s)

    @rule(data=st.data())
    @precondition(lambda self: self.messages)
    def deliver(self, data: Any) -> None:
        message = data.draw(st.sampled_from(self.messages))
        if isinstance(message, Fill):
            assert self.table.fill(message) is (message.trade_id not in self.delivered)
            self.traded += 0 if message.trade_id in self.delivered else message.amount
            self.delivered.add(message.trade_id)
        else:
            self.table.report(message)

    @rule()
    @precondition(lambda self: self.order.state in (OrderState.OPEN, OrderState.IN_FLIGHT))
    def cancel(self) -> None:
        self.order.apply(OrderEvent.CANCEL_SENT)
        self.table.touched(LABEL, self.wire_s)

    @rule(event=st.sampled_from([OrderEvent.LOST, OrderEvent.CANCEL_REFUSED, OrderEvent.REFUSED]))
    def error(self, event: OrderEvent) -> None:
        self.order.apply(event)
        self.table.touched(LABEL, self.wire_s)

    @rule(seconds=st.floats(0.1, 5.0))
    def wait(self, seconds: float) -> None:
        self.wire_s += seconds
        for order in self.table.overdue(self.wire_s, 3.0):
            order.apply(OrderEvent.LOST)
            self.table.touched(LABEL, self.wire_s)

    @rule(late=st.booleans())
    @precondition(lambda self: self.order.state is OrderState.UNKNOWN)
    def look_up(self, late: bool) -> None:
        """A true and whole answer; before valid_until even an empty one proves nothing."""
        reports = tuple(m for m in self.messages if isinstance(m, OrderReport))[-1:]
        fills = tuple(m for m in self.messages if isinstance(m, Fill))
        server_ms = LATE_MS - (0 if late else 1)
        if self.table.absence_proved(self.order, server_ms, reports, fills):
            assert late
            assert not self.exists
            self.order.apply(OrderEvent.PROVED_ABSENT)
            self.table.touched(LABEL, self.wire_s)

    @invariant()
    def never_more_than_ordered_and_never_less_than_known(self) -> None:
        assert self.order.filled_amount <= self.order.intent.amount
        assert self.order.filled_amount >= self.told
        assert self.order.filled_amount <= self.filled
        self.told = self.order.filled_amount

    @invariant()
    def an_ended_order_reopens_only_as_the_transition_table_says(self) -> None:
        if self.before in TERMINAL and self.order.state is not self.before:
            assert (self.before, self.order.state) in REOPENS
        self.before = self.order.state

    @invariant()
    def in_flight_is_what_may_still_trade_or_has_and_was_not_told_by_a_trade(self) -> None:
        live = self.order.state not in TERMINAL
        assert self.order.amount >= self.amount, "less than the venue may still trade"
        assert self.table.live() == ([self.order] if live else [])
        expected = self.order.amount - self.order.filled_amount if live else Decimal(0)
        expected += max(Decimal(0), self.order.filled_amount - self.traded)
        assert self.table.in_flight(market.VENUE, market.PERPETUAL) == expected

    @invariant()
    def an_order_that_neither_rests_nor_has_ended_is_always_awaited(self) -> None:
        calm = self.order.state in TERMINAL or self.order.state is OrderState.OPEN
        assert (self.table.next_deadline(3.0, 1.0) is None) is calm

    def teardown(self) -> None:
        """In the end the whole truth arrives, and the table holds it."""
        if not self.exists:
            return
        word = "open" if self.open else ("filled" if self.filled == self.amount else "cancelled")
        for message in [*self.messages, self.word(word)]:
            if isinstance(message, Fill):
                self.table.fill(message)
            else:
                self.table.report(message)
        assert self.order.filled_amount == self.filled
        assert self.open or self.order.state in TERMINAL
        assert not self.open or (self.order.price, self.order.amount) == (self.price, self.amount)


TestVenue = Venue.TestCase
TestVenue.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
