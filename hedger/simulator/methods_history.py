"""Trades of the account and of the public, with the filters of the API."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from heapq import merge

from hedger.simulator.methods import Call, method
from hedger.simulator.methods_account import READ_TRADE, asked_currency
from hedger.simulator.orders import Trade, number_of
from hedger.simulator.params import required_integer
from hedger.simulator.render_order import render_public_trade, render_trade
from hedger.simulator.rpc import invalid_param
from hedger.simulator.time_units import DAY_MS

RECENT_TRADES_MS = DAY_MS

Keep = Callable[[Trade], bool]
Render = Callable[[Trade], dict[str, object]]


def _by_currency(call: Call) -> Keep:
    currency, kind = asked_currency(call), call.params.text("kind", "any")
    return lambda trade: currency in ("any", trade.currency) and kind in ("any", trade.kind)


def _by_instrument(call: Call) -> Keep:
    name = call.params.required_text("instrument_name")
    return lambda trade: trade.instrument_name == name


def _range(call: Call, *, required: bool) -> Keep:
    params = call.params
    if required:
        start, end = required_integer(params, "start_timestamp"), required_integer(params, "end_timestamp")
        return lambda trade: start <= trade.timestamp_ms <= end
    low, high = params.integer("start_timestamp"), params.integer("end_timestamp")
    return lambda trade: (
        (low is None or trade.timestamp_ms >= low) and (high is None or trade.timestamp_ms <= high)
    )


def _ids(call: Call) -> Keep:
    """`start_seq`/`end_seq` (per instrument) and `start_id`/`end_id` (per currency)."""
    params = call.params
    first, last = params.integer("start_seq"), params.integer("end_seq")
    low, high = _id(call, "start_id"), _id(call, "end_id")

    def keep(trade: Trade) -> bool:
        in_sequence = (first is None or trade.trade_seq >= first) and (
            last is None or trade.trade_seq <= last
        )
        number = number_of(trade.trade_id)
        return in_sequence and (low is None or number >= low) and (high is None or number <= high)

    return keep


def _id(call: Call, name: str) -> int | None:
    text = call.params.text(name)
    if text and not text.rpartition("-")[2].isdigit():
        raise invalid_param(name, "wrong format")
    return number_of(text) if text else None


def _page(call: Call, trades: Sequence[Trade], keep: Keep, timed: Keep, render: Render) -> object:
    """`{"trades": [...], "has_more": bool}`; newest first unless a start or `sorting` says otherwise."""
    params = call.params
    sorting = params.choice("sorting", ("asc", "desc", "default"), "default")
    forward = sorting == "asc" or (sorting == "default" and _asks_forward(call))
    by_id = _ids(call)
    chosen = [t for t in trades if keep(t) and timed(t) and by_id(t)]
    if not forward:
        chosen.reverse()
    count = params.count()
    return {"trades": [render(trade) for trade in chosen[:count]], "has_more": len(chosen) > count}


def _asks_forward(call: Call) -> bool:
    return any(call.params.has(name) for name in ("start_seq", "start_id", "start_timestamp"))


def _own(call: Call) -> Render:
    user_id = call.exchange.identity.user_id
    return lambda trade: render_trade(trade, user_id)


def _age(call: Call) -> Keep:
    """Without `historical` the last 24 hours of market time, with it what is older."""
    historical, edge_ms = call.params.flag("historical"), call.now_ms - RECENT_TRADES_MS
    return lambda trade: (trade.timestamp_ms < edge_ms) == historical


def _own_page(call: Call, keep: Keep, *, timed: bool) -> object:
    young, within = _age(call), _range(call, required=timed)
    trades = call.exchange.desk.trades
    return _page(call, trades, lambda trade: keep(trade) and young(trade), within, _own(call))


def _public_page(call: Call, keep: Keep, *, timed: bool) -> object:
    """The account's trades and those of others, in the order of their ids."""
    desk = call.exchange.desk
    trades = list(merge(desk.trades, desk.tape.others, key=lambda trade: number_of(trade.trade_id)))
    return _page(call, trades, keep, _range(call, required=timed), render_public_trade)


@method("private/get_user_trades_by_currency", READ_TRADE)
def user_trades_by_currency(call: Call) -> object:
    return _own_page(call, _by_currency(call), timed=False)


@method("private/get_user_trades_by_currency_and_time", READ_TRADE)
def user_trades_by_currency_and_time(call: Call) -> object:
    return _own_page(call, _by_currency(call), timed=True)


@method("private/get_user_trades_by_instrument", READ_TRADE)
def user_trades_by_instrument(call: Call) -> object:
    return _own_page(call, _by_instrument(call), timed=False)


@method("private/get_user_trades_by_instrument_and_time", READ_TRADE)
def user_trades_by_instrument_and_time(call: Call) -> object:
    return _own_page(call, _by_instrument(call), timed=True)


@method("private/get_user_trades_by_order", READ_TRADE)
def user_trades_by_order(call: Call) -> object:
    """A bare list, oldest first."""
    order_id, young = call.params.required_text("order_id"), _age(call)
    rows = [t for t in call.exchange.desk.trades if t.order_id == order_id and young(t)]
    if call.params.text("sorting") == "desc":
        rows.reverse()
    return [_own(call)(trade) for trade in rows]


@method("public/get_last_trades_by_currency")
def last_trades_by_currency(call: Call) -> object:
    return _public_page(call, _by_currency(call), timed=False)


@method("public/get_last_trades_by_currency_and_time")
def last_trades_by_currency_and_time(call: Call) -> object:
    return _public_page(call, _by_currency(call), timed=True)


@method("public/get_last_trades_by_instrument")
def last_trades_by_instrument(call: Call) -> object:
    return _public_page(call, _by_instrument(call), timed=False)


@method("public/get_last_trades_by_instrument_and_time")
def last_trades_by_instrument_and_time(call: Call) -> object:
    return _public_page(call, _by_instrument(call), timed=True)
