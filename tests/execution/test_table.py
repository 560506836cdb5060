"""The order table, with everything a venue does out of order."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from hedger.domain.account import Fill
from hedger.domain.order import (
    Amendment,
    Order,
    OrderEvent,
    OrderIntent,
    OrderReport,
    OrderState,
    OrderType,
    Purpose,
    Side,
    TimeInForce,
)
from hedger.execution.table import TOLD_LATE_MS, OrderTable
from tests.portfolio import market

LABEL = "h-btc-1-1"
VALID_UNTIL_MS = market.NOW_MS + 5_000
LATE_MS = VALID_UNTIL_MS + TOLD_LATE_MS + 1  # an empty answer of then proves absence


def intent(label: str = LABEL, **changes: Any) -> OrderIntent:
    return OrderIntent(
        **{
            "label": label,
            "book": "btc",
            "venue": market.VENUE,
            "instrument": market.PERPETUAL,
            "side": Side.BUY,
            "amount": Decimal(100),
            "order_type": OrderType.LIMIT,
            "time_in_force": TimeInForce.IOC,
            "valid_until_ms": VALID_UNTIL_MS,
            "created_ms": market.NOW_MS,
            "price": Decimal(100_100),
            **changes,
        }
    )


def report(state: str, filled: int = 0, **changes: Any) -> OrderReport:
    return OrderReport(
        **{
            "venue": market.VENUE,
            "order_id": "900",
            "label": LABEL,
            "instrument": market.PERPETUAL,
            "side": Side.BUY,
            "state": state,
            "amount": Decimal(100),
            "filled_amount": Decimal(filled),
            **changes,
        }
    )


def fill(trade_id: str, amount: int, **changes: Any) -> Fill:
    return Fill(
        **{
            "venue": market.VENUE,
            "trade_id": trade_id,
            "order_id": "900",
            "label": LABEL,
            "instrument": market.PERPETUAL,
            "side": Side.BUY,
            "amount": Decimal(amount),
            "price": Decimal(100_000),
            "fee": Decimal("0.0000001"),
            "fee_currency": "BTC",
            "market_ms": market.NOW_MS,
            **changes,
        }
    )


def sent_order() -> tuple[OrderTable, Order]:
    table = OrderTable()
    order = table.add(intent())
    table.sent(LABEL, 10.0)
    return table, order


def in_flight(table: OrderTable) -> Decimal:
    return table.in_flight(market.VENUE, market.PERPETUAL)


def test_an_order_is_in_flight_from_its_draft_to_its_end() -> None:
    table = OrderTable()
    order = table.add(intent(side=Side.SELL))
    assert (order.state, in_flight(table)) == (OrderState.DRAFT, Decimal(-100))
    table.sent(LABEL, 10.0)
    assert (order.state, order.sent_wire_s, in_flight(table)) == (OrderState.IN_FLIGHT, 10.0, Decimal(-100))
    assert table.report(report("open", 30))
    assert (order.order_id, in_flight(table)) == ("900", Decimal(-100))
    assert table.fill(fill("1", 30))
    assert (in_flight(table), table.settling()) == (Decimal(-70), [])
    assert table.report(report("cancelled", 30, cancel_reason="user_request"))
    assert (order.state, order.detail, in_flight(table)) == (OrderState.CANCELLED, "user_request", 0)
    assert table.live() == []


def test_a_reported_fill_stays_in_flight_until_its_trade_or_the_position_has_told_of_it() -> None:
    table, order = sent_order()
    table.report(report("filled", 100))
    assert (table.live(), table.settling(), in_flight(table)) == ([], [order], Decimal(100))
    assert table.settling_overdue(12.0, 3.0) == []
    assert table.settling_overdue(13.0, 3.0) == [order]
    table.settle_all("elsewhere", 1e9)
    table.settle_all(order.intent.venue, 0.0)  # an answer to a question asked before it was sent
    assert table.settling() == [order]
    table.settle_all(order.intent.venue, 1e9)
    assert (table.settling(), in_flight(table)) == ([], 0)


def test_a_label_is_used_once() -> None:
    table, _ = sent_order()
    with pytest.raises(ValueError, match="used before"):
        table.add(intent())


def test_a_fill_before_the_acknowledgement_ends_the_order() -> None:
    table, order = sent_order()
    assert table.fill(fill("1", 40))
    assert (order.state, order.filled_amount, order.order_id) == (OrderState.IN_FLIGHT, 40, "900")
    assert table.fill(fill("2", 60, price=Decimal(100_010)))
    assert (order.state, order.filled_amount) == (OrderState.FILLED, 100)
    assert order.average_price == Decimal(100_006)
    assert order.fees == Decimal("0.0000002")
    assert not table.report(report("open"))
    assert order.state is OrderState.FILLED


def test_a_fill_is_counted_once_however_often_it_is_told() -> None:
    table, order = sent_order()
    table.report(report("filled", 100, average_price=Decimal("100001.5")))
    assert table.fill(fill("1", 100))
    assert not table.fill(fill("1", 100))
    assert (order.filled_amount, order.average_price) == (100, Decimal("100001.5"))
    assert order.fees == Decimal("0.0000001")


def test_the_same_trade_number_in_another_currency_is_another_trade() -> None:
    table, _ = sent_order()
    assert table.fill(fill("1", 10))
    assert table.fill(fill("1", 10, fee_currency="USDC"))


def test_a_fill_after_the_cancel_is_counted() -> None:
    table, order = sent_order()
    table.report(report("cancelled", 0))
    table.fill(fill("1", 40))
    assert (order.state, order.filled_amount, in_flight(table)) == (OrderState.CANCELLED, 40, 0)
    table.fill(fill("2", 60))
    assert order.state is OrderState.FILLED


def test_a_cancel_that_lost_the_race_leaves_the_order_unknown_until_the_venue_says() -> None:
    table, order = sent_order()
    table.report(report("open"))
    for event in (OrderEvent.CANCEL_SENT, OrderEvent.CANCEL_REFUSED):
        order.apply(event)
        table.touched(LABEL, 11.0)
    assert table.unknown() == [order]
    table.report(report("filled", 100))
    assert (order.state, table.unknown()) == (OrderState.FILLED, [])


def test_reports_out_of_order_never_take_back_what_was_filled() -> None:
    table, order = sent_order()
    table.report(report("open", 60))
    assert not table.report(report("open", 20))
    assert order.filled_amount == 60
    table.report(report("cancelled", 60))
    table.report(report("open", 10))
    assert (order.state, order.filled_amount) == (OrderState.CANCELLED, 60)


def test_a_word_never_seen_before_is_looked_into() -> None:
    table, order = sent_order()
    assert table.report(report("hibernating"))
    assert order.state is OrderState.UNKNOWN


@pytest.mark.parametrize(
    ("word", "state"),
    [("untriggered", OrderState.OPEN), ("triggered", OrderState.OPEN), ("rejected", OrderState.REJECTED)],
)
def test_the_venues_words_are_understood(word: str, state: OrderState) -> None:
    table, order = sent_order()
    table.report(report(word))
    assert order.state is state


def test_a_second_order_under_our_label_is_named_and_changes_nothing() -> None:
    table, order = sent_order()
    table.report(report("open"))
    assert not table.report(report("filled", 100, order_id="901"))
    assert order.state is OrderState.OPEN
    assert "901" in order.detail


def test_what_is_not_ours_is_not_ours() -> None:
    table, order = sent_order()
    assert not table.report(report("open", label="mine"))
    assert table.fill(fill("9", 500, label="mine"))
    assert table.get("mine") is None
    assert order.filled_amount == 0


def test_a_fill_without_a_label_finds_its_order_by_number() -> None:
    table, order = sent_order()
    assert table.fill(fill("8", 10, label=""))  # not identified yet: nobody's
    assert order.filled_amount == 0
    table.report(report("open"))
    table.fill(fill("9", 10, label=""))
    assert order.filled_amount == 10


def test_more_than_was_ordered_fills_the_row_and_says_so() -> None:
    """A person amended the order in the venue's own window."""
    table, order = sent_order()
    table.report(report("open", 150))
    assert (order.filled_amount, order.remaining_amount) == (100, 0)
    assert order.detail == "the venue filled 150 of 100"


