"""The HTTP surface of the daemon: health, status, decisions, why, plan, metrics and commands.

runner = web.AppRunner(make_app(daemon), access_log=None)
"""

from __future__ import annotations

import secrets
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

import msgspec
from aiohttp import web

from hedger.engine.events import CancelGiven, CommandGiven, HoldAsked
from hedger.web import requests
from hedger.web.answers import (
    CancelAnswer,
    ChainAnswer,
    OrderPlaced,
    OutlooksAnswer,
    PlansAnswer,
    WhysAnswer,
    command_answer,
    decision_answer,
    decisions_answer,
    hold_answer,
    status_answer,
)
from hedger.web.connections import Connections
from hedger.web.guard import (
    ApiError,
    add_security_headers,
    body_in_time,
    deadline,
    errors_as_json,
    host_check,
    json_response,
    not_standby,
    require_token,
)
from hedger.web.health import health, readiness, standby_of
from hedger.web.openapi import document
from hedger.web.operations import OPERATIONS
from hedger.web.page import add_page
from hedger.web.port import DaemonPort
from hedger.web.reconcile import Reconcile
from hedger.web.tuning import Tuning
from hedger.web.why import why

MOST_BODY_BYTES = 4096
METRICS_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Bounds:
    """When the daemon counts as alive and as ready, and how long a caller is kept; wire seconds."""

    step_age_s: float = 5.0
    data_age_s: float = 30.0
    answer_s: float = 5.0
    body_s: float = 5.0  # from the head of a request to the end of its body
    order_s: float = 10.0  # an order may have to wait for the ticker it is judged by


def make_app(
    daemon: DaemonPort,
    allowed_hosts: tuple[str, ...] = (),
    bounds: Bounds | None = None,
    connections: Connections | None = None,
) -> web.Application:
    """The application; loopback names and `allowed_hosts` are the only Host names it answers to.

    `connections` hears of every request; whoever serves the application lets it watch.
    """
    app = web.Application(
        middlewares=[
            (connections or Connections()).middleware(),
            errors_as_json,
            host_check(allowed_hosts),
            body_in_time((bounds or Bounds()).body_s),
            not_standby(lambda: standby_of(daemon.view())),
        ],
        client_max_size=MOST_BODY_BYTES,
    )
    app.on_response_prepare.append(add_security_headers)
    api = Api(daemon, bounds or Bounds())
    answer_s = api.bounds.answer_s
    pages = add_page(app)
    handlers = (
        api,
        Tuning(daemon, answer_s),
        Reconcile(daemon, answer_s),
        Described(document(OPERATIONS, pages)),
    )
    for one in OPERATIONS:
        handler = next(getattr(each, one.name) for each in handlers if hasattr(each, one.name))
        app.router.add_route(one.method, one.path, handler)
    return app


class Described:
    """The API's own description, made once."""

    def __init__(self, described: dict[str, Any]) -> None:
        self._body = msgspec.json.encode(described)

    async def openapi(self, _request: web.Request) -> web.Response:
        return web.Response(body=self._body, content_type="application/json")


