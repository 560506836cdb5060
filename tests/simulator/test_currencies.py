"""BTC, ETH and USDC side by side: units, money, deltas and filters of each (deribit.md 6, 9 and 11)."""

from __future__ import annotations

import itertools
from decimal import Decimal
from typing import Any

import pytest

from hedger.simulator.account import trade_fee
from hedger.simulator.exchange import Exchange
from hedger.simulator.launch import launch
from hedger.simulator.model import Listing
from hedger.simulator.options import Options
from hedger.simulator.positions import Position
from hedger.simulator.world.contracts import future_listing, option_listing, perpetual_listing
from hedger.simulator.world.terms import ALL, BTC_USDC, ETH
from tests.simulator.scripted_world import EXPIRY_MS, GENEROUS, ORIGIN_MS, WIRE_S, D, Desk

EQUITY = {"BTC": D(10), "ETH": D(50), "USDC": D(100_000)}
LINEAR_PERP, ETH_PERP = perpetual_listing(BTC_USDC), perpetual_listing(ETH)
LINEAR_CALL = option_listing(BTC_USDC, EXPIRY_MS, 100_000, "call", 1, ORIGIN_MS)


class Client(Desk):
    """A desk at the seeded world."""

    def __init__(self, **options: Any) -> None:
        wanted = Options(seed=3, origin_ms=ORIGIN_MS, limits=GENEROUS, equity=EQUITY, **options)
        self.exchange: Exchange = launch(wanted, lambda: WIRE_S).exchange
        self._begin()
        keys = self.exchange.identity.keys
        self.log_in(client_id=keys.client_id, client_secret=keys.client_secret)
        self.call("private/subscribe", channels=["user.lock"])

    def listing(self, *, currency: str, kind: str, days: float = 20.0) -> Listing:
        """One that is some days from its expiry, at the money if it is an option."""
        rows = [
            row
            for row in self.exchange.markets.listings().values()
            if row.settlement_currency == currency and row.kind == kind and not row.is_perpetual
        ]
        index = self.exchange.markets.index(rows[0].price_index)

        def distance(row: Listing) -> tuple[float, Decimal]:
            return abs(row.expiration_ms - ORIGIN_MS - days * 86_400_000), abs((row.strike or index) - index)

        return min(rows, key=distance)

    def summary(self, currency: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.call("private/get_account_summary", currency=currency).result
        return answer


@pytest.fixture
def client() -> Client:
    return Client()


class TestUnits:
    def test_a_linear_future_earns_the_difference_of_the_prices_in_dollars(self) -> None:
        held = Position(LINEAR_PERP)
        held.trade(D("0.5"), D(100_000), D(100_000))
        assert held.session_profit(D(101_000)) == 500
        assert held.average_price == 100_000
        assert held.trade(D("-0.5"), D(102_000), D(102_000)) == 1_000

    def test_fees_are_in_what_the_instrument_settles_in(self) -> None:
        index = D(100_000)
        assert trade_fee(LINEAR_PERP, D("0.5"), D(100_000), index, taker=True) == D("17.5")
        assert trade_fee(ETH_PERP, D(3_000), D(3_000), D(3_000), taker=True) == D("0.00035")
        assert trade_fee(LINEAR_CALL, D(2), D(1_000), index, taker=True) == D(60)  # 0.0003 of the index
        assert trade_fee(LINEAR_CALL, D(2), D(8), index, taker=True) == D(2)  # 12.5 % of the price

    def test_contract_terms_are_told_by_the_listing(self, client: Client) -> None:
        rows = {row["instrument_name"]: row for row in client.call("public/get_instruments").result}
        linear, ether = rows["BTC_USDC-PERPETUAL"], rows["ETH-PERPETUAL"]
        assert (linear["instrument_type"], linear["contract_size"], linear["quote_currency"]) == (
            "linear",
            0.0001,
            "USDC",
        )
        assert (ether["instrument_type"], ether["contract_size"], ether["price_index"]) == (
            "reversed",
            1,
            "eth_usd",
        )
        options = [
            row for row in rows.values() if row["kind"] == "option" and row["price_index"] == "btc_usdc"
        ]
        assert {(row["base_currency"], row["settlement_currency"]) for row in options} == {("BTC", "USDC")}

    @pytest.mark.parametrize("terms", ALL)
    def test_every_option_expiry_has_its_future(self, client: Client, terms: Any) -> None:
        rows = [
            row for row in client.exchange.markets.listings().values() if row.price_index == terms.price_index
        ]
        futures = {row.name for row in rows if not row.is_option}
        assert {row.name.rsplit("-", 2)[0] for row in rows if row.is_option} <= futures
        assert {row.settlement_period for row in rows} == {"perpetual", "day", "week", "month"}


class TestFilters:
    def test_a_currency_is_what_settles_in_it(self, client: Client) -> None:
        for currency, prefix in (("BTC", "BTC-"), ("ETH", "ETH-"), ("USDC", "BTC_USDC-")):
            rows = client.call("public/get_instruments", currency=currency).result
            assert rows
            assert all(row["instrument_name"].startswith(prefix) for row in rows)

    def test_every_index_and_every_market_answers(self, client: Client) -> None:
        for terms in ALL:
            index = client.call("public/get_index_price", index_name=terms.price_index).result
            assert index["index_price"] > 1_000
            book = client.call("public/get_order_book", instrument_name=terms.perpetual).result
            assert book["best_bid_price"] < book["best_ask_price"]
            assert client.call(
                "public/get_book_summary_by_currency", currency=terms.settlement_currency
            ).result
        names = client.call("public/get_index_price_names").result
        assert names == ["btc_usd", "btc_usdc", "eth_usd"]

    def test_channels_of_every_underlying_speak(self, client: Client) -> None:
        channels = [
            channel
            for terms in ALL
            for channel in (
                f"ticker.{terms.perpetual}.100ms",
                f"deribit_price_index.{terms.price_index}",
                f"markprice.options.{terms.price_index}",
                f"estimated_expiration_price.{terms.price_index}",
            )
        ]
        channels.append("user.portfolio.any")
        frames = client.exchange_frames("private/subscribe", channels=channels)
        heard = {frame["params"]["channel"] for frame in frames if "params" in frame}
        assert heard == set(channels)
        told = [f["params"]["data"] for f in frames if f.get("params", {}).get("channel") == channels[-1]]
        assert [row["currency"] for row in told] == ["BTC", "ETH", "USDC"]

    def test_orders_and_trades_are_found_under_their_currency(self, client: Client) -> None:
        linear = client.buy(0.01, "BTC_USDC-PERPETUAL", type="market").result
        client.buy(100, "ETH-PERPETUAL", type="market")
        client.buy(100, type="market")
        assert linear["order"]["order_id"].startswith("USDC-")
        assert linear["trades"][0]["trade_id"].startswith("USDC-")
        for currency, name in (("USDC", "BTC_USDC-PERPETUAL"), ("ETH", "ETH-PERPETUAL")):
            found = client.call("private/get_user_trades_by_currency", currency=currency).result["trades"]
            assert {trade["instrument_name"] for trade in found} == {name}
            (position,) = client.call("private/get_positions", currency=currency).result
            assert position["instrument_name"] == name


class TestMoney:
    def test_each_currency_starts_with_what_it_was_given(self, client: Client) -> None:
        assert [client.summary(code)["equity"] for code in EQUITY] == [10, 50, 100_000]

    def test_a_linear_premium_is_price_times_amount_in_dollars(self, client: Client) -> None:
        call = client.listing(currency="USDC", kind="option")
        trades = client.buy(0.5, call.name, type="market").result["trades"]
        paid = sum(D(str(row["price"])) * D(str(row["amount"])) + D(str(row["fee"])) for row in trades)
        assert {row["fee_currency"] for row in trades} == {"USDC"}
        assert client.exchange.account.ledger("USDC").balance == 100_000 - paid

    def test_linear_funding_is_paid_in_dollars_by_the_coin(self, client: Client) -> None:
        client.buy(1, "BTC_USDC-PERPETUAL", type="market")
        before = client.exchange.markets.market("BTC_USDC-PERPETUAL").funding
        client.wire_s += 3_600
        client.exchange.tick(client.wire_s)
        after = client.exchange.markets.market("BTC_USDC-PERPETUAL").funding
        assert before is not None
        assert after is not None
        paid = client.exchange.account.ledger("USDC").funding_paid
        assert float(paid) == pytest.approx(after.paid_per_unit - before.paid_per_unit, rel=1e-9)
        index = float(client.exchange.markets.index("btc_usdc"))
        interest = after.interest_value - before.interest_value
        assert float(paid) == pytest.approx(interest * index, rel=0.02)


class TestDeltas:
    """deribit.md 9, "Exact meaning of the delta fields"."""

    def test_linear_deltas_are_coin_in_the_map_and_dollars_in_the_total(self, client: Client) -> None:
        call = client.listing(currency="USDC", kind="option")
        client.sell(2, call.name, type="market")
        client.buy(0.25, "BTC_USDC-PERPETUAL", type="market")
        summary, index = client.summary("USDC"), client.exchange.markets.index("btc_usdc")
        rows = client.call("private/get_positions", currency="USDC").result
        coin = sum(D(str(row["delta"])) for row in rows)
        assert {row["instrument_name"]: row["delta"] for row in rows}["BTC_USDC-PERPETUAL"] == 0.25
        assert D(str(summary["delta_total_map"]["btc_usdc"])) == coin
        assert summary["delta_total"] == pytest.approx(float(coin * index), abs=1e-6)

    def test_an_inverse_total_is_less_the_value_of_options_in_its_coin(self, client: Client) -> None:
        call = client.listing(currency="ETH", kind="option")
        client.sell(10, call.name, type="market")
        client.buy(3_000, "ETH-PERPETUAL", type="market")
        summary = client.summary("ETH")
        assert summary["options_value"] < 0
        expected = summary["delta_total_map"]["eth_usd"] - summary["options_value"]
        assert summary["delta_total"] == pytest.approx(expected, abs=1e-6)

    def test_in_the_last_half_hour_delta_and_premium_fall_together(self) -> None:
        """Rule: 15 minutes before, delta 1 and mark 0.3 count 0.5 - 0.15."""
        client = Client(vol=0.0)
        row = client.listing(currency="BTC", kind="option", days=0.7)
        client.sell(1, row.name, type="market")
        client.wire_s = WIRE_S + (row.expiration_ms - ORIGIN_MS) / 1000 - 15 * 60
        client.exchange.tick(client.wire_s)
        client.frames()
        summary = client.summary("BTC")
        decayed = summary["delta_total_map"]["btc_usd"] - 0.5 * summary["options_value"]
        assert summary["delta_total"] == pytest.approx(decayed, abs=2e-8)
        dated = future_listing(ALL[0], row.expiration_ms, 1, ORIGIN_MS).name
        client.buy(1_000, dated, type="market")
        position = client.call("private/get_position", instrument_name=dated).result
        assert position["delta"] == pytest.approx(0.5 * position["size_currency"], abs=1e-9)


def test_the_same_seed_and_orders_give_the_same_account_in_every_currency() -> None:
    def run() -> dict[str, str]:
        client = Client(speed=600.0)
        instruments = itertools.cycle(
            [("BTC-PERPETUAL", 1_000), ("ETH-PERPETUAL", 500), ("BTC_USDC-PERPETUAL", 0.2)]
        )
        for step, (name, amount) in zip(range(60), instruments, strict=False):
            client.wire_s = WIRE_S + step
            client.exchange.tick(client.wire_s)
            client.call(
                f"private/{'sell' if step % 4 else 'buy'}", instrument_name=name, amount=amount, type="market"
            )
            client.call("private/cancel_all")
        account, marks = client.exchange.account, client.exchange.markets.exact_mark
        return {code: str(account.exact_equity(code, marks)) for code in EQUITY}

    assert run() == run()


def test_the_delivery_price_is_estimated_by_the_average_so_far_once_that_has_begun() -> None:
    """Samples of the index every 4 s from 07:30 UTC on; before that the index itself."""
    client, channel = Client(), "estimated_expiration_price.btc_usd"
    half_past = WIRE_S + (EXPIRY_MS - ORIGIN_MS) / 1000 - 1_800
    client.wire_s = half_past - 60
    client.exchange.tick(client.wire_s)
    client.frames()
    told = client.call("public/get_index_price", index_name="btc_usd").result
    assert told["estimated_delivery_price"] == told["index_price"]

    samples = []
    for number in range(1, 151):
        client.wire_s = half_past + 4 * number
        client.exchange.tick(client.wire_s)
        client.frames()
        samples.append(client.exchange.world.index_price("btc_usd"))
    average = round(sum(samples) / len(samples), 2)
    told = client.call("public/get_index_price", index_name="btc_usd").result
    assert told["estimated_delivery_price"] == pytest.approx(average, abs=0.011)
    assert told["estimated_delivery_price"] != told["index_price"]
    frames = client.exchange_frames("public/subscribe", channels=[channel])
    (data,) = [frame["params"]["data"] for frame in frames if "params" in frame]
    assert data == {"price": told["estimated_delivery_price"], "seconds": 1_200, "is_estimated": True}
    name = client.listing(currency="BTC", kind="option", days=0.7).name
    ticker = client.call("public/ticker", instrument_name=name).result
    assert ticker["estimated_delivery_price"] == told["estimated_delivery_price"]
