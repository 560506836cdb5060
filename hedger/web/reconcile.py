"""Positions that were not as expected, and a person's word that they are to be taken as they are.

POST /v1/reconcile   {book, reason, by}   what is unexplained of the book is accepted and written down
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from aiohttp import web

from hedger.engine.events import AcceptGiven
from hedger.engine.views.difference_view import DifferenceView
from hedger.web.guard import ApiError, deadline, json_response, require_token
from hedger.web.port import DaemonPort
from hedger.web.requests import decode_as, known_book


class ReconcileBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose positions are taken as they are, why, and by whom."""

    book: Annotated[str, msgspec.Meta(min_length=1, max_length=16)]
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    by: Annotated[str, msgspec.Meta(min_length=1, max_length=64)] = "api"


class ReconcileAnswer(msgspec.Struct, frozen=True):
    """The book's positions that were not as expected, after they were accepted."""

    book: str
    differences: tuple[DifferenceView, ...]


class Reconcile:
    """One handler, behind the token."""

    def __init__(self, daemon: DaemonPort, answer_s: float) -> None:
        self._daemon, self._answer_s = daemon, answer_s

    async def reconcile(self, request: web.Request) -> web.Response:
        require_token(request, self._daemon.token)
        body = decode_as(ReconcileBody, await request.read())
        book = known_book(body.book, self._daemon.view())
        given = AcceptGiven(book=book, by=body.by, reason=body.reason)
        objection = self._daemon.accept_objection(given)
        if objection:
            raise ApiError(409, objection, "book")
        async with deadline(self._answer_s, "the acceptance", self._daemon):
            after = await self._daemon.accept(given)
        found = next(each for each in after.books if each.name == book)
        return json_response(ReconcileAnswer(book=book, differences=found.differences))
