"""Effects as requests: one function per method, and the one list of methods that change the account.

Everything the session ever sends is built here, so a test can walk it.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from typing import NamedTuple

from hedger.domain.order import OrderIntent, OrderType, Side
from hedger.venues.secret import Secret

# Methods that place, change or cancel orders, or move money: none of them may leave in observe or paper mode.
STATE_CHANGING: frozenset[str] = frozenset(
    {
        "private/buy",
        "private/sell",
        "private/edit",
        "private/edit_by_label",
        "private/cancel",
        "private/cancel_by_label",
        "private/cancel_all",
        "private/cancel_all_by_currency",
        "private/cancel_all_by_instrument",
        "private/cancel_all_by_kind_or_type",
        "private/close_position",
        "private/mass_quote",
        "private/cancel_quotes",
        "private/move_positions",
        "private/execute_block_trade",
        "private/withdraw",
        "private/submit_transfer_to_subaccount",
        "private/submit_transfer_to_user",
        "private/submit_transfer_between_subaccounts",
        "private/enable_cancel_on_disconnect",
        "private/disable_cancel_on_disconnect",
    }
)

CLIENT_NAME = "hedger"
MAX_LABEL = 64
PAGE = 1_000  # most trades of one answer
LOG_PAGE = 250  # most rows of the transaction log in one

Params = dict[str, object]


class Request(NamedTuple):
    method: str
    params: Params


def hello(version: str) -> Request:
    return Request("public/hello", {"client_name": CLIENT_NAME, "client_version": version})


def auth_credentials(client_id: str, secret: Secret) -> Request:
    return Request(
        "public/auth",
        {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret},
    )


def auth_signature(client_id: str, secret: Secret, timestamp_ms: int, nonce: str) -> Request:
    """hex(HMAC-SHA256(secret, "timestamp\\nnonce\\ndata")); data is empty, its newline stays."""
    message = f"{timestamp_ms}\n{nonce}\n"
    signature = hmac.new(secret.reveal().encode(), message.encode(), hashlib.sha256).hexdigest()
    return Request(
        "public/auth",
        {
            "grant_type": "client_signature",
            "client_id": client_id,
            "timestamp": timestamp_ms,
            "nonce": nonce,
            "data": "",
            "signature": signature,
        },
    )


def auth_refresh(refresh_token: Secret) -> Request:
    return Request("public/auth", {"grant_type": "refresh_token", "refresh_token": refresh_token})


def test() -> Request:
    return Request("public/test", {})


def status() -> Request:
    return Request("public/status", {})


def set_heartbeat(interval_s: int) -> Request:
    return Request("public/set_heartbeat", {"interval": interval_s})


def enable_cancel_on_disconnect() -> Request:
    return Request("private/enable_cancel_on_disconnect", {"scope": "connection"})


def get_instruments(currency: str, kind: str) -> Request:
    return Request("public/get_instruments", {"currency": currency, "kind": kind, "expired": False})


def get_instrument(name: str) -> Request:
    return Request("public/get_instrument", {"instrument_name": name})


def combo_details(name: str) -> Request:
    return Request("public/get_combo_details", {"combo_id": name})


def account_summaries() -> Request:
    return Request("private/get_account_summaries", {"extended": True})


def positions() -> Request:
    return Request("private/get_positions", {"currency": "any"})


def open_orders() -> Request:
    return Request("private/get_open_orders", {})


def order_state_by_label(currency: str, label: str) -> Request:
    return Request("private/get_order_state_by_label", {"currency": currency, "label": label})


def user_trades(currency: str, since_ms: int, until_ms: int, *, historical: bool) -> Request:
    return Request(
        "private/get_user_trades_by_currency_and_time",
        {
            "currency": currency,
            "start_timestamp": since_ms,
            "end_timestamp": until_ms,
            "count": PAGE,
            "sorting": "asc",
            "historical": historical,
        },
    )


def transaction_log(currency: str, since_ms: int, until_ms: int, continuation: int | None) -> Request:
    """Newest first; `continuation` is where an earlier page said that the next one begins (deribit.md 11)."""
    params: Params = {
        "currency": currency,
        "start_timestamp": since_ms,
        "end_timestamp": until_ms,
        "count": LOG_PAGE,
    }
    if continuation is not None:
        params["continuation"] = continuation
    return Request("private/get_transaction_log", params)


def subscribe(names: Iterable[str], *, private: bool) -> Request:
    return Request(f"{_scope(private)}/subscribe", {"channels": list(names)})


def unsubscribe(names: Iterable[str], *, private: bool) -> Request:
    return Request(f"{_scope(private)}/unsubscribe", {"channels": list(names)})


def _scope(private: bool) -> str:
    return "private" if private else "public"


def place(intent: OrderIntent) -> Request:
    """private/buy or private/sell. `post_only` is always said: documented default true, on the wire false.

    A market order carries neither price nor time in force (deribit.md 8).
    """
    params: Params = {
        "instrument_name": intent.instrument,
        "amount": intent.amount,
        "type": intent.order_type.value,
        "label": intent.label,
        "post_only": intent.post_only,
        "reduce_only": intent.reduce_only,
        "valid_until": intent.valid_until_ms,
    }
    if intent.post_only:
        params["reject_post_only"] = True  # otherwise the venue moves the price and we would not know it
    if intent.order_type is not OrderType.MARKET:
        params["price"] = intent.price
        params["time_in_force"] = intent.time_in_force.value
    return Request("private/buy" if intent.side is Side.BUY else "private/sell", params)


def edit(order_id: str, intent: OrderIntent) -> Request:
    """private/edit: `amount` is the new total, filled part included (deribit.md 8)."""
    params: Params = {
        "order_id": order_id,
        "amount": intent.amount,
        "price": intent.price,
        "post_only": intent.post_only,
        "valid_until": intent.valid_until_ms,
    }
    if intent.post_only:
        params["reject_post_only"] = True
    return Request("private/edit", params)


def cancel(order_id: str) -> Request:
    return Request("private/cancel", {"order_id": order_id})


def cancel_by_label(label: str, currency: str) -> Request:
    """With the currency: without it the call is charged to the scarce cancel_all credits (deribit.md 5)."""
    return Request("private/cancel_by_label", {"label": label, "currency": currency})
