"""The JSON-RPC envelope of the exchange: requests in, results and errors out (deribit.md 1 and 2)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from hedger.simulator.error_codes import ERRORS

MAX_REQUEST_BYTES = 32 * 1024


class ApiError(Exception):
    """An answer of the exchange that is not a result."""

    def __init__(self, code: int, data: object = None, detail: str = "") -> None:
        name = ERRORS[code]
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


_DECODER = json.JSONDecoder(parse_float=Decimal, parse_constant=_refuse_constant)


def parse_request(text: str) -> Request:
    """A request from its text.

    Raises BadFrame: too large (-32600), not JSON or not an object with a method (11050).
    """
    if len(text) > MAX_REQUEST_BYTES or len(text.encode()) > MAX_REQUEST_BYTES:
        raise BadFrame(ApiError(-32600))
    try:
        frame = _DECODER.decode(text)
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
