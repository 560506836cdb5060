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
from hedger.simulator.admission import Admission, HttpRequest
from hedger.simulator.auth import Authority, Keys
from hedger.simulator.broadcast import Broadcast
from hedger.simulator.clock import MarketClock
from hedger.simulator.connection import POLICY_VIOLATION, Connection
from hedger.simulator.courier import Courier
from hedger.simulator.desk import Change, Desk
from hedger.simulator.engine_queue import EngineQueue, Waiting
from hedger.simulator.fault_requests import Asked
from hedger.simulator.faults import Faults
from hedger.simulator.feeds import Feeds
from hedger.simulator.funds import Funds
from hedger.simulator.heartbeat import watch
from hedger.simulator.history import History
from hedger.simulator.journal import Journal, MarketMove, StateRow
from hedger.simulator.limits import MATCHING_METHODS, Limits
from hedger.simulator.liquidation import Liquidator
from hedger.simulator.markets import Markets
from hedger.simulator.methods import METHODS, NO_REPLY, Call
from hedger.simulator.model import World
from hedger.simulator.orders import Order, Trade
from hedger.simulator.outlet import OVERTAKEN_S, Outlet
from hedger.simulator.params import Params
from hedger.simulator.platform import Platform
from hedger.simulator.private_feeds import PrivateFeeds
from hedger.simulator.rpc import (
    ApiError,
    BadFrame,
    Request,
    envelope,
    error_body,
    invalid_param,
    parse_request,
)
from hedger.simulator.settling import settlement_ms
from hedger.simulator.timeline import Timeline
from hedger.simulator.weather import Weather
from hedger.simulator.wire import WirePrinter

