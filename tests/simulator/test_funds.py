"""What the account can afford, as clients see it: summaries, positions, refusals, what-ifs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.shared_data import shared_data
from tests.simulator.scripted_world import (
    CALL,
    EXPIRING_CALL,
    PERPETUAL,
    PUT,
    D,
    Desk,
    Reply,
    logged_in,
)


def summary(desk: Desk, currency: str = "BTC") -> dict[str, Any]:
    row: dict[str, Any] = desk.call("private/get_account_summary", currency=currency).result
    return row


class TestOrdersAndMargin:
    def test_open_orders_take_available_funds_and_give_them_back(self) -> None:
        desk = logged_in()
        order = desk.buy(100_000, price=99_000).result["order"]
        held = summary(desk)
        assert held["initial_margin"] == pytest.approx(0.02005)  # 1 BTC at mark
        assert held["maintenance_margin"] == 0
        assert held["available_funds"] == pytest.approx(10 - 0.02005)
        desk.call("private/cancel", order_id=order["order_id"])
        assert summary(desk)["initial_margin"] == 0

    def test_what_breaks_the_initial_margin_is_refused(self) -> None:
        desk = logged_in(equity="0.1")
        assert desk.sell(0.5, CALL, price=0.021).result["order"]["order_state"] == "open"  # 0.085 BTC
        assert desk.sell(0.1, CALL, price=0.021).error == {"code": 10009, "message": "not_enough_funds"}
        assert desk.buy(500_000, price=99_000).error["code"] == 10009

    def test_what_reduces_a_position_passes_however_thin_the_margin(self) -> None:
        desk = logged_in(equity="0.1")
        desk.sell(0.5, CALL, price=0.0195)
        desk.world.set(CALL, mark=0.15)
        desk.refresh()
        desk.exchange.account.locks.clear()
        assert summary(desk)["available_funds"] < 0
        assert desk.sell(0.1, CALL, price=0.0195).error["code"] == 10009
        assert desk.buy(0.1, CALL, price=0.0205).result["order"]["risk_reducing"] is True

    def test_a_hedge_costs_under_standard_margin_and_frees_under_portfolio_margin(self) -> None:
        for model, passes in (("segregated_sm", False), ("segregated_pm", True)):
            desk = logged_in(equity="1", margin_model=model)
            desk.exchange.account.open_at_mark(
                desk.world.listed[CALL], D(-5), D("0.02"), D(100_000), desk.now_ms
            )
            short = desk.exchange.funds.margins("BTC").available + D("0.05")
            desk.exchange.account.book("withdrawal", "BTC", -short, desk.now_ms)
            assert summary(desk)["available_funds"] == -0.05
            reply = desk.buy(10, type="market")
            assert ("result" in reply) is passes

    def test_buying_an_option_needs_its_premium(self) -> None:
        desk = logged_in(equity="0.05")
        assert desk.buy(2.4, CALL, price=0.0205).result
        assert desk.buy(0.5, PUT, price=0.0205).error["code"] == 10009

    def test_an_edit_is_judged_like_a_new_order(self) -> None:
        desk = logged_in(equity="0.1")
        order_id = desk.buy(200_000, price=99_000).result["order"]["order_id"]
        edited = desk.call("private/edit", order_id=order_id, amount=400_000, price=99_000)
        assert edited.result["order"]["amount"] == 400_000
        refused = desk.call("private/edit", order_id=order_id, amount=500_000, price=99_000)
        assert refused.error["code"] == 10009


class TestSummaries:
    def test_the_projection_leaves_out_what_expires_next(self) -> None:
        desk = logged_in()
        desk.sell(2, EXPIRING_CALL, price=0.0195)
        desk.sell(1, CALL, price=0.0195)
        row = summary(desk)
        assert row["initial_margin"] == pytest.approx(3 * 0.17, abs=0.01)
        assert row["projected_initial_margin"] == pytest.approx(0.17)
        assert row["projected_maintenance_margin"] == pytest.approx(0.095)
        assert row["projected_delta_total"] == pytest.approx(-0.4 + 0.02)
        assert row["delta_total"] == pytest.approx(-0.4 - 2 * 0.9 + 3 * 0.02)

    def test_positions_tell_their_margins_and_the_price_that_liquidates(self) -> None:
        desk = logged_in(equity="0.1")
        desk.buy(3_000, type="market")
        desk.buy(200_000, price=99_000)
        row = desk.call("private/get_position", instrument_name=PERPETUAL).result
        assert row["initial_margin"] == pytest.approx(0.03 * (0.02 + 0.00005 * 0.03), abs=1e-9)
        assert row["maintenance_margin"] == pytest.approx(0.03 * (0.01 + 0.00005 * 0.03), abs=1e-9)
        both = 2.03 * (0.02 + 0.00005 * 2.03)
        assert row["open_orders_margin"] == pytest.approx(both - row["initial_margin"], abs=1e-9)
        price, held = row["estimated_liquidation_price"], summary(desk)
        assert price == pytest.approx(held["estimated_liquidation_ratio"] * 100_000, abs=0.01)
        assert held["estimated_liquidation_ratio_map"] == {
            "btc_usd": pytest.approx(held["estimated_liquidation_ratio"], abs=1e-8)
        }
        loss = 3_000 / price - 0.03  # long 3 000 USD at 100 000 from the price that is told
        assert held["margin_balance"] - loss == pytest.approx(0.01 * 3_000 / price, rel=1e-3)

    def test_portfolio_margin_counts_options_and_tells_no_liquidation_price(self) -> None:
        desk = logged_in(margin_model="segregated_pm")
        desk.buy(5, CALL, price=0.0205)
        row = summary(desk)
        assert row["margin_balance"] == row["equity"]
        assert (row["margin_model"], row["portfolio_margining_enabled"]) == ("segregated_pm", True)
        assert "estimated_liquidation_ratio" not in row
        assert row["maintenance_margin"] == pytest.approx(0.8 * row["initial_margin"], abs=1e-8)
        assert desk.call("private/get_position", instrument_name=CALL).result["maintenance_margin"] > 0

    def test_every_summary_agrees_with_every_other(self) -> None:
        desk = logged_in()
        desk.sell(1, CALL, price=0.0195)
        desk.frames()
        desk.call("private/subscribe", channels=["user.portfolio.btc"])
        sent = [f["params"]["data"] for f in desk.pass_time(1.2) if "params" in f]
        rows = desk.call("private/get_account_summaries").result["summaries"]
        assert rows[0] == summary(desk) == sent[-1] if sent else rows[0] == summary(desk)
        positions = desk.call("private/get_positions", currency="any").result
        assert positions == desk.call("private/get_positions", currency="BTC").result
        total = sum(row["initial_margin"] for row in positions)
        assert rows[0]["initial_margin"] == pytest.approx(total, abs=1e-8)


class TestCross:
    def test_all_currencies_are_one_account_in_usd(self) -> None:
        desk = logged_in(equity="1", margin_model="cross_sm")
        desk.world.other_indices["eth_usd"] = 4_000.0
        desk.exchange.account.book("deposit", "ETH", D(10), desk.now_ms)
        desk.exchange.account.book("deposit", "USDC", D(50_000), desk.now_ms)
        desk.sell(5, CALL, price=0.0195)
        btc, eth, usdc = (summary(desk, code) for code in ("BTC", "ETH", "USDC"))
        balance_usd = (1 + 5 * 0.0195 - 0.0015) * 100_000 + 10 * 4_000 + 50_000
        initial_usd = 5 * 0.17 * 100_000 + 0.02 * 10 * 4_000  # and the haircut on ether
        for row in (btc, eth, usdc):
            assert row["total_margin_balance_usd"] == pytest.approx(balance_usd)
            assert row["total_initial_margin_usd"] == pytest.approx(initial_usd)
            assert row["total_maintenance_margin_usd"] == pytest.approx(5 * 0.095 * 100_000)
            assert row["total_equity_usd"] == pytest.approx(balance_usd - 5 * 0.02 * 100_000)
            assert row["total_delta_total_usd"] == pytest.approx((-5 * 0.4 + 5 * 0.02) * 100_000)
            assert (row["margin_model"], row["cross_collateral_enabled"]) == ("cross_sm", True)
            assert "estimated_liquidation_ratio" not in row
        assert btc["margin_balance"] == pytest.approx(balance_usd / 100_000)
        assert eth["initial_margin"] == pytest.approx(initial_usd / 4_000)
        assert usdc["available_funds"] == pytest.approx(balance_usd - initial_usd)
        assert (btc["equity"], eth["equity"]) == (pytest.approx(1.096 - 0.1), 10)

    def test_ether_backs_an_order_in_bitcoin(self) -> None:
        poor = logged_in(equity="0.01", margin_model="cross_sm")
        assert poor.sell(1, CALL, price=0.0195).error["code"] == 10009
        poor.world.other_indices["eth_usd"] = 4_000.0
        poor.exchange.markets.forget()  # it has read that there is no such index
        poor.exchange.account.book("deposit", "ETH", D(10), poor.now_ms)
        assert poor.sell(1, CALL, price=0.0195).result["order"]["order_state"] == "filled"

    def test_a_currency_without_a_price_here_is_no_collateral(self) -> None:
        desk = logged_in(equity="1", margin_model="cross_sm")
        desk.exchange.account.book("deposit", "ETH", D(10), desk.now_ms)
        assert summary(desk)["total_equity_usd"] == 100_000
        assert summary(desk, "ETH")["margin_balance"] == 0

    def test_its_fields_are_those_that_were_recorded(self) -> None:
        path = shared_data("deribit_payloads", "nautilus_trader", "ws_portfolio.json")
        recorded = json.loads(path.read_text())["params"]["data"]
        desk = logged_in(margin_model="cross_sm")
        assert set(summary(desk)) == set(recorded)


class TestSimulatePortfolio:
    def ask(self, desk: Desk, **params: object) -> Reply:
        desk.wire_s += 1.1
        return desk.call("private/simulate_portfolio", currency="BTC", **params)

    def test_added_positions_are_valued_at_mark_and_nothing_is_traded(self) -> None:
        desk = logged_in()
        desk.sell(1, CALL, price=0.0195)
        before = summary(desk)
        row = self.ask(desk, simulated_positions={PERPETUAL: 100_000, CALL: -1}).result
        assert row["equity"] == pytest.approx(before["equity"])
        assert row["initial_margin"] == pytest.approx(2 * 0.17 + 0.02005)
        assert row["delta_total_map"]["btc_usd"] == pytest.approx(1 - 0.8)
        assert summary(desk) == before
        assert len(desk.exchange.desk.trades) == 1

    def test_it_may_be_asked_of_other_positions_alone(self) -> None:
        desk = logged_in()
        desk.sell(1, CALL, price=0.0195)
        row = self.ask(desk, simulated_positions={PUT: -2}, add_positions=False).result
        assert row["initial_margin"] == pytest.approx(2 * 0.17 - 2 * 0.05, abs=0.02)
        assert row["options_value"] == pytest.approx(-0.04)

    def test_its_fields_are_those_of_a_summary(self) -> None:
        desk = logged_in()
        assert set(self.ask(desk).result) == set(summary(desk))

    def test_once_a_second_and_then_the_session_ends(self) -> None:
        desk = logged_in()
        assert self.ask(desk).result
        assert desk.call("private/simulate_portfolio", currency="BTC").error["code"] == 10028

    @pytest.mark.parametrize("wrong", ["abc", [1], {"BTC-PERPETUAL": "x"}, {"NOPE": 1}])
    def test_what_it_cannot_read_is_named(self, wrong: object) -> None:
        assert self.ask(logged_in(), simulated_positions=wrong).error["code"] == -32602


class TestGetMargins:
    def test_it_tells_what_an_order_would_add(self) -> None:
        desk = logged_in()
        desk.buy(3_000, type="market")
        row = desk.call("private/get_margins", instrument_name=PERPETUAL, amount=6_000, price=100_000).result
        short, long, held = (size * (0.02 + 0.00005 * size) for size in (0.03, 0.09, 0.03))
        assert row["buy"] == pytest.approx(long - held, abs=1e-8)
        assert row["sell"] == pytest.approx(short - held, abs=1e-8)  # turned, it needs as much as before
        assert (row["min_price"], row["max_price"]) == (98_500, 101_500)

    def test_an_amount_that_cannot_be_traded_is_refused(self) -> None:
        wrong = {"instrument_name": PERPETUAL, "amount": 15, "price": 100_000}
        assert logged_in().call("private/get_margins", **wrong).error["code"] == 10027