class Api:
    """One short handler per path."""

    def __init__(self, daemon: DaemonPort, bounds: Bounds) -> None:
        self._daemon, self.bounds = daemon, bounds

    async def healthz(self, _request: web.Request) -> web.Response:
        answer = health(self._daemon.step_age_s, self.bounds.step_age_s)
        return json_response(answer, 200 if answer.ok else 503)

    async def readyz(self, _request: web.Request) -> web.Response:
        answer = readiness(self._daemon.view(), self.bounds.data_age_s)
        return json_response(answer, 200 if answer.ok else 503)

    async def metrics(self, _request: web.Request) -> web.Response:
        return web.Response(body=self._daemon.metrics(), headers={"Content-Type": METRICS_CONTENT_TYPE})

    async def status(self, _request: web.Request) -> web.Response:
        return json_response(status_answer(self._daemon.view()))

    async def decisions(self, request: web.Request) -> web.Response:
        requests.query_of(request, "limit", "book", "before_ms")
        limit, before_ms = requests.limit_of(request), requests.before_ms_of(request)
        book = requests.book_of(request, self._daemon.view())
        async with deadline(self.bounds.answer_s, "decisions"):
            found = await self._daemon.decisions(limit, book, before_ms)
        return json_response(decisions_answer(found, limit))

    async def why(self, request: web.Request) -> web.Response:
        requests.query_of(request, "book")
        view = self._daemon.view()
        book = requests.book_of(request, view)
        return json_response(WhysAnswer(tuple(why(b) for b in view.books if book in ("", b.name))))

    async def plan(self, request: web.Request) -> web.Response:
        requests.query_of(request, "book", "resumed")
        view, resumed = self._daemon.view(), requests.flag_of(request, "resumed")
        book = requests.book_of(request, view)
        names = [b.name for b in view.books if book in ("", b.name)]
        plans = (self._daemon.plan(name, resumed=resumed) for name in names)
        return json_response(PlansAnswer(tuple(decision_answer(plan) for plan in plans)))

    async def outlook(self, request: web.Request) -> web.Response:
        requests.query_of(request, "book")
        view = self._daemon.view()
        book = requests.book_of(request, view)
        names = [b.name for b in view.books if book in ("", b.name)]
        return json_response(OutlooksAnswer(tuple(self._daemon.outlook(name) for name in names)))

    async def chain(self, request: web.Request) -> web.Response:
        requests.query_of(request, "underlying")
        underlying = requests.underlying_of(request, self._daemon.view())
        return json_response(ChainAnswer(underlying, tuple(self._daemon.chain(underlying))))

    async def command(self, request: web.Request) -> web.Response:
        require_token(request, self._daemon.token)
        command = requests.command_of(request)
        body = requests.decode_body(await request.read())
        book = requests.known_book(body.book, self._daemon.view())
        given = CommandGiven(
            command=command.value,
            book=book,
            by=body.by,
            reason=body.reason,
            accept_naked_delta=body.accept_naked_delta,
        )
        objection = self._daemon.objection(given)
        if objection:
            raise ApiError(409, objection, "command")
        async with self._deadline(f"the command {command}"):
            after = await self._daemon.command(given)
        return json_response(command_answer(command, book, after))

    async def order(self, request: web.Request) -> web.Response:
        require_token(request, self._daemon.token)
        body = requests.decode_as(requests.OrderBody, await request.read())
        asked = requests.order_of(body, secrets.token_hex(8), self._daemon.view())
        async with deadline(self.bounds.order_s, "the order"):
            answered = await self._daemon.order(asked)
        if not answered.label:
            raise ApiError(409, answered.detail, "order")
        return json_response(OrderPlaced(label=answered.label, book=asked.book, detail=answered.detail))

    async def cancel(self, request: web.Request) -> web.Response:
        require_token(request, self._daemon.token)
        body = requests.decode_as(requests.CancelBody, await request.read())
        if body.label not in {order.label for order in self._daemon.view().orders.recent}:
            raise ApiError(404, f"no such order: {body.label!r} is not among the recent ones", "label")
        async with self._deadline("the cancel"):
            after = await self._daemon.cancel(CancelGiven(label=body.label, by=body.by, reason=body.reason))
        states = {order.label: order.state for order in after.orders.recent}
        return json_response(CancelAnswer(label=body.label, state=states.get(body.label, "")))

    async def hold(self, request: web.Request) -> web.Response:
        require_token(request, self._daemon.token)
        body = requests.decode_hold(await request.read())
        book = requests.known_book(body.book, self._daemon.view())
        asked = HoldAsked(book=book, seconds=body.seconds, by=body.by, reason=body.reason)
        async with self._deadline("the hold"):
            after = await self._daemon.hold(asked)
        return json_response(hold_answer(book, after))

    def _deadline(self, what: str) -> AbstractAsyncContextManager[None]:
        """Of what makes the daemon act."""
        return deadline(self.bounds.answer_s, what, self._daemon)