SAVE_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the account of this exchange is."""

    account: str
    user_id: int
    keys: Keys


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
    admission: Admission = field(init=False)
    outlet: Outlet = field(init=False)
    broadcast: Broadcast = field(init=False)
    timeline: Timeline = field(init=False)
    faults: Faults = field(init=False)
    platform: Platform = field(init=False)
    weather: Weather = field(init=False)
    connections: dict[int, Connection] = field(init=False, default_factory=dict)
    account_cancel_on_disconnect: bool = field(init=False, default=False)
    moves: list[MarketMove] = field(init=False, default_factory=list)  # of a fixed market, by somebody
    _random: random.Random = field(init=False)
    _engine: EngineQueue = field(init=False, default_factory=EngineQueue)
    _opened: int = field(init=False, default=0)
    _saved_s: float = field(init=False, default=float("-inf"))

    def __post_init__(self) -> None:
        self.faults = Faults(self.seed)
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
        self.timeline = Timeline(
            self.world,
            self.markets,
            self.account,
            self.desk,
            self.history,
            settlement_ms(self.clock.speed),
        )
        self.admission = Admission(Authority(self.identity.keys, self.new_token), self.limits)
        self.platform = Platform(self.faults, self.markets, self.feeds, self.timeline, self.broadcast)
        self.weather = Weather(
            self.faults, self.platform, self.admission, self.desk, self.feeds, self.connections
        )
        self._random = random.Random(self.seed)

    # -- connections ------------------------------------------------------------------------------

    def connect(self, wire_s: float) -> Connection:
        """A new websocket connection; it sees the faults that hold now."""
        self.weather.move(wire_s)
        self._opened += 1
        connection = Connection(self._opened, wire_s, wire_s)
        self.connections[connection.id] = connection
        return connection

    def disconnect(self, connection: Connection, wire_s: float) -> None:
        """The transport is gone."""
        connection.closed = True
        if self.connections.pop(connection.id, None) is not None:
            self._release(connection, wire_s)

    def _release(self, connection: Connection, wire_s: float) -> None:
        """A connection is over, seen from here: cancel-on-disconnect (not after a logout), tokens die."""
        if connection.released:
            return
        connection.released = True
        self.admission.authority.forget_connection(connection.id)
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
        if connection.deaf:
            connection.unheard.append(text)
            return
        connection.last_received_s = wire_s
        try:
            request = parse_request(text)
        except BadFrame as bad:
            self.outlet.send(connection, self._refusal(bad, wire_s), wire_s)
            return
        slow = self.faults.use("slow_engine", wire_s, self.weather.subject(request))
        if slow is None:
            self._execute(connection, request, wire_s)
        else:
            self._enqueue(Waiting(wire_s + slow.delay_s, connection, request), wire_s)

    def _enqueue(self, entry: Waiting, wire_s: float) -> None:
        replaced = self._engine.put(entry)
        if replaced is not None:
            self._drop(replaced, ApiError(13777), wire_s)

    def _come_to(self, entry: Waiting, wire_s: float) -> None:
        """Execute a request that waited; an edit whose order its owner has cancelled is not even tried."""
        order = self.weather.order_of(entry.request)
        if entry.order is not None and order is not None and order.cancel_reason == "user_request":
            self._drop(entry, ApiError(13666), wire_s)
        else:
            self._execute(entry.connection, entry.request, wire_s)

    def _drop(self, entry: Waiting, why: ApiError, wire_s: float) -> None:
        """Answer a request that is not executed."""
        frame = self._envelope(entry.request.id, error_body(why), wire_s)
        self.outlet.send(entry.connection, frame, wire_s)

    def _execute(self, connection: Connection, request: Request, wire_s: float) -> None:
        """Run a request, answer it, and tell everybody what it changed."""
        subject = self.weather.subject(request)
        body = self._answer(request, connection, wire_s)
        if self.faults.use("notification_first", wire_s, subject):
            self.publish(wire_s)
        lost = self.faults.use("lost_reply", wire_s, subject) is not None
        if body is not None and not lost:
            self.outlet.reply(connection, self._envelope(request.id, body, wire_s), subject, wire_s)
        self.broadcast.snapshots(wire_s)
        self.publish(wire_s)
        if body is not None and _code(body) == 10028:
            connection.close(POLICY_VIOLATION, "too_many_requests")

    def refuse(self, bad: BadFrame, wire_s: float) -> str:
        """The body that answers an HTTP call which is not a request."""
        return self.outlet.printer.text(self._refusal(bad, wire_s))

    def _refusal(self, bad: BadFrame, wire_s: float) -> dict[str, object]:
        return self._envelope(bad.request_id, error_body(bad.error), wire_s)

    def http(self, call: HttpRequest, wire_s: float) -> tuple[int, str] | None:
        """Answer one HTTP call: status and body, or None when the reply is lost on purpose."""
        subject = self.weather.subject(call.request)
        body = self._answer(call.request, None, wire_s, http=call)
        self.publish(wire_s)
        if body is None or self.faults.use("lost_reply", wire_s, subject):
            return None
        text = self.outlet.printer.text(self._envelope(call.request.id, body, wire_s))
        return (400 if "error" in body else 200), text

    def late_s(self, request: Request, wire_s: float) -> float:
        """How late the answer to an HTTP call leaves on purpose."""
        slow_s = self.outlet.slow_ack_s(self.weather.subject(request), wire_s)
        return slow_s or self.outlet.delay_s(wire_s)

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
        grant = self.admission.identify(request, connection, wire_s, http)
        self.admission.charge(grant, request.method, wire_s)
        known = METHODS.get(request.method)
        if known is None:
            raise ApiError(-32601)
        if request.method.startswith("private/"):
            self.admission.authorize(grant, known.right, wire_s)
        self.weather.refuse(request, grant, wire_s)
        if self.markets.settling and request.method in MATCHING_METHODS:
            raise ApiError(10041)
        now_ms = self.clock.market_ms(wire_s)
        self.weather.overtake(request, wire_s, now_ms)
        params = Params({k: v for k, v in request.params.items() if k != "access_token"})
        return known.run(Call(self, connection, request.method, params, grant, wire_s, now_ms))

    def _envelope(
        self, request_id: int | str | None, body: Mapping[str, object], wire_s: float
    ) -> dict[str, object]:
        return envelope(request_id, body, self.clock.market_us(wire_s), self._random.randrange(40, 900))

    # -- time -------------------------------------------------------------------------------------

    def tick(self, wire_s: float) -> None:
        """Move the world to now and send what is due. To be called about every 100 ms of wire time."""
        self.weather.move(wire_s)
        if self.timeline.move_to(self.clock.market_ms(wire_s), lambda: self.publish(wire_s)):
            self.feeds.refresh()
            if not self.markets.settling:  # what is in transit is no risk that anybody could reduce
                self.liquidator.watch(self.world.now_ms)
        self._catch_up(wire_s)
        self.publish(wire_s)
        for connection in list(self.connections.values()):
            if not connection.closed:
                self.broadcast.due(connection, wire_s)
                self.outlet.release(connection, wire_s, OVERTAKEN_S)
                watch(connection, self.outlet, wire_s)
            if connection.closed:
                self._release(connection, wire_s)
        if wire_s - self._saved_s >= SAVE_EVERY_S:
            self._save(wire_s)

    def market_moved(self, wire_s: float) -> None:
        """Somebody moved the market at this instant: what rests may trade, and everybody sees it."""
        self.markets.forget()
        self.feeds.refresh()
        self.desk.match_resting(self.world.now_ms)
        self.publish(wire_s)
        self._save(wire_s)

    def _catch_up(self, wire_s: float) -> None:
        """Execute what a slow engine comes to now, and hear what deaf connections received meanwhile."""
        for entry in self._engine.take_due(wire_s):
            self._come_to(entry, wire_s)
        for connection in list(self.connections.values()):
            if connection.unheard and not connection.deaf:
                unheard, connection.unheard = connection.unheard, []
                for text in unheard:
                    self.receive(connection, text, wire_s)

    def switch_on(self, asked: Asked, wire_s: float) -> None:
        """Switch a fault on. Raises ApiError for an instrument or an index that does not exist."""
        fault = asked.fault
        if fault.instrument is not None:
            self.markets.listing(fault.instrument)
        if fault.index is not None and fault.index not in self.feeds.indices():
            raise invalid_param("index", f"must be one of {', '.join(self.feeds.indices())}")
        asked.switch_on(self.faults, wire_s)
        self.weather.move(wire_s)

    def pause(self, wire_s: float) -> None:
        """Freeze market time; every `user.portfolio` is sent once more, at the frozen instant."""
        self.tick(wire_s)
        self.clock.pause(wire_s)
        self.broadcast.portfolios(wire_s, anyway=True)
        self._save(wire_s)

    def resume(self, wire_s: float) -> None:
        self.clock.resume(wire_s)
        self._save(wire_s)

    # -- what happened ----------------------------------------------------------------------------

    def publish(self, wire_s: float) -> None:
        """Save and announce everything that happened since the last call."""
        changes, self.desk.changes = self.desk.changes, []
        locks, self.liquidator.news = self.liquidator.news, []
        late = self.courier.due(wire_s)
        states = self.timeline.take_states()
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
        state = StateRow(
            self.account,
            self.clock,
            self.world.now_ms,
            self.account_cancel_on_disconnect,
            self.timeline.settling.agenda,
            self.moves,
        )
        self.journal.save(state, orders or [], trades or [])
        self.journal.keep_settlements(self.history.settlements)


def _code(body: Mapping[str, object]) -> object:
    error = body.get("error")
    return error.get("code") if isinstance(error, dict) else None
