"""The frames of the local exchange that are compared with recorded ones, by the same names."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from hedger.simulator.limits import Limits
from hedger.simulator.wire import EXTRA_FIELDS
from tests.simulator.scripted_world import (
    CALL,
    DAY_MS,
    EXPIRING_FUTURE,
    EXPIRY_MS,
    FAR_EXPIRY_MS,
    PERPETUAL,
    PUT,
    Desk,
    Reply,
    logged_in,
    notifications,
    option,
    option_market,
)

EXTRAS = {name for name, _ in EXTRA_FIELDS}
LINEAR_CALL = "XRP_USDC-22OCT26-1d3-C"
CHANGES = "user.changes.any.any.raw"


def plain(value: Any) -> Any:
    """A frame without the unknown fields that the exchange strews in (hedger/simulator/wire.py)."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items() if key not in EXTRAS}
    return [plain(item) for item in value] if isinstance(value, list) else value


def result(method: str, *, desk: Desk | None = None, **params: object) -> Any:
    return (desk or logged_in()).call(method, **params).result


def after_trades_of_others() -> Desk:
    """A desk in whose futures somebody traded today."""
    desk = logged_in()
    for name in (PERPETUAL, EXPIRING_FUTURE):
        desk.world.set(name, last_price=Decimal(100_000), high_24h=101_000.0, low_24h=99_000.0)
    desk.refresh()
    return desk


def ticker(name: str) -> list[Any]:
    return [result("public/ticker", desk=after_trades_of_others(), instrument_name=name)]


def with_linear_option() -> Desk:
    desk = logged_in()
    inverse = option("BTC-22OCT26-100000-C", FAR_EXPIRY_MS)
    money = dict.fromkeys(("quote_currency", "counter_currency", "settlement_currency"), "USDC")
    lot = {"contract_size": Decimal(1000), "min_trade_amount": Decimal(1000)}
    kind = {"instrument_type": "linear", "price_index": "xrp_usdc", "base_currency": "XRP"}
    desk.world.listed[LINEAR_CALL] = replace(
        inverse, name=LINEAR_CALL, strike=Decimal("1.3"), tick_size_steps=(), **kind, **money, **lot
    )
    desk.world.markets[LINEAR_CALL] = replace(
        option_market(LINEAR_CALL, 0.05, 0.6), underlying_name="XRP_USDC-22OCT26", underlying=1.39
    )
    return desk


def instrument(name: str, desk: Desk | None = None) -> list[Any]:
    rows = result("public/get_instruments", desk=desk)
    return [row for row in rows if row["instrument_name"] == name]


def notification(channel: str, desk: Desk | None = None) -> list[Any]:
    """The first frames of a subscription."""
    frames = (desk or logged_in()).exchange_frames("private/subscribe", channels=[channel])
    return [f for f in frames if f.get("params", {}).get("channel") == channel]


def book_change() -> list[Any]:
    desk, channel = logged_in(), f"book.{PERPETUAL}.100ms"
    notification(channel, desk)
    desk.buy(10, price=99_000)
    return [f for f in desk.pass_time(0.3) if f.get("params", {}).get("channel") == channel]


def traded(**options: Any) -> Desk:
    """A desk that bought and sold, holds a future and an option, and has an order resting."""
    desk = logged_in(**options)
    desk.buy(30, type="market")
    desk.sell(10, type="market")
    desk.buy(0.5, CALL, price=0.0205)
    desk.sell(0.5, PUT, price=0.0195)
    desk.buy(10, price=99_000)
    desk.pass_time(0.1)
    return desk


def chart() -> list[Any]:
    desk, channel = traded(), f"chart.trades.{PERPETUAL}.1"
    return notification(channel, desk)


def chart_reply() -> list[Any]:
    desk = traded()
    span = {"start_timestamp": desk.now_ms - 60_000, "end_timestamp": desk.now_ms}
    asked = {"instrument_name": PERPETUAL, "resolution": "1"}
    return [desk.call("public/get_tradingview_chart_data", **asked, **span)]


def public_trades() -> list[Any]:
    desk, channel = logged_in(), f"trades.{PERPETUAL}.100ms"
    notification(channel, desk)
    desk.buy(10, type="market")
    return [f for f in desk.pass_time(0.3) if f.get("params", {}).get("channel") == channel]


