"""An order in a spread: told by its own report and by the trades of its legs, in any order and repeatedly."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest

from hedger.domain.order import OrderIntent, OrderReport, OrderState, Purpose, Side
from hedger.execution.table import OrderTable
from tests.execution.test_table import LABEL, fill, intent, report
from tests.portfolio import market

SPREAD = "BTC-FS-21OCT26_PERP"
LEGS = (market.FUTURE, market.PERPETUAL)


def bought(**changes: object) -> OrderIntent:
    return intent(instrument=SPREAD, purpose=Purpose.MOVE, **changes)


def table(order: OrderIntent | None = None) -> OrderTable:
    made = OrderTable()
    made.add(order or bought())
    made.sent(LABEL, 0.0)
    return made


def flights(orders: OrderTable) -> tuple[Decimal, Decimal]:
    future, perpetual = (orders.in_flight(market.VENUE, name) for name in LEGS)
    return future, perpetual


def leg(name: str, trade_id: str, amount: int = 100, **changes: object) -> object:
    side = Side.BUY if name == market.FUTURE else Side.SELL
    return fill(trade_id, amount, instrument=name, side=side, order_id="901", **changes)


def word(state: str, filled: int = 0) -> OrderReport:
    return report(state, filled, instrument=SPREAD)


def test_in_flight_it_counts_in_both_its_legs_and_nowhere_else() -> None:
    orders = table()
    assert flights(orders) == (100, -100)
    assert orders.in_flight(market.VENUE, SPREAD) == 0
    assert flights(table(bought(side=Side.SELL))) == (-100, 100)


def test_what_its_sides_may_do_to_each_leg_is_known_to_the_gate() -> None:
    orders = table()
    assert orders.worst_case(market.VENUE, market.FUTURE, Side.BUY) == 100
    assert orders.worst_case(market.VENUE, market.FUTURE, Side.SELL) == 0
    assert orders.worst_case(market.VENUE, market.PERPETUAL, Side.SELL) == -100


def test_one_leg_that_told_leaves_the_other_in_flight() -> None:
    orders = table()
    assert orders.fill(leg(market.FUTURE, "1"))
    order = orders.get(LABEL)
    assert order is not None
    assert (order.state, order.filled_amount) == (OrderState.FILLED, 100)
    assert flights(orders) == (0, -100)
    assert [each.intent.label for each in orders.settling()] == [LABEL]
    orders.fill(leg(market.PERPETUAL, "2"))
    assert flights(orders) == (0, 0)
    assert orders.quiet


def test_a_leg_tells_no_number_of_the_order() -> None:
    orders = table()
    orders.fill(leg(market.FUTURE, "1"))
    assert orders.report(word("filled", 100))
    order = orders.get(LABEL)
    assert order is not None
    assert order.order_id == "900"


def test_a_report_alone_leaves_both_legs_to_come() -> None:
    orders = table()
    orders.report(word("cancelled", 40))
    assert flights(orders) == (40, -40)
    orders.fill(leg(market.PERPETUAL, "1", 40))
    orders.fill(leg(market.FUTURE, "2", 40))
    order = orders.get(LABEL)
    assert order is not None
    assert (order.state, order.filled_amount) == (OrderState.CANCELLED, 40)
    assert orders.quiet


def test_the_fees_of_both_legs_are_the_orders() -> None:
    orders = table()
    for number, name in enumerate(LEGS):
        orders.fill(leg(name, str(number), fee=Decimal("0.0000002")))
    order = orders.get(LABEL)
    assert order is not None
    assert order.fees == Decimal("0.0000004")


def test_a_snapshot_settles_both_legs() -> None:
    orders = table()
    orders.report(word("filled", 100))
    orders.settle_all(market.VENUE, 1.0)
    assert flights(orders) == (0, 0)
    assert orders.quiet


def test_a_trade_in_another_instrument_is_none_of_its_legs() -> None:
    orders = table()
    orders.fill(fill("1", 100, instrument="BTC-25DEC26"))
    assert flights(orders) == (100, -100)


@pytest.mark.parametrize("seed", range(200))
def test_in_any_order_and_with_repeats_positions_and_flight_add_up(seed: int) -> None:
    """Parts of 30, 50 and 20, each told by two legs, and a report after every part, shuffled and doubled."""
    chance = random.Random(seed)
    messages: list[object] = [word("open")]
    filled = 0
    for number, part in enumerate((30, 50, 20)):
        filled += part
        messages.append(word("filled" if filled == 100 else "open", filled))
        messages += [leg(name, f"{number}-{name}", part) for name in LEGS]
    messages += chance.sample(messages, 4)
    chance.shuffle(messages)
    orders, held = table(), dict.fromkeys(LEGS, Decimal(0))
    for message in messages:
        if isinstance(message, OrderReport):
            orders.report(message)
        elif orders.fill(message):  # type: ignore[arg-type]
            held[message.instrument] += message.signed_amount  # type: ignore[attr-defined]
        future, perpetual = flights(orders)
        assert (held[market.FUTURE] + future, held[market.PERPETUAL] + perpetual) == (100, -100)
    order = orders.get(LABEL)
    assert order is not None
    assert (order.state, order.filled_amount) == (OrderState.FILLED, 100)
    assert orders.quiet
