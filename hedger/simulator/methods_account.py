"""Account, positions, orders and trades of the account, transaction log (deribit.md 8 and 9)."""

from __future__ import annotations

from hedger.simulator.channels import CURRENCIES
from hedger.simulator.desk import find_order
from hedger.simulator.limits import render_limits
from hedger.simulator.methods import Call, method
from hedger.simulator.methods_trade import order_filter
from hedger.simulator.orders import Order
from hedger.simulator.positions import Position
from hedger.simulator.render_margin import currency_summary, position_rows
from hedger.simulator.render_order import render_order
from hedger.simulator.rpc import invalid_param
from hedger.simulator.time_units import DAY_MS, MINUTE_MS

READ_ACCOUNT = ("account", "read")
READ_TRADE = ("trade", "read")
RECENT_ORDERS_MS = 30 * MINUTE_MS
SUMMARY_CURRENCIES = ("BTC", "ETH", "USDC")
_API_LIMITS: dict[str, object] = {
    "disable_kyc_verification": True,
    "change_margin_model_api_limit": {"timeframe": DAY_MS, "rate": 10},
}
ACCOUNT_CREATED_MS = 1_567_103_182_920


def asked_currency(call: Call, *, required: bool = True) -> str:
    """The `currency` parameter in capitals, or "any". Raises -32602 `invalid currency`."""
    if required:
        call.params.required_text("currency")
    asked = call.params.text("currency", "any")
    currency = asked if asked == "any" else asked.upper()
    if currency not in CURRENCIES:
        raise invalid_param("currency", "invalid currency")
    return currency


@method("private/get_position", READ_TRADE)
def get_position(call: Call) -> object:
    exchange = call.exchange
    listing = exchange.markets.listing(call.params.required_text("instrument_name"))
    held = exchange.account.positions.get(listing.name) or Position(listing)
    return position_rows(exchange.funds, exchange.markets, [held])[0]


@method("private/get_positions", READ_TRADE)
def get_positions(call: Call) -> object:
    currency, kind = asked_currency(call, required=False), call.params.text("kind")
    exchange = call.exchange
    held = exchange.account.open_positions(None if currency == "any" else currency)
    wanted = [row for row in held if kind in ("", "any", row.listing.kind)]
    return position_rows(exchange.funds, exchange.markets, wanted)


@method("private/get_account_summary", READ_ACCOUNT)
def get_account_summary(call: Call) -> object:
    currency = asked_currency(call)
    if currency == "any":
        raise invalid_param("currency", "invalid currency")
    extended = call.params.flag("extended")
    return {**_summary(call, currency, extended), **(_owner(call) | _API_LIMITS if extended else {})}


@method("private/get_account_summaries", READ_ACCOUNT)
def get_account_summaries(call: Call) -> object:
    extended = call.params.flag("extended")
    others = sorted(set(call.exchange.account.ledgers) - set(SUMMARY_CURRENCIES))
    rows = [_summary(call, currency, extended) for currency in (*SUMMARY_CURRENCIES, *others)]
    return {**_owner(call), "login_enabled": True, "summaries": rows}


def _summary(call: Call, currency: str, extended: bool) -> dict[str, object]:
    exchange = call.exchange
    row = currency_summary(exchange.funds, currency)
    if extended:
        row["limits"] = render_limits(exchange.limits)
        row["fees"] = _fees(call, currency)
    return row


def _fees(call: Call, currency: str) -> list[object]:
    """Fees per kind and index, from the listings."""
    rows: dict[tuple[str, str], object] = {}
    for listing in call.exchange.markets.listings().values():
        if listing.settlement_currency != currency:
            continue
        kind = "perpetual" if listing.is_perpetual else listing.kind
        rates = {"maker": float(listing.maker_commission), "taker": float(listing.taker_commission)}
        value = {"default": {"type": "fixed", **rates}, "block_trade": 0.3}
        rows.setdefault(
            (kind, listing.price_index), {"kind": kind, "index_name": listing.price_index, "value": value}
        )
    return list(rows.values())


