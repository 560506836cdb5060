"""Deposits, withdrawals, transfers and conversions: seen in the portfolio, exact in the cash book."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hedger.simulator import sim, sim_account
from hedger.simulator.journal import Journal, StateRow
from hedger.simulator.rpc import ApiError
from tests.simulator.scripted_world import (
    CALL,
    EXPIRING_CALL,
    EXPIRING_FUTURE,
    EXPIRY_MS,
    ORIGIN_MS,
    PERPETUAL,
    D,
    Desk,
    logged_in,
    notifications,
)


def move(desk: Desk, **body: object) -> Any:
    return sim_account.move_money(desk.exchange, body, desk.wire_s)["entries"]


def test_a_deposit_is_cash_at_once_and_told_to_who_listens() -> None:
    desk = logged_in()
    desk.call("private/subscribe", channels=["user.portfolio.btc"])
    desk.frames()
    (row,) = move(desk, currency="BTC", amount=2.5, type="deposit")
    assert (row["type"], row["change"], row["balance"]) == ("deposit", "2.5", "12.5")
    (told,) = notifications(desk.frames(), "user.portfolio.btc")
    assert (told["balance"], told["equity"]) == (12.5, 12.5)


def test_a_withdrawal_takes_what_is_free_and_no_more() -> None:
    desk = logged_in(equity="1")
    desk.sell(5, CALL, price=0.0195)  # needs 0.85
    free = desk.call("private/get_account_summary", currency="BTC").result["available_withdrawal_funds"]
    with pytest.raises(ApiError, match="not_enough_funds"):
        move(desk, currency="BTC", amount=free + 0.001, type="withdrawal")
    (row,) = move(desk, currency="BTC", amount=free, type="withdrawal")
    assert row["change"] == str(-D(repr(free)))
    after = desk.call("private/get_account_summary", currency="BTC").result
    assert after["available_withdrawal_funds"] == 0


def test_a_transfer_has_a_direction() -> None:
    desk = logged_in()
    move(desk, currency="BTC", amount=3, type="transfer")
    (row,) = move(desk, currency="BTC", amount=-4, type="transfer")
    assert (row["type"], row["balance"]) == ("transfer", "9")
    with pytest.raises(ApiError, match="not_enough_funds"):
        move(desk, currency="BTC", amount=-10, type="transfer")


def test_a_conversion_is_two_entries_at_the_index() -> None:
    desk = logged_in()
    sold, bought = move(desk, currency="BTC", amount="0.5", type="spot", to="USDC")
    assert (sold["currency"], sold["change"]) == ("BTC", "-0.5")
    assert (bought["currency"], Decimal(bought["change"])) == ("USDC", 50_000)
    back = move(desk, currency="USDC", amount="25000", type="spot", to="BTC")
    assert Decimal(back[1]["change"]) == D("0.25")
    summaries = desk.call("private/get_account_summaries").result["summaries"]
    assert {row["currency"]: row["equity"] for row in summaries} == {"BTC": 9.75, "ETH": 0, "USDC": 25_000}


@pytest.mark.parametrize(
    "body",
    [
        {"currency": "BTC", "amount": 1, "type": "gift"},
        {"currency": "BTC", "amount": -1, "type": "deposit"},
        {"currency": "BTC", "amount": 0, "type": "transfer"},
        {"currency": "BTC", "type": "deposit"},
        {"amount": 1, "type": "deposit"},
        {"currency": "DOGE", "amount": 1, "type": "deposit"},
        {"currency": "BTC", "amount": 1, "type": "spot", "to": "ETH"},  # no index of it here
    ],
)
def test_bad_requests_are_named_and_move_nothing(body: dict[str, object]) -> None:
    desk = logged_in()
    with pytest.raises(ApiError) as refused:
        move(desk, **body)
    assert refused.value.code == -32602
    assert len(desk.exchange.account.log) == 1


actions = st.lists(
    st.sampled_from(["perp", "call", "expiring", "future", "deposit", "withdraw", "spot", "block", "adl"]),
    max_size=12,
)


BLOCK_LEGS = [
    {"instrument": CALL, "side": "sell", "amount": 1},
    {"instrument": PERPETUAL, "side": "sell", "amount": 500},
]
BY_HAND: dict[str, tuple[Any, dict[str, object]]] = {
    "block": (sim_account.block, {"legs": BLOCK_LEGS}),
    "adl": (sim_account.deleverage_position, {"instrument": PERPETUAL, "amount": 300}),
    "deposit": (sim_account.move_money, {"currency": "BTC", "amount": "0.123456789", "type": "deposit"}),
    "withdraw": (sim_account.move_money, {"currency": "BTC", "amount": "0.1", "type": "withdrawal"}),
    "spot": (sim_account.move_money, {"currency": "BTC", "amount": "0.01", "type": "spot"}),
}
ORDERS = {
    "perp": (PERPETUAL, 700),
    "call": (CALL, 1.5),
    "expiring": (EXPIRING_CALL, 2),
    "future": (EXPIRING_FUTURE, 900),
}


def act(desk: Desk, action: str) -> None:
    """One thing that moves cash, or will at settlement."""
    if action == "adl" and not desk.exchange.account.size(PERPETUAL):
        return
    if action in BY_HAND:
        call, body = BY_HAND[action]
        call(desk.exchange, body, desk.wire_s)
        return
    name, amount = ORDERS[action]
    desk.buy(amount, name, type="market")
    desk.call("private/cancel_all")


@settings(max_examples=30, deadline=None)
@given(actions=actions, days=st.integers(0, 1), delivery=st.sampled_from([90_000.0, 99_123.4, 104_567.89]))
def test_the_entries_add_up_to_the_balance_exactly(actions: list[str], days: int, delivery: float) -> None:
    """Whatever was traded, moved, settled and delivered: sum of entries = balance, to the last digit."""
    desk = logged_in()
    desk.world.delivery_price = delivery
    for shift, action in enumerate(actions):
        act(desk, action)
        desk.world.move(PERPETUAL, 100_000.0 + 37 * shift)
        desk.refresh()
    for _ in range(days):
        desk.wire_s += (EXPIRY_MS - ORIGIN_MS) / 1000 + 1
        desk.exchange.tick(desk.wire_s)
    account = desk.exchange.account
    sums: dict[str, Decimal] = {}
    for number, entry in enumerate(account.log, 1):
        sums[entry.currency] = sums.get(entry.currency, D(0)) + entry.change
        assert (entry.number, entry.balance) == (number, sums[entry.currency])
    assert {code: row.balance for code, row in account.ledgers.items() if code in sums} == sums
    told = sim.state(desk.exchange, desk.wire_s)
    assert told["balance_exact"] == {code: str(total) for code, total in sums.items()}


def test_the_cash_book_locks_and_combos_outlive_the_process(tmp_path: Path) -> None:
    desk = logged_in()
    exchange = desk.exchange
    journal = Journal(tmp_path / "state")
    exchange.journal = journal
    legs = [{"instrument": PERPETUAL, "side": "sell", "amount": 100}]
    legs.append({"instrument": EXPIRING_FUTURE, "side": "buy", "amount": 100})
    sim_account.block(exchange, {"legs": legs, "combo": True}, desk.wire_s)
    move(desk, currency="BTC", amount=1, type="deposit")
    sim_account.liquidate(exchange, {"rounds": 3}, desk.wire_s)
    saved = journal.load()
    journal.close()
    assert saved is not None
    assert isinstance(saved.state, StateRow)
    account = saved.state.account
    assert account.log == exchange.account.log
    assert account.locks == exchange.account.locks
    assert account.combos == exchange.account.combos
    assert (account.blocks, account.margin_model) == (1, "segregated_sm")
    assert [trade.provenance for trade in saved.trades] == [t.provenance for t in exchange.desk.trades]
    assert account.locks["BTC"].rounds_left == 3
