"""A world whose every price is set by the test, and an exchange on top of it."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from hedger.simulator.admission import HttpRequest
from hedger.simulator.auth import Keys
from hedger.simulator.clock import MarketClock
from hedger.simulator.connection import Close, Connection, Send
from hedger.simulator.exchange import Exchange, Identity
from hedger.simulator.launch import METHOD_MODULES
from hedger.simulator.limits import Limits, Rate
from hedger.simulator.model import Expired, Funding, Greeks, Listing, Market, WorldEvent
from hedger.simulator.rpc import parse_request

ORIGIN_MS = 1_790_000_000_000  # 2026-09-21 14:13:20 UTC
DAY_MS = 86_400_000
WIRE_S = 1_000_000.0  # wire time of the start; any number does
EXPIRY_MS = 1_790_064_000_000  # 2026-09-22 08:00 UTC
FAR_EXPIRY_MS = EXPIRY_MS + 30 * DAY_MS
KEYS = Keys("key-1", "secret-1")
PERPETUAL = "BTC-PERPETUAL"
CALL = "BTC-22OCT26-100000-C"
PUT = "BTC-22OCT26-90000-P"
EXPIRING_CALL = "BTC-22SEP26-95000-C"
EXPIRING_FUTURE = "BTC-22SEP26"
GENEROUS = Limits(Rate(1e6, 1e6), Rate(1e6, 1e6), Rate(1e6, 1e6), Rate(1e6, 1e6))

assert METHOD_MODULES


def D(text: str | int) -> Decimal:
    return Decimal(text)


def future(name: str, expiration_ms: int, period: str) -> Listing:
    return Listing(
        name=name,
        instrument_id=210838 + expiration_ms % 1000,
        kind="future",
        settlement_period=period,
        base_currency="BTC",
        quote_currency="USD",
        counter_currency="USD",
        settlement_currency="BTC",
        instrument_type="reversed",
        price_index="btc_usd",
        contract_size=D(10),
        min_trade_amount=D(10),
        tick_size=D("0.5") if period == "perpetual" else D("2.5"),
        tick_size_steps=(),
        maker_commission=D("0.00015"),
        taker_commission=D("0.00035"),
        max_leverage=50,
        creation_ms=ORIGIN_MS - DAY_MS,
        expiration_ms=expiration_ms,
    )


def option(name: str, expiration_ms: int) -> Listing:
    strike, letter = name.split("-")[2:]
    return Listing(
        name=name,
        instrument_id=695978 + int(strike),
        kind="option",
        settlement_period="month",
        base_currency="BTC",
        quote_currency="BTC",
        counter_currency="USD",
        settlement_currency="BTC",
        instrument_type="reversed",
        price_index="btc_usd",
        contract_size=D(1),
        min_trade_amount=D("0.1"),
        tick_size=D("0.0001"),
        tick_size_steps=((D("0.005"), D("0.0005")),),
        maker_commission=D("0.0003"),
        taker_commission=D("0.0003"),
        max_leverage=0,
        creation_ms=ORIGIN_MS - DAY_MS,
        expiration_ms=expiration_ms,
        strike=D(strike),
        option_type="call" if letter == "C" else "put",
    )


def levels(*rows: tuple[str, str]) -> tuple[tuple[Decimal, Decimal], ...]:
    return tuple((D(price), D(amount)) for price, amount in rows)


def future_market(name: str, mark: float, index: float) -> Market:
    """A future with 1 000, 2 000 and 3 000 USD on three ticks of either side of 100 000."""
    return Market(
        name=name,
        market_ms=ORIGIN_MS,
        state="open",
        index=index,
        mark=mark,
        bids=levels(("99999.5", "1000"), ("99999", "2000"), ("99998.5", "3000")),
        asks=levels(("100000.5", "1000"), ("100001", "2000"), ("100001.5", "3000")),
        min_price=D(98500),
        max_price=D(101500),
        open_interest=1_000_000.0,
        settlement_price=99_900.0,
        estimated_delivery_price=index,
        funding=Funding(0.0001, 0.0002, 0.0, 0.0) if name == PERPETUAL else None,
    )


def option_market(name: str, mark: float, delta: float) -> Market:
    return Market(
        name=name,
        market_ms=ORIGIN_MS,
        state="open",
        index=100_000.0,
        mark=mark,
        bids=levels(("0.0195", "5"), ("0.019", "10")),
        asks=levels(("0.0205", "5"), ("0.021", "10")),
        min_price=D("0.0001"),
        max_price=D("0.06"),
        open_interest=10.0,
        settlement_price=mark,
        estimated_delivery_price=100_000.0,
        underlying=100_100.0,
        underlying_name="SYN.BTC-22OCT26",
        iv=0.5123456,
        bid_iv=0.5,
        ask_iv=0.525,
        greeks=Greeks(delta, 0.0000123, 98.7654321, -65.4321, 12.3456),
    )


@dataclass
class ScriptedWorld:
    """Holds whatever markets it is given until the test changes them."""

    origin_ms: int = ORIGIN_MS
    end_ms: int | None = None
    now_ms: int = ORIGIN_MS
    index: float = 100_000.0
    delivery_price: float = 100_000.0
    other_indices: dict[str, float] = field(default_factory=dict)
    markets: dict[str, Market] = field(default_factory=dict)
    listed: dict[str, Listing] = field(default_factory=dict)

    def __post_init__(self) -> None:
        far = 32_503_708_800_000
        for listing in (future(PERPETUAL, far, "perpetual"), future(EXPIRING_FUTURE, EXPIRY_MS, "day")):
            self.listed[listing.name] = listing
            self.markets[listing.name] = future_market(listing.name, 100_000.0, self.index)
        for name, expiry_ms, delta in (
            (CALL, FAR_EXPIRY_MS, 0.4),
            (PUT, FAR_EXPIRY_MS, -0.2),
            (EXPIRING_CALL, EXPIRY_MS, 0.9),
        ):
            self.listed[name] = option(name, expiry_ms)
            self.markets[name] = option_market(name, 0.02, delta)

    @property
    def ended(self) -> bool:
        return self.end_ms is not None and self.now_ms >= self.end_ms

    def advance(self, market_ms: int) -> Sequence[WorldEvent]:
        self.now_ms = market_ms if self.end_ms is None else min(market_ms, self.end_ms)
        gone = [row for row in self.listed.values() if row.expiration_ms <= self.now_ms]
        for row in gone:
            del self.listed[row.name]
            del self.markets[row.name]
        return [Expired(row.expiration_ms, row.name, self.delivery_price) for row in gone]

    def listings(self) -> Mapping[str, Listing]:
        return self.listed

    def market(self, name: str) -> Market:
        return replace(self.markets[name], market_ms=self.now_ms, index=self.index)

    def index_price(self, index_name: str) -> float:
        return {"btc_usd": self.index, **self.other_indices}[index_name]

    def set(self, name: str, **changes: object) -> None:
        self.markets[name] = replace(self.markets[name], **changes)  # type: ignore[arg-type]

    def move(self, name: str, to: float) -> None:
        """Shift a future's mark and both sides of its book by the same number of USD."""
        market = self.markets[name]
        by = D(str(to)) - D(str(market.mark))
        bids = tuple((price + by, amount) for price, amount in market.bids)
        asks = tuple((price + by, amount) for price, amount in market.asks)
        band = {"min_price": D(str(to)) * D("0.985"), "max_price": D(str(to)) * D("1.015")}
        self.set(name, mark=to, bids=bids, asks=asks, **band)


