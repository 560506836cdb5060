"""ccxt.pro over the websocket against the local exchange."""

from __future__ import annotations

import asyncio

from tests.contract.exchange_for_ccxt import SYMBOL, ccxt_client

PRO = "ccxt.pro"
DEADLINE_S = 20


async def test_it_watches_ticker_and_order_book() -> None:
    async with ccxt_client(PRO) as (client, _), asyncio.timeout(DEADLINE_S):
        ticker = await client.watch_ticker(SYMBOL)
        assert 0 < ticker["bid"] < ticker["ask"]
        first = await client.watch_order_book(SYMBOL)
        assert first["bids"][0][0] < first["asks"][0][0]
        for _ in range(5):  # changes keep the book uncrossed
            book = await client.watch_order_book(SYMBOL)
            assert book["bids"][0][0] < book["asks"][0][0]


async def test_it_watches_its_orders_and_trades_and_balance() -> None:
    async with ccxt_client(PRO) as (client, _), asyncio.timeout(DEADLINE_S):
        await client.load_markets()
        await client.authenticate()
        watches = [client.watch_orders(SYMBOL), client.watch_my_trades(SYMBOL), client.watch_balance()]
        waiting = [asyncio.ensure_future(watch) for watch in watches]
        await _subscribed(client, 3)
        placed = await client.create_order(SYMBOL, "market", "buy", 100)
        orders, trades, balance = await asyncio.gather(*waiting)
        assert (orders[-1]["id"], orders[-1]["status"]) == (placed["id"], "closed")
        assert trades[-1]["order"] == placed["id"]
        assert balance["BTC"]["BTC"]["total"] > 9  # ccxt.pro nests the account under its currency twice


async def _subscribed(client: object, count: int) -> None:
    """Wait until the connection has sent its subscriptions: a call on REST is answered after them."""
    clients = client.clients
    while sum(len(socket.subscriptions) for socket in clients.values()) < count:
        await asyncio.sleep(0.01)
    await client.fetch_open_orders(SYMBOL)  # type: ignore[attr-defined]
