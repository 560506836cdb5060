"""Placing, editing and cancelling orders (deribit.md 8)."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from hedger.simulator.checks import reducible
from hedger.simulator.desk import amount_from, find_order
from hedger.simulator.methods import Call, method
from hedger.simulator.model import Listing
from hedger.simulator.orders import Order, Revision, Ticket, Trade
from hedger.simulator.render_order import render_order, render_trade
from hedger.simulator.rpc import ApiError, invalid_param
from hedger.simulator.spread_desk import place_spread

WRITE = ("trade", "read_write")
TIMES_IN_FORCE = ("good_til_cancelled", "good_til_day", "immediate_or_cancel", "fill_or_kill")
NOT_IMPLEMENTED = ("trigger", "trigger_price", "trigger_offset", "advanced", "display_amount", "otoco_config")
_KNOWN_TYPES = (
    "limit",
    "market",
    "stop_limit",
    "stop_market",
    "take_limit",
    "take_market",
    "market_limit",
    "trailing_stop",
)


@method("private/buy", WRITE)
def buy(call: Call) -> object:
    return _place(call, "buy")


@method("private/sell", WRITE)
def sell(call: Call) -> object:
    return _place(call, "sell")


def _place(call: Call, direction: str) -> object:
    _check_valid_until(call)
    ticket = _ticket(call, direction)
    spread, desk = call.exchange.markets.spread(ticket.listing.name), call.exchange.desk
    if spread is not None:
        return _reply(call, *place_spread(desk, spread, ticket, call.now_ms))
    order, trades = desk.place(ticket, call.now_ms)
    return _reply(call, order, trades)


def _ticket(call: Call, direction: str) -> Ticket:
    params = call.params
    listing = call.exchange.markets.listing(params.required_text("instrument_name"))
    order_type = params.choice("type", _KNOWN_TYPES, "limit")
    if order_type not in ("limit", "market") or any(params.has(name) for name in NOT_IMPLEMENTED):
        raise ApiError(10033)
    return Ticket(
        listing=listing,
        direction=direction,
        amount=amount_from(listing, params.number("amount"), params.number("contracts")),
        price=params.number("price") if order_type == "limit" else None,
        order_type=order_type,
        label=params.text("label"),
        time_in_force=params.choice("time_in_force", TIMES_IN_FORCE, "good_til_cancelled"),
        post_only=params.flag("post_only"),
        reject_post_only=params.flag("reject_post_only"),
        reduce_only=params.flag("reduce_only"),
        connection_id=call.connection.id if call.connection else None,
    )


def _check_valid_until(call: Call) -> None:
    """13888 when the request comes later than it wanted to be executed (market time)."""
    valid_until_ms = call.params.integer("valid_until")
    if valid_until_ms is not None and call.now_ms > valid_until_ms:
        raise ApiError(13888)


def _reply(call: Call, order: Order, trades: list[Trade]) -> object:
    user_id = call.exchange.identity.user_id
    rows = [render_trade(trade, user_id) for trade in trades]
    return {"order": render_order(order, user_id), "trades": rows}


@method("private/close_position", WRITE)
def close_position(call: Call) -> object:
    listing = call.exchange.markets.listing(call.params.required_text("instrument_name"))
    size = call.exchange.account.size(listing.name)
    order_type = call.params.choice("type", ("limit", "market"), "market")
    direction = "sell" if size > 0 else "buy"
    amount = reducible(size, direction)
    if not amount:
        raise ApiError(10010)
    price = call.params.number("price") if order_type == "limit" else None
    ticket = Ticket(listing, direction, amount, price, order_type, reduce_only=True)
    order, trades = call.exchange.desk.place(ticket, call.now_ms)
    return _reply(call, order, trades)


@method("private/edit", WRITE)
def edit(call: Call) -> object:
    return _edit(call, find_order(call.exchange.desk, call.params.required_text("order_id")))


@method("private/edit_by_label", WRITE)
def edit_by_label(call: Call) -> object:
    name, label = call.params.required_text("instrument_name"), call.params.text("label")
    found = [o for o in call.exchange.desk.open_orders() if o.label == label and o.name == name]
    if not found:
        raise ApiError(10004)
    if len(found) > 1:
        raise ApiError(13032)
    return _edit(call, found[0])


def _edit(call: Call, order: Order) -> object:
    _check_valid_until(call)
    trades = call.exchange.desk.edit(order, _revision(call, order), call.now_ms)
    return _reply(call, order, trades)


def _revision(call: Call, order: Order) -> Revision:
    """What is not said stays as it is."""
    params = call.params
    if params.has("mmp"):
        raise invalid_param("mmp", "editing mmp flag is not supported")
    if any(params.has(name) for name in NOT_IMPLEMENTED):
        raise ApiError(10033)
    amount, price = order.amount, params.number("price")
    if params.has("amount") or params.has("contracts"):
        amount = amount_from(order.listing, params.number("amount"), params.number("contracts"))
    return Revision(
        amount=amount,
        price=order.price if price is None else price,
        post_only=params.flag("post_only", order.post_only),
        reject_post_only=params.flag("reject_post_only", order.reject_post_only),
        reduce_only=params.flag("reduce_only", order.reduce_only),
    )


@method("private/cancel", WRITE)
def cancel(call: Call) -> object:
    """The cancelled order itself; 11044 when the race was lost."""
    order = find_order(call.exchange.desk, call.params.required_text("order_id"))
    call.exchange.desk.cancel(order, "user_request", call.now_ms)
    return render_order(order, call.exchange.identity.user_id)


@method("private/cancel_by_label", WRITE)
def cancel_by_label(call: Call) -> object:
    label, currency = call.params.required_text("label"), call.params.text("currency")
    return _cancel_where(
        call, lambda o: o.label == label and currency in ("", "any", o.listing.settlement_currency)
    )


@method("private/cancel_all", WRITE)
def cancel_all(call: Call) -> object:
    return _cancel_where(call, lambda order: True)


@method("private/cancel_all_by_instrument", WRITE)
def cancel_all_by_instrument(call: Call) -> object:
    name = call.exchange.markets.listing(call.params.required_text("instrument_name")).name
    wanted = call.params.text("type", "all")
    return _cancel_where(call, lambda order: order.name == name and wanted in ("all", order.order_type))


@method("private/cancel_all_by_currency", WRITE)
def cancel_all_by_currency(call: Call) -> object:
    call.params.required_text("currency")
    return _cancel_where(call, order_filter(call))


@method("private/cancel_all_by_kind_or_type", WRITE)
def cancel_all_by_kind_or_type(call: Call) -> object:
    return _cancel_where(call, order_filter(call))


def order_filter(call: Call) -> Callable[[Order], bool]:
    """Orders of the asked currency, kind and type; absent and `any` and `all` mean every one."""
    params = call.params
    currency, kind, kind_of_order = params.text("currency"), params.text("kind"), params.text("type")

    def wanted(order: Order) -> bool:
        listing = order.listing
        return (
            currency in ("", "any", listing.settlement_currency)
            and kind in ("", "any", listing.kind)
            and kind_of_order in ("", "all", order.order_type)
        )

    return wanted


def _cancel_where(call: Call, wanted: Callable[[Order], bool]) -> object:
    """Cancel open orders; their number, or with `detailed` the orders per instrument."""
    chosen = [order for order in call.exchange.desk.open_orders() if wanted(order)]
    for order in chosen:
        call.exchange.desk.cancel(order, "user_request", call.now_ms)
    if not call.params.flag("detailed"):
        return len(chosen)
    return _detailed(call, chosen)


def _detailed(call: Call, orders: Iterable[Order]) -> list[object]:
    user_id = call.exchange.identity.user_id
    groups: dict[str, list[Order]] = {}
    for order in orders:
        groups.setdefault(order.name, []).append(order)
    return [
        {
            "currency": rows[0].listing.settlement_currency,
            "type": "limit",
            "instrument_name": name,
            "result": [render_order(order, user_id) for order in rows],
        }
        for name, rows in groups.items()
    ]


def person_trade(call: Call, listing: Listing, side: str) -> Order:
    """A trade on the same account that did not come through the API: by a person, or another's label."""
    price = call.params.number("price")
    ticket = Ticket(
        listing=listing,
        direction=side,
        amount=amount_from(listing, call.params.number("amount"), None),
        price=price,
        order_type="market" if price is None else "limit",
        label=call.params.text("label"),
        time_in_force="immediate_or_cancel" if price is None else "good_til_cancelled",
        api=False,
    )
    return call.exchange.desk.place(ticket, call.now_ms)[0]