class Reply(dict[str, Any]):
    """One frame; `.result` and `.error` fail loudly when it is the other one."""

    @property
    def result(self) -> Any:
        assert "error" not in self, self["error"]
        return self["result"]

    @property
    def error(self) -> Any:
        assert "result" not in self, self["result"]
        return self["error"]


class Desk:
    """An exchange over a scripted world, with one connection and a wire clock the test moves."""

    def __init__(
        self,
        *,
        limits: Limits = GENEROUS,
        equity: str = "10",
        speed: float = 1.0,
        margin_model: str = "segregated_sm",
    ) -> None:
        self.world = ScriptedWorld()
        tokens = itertools.count(1)
        self.exchange = Exchange(
            world=self.world,
            clock=MarketClock(ORIGIN_MS, speed, WIRE_S * 1000),
            identity=Identity("local-test", 4711, KEYS),
            seed=5,
            new_token=lambda: f"token-{next(tokens)}",
            limits=limits,
        )
        self.exchange.account.margin_model = margin_model
        self.exchange.account.book("deposit", "BTC", D(equity), ORIGIN_MS)
        self._begin()

    @classmethod
    def over(cls, exchange: Exchange, world: ScriptedWorld) -> Desk:
        """A desk at an exchange that somebody else has built."""
        desk = cls.__new__(cls)
        desk.exchange, desk.world = exchange, world
        desk._begin()
        return desk

    def _begin(self) -> None:
        self.wire_s = WIRE_S
        self.connection = self.exchange.connect(self.wire_s)
        self._ids = itertools.count(1)

    def send(self, text: str, connection: Connection | None = None) -> list[Reply]:
        """Send raw text; returns every frame that comes back on that connection."""
        connection = connection or self.connection
        self.exchange.receive(connection, text, self.wire_s)
        return self.frames(connection)

    def frames(self, connection: Connection | None = None) -> list[Reply]:
        taken = (connection or self.connection).take()
        return [Reply(json.loads(frame.text)) for frame in taken if isinstance(frame, Send)]

    def closes(self, connection: Connection | None = None) -> list[Close]:
        return [frame for frame in (connection or self.connection).take() if isinstance(frame, Close)]

    def exchange_frames(
        self, method: str, connection: Connection | None = None, /, **params: object
    ) -> list[Reply]:
        """Call a method; its reply and all notifications, in the order of the wire."""
        body = {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": params}
        return self.send(json.dumps(body), connection)

    def call(self, method: str, connection: Connection | None = None, /, **params: object) -> Reply:
        """Call a method; its reply."""
        frames = self.exchange_frames(method, connection, **params)
        return next(frame for frame in frames if "id" in frame)

    def http(self, verb: str, path: str, *, authorization: str = "", body: str = "") -> tuple[int, Any]:
        """An HTTP call as the server would hand it over."""
        name, _, query = path.removeprefix("/api/v2/").partition("?")
        params = dict(part.split("=", 1) for part in query.split("&") if part)
        request = parse_request(json.dumps({"method": name, "params": params}))
        answer = self.exchange.http(HttpRequest(verb, path, body, authorization, request), self.wire_s)
        assert answer is not None
        return answer[0], json.loads(answer[1])

    def log_in(self, connection: Connection | None = None, **params: object) -> Reply:
        """client_credentials with the right keys."""
        fields = {
            "grant_type": "client_credentials",
            "client_id": "key-1",
            "client_secret": "secret-1",
            **params,
        }
        return self.call("public/auth", connection, **fields)

    def buy(self, amount: float, name: str = PERPETUAL, /, **params: object) -> Reply:
        return self.call("private/buy", instrument_name=name, amount=amount, **params)

    def sell(self, amount: float, name: str = PERPETUAL, /, **params: object) -> Reply:
        return self.call("private/sell", instrument_name=name, amount=amount, **params)

    def pass_time(self, seconds: float) -> list[Reply]:
        """Let wire time pass in ticks of 100 ms; everything that was sent meanwhile."""
        sent: list[Reply] = []
        for _ in range(round(seconds * 10)):
            self.wire_s = round(self.wire_s + 0.1, 3)
            self.exchange.tick(self.wire_s)
            if not any(isinstance(frame, Close) for frame in self.connection.outbox):
                sent += self.frames()
        return sent

    def refresh(self) -> None:
        """Let the exchange see what the test changed in the world: one millisecond passes."""
        self.wire_s += 0.001
        self.exchange.tick(self.wire_s)

    @property
    def now_ms(self) -> int:
        return self.exchange.clock.market_ms(self.wire_s)


def logged_in(**options: Any) -> Desk:
    """A desk whose connection is authenticated and, by a quiet subscription, never idle."""
    desk = Desk(**options)
    desk.log_in()
    desk.call("private/subscribe", channels=["user.lock"])
    return desk


def notifications(frames: list[Reply], channel: str) -> list[Any]:
    """The data of all notifications of one channel."""
    return [f["params"]["data"] for f in frames if f.get("params", {}).get("channel") == channel]
