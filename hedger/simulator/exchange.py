"""The exchange without sockets: text frames and ticks in, frames per connection out.

`receive` answers one frame, `http` one HTTP call, `tick` moves the world and feeds the subscriptions.
What is to be sent waits in `Connection.outbox`. Wire time (`wire_s`, seconds since the epoch) drives
heartbeats, tokens, credits and pacing; market time, computed from it by the clock, drives everything the
market knows.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from hedger.simulator.account import Account
from hedger.simulator.auth import Authority, Grant, Keys
from hedger.simulator.broadcast import Broadcast
from hedger.simulator.clock import MarketClock
from hedger.simulator.connection import Connection
from hedger.simulator.courier import Courier
from hedger.simulator.desk import Change, Desk
from hedger.simulator.faults import Faults
from hedger.simulator.feeds import Feeds
from hedger.simulator.funds import Funds
from hedger.simulator.history import History
from hedger.simulator.journal import Journal, StateRow
from hedger.simulator.limits import Buckets, Limits
from hedger.simulator.liquidation import Liquidator
from hedger.simulator.markets import Markets
from hedger.simulator.methods import METHODS, NO_REPLY, Call
from hedger.simulator.model import World
from hedger.simulator.orders import Order, Trade
from hedger.simulator.outlet import Outlet
from hedger.simulator.params import Params
from hedger.simulator.private_feeds import PrivateFeeds
from hedger.simulator.rpc import (
    ApiError,
    BadFrame,
    Request,
    envelope,
    error_body,
    heartbeat,
    parse_request,
)
from hedger.simulator.timeline import Timeline
from hedger.simulator.wire import WirePrinter

HEARTBEAT_ANSWER_S = 10.0
HEARTBEAT_PERIOD = 1.06  # of the interval, recorded
IDLE_CLOSE_S = 60.0
SAVE_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the account of this exchange is."""

    account: str
    user_id: int
    keys: Keys


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One HTTP call, already parsed: `uri` is path and query as sent (it is signed)."""

    verb: str
    uri: str
    body: str
    authorization: str
    request: Request


@dataclass(slots=True)
class Exchange:
    """All state of the local exchange."""

    world: World
    clock: MarketClock
    identity: Identity
    seed: int
    new_token: Callable[[], str]
    limits: Limits = field(default_factory=Limits)
    journal: Journal | None = None
    account: Account = field(init=False)
    markets: Markets = field(init=False)
    desk: Desk = field(init=False)
    funds: Funds = field(init=False)
    liquidator: Liquidator = field(init=False)
    courier: Courier = field(init=False, default_factory=Courier)
    feeds: Feeds = field(init=False)
    history: History = field(init=False)
    authority: Authority = field(init=False)
    outlet: Outlet = field(init=False)
    broadcast: Broadcast = field(init=False)
    timeline: Timeline = field(init=False)
    faults: Faults = field(init=False, default_factory=Faults)
    buckets: Buckets = field(init=False)
    anonymous: Buckets = field(init=False)
    connections: dict[int, Connection] = field(init=False, default_factory=dict)
    account_cancel_on_disconnect: bool = field(init=False, default=False)
    _random: random.Random = field(init=False)
    _opened: int = field(init=False, default=0)
    _saved_s: float = field(init=False, default=float("-inf"))

    def __post_init__(self) -> None:
        self.account = Account(self.identity.user_id)
        self.markets = Markets(self.world)
        self.desk = Desk(self.markets, self.account)
        self.funds = self.desk.funds
        self.liquidator = Liquidator(self.account, self.markets, self.desk)
        self.history = History()
        self.feeds = Feeds(self.markets, self.desk, self.history)
        self.outlet = Outlet(WirePrinter(self.seed), self.faults)
        private_feeds = PrivateFeeds(self.account, self.markets, self.funds)
        self.broadcast = Broadcast(self.feeds, private_feeds, self.outlet, self.connections)
        self.timeline = Timeline(self.world, self.markets, self.account, self.desk, self.history)
        self.authority = Authority(self.identity.keys, self.new_token)
        self.buckets, self.anonymous = Buckets(self.limits), Buckets(self.limits)
        self._random = random.Random(self.seed)

    # -- connections ------------------------------------------------------------------------------

    def connect(self, wire_s: float) -> Connection:
        """A new websocket connection."""
        self._opened += 1
        connection = Connection(self._opened, wire_s, wire_s, wire_s)
        self.connections[connection.id] = connection
        return connection

    def disconnect(self, connection: Connection, wire_s: float) -> None:
        """The transport is gone: cancel-on-disconnect (not after a logout), tokens die."""
        connection.closed = True
        if self.connections.pop(connection.id, None) is None:
            return
        self.authority.forget_connection(connection.id)
        if connection.cancel_on_disconnect and not connection.logged_out:
            self._cancel_orders_of(connection, wire_s)

    def _cancel_orders_of(self, connection: Connection, wire_s: float) -> None:
        everything = self.account_cancel_on_disconnect
        for order in self.desk.open_orders():
            if everything or order.connection_id == connection.id:
                self.desk.cancel(order, "cancel_on_disconnect", self.clock.market_ms(wire_s))
        self.publish(wire_s)

    # -- requests ---------------------------------------------------------------------------------

    def receive(self, connection: Connection, text: str, wire_s: float) -> None:
        """Answer one text frame of a connection."""
        if connection.closed:
            return
        connection.last_received_s = wire_s
        try:
            request = parse_request(text)
        except BadFrame as bad:
            self.outlet.send(connection, self._refusal(bad, wire_s), wire_s)
            return
        body = self._answer(request, connection, wire_s)
        if self.faults.use("notification_first", wire_s, method=request.method):
            self.publish(wire_s)
        lost = self.faults.use("lost_reply", wire_s, method=request.method) is not None
        if body is not None and not lost:
            self.outlet.send(connection, self._envelope(request.id, body, wire_s), wire_s)
        self.broadcast.snapshots(wire_s)
        self.publish(wire_s)
        if body is not None and _code(body) == 10028:
            connection.close(1008, "too_many_requests")

    def refuse(self, bad: BadFrame, wire_s: float) -> str:
        """The body that answers an HTTP call which is not a request."""
        return self.outlet.printer.text(self._refusal(bad, wire_s))

    def _refusal(self, bad: BadFrame, wire_s: float) -> dict[str, object]:
        return self._envelope(bad.request_id, error_body(bad.error), wire_s)

    def http(self, call: HttpRequest, wire_s: float) -> tuple[int, str] | None:
        """Answer one HTTP call: status and body, or None when the reply is lost on purpose."""
        body = self._answer(call.request, None, wire_s, http=call)
        self.publish(wire_s)
        if body is None or self.faults.use("lost_reply", wire_s, method=call.request.method):
            return None
        text = self.outlet.printer.text(self._envelope(call.request.id, body, wire_s))
        return (400 if "error" in body else 200), text

    def _answer(
        self, request: Request, connection: Connection | None, wire_s: float, http: HttpRequest | None = None
    ) -> dict[str, object] | None:
        """The `result` or `error` member; None for a method without a reply."""
        try:
            result = self._run(request, connection, wire_s, http)
        except ApiError as error:
            return error_body(error)
        return None if result is NO_REPLY else {"result": result}

    def _run(
        self, request: Request, connection: Connection | None, wire_s: float, http: HttpRequest | None
    ) -> object:
        grant = self._grant(request, connection, wire_s, http)
        buckets = self.anonymous if grant is None else self.buckets
        if not buckets.take(request.method, wire_s):
            raise ApiError(10028)
        known = METHODS.get(request.method)
        if known is None:
            raise ApiError(-32601)
        if request.method.startswith("private/"):
            self._authorize(grant, known.right, wire_s)
        self._reject_on_purpose(request.method, wire_s)
        params = Params({k: v for k, v in request.params.items() if k != "access_token"})
        now_ms = self.clock.market_ms(wire_s)
        return known.run(Call(self, connection, request.method, params, grant, wire_s, now_ms))

    def _grant(
        self, request: Request, connection: Connection | None, wire_s: float, http: HttpRequest | None
    ) -> Grant | None:
        """What the caller may do: by token in the parameters, by header, or by its connection."""
        token = request.params.get("access_token")
        if isinstance(token, str):
            return self.authority.token_grant(token, connection.id if connection else None, wire_s)
        if http is not None and http.authorization and request.method.startswith("private/"):
            header = http.authorization
            return self.authority.header_grant(header, http.verb, http.uri, http.body, wire_s)
        return connection.grant if connection else None

    def _authorize(self, grant: Grant | None, right: tuple[str, str] | None, wire_s: float) -> None:
        if grant is None:
            raise ApiError(13009)
        if wire_s >= grant.expires_s:
            raise ApiError(13009, {"reason": "invalid_token"})
        if right is not None and not grant.allows(*right):
            raise ApiError(13021)

    def _reject_on_purpose(self, method: str, wire_s: float) -> None:
        fault = self.faults.use("reject", wire_s, method=method)
        if fault is not None:
            raise ApiError(fault.code)

    def _envelope(
        self, request_id: int | str | None, body: Mapping[str, object], wire_s: float
    ) -> dict[str, object]:
        return envelope(request_id, body, self.clock.market_us(wire_s), self._random.randrange(40, 900))

    # -- time -------------------------------------------------------------------------------------

    def tick(self, wire_s: float) -> None:
        """Move the world to now and send what is due. To be called about every 100 ms of wire time."""
        self.apply_faults(wire_s)
        if self.timeline.move_to(self.clock.market_ms(wire_s)):
            self.feeds.refresh()
            self.liquidator.watch(self.world.now_ms)
        self.publish(wire_s)
        for connection in self.connections.values():
            if not connection.closed:
                self.broadcast.due(connection, wire_s)
                self._watch_heartbeat(connection, wire_s)
        if wire_s - self._saved_s >= SAVE_EVERY_S:
            self._save(wire_s)

    def apply_faults(self, wire_s: float) -> None:
        """Let faults of the market take or lose effect."""
        self.feeds.freeze(self.faults.find("stale_quotes", wire_s) is not None)
        empty = self.faults.find("empty_book", wire_s) is not None
        if empty != self.markets.empty:
            self.markets.empty = empty
            self.feeds.refresh()
        if self.faults.use("drop", wire_s) is not None:
            for connection in self.connections.values():
                connection.close(None)

    def pause(self, wire_s: float) -> None:
        """Freeze market time; every `user.portfolio` is sent once more, at the frozen instant."""
        self.tick(wire_s)
        self.clock.pause(wire_s)
        self.broadcast.portfolios(wire_s, anyway=True)
        self._save(wire_s)

    def resume(self, wire_s: float) -> None:
        self.clock.resume(wire_s)
        self._save(wire_s)

    def _watch_heartbeat(self, connection: Connection, wire_s: float) -> None:
        beat = connection.heartbeat
        if beat is None:
            if not connection.subscriptions and wire_s - connection.last_received_s >= IDLE_CLOSE_S:
                connection.close(None)
            return
        if beat.answer_by_s is not None and wire_s >= beat.answer_by_s:
            connection.close(4000, "heartbeat close")
        elif wire_s >= beat.next_s:
            if wire_s - max(connection.last_received_s, connection.last_sent_s) >= beat.interval_s:
                self.outlet.send(connection, heartbeat("heartbeat"), wire_s)
            self.outlet.send(connection, heartbeat("test_request"), wire_s)
            beat.next_s = wire_s + beat.interval_s * HEARTBEAT_PERIOD
            beat.answer_by_s = beat.answer_by_s or wire_s + HEARTBEAT_ANSWER_S

    # -- what happened ----------------------------------------------------------------------------

    def publish(self, wire_s: float) -> None:
        """Save and announce everything that happened since the last call."""
        changes, self.desk.changes = self.desk.changes, []
        locks, self.liquidator.news = self.liquidator.news, []
        late = self.courier.due(wire_s)
        states, self.timeline.states = self.timeline.states, []
        others, self.desk.tape.news = self.desk.tape.news, []
        own = [trade for change in changes for trade in change.trades]
        for trade in (*own, *others):
            self.history.traded(trade)
        self.broadcast.locks([news for news in locks if news.locked], wire_s)
        if changes or states or late or locks:
            self.feeds.refresh()
            self._save(wire_s, [order for change in changes for order in change.orders], own)
            self.broadcast.announce([*changes, *late], states, wire_s)
        self.broadcast.locks([news for news in locks if not news.locked], wire_s)
        if others:
            self.broadcast.prints(others, wire_s)

    def tell_apart(self, changes: list[Change], gap_s: float, wire_s: float) -> None:
        """Save changes at once, but tell them one by one with gaps of wire time."""
        own = [trade for change in changes for trade in change.trades]
        for trade in own:
            self.history.traded(trade)
        self._save(wire_s, [order for change in changes for order in change.orders], own)
        self.courier.send(changes, gap_s, wire_s)
        self.publish(wire_s)

    def announce_account(self, wire_s: float) -> None:
        """Save and tell that cash changed without a trade."""
        self._save(wire_s)
        self.broadcast.portfolios(wire_s)

    def _save(
        self, wire_s: float, orders: list[Order] | None = None, trades: list[Trade] | None = None
    ) -> None:
        self._saved_s = wire_s
        if self.journal is None:
            return
        state = StateRow(self.account, self.clock, self.world.now_ms, self.account_cancel_on_disconnect)
        self.journal.save(state, orders or [], trades or [])


def _code(body: Mapping[str, object]) -> object:
    error = body.get("error")
    return error.get("code") if isinstance(error, dict) else None