def _owner(call: Call) -> dict[str, object]:
    identity = call.exchange.identity
    return {
        "id": identity.user_id,
        "username": identity.account,
        "system_name": identity.account,
        "email": f"{identity.account}@localhost",
        "type": "main",
        "creation_timestamp": ACCOUNT_CREATED_MS,
        "referrer_id": None,
        "security_keys_enabled": False,
        "mmp_enabled": False,
        "interuser_transfers_enabled": False,
        "self_trading_reject_mode": "cancel_maker",
        "self_trading_extended_to_subaccounts": False,
        "block_rfq_self_match_prevention": False,
        "receive_notifications": False,
        "mandatory_tfa": False,
        "trading_products_details": [
            {"product": name, "enabled": True, "overwriteable": False, "requires_consent": False}
            for name in ("perpetual", "futures", "options", "future_combos", "option_combos", "spots")
        ],
    }


@method("private/get_order_state", READ_TRADE)
def get_order_state(call: Call) -> object:
    order = find_order(call.exchange.desk, call.params.required_text("order_id"))
    return render_order(order, call.exchange.identity.user_id)


@method("private/get_order_state_by_label", READ_TRADE)
def get_order_state_by_label(call: Call) -> object:
    """Open orders with this label and those that ended within 30 minutes."""
    currency, label = asked_currency(call), call.params.required_text("label")
    rows = (o for o in call.exchange.desk.orders.values() if o.label == label)
    mine = [o for o in rows if currency in ("any", o.listing.settlement_currency)]
    return _render(call, [o for o in mine if o.is_open or _recent(call, o)])


def _recent(call: Call, order: Order) -> bool:
    return order.last_update_ms >= call.now_ms - RECENT_ORDERS_MS


def _render(call: Call, orders: list[Order]) -> list[object]:
    return [render_order(order, call.exchange.identity.user_id) for order in orders]


@method("private/get_open_orders", READ_TRADE)
@method("private/get_open_orders_by_currency", READ_TRADE)
def get_open_orders(call: Call) -> object:
    wanted = order_filter(call)
    return _render(call, [order for order in call.exchange.desk.open_orders() if wanted(order)])


@method("private/get_open_orders_by_instrument", READ_TRADE)
def get_open_orders_by_instrument(call: Call) -> object:
    name = call.exchange.markets.listing(call.params.required_text("instrument_name")).name
    wanted = order_filter(call)
    return _render(call, [o for o in call.exchange.desk.open_orders() if o.name == name and wanted(o)])


@method("private/get_open_orders_by_label", READ_TRADE)
def get_open_orders_by_label(call: Call) -> object:
    currency, label = asked_currency(call), call.params.text("label")
    rows = (o for o in call.exchange.desk.open_orders() if currency in ("any", o.listing.settlement_currency))
    return _render(call, [order for order in rows if label in ("", order.label)])


@method("private/get_order_history_by_currency", READ_TRADE)
def get_order_history_by_currency(call: Call) -> object:
    asked_currency(call)
    return _order_history(call, "")


@method("private/get_order_history_by_instrument", READ_TRADE)
def get_order_history_by_instrument(call: Call) -> object:
    return _order_history(call, call.params.required_text("instrument_name"))


def _order_history(call: Call, name: str) -> list[object]:
    """Orders that ended, newest first: the last 30 minutes, or with `historical` the older ones."""
    historical, offset = call.params.flag("historical"), call.params.integer("offset") or 0
    unfilled, wanted = call.params.flag("include_unfilled"), order_filter(call)
    ended = [
        order
        for order in reversed(call.exchange.desk.orders.values())
        if not order.is_open
        and name in ("", order.name)
        and wanted(order)
        and _recent(call, order) != historical
        and (unfilled or order.filled)
    ]
    return _render(call, ended[offset : offset + call.params.count(default=20)])
