"""What the faults that are on do to sockets, requests and markets (the wire's own are in outlet.py)."""

from __future__ import annotations

import math
from collections.abc import Mapping

from hedger.simulator.admission import Admission
from hedger.simulator.auth import Grant
from hedger.simulator.connection import Connection
from hedger.simulator.desk import Desk
from hedger.simulator.faults import Faults, Subject
from hedger.simulator.feeds import Feeds
from hedger.simulator.markets import Markets
from hedger.simulator.orders import Order
from hedger.simulator.platform import Phase, Platform
from hedger.simulator.rpc import ApiError, Request

GOING_AWAY = 1001
TOO_MANY_CONNECTIONS = 429
UNAVAILABLE = 503
# Answered while a maintenance is announced; everything else is 11051.
_STILL_ANSWERED = frozenset({"public/hello", "public/test", "public/status", "public/get_time"})
_TAKES_FROM_A_RESTING_ORDER = frozenset(
    {"private/cancel", "private/cancel_by_label", "private/edit", "private/edit_by_label"}
)


class Weather:
    """Applies faults; asked at every tick and for every request."""

    def __init__(
        self,
        faults: Faults,
        platform: Platform,
        admission: Admission,
        desk: Desk,
        feeds: Feeds,
        connections: Mapping[int, Connection],
    ) -> None:
        self._faults, self._platform, self._admission = faults, platform, admission
        self._desk, self._feeds, self._connections = desk, feeds, connections
        self._markets: Markets = desk.markets

    # -- with time --------------------------------------------------------------------------------

    def move(self, wire_s: float) -> None:
        """Let faults take or lose effect."""
        self._quotes(wire_s)
        self._platform.move(wire_s)
        self._sockets(wire_s)
        self._hear(wire_s)
        if self._faults.use("expire_token", wire_s) is not None:
            self._expire_tokens(wire_s)

    def clear(self, wire_s: float) -> None:
        """Everything works again, open connections included."""
        self._faults.clear()
        for connection in self._connections.values():
            connection.deaf_until_s = -math.inf
            for subscription in connection.subscriptions.values():
                subscription.silent = False
        self.move(wire_s)

    def _quotes(self, wire_s: float) -> None:
        self._feeds.freeze(self._scope("stale_quotes", wire_s))
        empty, unsaid = self._scope("empty_book", wire_s), self._scope("null_quotes", wire_s)
        if (empty, unsaid) != (self._markets.empty, self._feeds.nulled):
            self._markets.empty, self._feeds.nulled = empty, unsaid
            self._feeds.refresh()

    def _scope(self, kind: str, wire_s: float) -> frozenset[str]:
        """Instruments that a fault of the markets concerns; "" stands for all of them."""
        return frozenset(fault.instrument or "" for fault in self._faults.all(kind, wire_s))

    def _sockets(self, wire_s: float) -> None:
        if self._platform.phase(wire_s) is Phase.AWAY:
            self._close_all(GOING_AWAY, "maintenance")
        if self._faults.use("too_slow", wire_s) is not None:
            for connection in self._connections.values():
                connection.too_slow()
        if self._faults.use("drop", wire_s) is not None:
            self._close_all(None, "")
        half_open = self._faults.use("half_open", wire_s)
        if half_open is not None:
            half_open.left = 0  # its duration is that of the silence; new connections work
            for connection in self._connections.values():
                connection.deaf_until_s = half_open.until_s

    def _close_all(self, code: int | None, reason: str) -> None:
        for connection in self._connections.values():
            connection.close(code, reason)

    def _hear(self, wire_s: float) -> None:
        for connection in self._connections.values():
            connection.deaf = wire_s < connection.deaf_until_s

    def _expire_tokens(self, wire_s: float) -> None:
        self._admission.authority.expire_all(wire_s)
        for connection in self._connections.values():
            if connection.grant is not None:
                connection.grant = connection.grant.ending(wire_s)

    # -- at the door ------------------------------------------------------------------------------

    def refused_handshake(self, wire_s: float) -> int | None:
        """The HTTP status with which a new websocket is refused, or None."""
        if self._platform.phase(wire_s) is Phase.AWAY:
            return UNAVAILABLE
        fault = self._faults.use("refuse_handshake", wire_s)
        return None if fault is None else fault.status or TOO_MANY_CONNECTIONS

    def broken_http(self, method: str, wire_s: float) -> int | None:
        """The HTTP status of the page of HTML that answers a call, or None."""
        if self._platform.phase(wire_s) is Phase.AWAY:
            return UNAVAILABLE
        fault = self._faults.use("http_error", wire_s, Subject(method))
        return None if fault is None else fault.status or UNAVAILABLE

    # -- requests ---------------------------------------------------------------------------------

    def subject(self, request: Request) -> Subject:
        """What a request is about: its method and its instrument, or that of its order."""
        name = request.params.get("instrument_name")
        if not isinstance(name, str):
            order = self.order_of(request)
            name = None if order is None else order.name
        return Subject(request.method, instrument=name)

    def order_of(self, request: Request) -> Order | None:
        """The order that a cancel or an edit names by id, or the open one that it names by label."""
        order_id, label = request.params.get("order_id"), request.params.get("label")
        if isinstance(order_id, str):
            return self._desk.orders.get(order_id)
        if request.method not in _TAKES_FROM_A_RESTING_ORDER:
            return None
        return next((order for order in self._desk.open_orders() if order.label == label), None)

    def refuse(self, request: Request, grant: Grant | None, wire_s: float) -> None:
        """Raises the ApiError with which a fault answers a request."""
        if self._platform.phase(wire_s) is not Phase.OPEN and request.method not in _STILL_ANSWERED:
            raise ApiError(11051)
        subject = self.subject(request)
        if self._faults.use("login_limit", wire_s, subject) is not None:
            raise ApiError(12003)
        if self._faults.use("rate_limit", wire_s, subject) is not None:
            self._admission.buckets(grant).drain(request.method, wire_s)
            raise ApiError(10028)
        rejection = self._faults.use("reject", wire_s, subject)
        if rejection is not None:
            raise ApiError(rejection.code)

    def overtake(self, request: Request, wire_s: float, now_ms: int) -> None:
        """Somebody trades with a resting order just before its cancel or edit is executed."""
        if request.method not in _TAKES_FROM_A_RESTING_ORDER:
            return
        order = self.order_of(request)
        if order is None or not order.is_open:
            return
        fault = self._faults.use("fill_first", wire_s, self.subject(request))
        if fault is not None:
            self._desk.fill_part(order, fault.share, now_ms)