@pytest.mark.parametrize("event", [OrderEvent.REFUSED, OrderEvent.LOST])
def test_evidence_of_presence_beats_a_refusal_and_a_proof_of_absence(event: OrderEvent) -> None:
    table, order = sent_order()
    order.apply(event)
    if event is OrderEvent.LOST:
        order.apply(OrderEvent.PROVED_ABSENT)
    table.touched(LABEL, 11.0)
    assert in_flight(table) == 0
    table.fill(fill("1", 40))
    assert (order.state, in_flight(table), table.live()) == (OrderState.OPEN, 60, [order])


@pytest.mark.parametrize("end", [None, OrderEvent.DROPPED])
@pytest.mark.parametrize("amount", [40, 100])
def test_what_the_venue_tells_of_an_order_that_never_left_is_of_another(
    amount: int, end: OrderEvent | None
) -> None:
    """A second hedger gives the same labels: to whom they belong is for the engine to say."""
    table = OrderTable()
    order = table.add(intent())
    if end is not None:
        order.apply(end)
        table.touched(LABEL, 10.0)
    before = order.state
    assert table.fill(fill("1", amount))
    assert not table.report(report("filled", filled=amount))
    assert (order.state, order.filled_amount, order.order_id) == (before, 0, None)


def test_silence_is_noticed_at_its_deadline_and_not_before() -> None:
    table, order = sent_order()
    assert table.next_deadline(3.0, 1.0) == 13.0
    assert table.overdue(12.9, 3.0) == []
    assert table.overdue(13.0, 3.0) == [order]
    table.report(report("open"))
    table.touched(LABEL, 12.0)
    assert table.overdue(13.0, 3.0) == []
    assert table.overdue(15.0, 3.0) == [order]  # an immediate order has no business resting


