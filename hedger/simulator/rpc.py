"""The JSON-RPC envelope of the exchange: requests in, results and errors out (deribit.md 1 and 2)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

MAX_REQUEST_BYTES = 32 * 1024

ERRORS: Mapping[int, str] = {
    10000: "authorization_required",
    10001: "error",
    10002: "qty_too_low",
    10004: "order_not_found",
    10005: "price_too_low",
    10007: "price_too_high",
    10009: "not_enough_funds",
    10010: "already_closed",
    10011: "price_not_allowed",
    10012: "book_closed",
    10019: "locked_by_admin",
    10020: "invalid_or_unsupported_instrument",
    10021: "invalid_amount",
    10023: "invalid_price",
    10025: "invalid_order_id",
    10027: "non_integer_contract_amount",
    10028: "too_many_requests",
    10029: "not_owner_of_order",
    10030: "must_be_websocket_request",
    10033: "not_implemented",
    10040: "retry",
    10041: "settlement_in_progress",
    10043: "price_wrong_tick",
    10047: "matching_engine_queue_full",
    10072: "disabled_while_position_lock",
    11008: "already_filled",
    11029: "invalid_arguments",
    11030: "other_reject",
    11042: "permission_denied",
    11044: "not_open_order",
    11050: "bad_request",
    11051: "system_maintenance",
    11054: "post_only_reject",
    11055: "post_only_not_allowed",
    11094: "internal_server_error",
    11098: "account_locked",
    13004: "invalid_credentials",
    13009: "unauthorized",
    13020: "not_found",
    13021: "forbidden",
    13028: "temporarily_unavailable",
    13032: "non_unique_order_label",
    13778: "raw_subscriptions_not_available_for_unauthorized",
    13888: "timed_out",
    -32600: "request entity too large",
    -32601: "Method not found",
    -32602: "Invalid params",
    -32000: "Missing params",
}


class ApiError(Exception):
    """An answer of the exchange that is not a result."""

    def __init__(self, code: int, data: object = None, detail: str = "") -> None:
        name = ERRORS.get(code, "error")
        self.code = code
        self.message = f"{name} {detail}" if detail else name
        self.data = data
        super().__init__(f"{self.message} ({code})")


def invalid_param(name: str, reason: str) -> ApiError:
    """-32602 with the parameter and the reason, as on the wire."""
    return ApiError(-32602, {"reason": reason, "param": name})


RequestId = int | str | None


@dataclass(frozen=True, slots=True)
class Request:
    """One call of a method with named parameters."""

    id: RequestId
    method: str
    params: Mapping[str, object]


class BadFrame(Exception):
    """A frame that is not a request; carries what can be said about it."""

    def __init__(self, error: ApiError, request_id: RequestId = None) -> None:
        self.error = error
        self.request_id = request_id
        super().__init__(str(error))


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


def parse_request(text: str) -> Request:
    """A request from its text.

    Raises BadFrame: too large (-32600), not JSON or not an object with a method (11050).
    """
    if len(text) > MAX_REQUEST_BYTES:
        raise BadFrame(ApiError(-32600))
    try:
        frame = json.loads(text, parse_float=Decimal, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise BadFrame(ApiError(11050, "invalid json")) from None
    if not isinstance(frame, dict):
        raise BadFrame(ApiError(11050, "not an object"))
    raw_id = frame.get("id")
    request_id = raw_id if isinstance(raw_id, (int, str)) and not isinstance(raw_id, bool) else None
    method, params = frame.get("method"), frame.get("params")
    if not isinstance(method, str):
        raise BadFrame(ApiError(11050, "method missing"), request_id)
    if params is not None and not isinstance(params, dict):
        raise BadFrame(ApiError(-32602, {"reason": "must be an object", "param": "params"}), request_id)
    return Request(request_id, method, params or {})


def envelope(
    request_id: RequestId, body: Mapping[str, object], us_in: int, us_diff: int
) -> dict[str, object]:
    """The common frame around a result or an error; times are market time in microseconds."""
    frame: dict[str, object] = {"jsonrpc": "2.0"}
    if request_id is not None:
        frame["id"] = request_id
    frame.update(body)
    frame.update(usIn=us_in, usOut=us_in + us_diff, usDiff=us_diff, testnet=True)
    return frame


def error_body(error: ApiError) -> dict[str, object]:
    body: dict[str, object] = {"code": error.code, "message": error.message}
    if error.data is not None:
        body["data"] = error.data
    return {"error": body}


def notification(channel: str, data: object) -> dict[str, object]:
    params = {"channel": channel, "data": data}
    return {"jsonrpc": "2.0", "method": "subscription", "params": params}


def heartbeat(kind: str) -> dict[str, object]:
    return {"jsonrpc": "2.0", "method": "heartbeat", "params": {"type": kind}}
