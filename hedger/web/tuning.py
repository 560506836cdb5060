"""What an operator may turn on a running daemon: timed overrides of the band, and keys of the configuration.

POST /v1/override   {book, factor, duration_s, reason, by}   or   {book, clear: true, reason, by}
POST /v1/set        {key, value, reason, by}                 or   {key, clear: true, reason, by}
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from aiohttp import web

from hedger.domain.errors import ConfigError
from hedger.engine import overrides
from hedger.engine.events import OverrideCleared, OverrideGiven, SettingChange
from hedger.engine.profile import ProfileView
from hedger.engine.views.view import EditView
from hedger.web.guard import ApiError, deadline, json_response, require_token
from hedger.web.port import DaemonPort
from hedger.web.requests import decode_as, known_book

_Reason = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
_By = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class OverrideBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Scale the band by `factor` for `duration_s` of market time; book empty: every book."""

    reason: _Reason
    book: Annotated[str, msgspec.Meta(max_length=16)] = ""
    factor: float | None = None
    duration_s: float | None = None
    clear: bool = False
    by: _By = "api"


class SetBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Set a dotted key to a value as `--set` writes it."""

    reason: _Reason
    key: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    value: Annotated[str, msgspec.Meta(min_length=1, max_length=2_000)] | None = None
    clear: bool = False
    by: _By = "api"


class OverrideAnswer(msgspec.Struct, frozen=True):
    """What is in force now, by book."""

    books: dict[str, ProfileView]


class SetAnswer(msgspec.Struct, frozen=True):
    """What changed, and everything that is set now."""

    key: str
    value: str  # empty: cleared
    before: str
    config_hash: str
    edits: tuple[EditView, ...]


class Tuning:
    """One short handler per path, each behind the token."""

    def __init__(self, daemon: DaemonPort, answer_s: float) -> None:
        self._daemon, self._answer_s = daemon, answer_s

    async def override(self, request: web.Request) -> web.Response:
        require_token(request, self._daemon.token)
        body = decode_as(OverrideBody, await request.read())
        known_book(body.book, self._daemon.view())
        async with deadline(self._answer_s, "the override", self._daemon):
            after = await self._daemon.override(_told(body))
        shown = {book.name: book.profile for book in after.books if body.book in ("", book.name)}
        return json_response(OverrideAnswer(shown))

    async def set(self, request: web.Request) -> web.Response:
        require_token(request, self._daemon.token)
        body = decode_as(SetBody, await request.read())
        if body.clear is (body.value is not None):
            raise ApiError(400, "value: give a value, or clear = true", "value")
        async with deadline(self._answer_s, f"setting {body.key}"):
            change = await self._changed(body)
        view = self._daemon.view()
        answer = SetAnswer(change.key, change.value, change.before, view.config_hash, view.edits)
        return json_response(answer)

    async def _changed(self, body: SetBody) -> SettingChange:
        try:
            return await self._daemon.set_key(body.key, body.value or "", body.by, body.reason)
        except ConfigError as error:
            raise ApiError(400, str(error), "key") from error


def _told(body: OverrideBody) -> OverrideGiven | OverrideCleared:
    """Raises ApiError 400 naming what is missing or out of bounds."""
    if body.clear:
        if body.factor is not None or body.duration_s is not None:
            raise ApiError(400, "clear: takes neither factor nor duration_s", "clear")
        return OverrideCleared(book=body.book, by=body.by, reason=body.reason)
    if body.factor is None or body.duration_s is None:
        raise ApiError(400, "factor and duration_s: give both, or clear = true", "factor")
    try:
        overrides.check(body.factor, body.duration_s)
    except ValueError as error:
        raise ApiError(400, str(error), str(error).partition(" ")[0]) from error
    return OverrideGiven(
        book=body.book, factor=body.factor, duration_s=body.duration_s, by=body.by, reason=body.reason
    )
