"""The local exchange in virtual time: its market, its account, and its ends of the connections."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from decimal import Decimal
from itertools import count

from hedger.backtest.simulate.heap import Heap
from hedger.backtest.simulate.underlyings import Underlying
from hedger.backtest.simulate.wire import Network, Side, Wire
from hedger.domain.time_units import DAY_MS, EXPIRY_OF_DAY_MS
from hedger.pricing.settlement import WINDOW_MS
from hedger.simulator.auth import Keys
from hedger.simulator.books import open_book
from hedger.simulator.clock import MarketClock
from hedger.simulator.connection import Connection, Send
from hedger.simulator.entries import DEPOSIT, Note
from hedger.simulator.exchange import Exchange, Identity
from hedger.simulator.fault_requests import parse_fault
from hedger.simulator.launch import bare_exchange
from hedger.simulator.orders import Order
from hedger.simulator.rpc import ApiError
from hedger.simulator.world.fixed import FixedMarket, FixedWorlds, Move

BRISK_S = 2.0  # between ticks while something is about to be told, or a fault holds that moves with them
_BRISK = ("slow_engine", "reorder", "maintenance", "half_open")
UNIX_S = 1_790_000_000.0  # the wall clock when a life begins
KEYS = Keys("simulated", "secret-of-the-simulation")
ACCOUNT, USER_ID = "simulated", 4_711
EQUITY_BTC = Decimal(100)  # of every underlying as much as so many are worth

Act = Callable[[Exchange, Mapping[str, object], float], object]


class Venue:
    """Carries frames between wires and the exchange, and ticks it."""

    def __init__(
        self,
        heap: Heap,
        seed: int,
        *,
        origin_ms: int,
        speed: float,
        underlyings: tuple[Underlying, ...],
        markets: tuple[FixedMarket, ...],
        positions: tuple[tuple[str, Decimal], ...],
        tick_s: float,
        margin: str,
        changed: Callable[[], None],
    ) -> None:
        self._heap, self._tick_s, self._changed = heap, tick_s, changed
        self._chance = random.Random(f"{seed}:network")
        self._accepted: dict[int, tuple[Wire, Connection]] = {}
        self.network = Network()
        self.brisk_until_s = 0.0
        self.arrived: Callable[[str], None] = _ignored
        self.exchange = _exchange(seed, origin_ms, speed, markets, positions)
        self._fund(underlyings, origin_ms)
        self.exchange.account.margin_model = margin
        self.tick()

    def _fund(self, underlyings: tuple[Underlying, ...], origin_ms: int) -> None:
        account = self.exchange.account
        for one in underlyings:
            account.book(
                DEPOSIT, one.currency, one.money(EQUITY_BTC), origin_ms, Note(info="opening balance")
            )
        account.stamp(self.exchange.markets.exact_mark)

    # -- time and market ----------------------------------------------------------------------------

    @property
    def wire_s(self) -> float:
        """Seconds since the epoch: the exchange's wire time."""
        return UNIX_S + self._heap.now_s

    def market_ms(self, skew_ms: int = 0) -> int:
        return self.exchange.clock.market_ms(self.wire_s) + skew_ms

    def tick(self) -> None:
        """Move the world, feed the subscriptions, and come back."""
        self.exchange.tick(self.wire_s)
        self._flush()
        self._changed()
        faults, wire_s = self.exchange.faults, self.wire_s
        brisk = self._heap.now_s < self.brisk_until_s or any(faults.find(kind, wire_s) for kind in _BRISK)
        self._heap.after(min(BRISK_S, self._tick_s) if brisk else self._tick_s, self.tick)

    def do(self, act: Act, **body: object) -> bool:
        """Something that a person or the exchange itself does; False where it was refused."""
        self.brisk_until_s = self._heap.now_s + BRISK_S
        try:
            act(self.exchange, body, self.wire_s)
        except ApiError:
            return False
        finally:
            self._flush()
        return True

    def fault(self, text: str) -> None:
        """Switch a fault on, `KIND,key=value,...`."""
        self.exchange.switch_on(parse_fault(text), self.wire_s)
        self._flush()

    def calm(self) -> None:
        """Exchange and network work again."""
        self.exchange.weather.clear(self.wire_s)
        self.network.calm()
        self._flush()

    # -- connections --------------------------------------------------------------------------------

    def connect(self, daemon: Side) -> Wire | None:
        """A new connection; None where it is refused."""
        refused = self._heap.now_s < self.network.refuses_until_s
        if refused or self.exchange.weather.refused_handshake(self.wire_s) is not None:
            return None
        wire = Wire(self._heap, self._chance, self.network, daemon, self)
        self._accepted[id(wire)] = wire, self.exchange.connect(self.wire_s)
        return wire

    def heard(self, wire: Wire, frame: str) -> None:
        """A frame of a daemon."""
        self.arrived(frame)
        self.exchange.receive(self._accepted[id(wire)][1], frame, self.wire_s)
        self._flush()

    def hung_up(self, wire: Wire, reason: str) -> None:
        """A connection is over."""
        _, connection = self._accepted.pop(id(wire))
        self.exchange.disconnect(connection, self.wire_s)
        self._flush()

    def _flush(self) -> None:
        """What the exchange wants to send goes on its way."""
        for wire, connection in tuple(self._accepted.values()):
            for frame in connection.take():
                if isinstance(frame, Send):
                    wire.down(frame.text, frame.not_before_s - UNIX_S, apart=frame.apart)
                else:
                    wire.close_by_exchange(frame.reason or "connection lost")

    def cut(self) -> None:
        """The network breaks every connection; either side may learn of it long after the other."""
        for wire, _ in tuple(self._accepted.values()):
            late_s = self._chance.choice((0.0, 0.2, 15.0))
            first, second = (0.0, late_s) if self._chance.random() < 0.5 else (late_s, 0.0)
            wire.cut(first, second)

    # -- the truth ----------------------------------------------------------------------------------

    @property
    def position(self) -> dict[str, Decimal]:
        return {row.listing.name: row.size for row in self.exchange.account.open_positions()}

    @property
    def hedges(self) -> list[Order]:
        """Orders that bear a daemon's label, in the order in which they came."""
        return [order for order in self.exchange.desk.orders.values() if order.label.startswith("h-")]

    def settles(self, after_s: float) -> bool:
        """Whether options run out (half an hour before 08:00 UTC), or did within so much wire time."""
        since_ms = (self.market_ms() - EXPIRY_OF_DAY_MS) % DAY_MS
        return since_ms >= DAY_MS - WINDOW_MS or since_ms < after_s * 1000 * self.exchange.clock.speed

    def net_delta_coin(self, underlying: Underlying) -> float:
        """Net transaction delta of all positions of an underlying, coin.

        Inverse: sum of size x (delta - mark), futures size / mark. Linear: sum of size x delta, futures size.
        """
        total, markets = 0.0, self.exchange.markets
        for row in self.exchange.account.open_positions():
            listing = row.listing
            if not underlying.owns(listing):
                continue
            market, size = markets.market(listing.name), float(row.size)
            in_coin = 0.0 if listing.is_linear else market.mark  # what of its price moves with the coin
            if listing.is_option:
                delta = market.greeks.delta if market.greeks is not None else 0.0
                total += size * (delta - in_coin * market.delta_decay)
            else:
                total += size / (in_coin or 1.0) * market.delta_decay
        return total


