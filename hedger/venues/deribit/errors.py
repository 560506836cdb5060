"""What Deribit's error codes prove (deribit.md 2; the complete table of docs.deribit.com/articles/errors).

The default for a placement is doubt: only a code known to be raised before the matching engine, or by its own
refusal, proves that nothing was placed. Texts carry values ("price_too_high 2180.0"): codes are matched.
"""

from __future__ import annotations

AUTHORIZATION_REQUIRED = 10000
ORDER_NOT_FOUND = 10004
TOO_MANY_REQUESTS = 10028
SETTLEMENT_IN_PROGRESS = 10041
SYSTEM_MAINTENANCE = 11051
UNAUTHENTICATED_DISABLED = 11056
LOGIN_OVER_LIMIT = 12003
INVALID_CREDENTIALS = 13004
UNAUTHORIZED = 13009
FORBIDDEN = 13021
RAW_NEEDS_AUTH = 13778

TIMED_OUT = -1  # ours: no answer within the request time-out
CONNECTION_CLOSED = -2  # ours: the socket closed before the answer
NOT_SENT = -3  # ours: refused by our own queue
BAD_REPLY = -4  # ours: the answer could not be read

# Codes of a placement that prove nothing was placed, each with the reason why.
PLACEMENT_REFUSED: dict[int, str] = {
    10000: "not authorized: refused at the door",
    10002: "amount under the minimum",
    10003: "self-trade rejected",
    10005: "price under the band",
    10006: "price under the band for the index",
    10007: "price over the band",
    10009: "not enough funds",
    10011: "price not allowed",
    10012: "book closed",
    10013: "portfolio margin limit",
    10014: "portfolio margin limit",
    10015: "portfolio margin limit",
    10016: "portfolio margin limit",
    10017: "portfolio margin limit",
    10018: "portfolio margin limit",
    10019: "locked by the venue's staff",
    10020: "no such instrument",
    10021: "amount not valid",
    10023: "price not valid",
    10026: "too many digits in the price",
    10027: "amount is no multiple of the contract size",
    10030: "not a websocket request",
    10031: "arguments do not fit the instrument",
    10033: "not implemented",
    10037: "position limit",
    10038: "position limit",
    10039: "not enough funds in the currency",
    10040: "retry: the request was turned away unprocessed",
    10041: "settlement in progress: the matching engine takes no orders",
    10043: "price off the tick",
    10044: "trigger price off the tick",
    10047: "queue of the matching engine full: the request never entered it",
    10048: "not served on this server",
    10066: "too many concurrent requests: turned away",
    10072: "disabled while the position is locked",
    11029: "invalid arguments",
    11030: "other_reject: a refusal by name",
    11036: "trigger price not valid",
    11042: "permission denied",
    11043: "bad argument",
    11046: "outdated instrument",
    11047: "unsupported combination of arguments",
    11049: "bad arguments",
    11050: "the request could not be parsed",
    11051: "system maintenance: requests are turned away",
    11054: "post-only order would have taken",
    11055: "post-only not allowed",
    11056: "not authenticated",
    11098: "account locked",
    13009: "token invalid: refused at the door",
    13019: "order book closed",
    13020: "no such instrument",
    13021: "the key's scope forbids it",
    13025: "method switched off",
    13403: "scope exceeded",
    -32700: "not JSON",
    -32600: "request too large",
    -32601: "no such method",
    -32602: "a parameter is wrong",
    -32000: "a parameter is missing",
}

# Codes of a placement that prove nothing, for the record: every code not in the table above is treated alike.
PLACEMENT_UNKNOWN: dict[int, str] = {
    10001: "general failure",
    10028: "the session is terminated; an earlier copy may have been processed",
    11031: "other_error: an internal failure by name",
    11094: "internal error after acceptance is possible",
    13028: "temporarily unavailable: outcome not told",
    13503: "unavailable: outcome not told",
    13888: "timed out: only a look-up tells on which side of the engine",
}

# Refusals of an amendment that say more of the order than of the amendment: its state is to be fetched.
AMEND_LOST_ITS_ORDER: dict[int, str] = {
    ORDER_NOT_FOUND: "unknown or archived order",
    10010: "already closed",
    11008: "already filled",
    11044: "no longer open",
    13777: "replaced by a later amendment",
}

# Refusals of an amendment beside those of a placement: the old terms stand.
_AMEND_REFUSED: frozenset[int] = frozenset({11021})  # post-only price modification not possible

# Refusals that say the account itself may not trade: liquidation, a position lock, or the venue's staff.
ACCOUNT_LOCKED: dict[int, str] = {
    10019: "locked by the venue's staff",
    10072: "disabled while the position is locked",
    11098: "account locked",
}

# Codes of public/auth that no retry will mend.
AUTH_FATAL: dict[int, str] = {
    INVALID_CREDENTIALS: (
        "the key does not exist in this environment, or the secret is not that key's "
        "(with client_signature also a clock that is off)"
    ),
    UNAUTHORIZED: "the signature or the token was not accepted: wrong secret, or a clock that is off",
    AUTHORIZATION_REQUIRED: "no or invalid signature: wrong secret",
    FORBIDDEN: "the key's scope forbids it",
    -32602: "client_id or client_secret has not the form of a key",
}


def amend_refused(code: int) -> bool:
    """True where the code proves that the order stands at its old terms."""
    return code in _AMEND_REFUSED or (code in PLACEMENT_REFUSED and code not in AMEND_LOST_ITS_ORDER)


def placement_refused(code: int) -> bool:
    """True where the code proves that nothing was placed."""
    return code in PLACEMENT_REFUSED
