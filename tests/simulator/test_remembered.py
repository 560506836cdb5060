"""What is remembered of a state of account and market is never told of another."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hedger.simulator import sim_account
from hedger.simulator.funds import Funds
from hedger.simulator.remembered import Remembered
from hedger.simulator.render_margin import currency_summary, position_rows
from tests.simulator.scripted_world import (
    CALL,
    EXPIRING_CALL,
    EXPIRING_FUTURE,
    EXPIRY_MS,
    ORIGIN_MS,
    PERPETUAL,
    PUT,
    D,
    Desk,
    logged_in,
    notifications,
)

MODELS = ("segregated_sm", "segregated_pm", "cross_sm")
CURRENCIES = ("BTC", "ETH", "USDC")


def told(desk: Desk, funds: Funds) -> list[object]:
    """All that clients can see of the funds."""
    positions = position_rows(funds, desk.exchange.markets, desk.exchange.account.open_positions())
    return [*(currency_summary(funds, code) for code in CURRENCIES), positions]


def holding(model: str = "segregated_sm") -> Desk:
    """A desk with a short call, a long future that expires next, a long perpetual and an open order."""
    desk = logged_in(margin_model=model)
    desk.sell(2, CALL, price=0.0195)
    desk.buy(1_000, EXPIRING_FUTURE, price=100_010)
    desk.buy(1_000, price=100_010)
    desk.sell(20_000, price=101_000)
    return desk


def order_id(desk: Desk) -> str:
    (row,) = desk.call("private/get_open_orders").result
    name: str = row["order_id"]
    return name


def deposit(desk: Desk) -> None:
    body = {"currency": "BTC", "amount": 2.5, "type": "deposit"}
    sim_account.move_money(desk.exchange, body, desk.wire_s)


def edit(desk: Desk) -> None:
    desk.call("private/edit", order_id=order_id(desk), amount=30_000, price=101_000)


def cancel(desk: Desk) -> None:
    desk.call("private/cancel", order_id=order_id(desk))


def switch_model(desk: Desk) -> None:
    account = desk.exchange.account
    account.margin_model = MODELS[MODELS.index(account.margin_model) - 1]


def move_mark(desk: Desk) -> None:
    desk.world.move(PERPETUAL, 101_000.0)
    desk.refresh()


def move_within_the_instant(desk: Desk) -> None:
    """The world changes while no time passes, and whoever did it says so."""
    desk.world.set(CALL, mark=0.025)
    desk.world.index = 100_500.0
    desk.exchange.market_moved(desk.wire_s)


def expire(desk: Desk) -> None:
    desk.wire_s += (EXPIRY_MS - ORIGIN_MS) / 1000
    desk.exchange.tick(desk.wire_s)


def pay_by_hand(desk: Desk) -> None:
    """Cash that changes beside the cash book."""
    desk.exchange.account.ledger("BTC").balance -= 1


EVENTS: tuple[Callable[[Desk], object], ...] = (
    lambda desk: desk.sell(1, PUT, price=0.0195),
    lambda desk: desk.sell(1_000, price=99_990),
    lambda desk: desk.buy(1, EXPIRING_CALL, price=0.0205),
    deposit,
    edit,
    cancel,
    switch_model,
    move_mark,
    move_within_the_instant,
    expire,
    pay_by_hand,
)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("happens", EVENTS)
def test_funds_are_those_of_now_whatever_happened(model: str, happens: Callable[[Desk], object]) -> None:
    desk = holding(model)
    exchange = desk.exchange
    before = told(desk, exchange.funds)
    happens(desk)
    after = told(desk, exchange.funds)
    assert after == told(desk, Funds(exchange.account, exchange.markets, exchange.desk.open_orders))
    assert after != before


def test_every_subscription_hears_of_a_change_at_its_instant() -> None:
    desk = holding()
    other = desk.exchange.connect(desk.wire_s)
    desk.log_in(other)
    for connection in (desk.connection, other):
        desk.call("private/subscribe", connection, channels=["user.portfolio.btc"])
        desk.frames(connection)
    deposit(desk)
    for connection in (desk.connection, other):
        (row,) = notifications(desk.frames(connection), "user.portfolio.btc")
        assert row["equity"] == currency_summary(desk.exchange.funds, "BTC")["equity"]


class TestRemembered:
    def test_a_result_is_worked_out_once_per_state_and_arguments(self) -> None:
        state, asked = [D(1)], list[int]()
        remembered = Remembered(lambda: tuple(state))

        def work_out(number: int) -> int:
            asked.append(number)
            return number

        assert [remembered.once(work_out, number) for number in (1, 2, 1, 2)] == [1, 2, 1, 2]
        assert asked == [1, 2]
        state[0] += 1
        assert remembered.once(work_out, 1) == 1
        assert asked == [1, 2, 1]

    def test_a_state_that_changes_meanwhile_does_not_get_the_result(self) -> None:
        state = [0]
        remembered = Remembered(lambda: tuple(state))

        def late() -> int:
            seen, state[0] = state[0], state[0] + 1
            remembered.once(lambda: None)
            return seen

        assert remembered.once(late) == 0
        assert remembered.once(late) == 1


class TestMoment:
    def test_it_lasts_while_nothing_can_be_another(self) -> None:
        desk = holding()
        markets = desk.exchange.markets
        moment = markets.moment
        desk.sell(1, PUT, price=0.0195)
        assert markets.moment is moment
        desk.refresh()
        assert markets.moment is not moment

    @pytest.mark.parametrize("name", [CALL, PERPETUAL])
    def test_states_begin_another(self, name: str) -> None:
        desk = holding()
        markets = desk.exchange.markets
        moment = markets.moment
        markets.set_states({name: "halted"})
        assert markets.moment is not moment
        assert markets.market(name).state == "halted"
