"""The recorded frames and examples that ours are compared with, by name (provenance: README of the data)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.shared_data import shared_data

Samples = list[Any]


def whole(*parts: str) -> Any:
    return json.loads(shared_data("deribit_payloads", *parts).read_text())


def lines(*parts: str) -> Samples:
    text = shared_data("deribit_payloads", *parts).read_text()
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def example(method: str) -> Samples:
    """The documented answer of a method."""
    return [whole("spec", "openapi_method_examples.json")[f"/{method}"]["response"]["result"]]


def nautilus(name: str) -> Samples:
    return [whole("nautilus_trader", f"{name}.json")]


def nautilus_data(name: str) -> Samples:
    return [frame["params"]["data"] for frame in nautilus(name)]


def roq(channel: str) -> Samples:
    frames = lines("roq", "private_notifications.jsonl")
    return [frame for frame in frames if frame["params"]["channel"] == channel]


def roq_reply(name: str, member: str = "result") -> Samples:
    return [f for f in lines("roq", "rpc_responses.jsonl") if f["id"] == name and member in f]


def options(prefix: str) -> Samples:
    tickers = whole("openbb", "option_tickers.json")
    return [row for name, row in tickers.items() if name.startswith(prefix)]


def listed_options(prefix: str) -> Samples:
    rows = whole("openbb", "instruments_option.subset.json")
    return [row for row in rows if row["instrument_name"].startswith(prefix)]


def listed_futures(*, perpetual: bool) -> Samples:
    rows = whole("openbb", "instruments_future.json")
    return [row for row in rows if (row["settlement_period"] == "perpetual") is perpetual]


def error(code: int, **wanted: object) -> Samples:
    """Recorded errors of a code whose `data` is or has what is wanted; the error member alone."""
    found = [frame["error"] for frame in lines("errors", "error_responses.jsonl")]
    return [row for row in found if row["code"] == code and row.get("data") == wanted.get("data")]


def openbb(name: str) -> Samples:
    return [whole("openbb", f"{name}.json")]


def perpetual_tickers() -> Samples:
    return openbb("ticker_future") + nautilus_data("ws_ticker")


RECORDED: dict[str, Callable[[], Samples]] = {
    "ticker of the perpetual": perpetual_tickers,
    "ticker of a dated future": perpetual_tickers,
    "ticker of an inverse option": lambda: options("BTC-"),
    "ticker of a linear option": lambda: options("XRP_USDC-"),
    "ticker notification": lambda: nautilus("ws_ticker"),
    "instrument: perpetual": lambda: listed_futures(perpetual=True) + openbb("instrument"),
    "instrument: dated future": lambda: listed_futures(perpetual=False),
    "instrument: inverse option": lambda: listed_options("BTC-"),
    "instrument: linear option": lambda: listed_options("XRP_USDC-"),
    "order book": lambda: openbb("order_book"),
    "order book reply": lambda: nautilus("http_get_order_book"),
    "book snapshot": lambda: nautilus("ws_book_snapshot"),
    "book change": lambda: nautilus("ws_book_delta"),
    "book window": lambda: nautilus("ws_book_grouped_snapshot"),
    "quote": lambda: nautilus("ws_quote"),
    "chart": lambda: nautilus("ws_chart"),
    "chart reply": lambda: nautilus("http_get_tradingview_chart_data"),
    "expirations of everything": lambda: nautilus("http_get_expirations_any"),
    "expirations of options": lambda: nautilus("http_get_expirations_btc_option"),
    "volatility index": lambda: nautilus("ws_volatility_index"),
    "public trades": lambda: nautilus("ws_trades"),
    "public trades reply": lambda: nautilus("http_get_last_trades"),
    "buy reply": lambda: nautilus("ws_order_buy_response"),
    "sell reply": lambda: nautilus("ws_order_sell_response"),
    "edit reply": lambda: nautilus("ws_order_edit_response"),
    "cancel reply": lambda: nautilus("ws_order_cancel_response"),
    "user changes": lambda: roq("user.changes.any.any.raw"),
    "user trades": lambda: roq("user.trades.any.any.raw"),
    "portfolio": lambda: roq("user.portfolio.btc"),
    "portfolio with cross margin": lambda: nautilus("ws_portfolio"),
    "account summary": lambda: roq_reply("get_account_summary"),
    "account summary example": lambda: example("private/get_account_summary"),
    "account summaries": lambda: nautilus("http_get_account_summaries"),
    "account summaries with cross margin": lambda: nautilus("http_get_account_summaries_cross_margin"),
    "positions": lambda: example("private/get_positions"),
    "platform state": lambda: roq("platform_state"),
    "instrument state": lambda: [
        whole("spec", "asyncapi_channel_examples.json")["instrument.state.(kind).(currency)"]["repeated"]
    ],
    "settlements": lambda: openbb("settlements_currency") + openbb("settlements_instrument"),
    "status": lambda: openbb("status"),
    "auth": lambda: roq_reply("auth"),
    "subscribe ack": lambda: nautilus("ws_subscribe_response"),
    "test reply": lambda: nautilus("http_test"),
    "time reply": lambda: nautilus("http_get_time"),
    "test request": lambda: nautilus("ws_test_request"),
    "error: value required": lambda: roq_reply("get_account_summary", "error"),
    "error: unknown instrument": lambda: error(
        -32602, data={"reason": "instrument not found", "param": "instrument_name"}
    ),
    "error: wrong format": lambda: [lines("errors", "error_responses.jsonl")[1]],
    "error: no mmp in an edit": lambda: error(
        -32602, data={"param": "mmp", "reason": "editing mmp flag is not supported"}
    ),
    "error: not an open order": lambda: [lines("errors", "buy_then_cancel_race.jsonl")[1]],
    "error: no such order": lambda: error(10004),
    "error: raw without a key": lambda: [_with_code(13778)],
    "error: not JSON": lambda: error(11050, data="invalid json"),
    "error: no such method": lambda: error(-32601),
    "error: websocket only": lambda: error(10030),
    "error: invalid token": lambda: error(13009, data={"reason": "invalid_token"}),
    "error: too many requests": lambda: nautilus("ws_error"),
}


def _with_code(code: int) -> Any:
    frames = lines("errors", "error_responses.jsonl")
    return next(frame for frame in frames if frame["error"]["code"] == code)
