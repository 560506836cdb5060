"""ccxt over REST against the local exchange: a client that nobody here wrote."""

from __future__ import annotations

import pytest

from tests.contract.exchange_for_ccxt import SYMBOL, ccxt_client

ccxt = pytest.importorskip("ccxt", reason="ccxt is not installed")

REST = "ccxt.async_support"


async def test_it_loads_markets_and_reads_prices() -> None:
    async with ccxt_client(REST) as (client, _):
        markets = await client.load_markets()
        assert markets[SYMBOL]["swap"]
        assert markets[SYMBOL]["inverse"]
        assert sum(market["option"] for market in markets.values()) > 50
        ticker = await client.fetch_ticker(SYMBOL)
        assert 0 < ticker["bid"] < ticker["ask"]
        book = await client.fetch_order_book(SYMBOL)
        assert book["bids"][0][0] < book["asks"][0][0]
        in_coin = [market for market in markets.values() if market["settle"] == "BTC"]
        assert len(await client.fetch_tickers(params={"code": "BTC"})) == len(in_coin)
        assert markets["ETH/USD:ETH"]["inverse"]
        assert markets["BTC/USDC:USDC"]["linear"]
        assert (await client.fetch_status())["status"] == "ok"
        assert (await client.fetch_funding_rate(SYMBOL))["symbol"] == SYMBOL
        assert len(await client.fetch_ohlcv(SYMBOL, "1m")) >= 1
        assert isinstance(await client.fetch_funding_rate_history(SYMBOL), list)


async def test_it_reads_the_option_book_with_greeks_and_balances() -> None:
    async with ccxt_client(REST) as (client, _):
        balance = await client.fetch_balance()
        assert abs(balance["BTC"]["total"] - 10) < 0.01
        positions = await client.fetch_positions()
        assert sorted(position["side"] for position in positions) == ["short", "short"]
        greeks = await client.fetch_greeks(positions[0]["symbol"])
        assert 0 < abs(greeks["delta"]) < 1
        assert greeks["markImpliedVolatility"] > 1  # percent
        assert len(await client.fetch_option_chain("BTC")) > 50


async def test_it_places_edits_and_cancels() -> None:
    async with ccxt_client(REST) as (client, _):
        price = round((await client.fetch_ticker(SYMBOL))["bid"] * 0.99)
        placed = await client.create_order(
            SYMBOL, "limit", "buy", 100, price, {"label": "c-1", "post_only": True}
        )
        assert (placed["status"], placed["info"]["label"]) == ("open", "c-1")
        edited = await client.edit_order(placed["id"], SYMBOL, "limit", "buy", 200, price - 10)
        assert (edited["id"], edited["amount"], edited["price"]) == (placed["id"], 200, price - 10)
        assert [order["id"] for order in await client.fetch_open_orders(SYMBOL)] == [placed["id"]]
        assert (await client.cancel_order(placed["id"], SYMBOL))["status"] == "canceled"
        assert await client.fetch_open_orders(SYMBOL) == []


async def test_it_trades_and_finds_its_trades_again() -> None:
    async with ccxt_client(REST) as (client, _):
        order = await client.create_order(SYMBOL, "market", "sell", 1_000)
        assert (order["status"], order["filled"]) == ("closed", 1_000)
        trades = await client.fetch_my_trades(SYMBOL)
        assert sum(trade["amount"] for trade in trades) == 1_000
        assert all(trade["fee"]["currency"] == "BTC" for trade in trades)
        assert await client.fetch_order_trades(order["id"]) != []
        assert (await client.fetch_order(order["id"]))["average"] == order["average"]
        positions = {position["symbol"]: position for position in await client.fetch_positions()}
        assert positions[SYMBOL]["side"] == "short"


async def test_a_wrong_secret_is_an_authentication_error() -> None:
    async with ccxt_client(REST) as (client, _):
        client.secret = "wrong"
        with pytest.raises(ccxt.BaseError, match="13009"):
            await client.fetch_balance()