def test_a_resting_order_and_a_draft_are_not_awaited() -> None:
    table = OrderTable()
    table.add(intent(time_in_force=TimeInForce.GTC))
    assert table.next_deadline(3.0, 1.0) is None
    table.sent(LABEL, 10.0)
    table.report(report("open"))
    assert table.next_deadline(3.0, 1.0) is None
    assert table.overdue(1_000.0, 3.0) == []


def test_an_unknown_order_is_looked_up_at_once_and_then_at_intervals() -> None:
    table, order = sent_order()
    order.apply(OrderEvent.LOST)
    table.touched(LABEL, 13.0)
    assert table.lookups_due(13.0, 1.0) == [order]
    assert table.lookups_due(13.5, 1.0) == []
    assert table.next_deadline(3.0, 1.0) == 14.0
    table.looked_up(LABEL, 13.5)
    assert table.next_deadline(3.0, 1.0) == 14.5


@pytest.mark.parametrize(
    ("server_ms", "reports", "fills", "proved"),
    [
        (LATE_MS, (), (), True),
        (LATE_MS - 1, (), (), False),
        (LATE_MS, (report("cancelled"),), (), False),
        (LATE_MS, (), (fill("1", 10),), False),
    ],
)
def test_absence_needs_a_late_and_wholly_empty_answer(
    server_ms: int, reports: tuple[OrderReport, ...], fills: tuple[Fill, ...], proved: bool
) -> None:
    """Before `valid_until` the placement may still be on its way, and a moment after it unheard of."""
    table, order = sent_order()
    assert table.absence_proved(order, server_ms, reports, fills) is proved
    assert not table.end_proved(order, server_ms, reports)


def test_what_was_once_seen_is_never_absent_but_it_ends_when_the_venue_forgets_it() -> None:
    table, order = sent_order()
    table.fill(fill("1", 10))
    assert not table.absence_proved(order, LATE_MS, (), ())
    assert not table.end_proved(order, VALID_UNTIL_MS, ())
    assert not table.end_proved(order, VALID_UNTIL_MS + 1, (report("open"),))
    assert table.end_proved(order, VALID_UNTIL_MS + 1, ())


def test_an_order_of_an_earlier_run_is_taken_up_with_its_fills() -> None:
    table = OrderTable()
    order = Order(intent(), OrderState.UNKNOWN, order_id="900", sent_wire_s=5e6)
    table.restore(order)
    table.fill_known(fill("1", 40))
    assert (order.sent_wire_s, order.filled_amount) == (None, 40)
    assert not table.fill(fill("1", 40))
    assert table.lookups_due(1.0, 1.0) == [order]


def test_ended_orders_are_forgotten_beyond_the_bound_and_live_ones_never() -> None:
    table = OrderTable(ended_kept=2, fills_kept=2)
    live = table.add(intent("h-btc-1-1"))
    for number in (2, 3, 4):
        table.add(intent(f"h-btc-1-{number}"))
        table.sent(f"h-btc-1-{number}", 10.0)
        table.report(report("cancelled", label=f"h-btc-1-{number}", order_id=f"90{number}"))
        table.fill(fill(str(number), 10, label=f"h-btc-1-{number}", order_id=f"90{number}"))
    assert [order.intent.label for order in table.recent(5)] == ["h-btc-1-4", "h-btc-1-3", "h-btc-1-1"]
    assert [order.intent.label for order in table.recent(1)] == ["h-btc-1-4"]
    assert table.get("h-btc-1-2") is None
    assert table.live() == [live]
    assert table.live("other") == []
    assert table.fill(fill("2", 10, label=""))  # its key is forgotten with it


# --- amendments ---------------------------------------------------------------------------------------


def resting() -> tuple[OrderTable, Order]:
    table = OrderTable()
    order = table.add(intent(time_in_force=TimeInForce.GTC))
    table.sent(LABEL, 10.0)
    table.report(report("open", price=Decimal(100_100), updated_ms=1))
    return table, order


