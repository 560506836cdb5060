"""What may be asked: query parameters and command bodies, each with its bounds."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Annotated, TypeVar

import msgspec
from aiohttp import web

from hedger.domain.names import parse_name
from hedger.domain.order import Side
from hedger.engine.hedging.manual_order import OrderAsked
from hedger.engine.ownership.waits import MOST_HOLD_S
from hedger.engine.views.view import StatusView
from hedger.web.guard import ApiError

_Body = TypeVar("_Body")

DEFAULT_LIMIT = 50
MOST_DECISIONS = 500
UNDERLYING = re.compile(r"[A-Z0-9]{1,16}")
LAST_MS = 253_402_300_799_999  # the end of the year 9999
_PATH_IN_MESSAGE = re.compile(r" - at `\$\.?(?P<field>[^`]*)`$")
_UNKNOWN_FIELD = re.compile(r"unknown field `(?P<field>[^`]*)`")
_MISSING_FIELD = re.compile(r"missing required field `(?P<field>[^`]*)`")


class Command(StrEnum):
    """What an operator can tell the daemon or one book to do."""

    PAUSE = "pause"
    RESUME = "resume"
    REDUCE_ONLY = "reduce_only"
    NEUTRALISE = "neutralise"
    FLATTEN = "flatten"
    HALT = "halt"
    CONFIRM = "confirm"


class CommandBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why, by whom, and for which book (empty: the whole daemon)."""

    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    book: Annotated[str, msgspec.Meta(max_length=16)] = ""
    by: Annotated[str, msgspec.Meta(min_length=1, max_length=64)] = "api"
    accept_naked_delta: bool = False  # let a flatten leave more delta than there is


class OrderBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An order by hand; amount and price as decimal strings, a price left out is a market order."""

    instrument: Annotated[str, msgspec.Meta(min_length=3, max_length=64)]
    side: Side
    amount: Annotated[str, msgspec.Meta(min_length=1, max_length=32)]
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    price: Annotated[str, msgspec.Meta(max_length=32)] = ""
    book: Annotated[str, msgspec.Meta(max_length=16)] = ""  # empty: the only book of that underlying
    post_only: bool = False
    ioc: bool = False
    reduce_only: bool = False
    by: Annotated[str, msgspec.Meta(min_length=1, max_length=64)] = "api"


class CancelBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which of our orders is to be cancelled, and why."""

    label: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    by: Annotated[str, msgspec.Meta(min_length=1, max_length=64)] = "api"


class HoldBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """For how long a person trades by hand (wire seconds; 0 ends it), why, by whom, beside which book."""

    seconds: Annotated[float, msgspec.Meta(ge=0, le=MOST_HOLD_S)]
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    book: Annotated[str, msgspec.Meta(max_length=16)] = ""
    by: Annotated[str, msgspec.Meta(min_length=1, max_length=64)] = "api"


def decode_hold(body: bytes) -> HoldBody:
    """Raises ApiError 400 naming the field."""
    return decode_as(HoldBody, body)


def decode_body(body: bytes) -> CommandBody:
    """Raises ApiError 400 naming the field."""
    return decode_as(CommandBody, body)


def decode_as(kind: type[_Body], body: bytes) -> _Body:
    """A JSON body of that kind. Raises ApiError 400 naming the field."""
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        message, field = _refusal(str(error))
        raise ApiError(400, message, field) from error
    except (ValueError, RecursionError) as error:
        raise ApiError(400, f"the body is not JSON: {error}") from error


def order_of(body: OrderBody, number: str, view: StatusView) -> OrderAsked:
    """Raises ApiError 400 or 404 naming the field that does not do."""
    if body.post_only and (body.ioc or not body.price):
        raise ApiError(400, "post_only = true: rests, so it needs a price and no ioc", "post_only")
    return OrderAsked(
        number=number,
        book=known_book(body.book, view) or _book_for(body.instrument, view),
        instrument=body.instrument,
        side=body.side,
        amount=_decimal("amount", body.amount),
        price=_decimal("price", body.price) if body.price else None,
        post_only=body.post_only,
        immediate=body.ioc,
        reduce_only=body.reduce_only,
        by=body.by,
        reason=body.reason,
    )


def _book_for(instrument: str, view: StatusView) -> str:
    try:
        base = parse_name(instrument).base
    except ValueError as error:
        raise ApiError(400, str(error), "instrument") from error
    names = [book.name for book in view.books if book.underlying == base]
    if len(names) != 1:
        told = f"books on {base}: {', '.join(names) or 'none'}"
        raise ApiError(400, f"book is to be named for {instrument}, {told}", "book")
    return names[0]


def _decimal(name: str, text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or value <= 0:
        raise ApiError(400, f"{name} = {text!r}: must be a number above 0", name)
    return value


def flag_of(request: web.Request, name: str) -> bool:
    """A query parameter that is true or false, false when left out. Raises ApiError 400."""
    text = request.query.get(name, "false")
    if text not in ("true", "false"):
        raise ApiError(400, f"{name} = {text!r} is neither true nor false", name)
    return text == "true"


def command_of(request: web.Request) -> Command:
    """Raises ApiError 404 naming the commands there are."""
    name = request.match_info["command"]
    try:
        return Command(name)
    except ValueError as error:
        raise ApiError(404, f"no such command: {name!r}, known: {', '.join(Command)}", "command") from error


def query_of(request: web.Request, *known: str) -> None:
    """Raises ApiError 400 on a parameter the path does not have."""
    for name in request.query:
        if name not in known:
            raise ApiError(400, f"unknown parameter {name!r}, known: {', '.join(known)}", name)


def limit_of(request: web.Request) -> int:
    return _integer(request, "limit", 1, MOST_DECISIONS) or DEFAULT_LIMIT


def before_ms_of(request: web.Request) -> int | None:
    return _integer(request, "before_ms", 0, LAST_MS)


def book_of(request: web.Request, view: StatusView) -> str:
    """The book asked for, empty for all. Raises ApiError 404 naming the known ones."""
    return known_book(request.query.get("book", ""), view)


def underlying_of(request: web.Request, view: StatusView) -> str:
    """The underlying asked for; without one that of the first book. Raises ApiError 400."""
    asked = request.query.get("underlying", view.books[0].underlying if view.books else "")
    if not UNDERLYING.fullmatch(asked):
        raise ApiError(400, f"underlying = {asked!r} is not a coin like BTC", "underlying")
    return asked


def known_book(book: str, view: StatusView) -> str:
    names = [b.name for b in view.books]
    if book and book not in names:
        raise ApiError(404, f"no such book: {book!r}, known: {', '.join(names) or 'none'}", "book")
    return book


def _integer(request: web.Request, name: str, least: int, most: int) -> int | None:
    text = request.query.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 20 and least <= int(text) <= most):
        raise ApiError(400, f"{name} = {text!r} is not a whole number from {least} to {most}", name)
    return int(text)


def _refusal(message: str) -> tuple[str, str | None]:
    """The message of msgspec without its JSON path, and the field it speaks of."""
    at = _PATH_IN_MESSAGE.search(message)
    told = _PATH_IN_MESSAGE.sub("", message)
    named = at or _UNKNOWN_FIELD.search(message) or _MISSING_FIELD.search(message)
    field = named.group("field") if named else None
    return (f"{field}: {told}" if at and field else told), field or None
