"""What can go wrong on request: the kinds of fault, what each does, and how long it lasts unasked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Concerns = Literal["engine", "any", "login"]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of fault.

    `once`: without a count and a duration it happens one time, else it lasts for the default duration.
    `counted`: it can end after a number of times.
    `concerns`: the requests it hits where no method is named: the matching engine's, any, or public/auth.
    """

    tells: str
    once: bool = False
    counted: bool = True
    concerns: Concerns = "engine"


KINDS: Mapping[str, Kind] = {
    # sockets
    "drop": Kind("every socket breaks without a close frame", once=True),
    "half_open": Kind("open sockets go deaf and mute while TCP stays up; new ones work", once=True),
    "too_slow": Kind("every socket is closed with connection_too_slow", once=True),
    "refuse_handshake": Kind("new websockets are refused with `status`, 429 unless told", concerns="any"),
    "http_error": Kind("HTTP calls get a page of HTML with `status`, 503 unless told", concerns="any"),
    # replies
    "delay": Kind("every outgoing frame is late by delay_s", counted=False),
    "slow_ack": Kind("replies are late by delay_s while notifications flow"),
    "slow_engine": Kind("requests are executed delay_s late; a second edit of an order replaces the first"),
    "lost_reply": Kind("a request is executed, its reply is not sent", once=True),
    "notification_first": Kind("notifications of a request come before its reply", once=True),
    "reject": Kind("a request is answered with `code` and not executed", once=True),
    "rate_limit": Kind("10028, then the session ends and the bucket is empty", once=True),
    "fill_first": Kind("an order fills, by `share`, just before its cancel or edit arrives", once=True),
    # logins
    "login_limit": Kind("public/auth is answered with 12003", concerns="login"),
    "expire_token": Kind("all tokens so far become invalid, refresh tokens included", once=True),
    "short_token": Kind("tokens granted meanwhile live for lifetime_s", concerns="login"),
    # notifications
    "silence": Kind("no notifications; requests are answered", counted=False),
    "silent_subscription": Kind("channels subscribed meanwhile are granted and never tell anything"),
    "duplicate": Kind("notifications are sent twice"),
    "reorder": Kind("a notification changes places with the next one"),
    "book_gap": Kind("a change of a book is left out: the next prev_change_id does not match", once=True),
    # markets
    "maintenance": Kind(
        "told for notice_s, then sockets close and nobody gets in until the end", counted=False
    ),
    "lock": Kind("the platform, or one `index`, takes cancels only", counted=False),
    "halt": Kind("instruments are in `state`, halted unless told, and take cancels only", counted=False),
    "stale_quotes": Kind("tickers keep their old prices and timestamps", counted=False),
    "empty_book": Kind("ladders are empty", counted=False),
    "null_quotes": Kind("tickers tell an empty side as null instead of 0.0", counted=False),
}