def placed(direction: str) -> list[Any]:
    price = 99_000 if direction == "buy" else 101_000
    terms = {"amount": 10, "price": price, "post_only": True, "label": "x"}
    return [logged_in().call(f"private/{direction}", instrument_name=PERPETUAL, **terms)]


def edited_and_cancelled() -> tuple[Reply, Reply]:
    desk = logged_in()
    order = desk.buy(10, price=99_000, post_only=True, label="x").result["order"]
    edited = desk.call("private/edit", order_id=order["order_id"], amount=20, price=99_000.5)
    return edited, desk.call("private/cancel", order_id=order["order_id"])


def user_frames(channel: str) -> list[Any]:
    """An order that rests, one that is cancelled and one that fills."""
    desk = logged_in()
    desk.call("private/subscribe", channels=[channel])
    order_id = desk.buy(10, price=99_000, label="x").result["order"]["order_id"]
    desk.frames()
    frames = desk.exchange_frames("private/cancel", order_id=order_id)
    now = {"price": 100_001, "time_in_force": "immediate_or_cancel", "label": "x"}
    frames += desk.exchange_frames("private/buy", instrument_name=PERPETUAL, amount=10, **now)
    return [f for f in frames if f.get("params", {}).get("channel") == channel]


def settlements() -> list[Any]:
    desk = logged_in(speed=3600.0)
    desk.wire_s += (EXPIRY_MS + DAY_MS - desk.now_ms) / 3_600_000
    desk.exchange.tick(desk.wire_s)
    return [result("public/get_last_settlements_by_currency", desk=desk, currency="BTC")]


def state_change() -> list[Any]:
    desk = logged_in(speed=3600.0)
    desk.call("public/subscribe", channels=["instrument.state.any.any"])
    desk.wire_s += (EXPIRY_MS + 1000 - desk.now_ms) / 3_600_000
    desk.exchange.tick(desk.wire_s)
    return notifications(desk.frames(), "instrument.state.any.any")


def test_request() -> list[Any]:
    desk = logged_in()
    desk.call("public/set_heartbeat", interval=10)
    frames = [f for f in desk.pass_time(12.5) if f.get("method") == "heartbeat"]
    return [f for f in frames if f["params"]["type"] == "test_request"]


def error(method: str, desk: Desk | None = None, **params: object) -> list[Any]:
    return [(desk or logged_in()).call(method, **params).error]


def edit_of_mmp() -> list[Any]:
    desk = logged_in()
    order_id = desk.buy(10, price=99_000).result["order"]["order_id"]
    return error("private/edit", desk, order_id=order_id, mmp=True)


def cancel_of_a_filled_order() -> list[Any]:
    desk = logged_in()
    order_id = desk.buy(10, type="market").result["order"]["order_id"]
    return [desk.call("private/cancel", order_id=order_id)]


def too_many_requests() -> list[Any]:
    desk = logged_in(limits=Limits())
    desk.exchange.admission.account.drain("private/cancel_all", desk.wire_s)
    return [desk.call("private/cancel_all")]


def with_text_id(desk: Desk, method: str, **params: object) -> list[Any]:
    """The answer to a client that counts in words, as the one did whose frames were recorded."""
    return desk.send(json.dumps({"jsonrpc": "2.0", "id": "x", "method": method, "params": params}))[:1]


def account_summary() -> list[Any]:
    return with_text_id(traded(), "private/get_account_summary", currency="BTC", extended=True)


def log_in() -> list[Any]:
    keys = {"client_id": "key-1", "client_secret": "secret-1"}
    return with_text_id(Desk(), "public/auth", grant_type="client_credentials", **keys)