def _exchange(
    seed: int,
    origin_ms: int,
    speed: float,
    markets: tuple[FixedMarket, ...],
    positions: tuple[tuple[str, Decimal], ...],
) -> Exchange:
    """An exchange of one account without money, its positions opened at mark."""
    tokens = count(1)
    world = FixedWorlds(origin_ms, markets)
    clock = MarketClock(origin_ms, speed, UNIX_S * 1000)
    identity = Identity(ACCOUNT, USER_ID, KEYS)
    exchange = bare_exchange(world, clock, identity, seed, lambda: f"token-{next(tokens)}")
    listings = exchange.markets.listings()
    open_book(exchange.account, [(listings[name], size) for name, size in positions], exchange.markets)
    return exchange


def walk(
    chance: random.Random, seconds: float, speed: float, start_usd: float, iv: float
) -> tuple[Move, ...]:
    """A geometric random walk at irregular instants, with a jump now and then; instants in ms of market time.

    Volatile enough that a band is left every few minutes of wire time at any speed.
    """
    moves, at_s, level = [], 0.0, start_usd
    while at_s < seconds:
        pause_s = chance.expovariate(1 / 4.0)
        at_s += pause_s
        size = 0.0004 * math.sqrt(pause_s) if chance.random() < 0.98 else 0.01
        level *= math.exp(chance.gauss(0.0, size))
        moves.append(Move(int(at_s * 1000 * speed), round(level, 2), iv * chance.uniform(0.95, 1.05)))
    return tuple(moves)


def _ignored(frame: str) -> None:
    """Nobody listens."""
