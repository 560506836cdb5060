"""What can go wrong on request: the kinds of fault, what each does, what may be said about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Concerns = Literal["engine", "any", "login"]

_REQUEST = ("method", "instrument")
_NEWS = ("channel", "instrument")
_MARKET = ("instrument",)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of fault.

    `once`: without a count and a duration it happens one time, else it lasts for the default duration.
    `counted`: it can end after a number of times, and chance may spare some.
    `filters`, `settings`: the fields of a fault that mean something for this kind.
    `concerns`: the requests it hits where no method is named: the matching engine's, any, or public/auth.
    """

    tells: str
    once: bool = False
    counted: bool = True
    filters: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    concerns: Concerns = "engine"


def _socket(tells: str) -> Kind:
    """Something that happens to every open socket, at one instant."""
    return Kind(tells, once=True)


def _request(tells: str, *settings: str, once: bool = True) -> Kind:
    return Kind(tells, once=once, filters=_REQUEST, settings=settings)


def _news(tells: str, *, once: bool = False, counted: bool = True) -> Kind:
    return Kind(tells, once=once, counted=counted, filters=_NEWS)


def _market(tells: str, *settings: str, filters: tuple[str, ...] = _MARKET) -> Kind:
    return Kind(tells, counted=False, filters=filters, settings=settings)


KINDS: Mapping[str, Kind] = {
    # sockets
    "drop": _socket("every socket breaks without a close frame"),
    "half_open": _socket("open sockets go deaf and mute while TCP stays up; new ones work"),
    "too_slow": _socket("every socket is closed with connection_too_slow"),
    "refuse_handshake": Kind(
        "new websockets are refused with `status`, 429 unless told", settings=("status",)
    ),
    "http_error": Kind(
        "HTTP calls get a page of HTML with `status`, 503 unless told",
        filters=("method",),
        settings=("status",),
        concerns="any",
    ),
    # replies
    "delay": Kind("every outgoing frame is late by delay_s", counted=False, settings=("delay_s",)),
    "slow_ack": _request("replies are late by delay_s while notifications flow", "delay_s", once=False),
    "slow_engine": _request(
        "requests are executed delay_s late; a second edit of an order replaces the first",
        "delay_s",
        once=False,
    ),
    "lost_reply": _request("a request is executed, its reply is not sent"),
    "notification_first": _request("notifications of a request come before its reply"),
    "reject": _request("a request is answered with `code` and not executed", "code"),
    "rate_limit": _request("10028, then the session ends and the bucket is empty"),
    "fill_first": _request("an order fills, by `share`, just before its cancel or edit arrives", "share"),
    # logins
    "login_limit": Kind("public/auth is answered with 12003", concerns="login"),
    "expire_token": _socket("all tokens so far become invalid, refresh tokens included"),
    "short_token": Kind(
        "tokens granted meanwhile live for lifetime_s", settings=("lifetime_s",), concerns="login"
    ),
    # notifications
    "silence": _news("no notifications; requests are answered", counted=False),
    "silent_subscription": _news("channels subscribed meanwhile are granted and never tell anything"),
    "duplicate": _news("notifications are sent twice"),
    "reorder": _news("a notification changes places with the next one"),
    "book_gap": _news("a change of a book is left out: the next prev_change_id does not match", once=True),
    # markets
    "maintenance": _market(
        "told for notice_s, then sockets close and nobody gets in until the end", "notice_s", filters=()
    ),
    "lock": _market("the platform, or one `index`, takes cancels only", "index", filters=()),
    "halt": _market("instruments are in `state`, halted unless told, and take cancels only", "state"),
    "stale_quotes": _market("tickers keep their old prices and timestamps"),
    "empty_book": _market("ladders are empty"),
    "null_quotes": _market("tickers tell an empty side as null instead of 0.0"),
}
