"""The exchange over the seeded world: expiry days, determinism, books."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from hedger.simulator import sim
from hedger.simulator.books import open_book
from hedger.simulator.connection import Connection, Send
from hedger.simulator.exchange import Exchange
from hedger.simulator.launch import launch
from hedger.simulator.options import Options
from tests.simulator.scripted_world import EXPIRY_MS, GENEROUS, ORIGIN_MS, PERPETUAL, WIRE_S, D


def started(**options: Any) -> Exchange:
    return launch(Options(seed=3, origin_ms=ORIGIN_MS, limits=GENEROUS, **options), lambda: WIRE_S).exchange


def call(exchange: Exchange, connection: Connection, wire_s: float, method: str, **params: object) -> Any:
    exchange.receive(connection, json.dumps({"id": 1, "method": method, "params": params}), wire_s)
    frames = [json.loads(frame.text) for frame in connection.take() if isinstance(frame, Send)]
    return next(frame for frame in frames if frame.get("id") == 1)["result"]


def log_in(exchange: Exchange) -> Connection:
    connection, keys = exchange.connect(WIRE_S), exchange.identity.keys
    credentials = {"client_id": keys.client_id, "client_secret": keys.client_secret}
    call(exchange, connection, WIRE_S, "public/auth", grant_type="client_credentials", **credentials)
    call(exchange, connection, WIRE_S, "private/subscribe", channels=["user.lock"])
    return connection


def test_equity_is_continuous_across_expiry_and_settlement() -> None:
    """A whole expiring chain, its future and a perpetual: 08:00 pays what they were worth just before."""
    exchange = started()
    listings = exchange.world.listings()
    expiring = [row for row in listings.values() if row.expiration_ms == EXPIRY_MS]
    assert len(expiring) > 10
    rows = [(row, D(3) if row.is_option else D(50_000)) for row in expiring]
    open_book(exchange.account, [*rows, (listings[PERPETUAL], D(-70_000))], exchange.markets)
    equity: list[Decimal] = []
    for before_s in (0.001, -0.001):
        exchange.tick(WIRE_S + (EXPIRY_MS - ORIGIN_MS) / 1000 - before_s)
        equity.append(exchange.account.exact_equity("BTC", exchange.markets.mark))
    assert abs(equity[1] - equity[0]) < Decimal("0.0001")
    exchange.tick(WIRE_S + (EXPIRY_MS - ORIGIN_MS) / 1000 + 6)
    assert [held.listing.name for held in exchange.account.open_positions()] == [PERPETUAL]
    ledger = exchange.account.ledger("BTC")
    assert ledger.futures_session_rpl == 0


def test_new_instruments_are_announced_as_old_ones_expire() -> None:
    exchange = started()
    connection = log_in(exchange)
    call(exchange, connection, WIRE_S, "private/subscribe", channels=["instrument.state.any.BTC"])
    exchange.tick(WIRE_S + (EXPIRY_MS - ORIGIN_MS) / 1000 + 6)
    frames = [json.loads(frame.text) for frame in connection.take() if isinstance(frame, Send)]
    states = {frame["params"]["data"]["state"] for frame in frames if frame.get("method") == "subscription"}
    assert states == {"created", "open", "settlement", "delivered"}


def test_the_same_seed_and_the_same_orders_give_the_same_state() -> None:
    """Market prices, fills, fees and funding depend on seed, origin and orders only."""

    def run() -> dict[str, object]:
        exchange = started(speed=60.0, book="strangle")
        connection = log_in(exchange)
        for step in range(1, 30):
            wire_s = WIRE_S + step
            exchange.tick(wire_s)
            side = "buy" if step % 3 else "sell"
            order = {"instrument_name": PERPETUAL, "amount": 1_000 * step, "type": "market"}
            call(exchange, connection, wire_s, f"private/{side}", **order)
            call(exchange, connection, wire_s, "private/cancel_all")
        state = sim.state(exchange, WIRE_S + 30)
        return {key: state[key] for key in ("positions_exact", "equity_exact", "fees_exact", "funding_exact")}

    assert run() == run()
