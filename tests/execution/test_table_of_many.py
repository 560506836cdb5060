"""Several orders and the trades of both fee currencies in one table, whatever arrives, how often and when."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from hedger.domain.account import Fill
from hedger.domain.order import TERMINAL, Order, OrderEvent, OrderReport, OrderState, TimeInForce
from hedger.execution.table import OrderTable
from tests.execution.test_table import LATE_MS, fill, intent, report
from tests.portfolio import market

MOST = 4
AMOUNT = 100


@dataclass
class Truth:
    """One order as it is at the venue, and everything the venue has said or will say of it."""

    label: str
    order: Order
    sent: bool = False
    refused: bool = False
    exists: bool = False
    open: bool = False
    filled: int = 0
    said: list[OrderReport] = field(default_factory=list)
    trades: list[Fill] = field(default_factory=list)
    told_refusal: bool = False
    counted: set[tuple[str, str, str]] = field(default_factory=set)
    before: OrderState = OrderState.DRAFT
    known: Decimal = Decimal(0)


class Venue(RuleBasedStateMachine):
    """Truthful, and nothing else: late, twice, out of order, lost."""

    def __init__(self) -> None:
        super().__init__()
        self.table = OrderTable()
        self.orders: list[Truth] = []
        self.trades = 0
        self.wire_s = 0.0

    @rule(gtc=st.booleans())
    @precondition(lambda self: len(self.orders) < MOST)
    def add(self, gtc: bool) -> None:
        label = f"h-btc-1-{len(self.orders) + 1}"
        made = intent(label=label, time_in_force=TimeInForce.GTC if gtc else TimeInForce.IOC)
        self.orders.append(Truth(label, self.table.add(made)))
        with pytest.raises(ValueError, match="used before"):
            self.table.add(made)

    @rule(data=st.data(), dropped=st.booleans())
    @precondition(lambda self: any(not one.sent for one in self.orders))
    def send(self, data: st.DataObject, dropped: bool) -> None:
        one = data.draw(st.sampled_from([one for one in self.orders if not one.sent]))
        one.sent = True
        if dropped:
            one.order.apply(OrderEvent.DROPPED)
            self.table.touched(one.label, self.wire_s)
            one.refused = True  # it never left: the venue will never have it
        else:
            self.table.sent(one.label, self.wire_s)

    @rule(data=st.data(), accepted=st.booleans())
    @precondition(lambda self: any(self._on_its_way(one) for one in self.orders))
    def arrive(self, data: st.DataObject, accepted: bool) -> None:
        one = data.draw(st.sampled_from([one for one in self.orders if self._on_its_way(one)]))
        one.exists = one.open = accepted
        one.refused = not accepted
        if accepted:
            one.said.append(self._word(one, "open"))

    @staticmethod
    def _on_its_way(one: Truth) -> bool:
        return one.sent and not one.exists and not one.refused

    def _word(self, one: Truth, state: str) -> OrderReport:
        told = report(state, one.filled)
        return msgspec.structs.replace(
            told, label=one.label, order_id=f"id-{one.label}", updated_ms=len(one.said)
        )

    @rule(data=st.data(), amount=st.integers(1, 5), twin=st.booleans())
    @precondition(lambda self: any(one.open for one in self.orders))
    def trade(self, data: st.DataObject, amount: int, twin: bool) -> None:
        """A twin has the number of the trade before it, in another fee currency: another trade."""
        one = data.draw(st.sampled_from([one for one in self.orders if one.open]))
        amount = min(10 * amount, AMOUNT - one.filled)
        self.trades += 0 if twin and self.trades else 1
        currency = "USDC" if twin else "BTC"
        told = msgspec.structs.replace(
            fill(f"T{self.trades}", amount),
            label=one.label,
            order_id=f"id-{one.label}",
            fee_currency=currency,
        )
        if any(told.key == other.key for each in self.orders for other in each.trades):
            return
        one.filled += amount
        one.open = one.filled < AMOUNT
        one.trades.append(told)
        one.said.append(self._word(one, "open" if one.open else "filled"))

    @rule(data=st.data())
    @precondition(lambda self: any(one.open for one in self.orders))
    def end(self, data: st.DataObject) -> None:
        one = data.draw(st.sampled_from([one for one in self.orders if one.open]))
        one.open = False
        one.said.append(self._word(one, "cancelled"))

    @rule(data=st.data())
    @precondition(lambda self: any(one.said or one.trades for one in self.orders))
    def deliver(self, data: st.DataObject) -> None:
        one = data.draw(st.sampled_from([one for one in self.orders if one.said or one.trades]))
        message: Any = data.draw(st.sampled_from([*one.said, *one.trades]))
        if isinstance(message, Fill):
            unlabelled = data.draw(st.booleans()) and one.order.order_id is not None
            told = msgspec.structs.replace(message, label="") if unlabelled else message
            assert self.table.fill(told) is (message.key not in one.counted)
            one.counted.add(message.key)
        else:
            self.table.report(message)

    @rule(data=st.data())
    @precondition(lambda self: any(one.said for one in self.orders))
    def a_stranger_speaks(self, data: st.DataObject) -> None:
        """Another order under one of our labels, an order and a trade of a person: they change nothing."""
        one = data.draw(st.sampled_from([one for one in self.orders if one.said]))
        state, filled = one.order.state, one.order.filled_amount
        if one.order.order_id is not None:
            assert not self.table.report(
                msgspec.structs.replace(one.said[-1], order_id="another", state="filled")
            )
        assert not self.table.report(msgspec.structs.replace(one.said[-1], label="hand", order_id="h"))
        self.table.fill(
            msgspec.structs.replace(fill(f"S{len(self.table._fills)}", 10), label="", order_id="h")
        )
        assert (one.order.state, one.order.filled_amount) == (state, filled)

    @rule(data=st.data())
    @precondition(lambda self: any(one.sent for one in self.orders))
    def error(self, data: st.DataObject) -> None:
        """A time-out of any order, a refusal only of one the venue has refused."""
        one = data.draw(st.sampled_from([one for one in self.orders if one.sent]))
        refused = one.refused and one.order.state is not OrderState.DROPPED and data.draw(st.booleans())
        one.told_refusal |= refused
        one.order.apply(OrderEvent.REFUSED if refused else OrderEvent.LOST)
        self.table.touched(one.label, self.wire_s)

    @rule(data=st.data(), late=st.booleans(), complete=st.booleans())
    @precondition(lambda self: any(one.order.state is OrderState.UNKNOWN for one in self.orders))
    def look_up(self, data: st.DataObject, late: bool, complete: bool) -> None:
        """True and whole where `complete`; a look-up that lost half its answer is none and proves nothing."""
        one = data.draw(st.sampled_from([o for o in self.orders if o.order.state is OrderState.UNKNOWN]))
        server_ms = LATE_MS - (0 if late else 1)
        if late and self._on_its_way(one):
            one.refused = True  # later than valid_until the venue refuses whatever arrives
        if complete and self.table.absence_proved(
            one.order, server_ms, tuple(one.said[-1:]), tuple(one.trades)
        ):
            assert late
            assert not one.exists
            one.order.apply(OrderEvent.PROVED_ABSENT)
            self.table.touched(one.label, self.wire_s)

    @rule(seconds=st.floats(0.1, 5.0))
    def wait(self, seconds: float) -> None:
        self.wire_s += seconds
        for order in self.table.overdue(self.wire_s, 3.0):
            order.apply(OrderEvent.LOST)
            self.table.touched(order.intent.label, self.wire_s)

    @invariant()
    def a_label_has_one_life_and_it_is_live_or_over(self) -> None:
        live = [order.intent.label for order in self.table.live()]
        assert len(live) == len(set(live))
        assert sorted(live) == sorted(o.label for o in self.orders if o.order.state not in TERMINAL)
        assert all(self.table.get(one.label) is one.order for one in self.orders)

    @invariant()
    def filled_only_grows_up_to_what_the_venue_says(self) -> None:
        for one in self.orders:
            assert one.known <= one.order.filled_amount <= one.filled
            one.known = one.order.filled_amount

    @invariant()
    def an_end_stays_an_end_unless_something_later_filled(self) -> None:
        for one in self.orders:
            was, now = one.before, one.order.state
            if was in TERMINAL and now is not was:
                late_refusal = (was, now) == (OrderState.ABSENT, OrderState.REJECTED)
                assert one.exists or late_refusal, "it came back without the venue having it"
                assert was is not OrderState.FILLED
            one.before = now

    @invariant()
    def nothing_is_rejected_or_absent_without_the_venues_word(self) -> None:
        for one in self.orders:
            assert one.order.state is not OrderState.REJECTED or one.told_refusal
            assert one.order.state is not OrderState.ABSENT or not one.exists
            assert one.order.state is not OrderState.FILLED or one.filled == AMOUNT

    @invariant()
    def every_trade_counts_once_and_what_may_still_trade_is_in_flight(self) -> None:
        expected = Decimal(0)
        for one in self.orders:
            traded = sum((t.amount for t in one.trades if t.key in one.counted), Decimal(0))
            live = one.order.state not in TERMINAL
            expected += one.order.amount - one.order.filled_amount if live else Decimal(0)
            expected += max(Decimal(0), one.order.filled_amount - traded)
        assert self.table.in_flight(market.VENUE, market.PERPETUAL) == expected

    def teardown(self) -> None:
        """Everything in the end, in its order: the table holds the truth of every order."""
        for one in self.orders:
            for trade in one.trades:
                assert self.table.fill(trade) is (trade.key not in one.counted)
            for word in one.said:
                self.table.report(word)
            assert one.order.filled_amount == one.filled
            if one.exists:
                assert (one.order.state in TERMINAL) is not one.open
        assert all(not self.table.fill(trade) for one in self.orders for trade in one.trades)


TestVenue = Venue.TestCase
TestVenue.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