def terms(price: int = 100_200, amount: int = 100) -> Amendment:
    return Amendment(price=Decimal(price), amount=Decimal(amount), valid_until_ms=VALID_UNTIL_MS)


def amending(amount: int = 100) -> tuple[OrderTable, Order]:
    table, order = resting()
    table.amend(LABEL, terms(amount=amount))
    table.amend_sent(LABEL, 11.0)
    return table, order


def test_new_terms_hold_when_the_venue_names_them() -> None:
    table, order = amending()
    assert order.state is OrderState.AMENDING
    table.report(report("open", price=Decimal(100_100), updated_ms=1))
    assert (order.state, order.price) == (OrderState.AMENDING, 100_100), "a word on the old terms"

    table.report(report("open", price=Decimal(100_200), updated_ms=2))
    assert (order.state, order.price, order.amendment) == (OrderState.OPEN, 100_200, None)


def test_an_older_word_does_not_move_an_order_back() -> None:
    table, order = amending()
    table.report(report("open", price=Decimal(100_200), updated_ms=2))
    table.report(report("open", price=Decimal(100_100), updated_ms=1))
    assert order.price == 100_200


def test_a_smaller_total_counts_only_once_it_is_confirmed_and_never_grows_back() -> None:
    table, order = amending(amount=60)
    assert in_flight(table) == 100, "until then all of it may trade"
    table.report(report("open", price=Decimal(100_200), amount=Decimal(60), updated_ms=2))
    assert (order.amount, in_flight(table)) == (60, 60)
    table.report(report("open", price=Decimal(100_100), updated_ms=1))
    assert order.amount == 60

    table.fill(fill("1", 60))
    assert (order.state, in_flight(table)) == (OrderState.FILLED, 0)


@pytest.mark.parametrize(("state", "filled"), [("cancelled", 40), ("filled", 60)])
def test_an_end_tells_of_a_smaller_total_nobody_confirmed(state: str, filled: int) -> None:
    """The reply to the amendment was lost: the last word on the order is the first of its new total."""
    table, order = amending(amount=60)
    order.apply(OrderEvent.LOST)
    table.report(report(state, filled, amount=Decimal(60), updated_ms=2))
    assert (order.state, order.amount, order.filled_amount) == (OrderState(state), 60, filled)


@pytest.mark.parametrize("amount", [0, 30, 110])
def test_new_terms_may_not_add_nor_leave_nothing(amount: int) -> None:
    table, _ = resting()
    table.report(report("open", 30))
    with pytest.raises(ValueError, match="must be above 30 filled, at most 100"):
        table.amend(LABEL, terms(amount=amount))


def test_refused_terms_leave_the_old_ones() -> None:
    table, order = amending()
    table.amend_refused(LABEL)
    assert (order.state, order.price, order.amendment) == (OrderState.OPEN, 100_100, None)


def test_terms_nobody_answers_are_awaited_and_then_unknown() -> None:
    table, order = amending()
    assert table.next_deadline(3.0, 1.0) == 14.0
    assert table.overdue(14.0, 3.0) == [order]
    order.apply(OrderEvent.LOST)
    table.report(report("open", price=Decimal(100_100), updated_ms=1))
    assert (order.state, order.amendment) == (OrderState.OPEN, None), "found at the old terms"


def test_an_order_that_rests_is_not_awaited() -> None:
    table, order = resting()
    assert table.next_deadline(3.0, 1.0) is None
    assert table.moving(market.VENUE) == []
    table.touched(LABEL, 10.5)
    assert table.resting(market.VENUE, before_wire_s=10.5) == []
    assert table.resting(market.VENUE, before_wire_s=11.0) == [order]


def test_only_hedges_are_in_flight_and_every_order_may_fill_in_the_worst_case() -> None:
    table = OrderTable()
    table.add(intent("h-btc-1-1"))
    table.add(intent("h-btc-1-2", purpose=Purpose.RESTING))
    table.add(intent("h-btc-1-3", purpose=Purpose.MANUAL, side=Side.SELL))
    assert in_flight(table) == 100
    assert table.in_flight(market.VENUE, market.PERPETUAL, hedges=False) == 0
    worst = {
        (side, but): table.worst_case(market.VENUE, market.PERPETUAL, side, but=but)
        for side in Side
        for but in ("", "h-btc-1-2")
    }
    assert worst[Side.BUY, ""] == 200
    assert worst[Side.BUY, "h-btc-1-2"] == 100
    assert worst[Side.SELL, ""] == -100
    assert table.worst_case(market.VENUE, market.PERPETUAL, Side.BUY, hedges=False) == 100
