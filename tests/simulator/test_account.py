"""The account: inverse profit, fees, funding, settlement, delivery, identities (deribit.md 9 and 11)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hedger.simulator.account import trade_fee
from hedger.simulator.model import Funding
from hedger.simulator.positions import Position, worth
from tests.simulator.scripted_world import (
    CALL,
    DAY_MS,
    EXPIRING_CALL,
    EXPIRING_FUTURE,
    EXPIRY_MS,
    FAR_EXPIRY_MS,
    ORIGIN_MS,
    PERPETUAL,
    PUT,
    D,
    Desk,
    future,
    logged_in,
    option,
)

PERP = future(PERPETUAL, 32_503_708_800_000, "perpetual")
OPTION = option(CALL, FAR_EXPIRY_MS)
INDEX = D(100_000)


class TestInverseProfit:
    def test_a_long_future_earns_the_difference_of_the_reciprocals(self) -> None:
        held = Position(PERP)
        held.trade(D(100_000), D(50_000), D(50_000))  # owes 2 coin
        realised = held.trade(D(-100_000), D(62_500), D(62_500))  # gets 1.6 coin back
        assert realised == D("0.4")
        assert held.size == 0

    def test_the_average_price_is_harmonic(self) -> None:
        held = Position(PERP)
        held.trade(D(10_000), D(50_000), D(50_000))
        held.trade(D(10_000), D(100_000), D(100_000))
        assert held.average_price == D(20_000) / D("0.3")

    def test_turning_a_position_realises_the_old_side_only(self) -> None:
        held = Position(PERP)
        held.trade(D(10_000), D(50_000), D(50_000))
        realised = held.trade(D(-30_000), D(40_000), D(40_000))
        assert realised == D(10_000) / D(50_000) - D(10_000) / D(40_000)  # long, the price fell
        assert (held.size, held.average_price) == (D(-20_000), D(40_000))

    def test_a_recorded_position_has_the_recorded_profit(self) -> None:
        """ETH-PERPETUAL of deribit.md 9: 1 USD bought at 2074.25, settled at 2090.99, mark 1963.31."""
        held = Position(PERP)
        held.trade(D(1), D("2074.25"), D(2074))
        held.settle(D("2090.99"))
        assert round(held.session_profit(D("1963.31")), 9) == D("-0.000031102")
        assert round(worth(PERP, held.size, D("1963.31")) - held.entry_total, 9) == D("-0.000027242")

    def test_a_short_option_earns_when_its_price_falls(self) -> None:
        held = Position(OPTION)
        held.trade(D(-10), D("0.03"), D(100_000))
        assert held.session_profit(D("0.02")) == D("0.1")
        assert held.average_price_usd == D(3_000)


class TestFees:
    @pytest.mark.parametrize(
        ("amount", "price", "taker", "fee"),
        [
            (10, 92_037, True, "3E-8"),  # 0.00035 * 10 / 92 037 = 3.80e-8, truncated to 8 decimals
            (50_000, 100_000, True, "0.000175"),
            (50_000, 100_000, False, "0.000075"),
        ],
    )
    def test_inverse_futures_pay_a_rate_of_the_coin_value(
        self, amount: int, price: int, taker: bool, fee: str
    ) -> None:
        assert trade_fee(PERP, D(amount), D(price), INDEX, taker=taker) == D(fee)

    def test_the_recorded_fee_of_the_old_rate(self) -> None:
        """10 USD at 92 037 cost 5e-8 at 0.0005 (recorded December 2025)."""
        from dataclasses import replace

        old = replace(PERP, taker_commission=D("0.0005"))
        assert trade_fee(old, D(10), D(92_037), INDEX, taker=True) == D("5E-8")

    def test_options_pay_three_basis_points_of_the_coin_capped_at_an_eighth_of_the_price(self) -> None:
        assert trade_fee(OPTION, D(10), D("0.02"), INDEX, taker=True) == D("0.003")
        assert trade_fee(OPTION, D(10), D("0.0004"), INDEX, taker=True) == D(
            "0.0005"
        )  # 12.5 % of 0.0004, times 10


class TestCash:
    def test_an_option_premium_moves_cash_at_once(self) -> None:
        desk = logged_in()
        desk.sell(5, CALL, price=0.0195)
        summary = desk.call("private/get_account_summary", currency="BTC").result
        assert summary["balance"] == pytest.approx(10 + 5 * 0.0195 - 5 * 0.0003)
        assert summary["options_value"] == pytest.approx(-0.1)
        assert summary["equity"] == pytest.approx(10 + 5 * (0.0195 - 0.02) - 0.0015)

    def test_a_round_trip_of_a_future_is_session_profit_until_settlement(self) -> None:
        desk = logged_in()
        desk.buy(1_000, type="market")
        desk.world.move(PERPETUAL, 101_000.0)
        desk.refresh()
        desk.sell(1_000, type="market")
        profit = D(1_000) / D("100000.5") - D(1_000) / D("100999.5")
        summary = desk.call("private/get_account_summary", currency="BTC").result
        assert summary["session_rpl"] == float(round(profit, 8))
        assert summary["balance"] == 10 - 0.00000349 - 0.00000346

    def test_longs_pay_funding_by_the_growth_of_the_accumulator(self) -> None:
        desk = logged_in()
        desk.buy(1_000, type="market")
        desk.world.set(PERPETUAL, funding=Funding(0.0001, 0.0, 0.5, 2e-9))
        desk.refresh()
        position = desk.call("private/get_position", instrument_name=PERPETUAL).result
        assert position["realized_funding"] == -2e-6
        assert desk.call("private/get_account_summary", currency="BTC").result["session_rpl"] == -2e-6

    def test_settlement_moves_the_session_into_cash_and_keeps_equity(self) -> None:
        desk = logged_in()
        desk.buy(3_000, type="market")
        desk.sell(5, CALL, price=0.0195)
        desk.world.move(PERPETUAL, 100_700.0)
        desk.refresh()
        before = desk.call("private/get_account_summary", currency="BTC").result
        assert before["futures_session_upl"] > 0
        desk.wire_s += (EXPIRY_MS - ORIGIN_MS) / 1000 + 6
        desk.exchange.tick(desk.wire_s)
        after = desk.call("private/get_account_summary", currency="BTC").result
        assert after["equity"] == pytest.approx(before["equity"], abs=1e-8)
        assert (after["futures_session_upl"], after["session_rpl"]) == (0, 0)
        position = desk.call("private/get_position", instrument_name=PERPETUAL).result
        assert position["floating_profit_loss"] == 0
        assert position["total_profit_loss"] > 0
        assert position["average_price"] == pytest.approx(100_000.8333, abs=1e-3)


class TestDelivery:
    def deliver(self, desk: Desk, price: float) -> None:
        desk.world.delivery_price = price
        desk.wire_s += (EXPIRY_MS - ORIGIN_MS) / 1000 + 6
        desk.exchange.tick(desk.wire_s)

    def test_an_option_in_the_money_pays_intrinsic_value_in_coin(self) -> None:
        desk = logged_in()
        desk.buy(2, EXPIRING_CALL, price=0.0205)
        desk.frames()
        self.deliver(desk, 100_000.0)  # strike 95 000: 5 000 / 100 000 coin each
        summary = desk.call("private/get_account_summary", currency="BTC").result
        assert summary["balance"] == pytest.approx(10 - 2 * 0.0205 - 2 * 0.0003 + 2 * 0.05)
        assert desk.call("private/get_positions", currency="BTC").result == []

    def test_an_option_out_of_the_money_pays_nothing(self) -> None:
        desk = logged_in()
        desk.sell(2, EXPIRING_CALL, price=0.0195)
        self.deliver(desk, 94_000.0)
        summary = desk.call("private/get_account_summary", currency="BTC").result
        assert summary["balance"] == pytest.approx(10 + 2 * 0.0195 - 2 * 0.0003)

    def test_a_future_is_settled_at_the_delivery_price(self) -> None:
        desk = logged_in()
        desk.buy(1_000, EXPIRING_FUTURE, price=100_002.5)
        self.deliver(desk, 101_000.0)
        profit = 1_000 / 100_000.5 - 1_000 / 101_000
        summary = desk.call("private/get_account_summary", currency="BTC").result
        assert summary["balance"] == pytest.approx(10 + profit - 0.00000349, abs=2e-8)

    def test_its_orders_are_cancelled_its_state_is_told_and_it_is_gone(self) -> None:
        desk = logged_in()
        order_id = desk.buy(10, EXPIRING_FUTURE, price=99_000).result["order"]["order_id"]
        desk.call("private/subscribe", channels=["instrument.state.any.any"])
        desk.world.delivery_price = 100_000.0
        desk.wire_s += (EXPIRY_MS - ORIGIN_MS) / 1000 + 6
        desk.exchange.tick(desk.wire_s)
        states = [f["params"]["data"] for f in desk.frames() if f.get("method") == "subscription"]
        assert {
            "timestamp": EXPIRY_MS + 2_500,
            "state": "delivered",
            "instrument_name": EXPIRING_FUTURE,
        } in states
        order = desk.call("private/get_order_state", order_id=order_id).result
        assert (order["order_state"], order["cancel_reason"]) == ("cancelled", "settlement")
        assert desk.call("public/ticker", instrument_name=EXPIRING_FUTURE).error["code"] == -32602
        prices = desk.call("public/get_delivery_prices", index_name="btc_usd").result
        assert prices["data"][0]["delivery_price"] == 100_000


def exact(value: float) -> Decimal:
    return Decimal(repr(value))


trades = st.lists(
    st.tuples(
        st.sampled_from([PERPETUAL, EXPIRING_FUTURE, CALL, PUT]),
        st.sampled_from(["buy", "sell"]),
        st.integers(1, 30),
        st.integers(-300, 300),
    ),
    min_size=1,
    max_size=15,
)


@settings(max_examples=40, deadline=None)
@given(trades=trades, settle=st.booleans())
def test_the_identities_of_the_summary_hold_to_the_last_digit(
    trades: list[tuple[str, str, int, int]], settle: bool
) -> None:
    """deribit.md 9: equity, margin balance, delta_total and the map, whatever was traded."""
    desk = logged_in()
    for name, side, lots, shift in trades:
        option_traded = name in (CALL, PUT)
        size = lots / 10 if option_traded else lots * 10
        desk.call(f"private/{side}", instrument_name=name, amount=size, type="market")
        desk.call("private/cancel_all")
        desk.world.move(PERPETUAL, 100_000.0 + shift)
        desk.wire_s += 1.0
        desk.exchange.tick(desk.wire_s)
    if settle:
        desk.wire_s += DAY_MS / 1000
        desk.exchange.tick(desk.wire_s)
    desk.frames()
    row = {
        k: exact(v) if isinstance(v, (int, float)) and not isinstance(v, bool) else v
        for k, v in desk.call("private/get_account_summary", currency="BTC").result.items()
    }
    positions = desk.call("private/get_positions", currency="BTC").result
    assert (
        row["equity"]
        == row["balance"] + row["futures_session_upl"] + row["session_rpl"] + row["options_value"]
    )
    assert row["margin_balance"] == row["equity"] - row["options_value"]
    assert row["available_funds"] == row["margin_balance"] - row["initial_margin"]
    total = exact(row["delta_total_map"]["btc_usd"])
    assert row["delta_total"] == total - row["options_value"]
    assert total == sum((exact(p["delta"]) for p in positions), Decimal(0))
    assert row["options_delta"] == sum(
        (exact(p["delta"]) for p in positions if p["kind"] == "option"), Decimal(0)
    )
    assert row["session_upl"] == row["futures_session_upl"] + row["options_session_upl"]
    gap = desk.exchange.account.exact_equity("BTC", desk.exchange.markets.mark) - row["equity"]
    assert abs(gap) <= Decimal("3e-8")


def test_opening_a_book_at_mark_costs_nothing() -> None:
    from hedger.simulator.books import open_book

    desk = Desk()
    markets = desk.exchange.markets
    open_book(desk.exchange.account, [(OPTION, D(-10)), (PERP, D(5_000))], markets)
    assert desk.exchange.account.exact_equity("BTC", markets.mark) == D(10)
    assert desk.exchange.desk.trades == []