OURS: dict[str, Callable[[], list[Any]]] = {
    "ticker of the perpetual": lambda: ticker(PERPETUAL),
    "ticker of a dated future": lambda: ticker(EXPIRING_FUTURE),
    "ticker of an inverse option": lambda: ticker(CALL),
    "ticker of a linear option": lambda: [
        result("public/ticker", desk=with_linear_option(), instrument_name=LINEAR_CALL)
    ],
    "ticker notification": lambda: notification(f"ticker.{PERPETUAL}.100ms", after_trades_of_others()),
    "instrument: perpetual": lambda: instrument(PERPETUAL),
    "instrument: dated future": lambda: instrument(EXPIRING_FUTURE),
    "instrument: inverse option": lambda: instrument(CALL),
    "instrument: linear option": lambda: instrument(LINEAR_CALL, with_linear_option()),
    "order book": lambda: [
        result("public/get_order_book", desk=after_trades_of_others(), instrument_name=PERPETUAL)
    ],
    "order book reply": lambda: [
        after_trades_of_others().call("public/get_order_book", instrument_name=PERPETUAL)
    ],
    "book snapshot": lambda: notification(f"book.{PERPETUAL}.100ms"),
    "book change": book_change,
    "book window": lambda: notification(f"book.{PERPETUAL}.none.10.100ms"),
    "quote": lambda: notification(f"quote.{PERPETUAL}"),
    "chart": chart,
    "chart reply": chart_reply,
    "expirations of everything": lambda: [
        logged_in().call("public/get_expirations", currency="any", kind="any")
    ],
    "expirations of options": lambda: [
        logged_in().call("public/get_expirations", currency="BTC", kind="option")
    ],
    "volatility index": lambda: notification("deribit_volatility_index.btc_usd"),
    "public trades": public_trades,
    "public trades reply": lambda: [
        traded().call("public/get_last_trades_by_instrument", instrument_name=PERPETUAL)
    ],
    "buy reply": lambda: placed("buy"),
    "sell reply": lambda: placed("sell"),
    "edit reply": lambda: [edited_and_cancelled()[0]],
    "cancel reply": lambda: [edited_and_cancelled()[1]],
    "user changes": lambda: user_frames(CHANGES),
    "user trades": lambda: user_frames("user.trades.any.any.raw"),
    "portfolio": lambda: notification("user.portfolio.btc", traded()),
    "portfolio with cross margin": lambda: notification(
        "user.portfolio.btc", traded(margin_model="cross_sm")
    ),
    "account summary": account_summary,
    "account summary example": lambda: [
        result("private/get_account_summary", desk=traded(), currency="BTC", extended=True)
    ],
    "account summaries": lambda: [traded().call("private/get_account_summaries", extended=True)],
    "account summaries with cross margin": lambda: [
        traded(margin_model="cross_sm").call("private/get_account_summaries", extended=True)
    ],
    "positions": lambda: [
        [row for row in result("private/get_positions", desk=traded()) if row["kind"] == "future"]
    ],
    "platform state": lambda: notification("platform_state"),
    "instrument state": state_change,
    "settlements": settlements,
    "status": lambda: [result("public/status")],
    "auth": log_in,
    "subscribe ack": lambda: [logged_in().call("public/subscribe", channels=[f"quote.{PERPETUAL}"])],
    "test reply": lambda: [logged_in().call("public/test")],
    "time reply": lambda: [logged_in().call("public/get_time")],
    "test request": test_request,
    "error: value required": lambda: with_text_id(logged_in(), "private/get_account_summary"),
    "error: unknown instrument": lambda: error("public/ticker", instrument_name="BTC-1JAN20"),
    "error: wrong format": lambda: [
        Desk().send('{"jsonrpc":"2.0","method":"public/ticker","params":{"instrument_name":7}}')[0]
    ],
    "error: no mmp in an edit": edit_of_mmp,
    "error: not an open order": cancel_of_a_filled_order,
    "error: no such order": lambda: error("private/cancel", order_id="1"),
    "error: raw without a key": lambda: [
        Desk().call("public/subscribe", channels=[f"ticker.{PERPETUAL}.raw"])
    ],
    "error: not JSON": lambda: [Desk().send("{nonsense")[0].error],
    "error: no such method": lambda: error("public/no_such_thing"),
    "error: websocket only": lambda: [
        Desk().http("GET", "/api/v2/public/set_heartbeat?interval=30")[1]["error"]
    ],
    "error: invalid token": lambda: error("private/get_positions", Desk(), access_token="x"),
    "error: too many requests": too_many_requests,
}
