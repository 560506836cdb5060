"""A market that says what it is told: one level, one volatility, and moves at instants of somebody's choice.

Nothing is drawn. The index holds until the next move; forward and perpetual keep their ratio to it. With
`hold_expiry` options keep the time to expiry that they had at the origin, so that value moves with the market
alone. Made for checking a hedge against figures worked out by hand.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from hedger.pricing.black76 import YEAR_MS
from hedger.simulator.model import Funding, Listing, WorldEvent
from hedger.simulator.time_units import DAY_MS
from hedger.simulator.world.chain import ChainWorld
from hedger.simulator.world.contracts import future_listing, future_name, option_listing
from hedger.simulator.world.expiries import parse_expiry_code
from hedger.simulator.world.record import name_parts
from hedger.simulator.world.scene import ExpiryState, Spread, average_so_far, expiry_state
from hedger.simulator.world.several import SeveralWorlds
from hedger.simulator.world.terms import ALL, Terms
from hedger.simulator.world.timeline import TWAP_SAMPLE_MS, FundingPoint

UNDERLYINGS = {terms.prefix: terms for terms in ALL}


@dataclass(frozen=True, slots=True)
class Move:
    """At `market_ms` the index jumps to a level, or the volatility does; None leaves it."""

    market_ms: int
    index_usd: float | None = None
    iv: float | None = None


@dataclass(frozen=True, slots=True)
class FixedMarket:
    """One underlying. Prices in dollars per coin, volatility and fees as fractions, None: as listed."""

    underlying: str  # BTC, ETH or BTC_USDC
    index_usd: float
    iv: float
    forward_usd: float | None = None  # of every expiry; None: the index
    perpetual_usd: float | None = None
    hold_expiry: bool = False
    spread_usd: float = 1.0  # between best bid and ask of futures
    option_spread_coin: float = 0.001
    depth_usd: float = 10_000_000.0  # what rests at one price
    tick_usd: Decimal | None = None  # of futures
    future_fee: Decimal | None = None
    option_fee: Decimal | None = None
    instruments: tuple[str, ...] = ()  # beside the perpetual; an option brings the future of its expiry
    moves: tuple[Move, ...] = ()

    def terms(self) -> Terms:
        """Terms with the ticks and fees that were asked for. KeyError for an unknown underlying."""
        terms = UNDERLYINGS[self.underlying]
        if self.tick_usd is not None:
            terms = replace(terms, perpetual_tick=self.tick_usd, future_tick=self.tick_usd)
        if self.future_fee is not None:
            terms = replace(terms, future_maker=self.future_fee, future_taker=self.future_fee)
        return terms if self.option_fee is None else replace(terms, option_fee=self.option_fee)


class SteppedCourse:
    """An index of steps, without funding."""

    def __init__(self, market: FixedMarket, first_ms: int) -> None:
        self.first_ms = first_ms
        self._start = market.index_usd, market.iv
        self._moves: list[Move] = []
        self.add(*market.moves)

    def add(self, *moves: Move) -> None:
        """More moves; of two at one instant the one added last counts."""
        self._moves = sorted([*self._moves, *moves], key=lambda move: move.market_ms)
        self._times_ms, self._indices_usd, self._ivs = [self.first_ms], [self._start[0]], [self._start[1]]
        for move in self._moves:
            self._times_ms.append(max(move.market_ms, self.first_ms))
            self._indices_usd.append(move.index_usd or self._indices_usd[-1])
            self._ivs.append(move.iv or self._ivs[-1])

    def _place(self, market_ms: int) -> int:
        return max(bisect_right(self._times_ms, market_ms) - 1, 0)

    def index_at(self, market_ms: int) -> float:
        return self._indices_usd[self._place(market_ms)]

    def iv_at(self, market_ms: int) -> float:
        """The volatility of every option."""
        return self._ivs[self._place(market_ms)]

    def funding_at(self, market_ms: int) -> FundingPoint:
        return FundingPoint(0.0, 0.0, 0.0, 0.0)

    def mean(self, after_ms: int, until_ms: int) -> float:
        times = range(after_ms + TWAP_SAMPLE_MS, until_ms + 1, TWAP_SAMPLE_MS)
        return sum(map(self.index_at, times)) / len(times) if times else self.index_at(until_ms)

    def range_24h(self, market_ms: int) -> tuple[float, float]:
        seen = self._indices_usd[self._place(market_ms - DAY_MS) : self._place(market_ms) + 1]
        return min(seen), max(seen)


class FixedScene:
    """One instant of a fixed market."""

    def __init__(self, market: FixedMarket, course: SteppedCourse, origin_ms: int, market_ms: int) -> None:
        self._market, self._course, self._origin_ms, self.market_ms = market, course, origin_ms, market_ms
        self.index_usd = course.index_at(market_ms)
        self._range_24h: tuple[float, float] | None = None
        self._expiries: dict[int, ExpiryState] = {}

    def expiry(self, expiration_ms: int) -> ExpiryState:
        known = self._expiries.get(expiration_ms)
        if known is None:
            known = self._expiries[expiration_ms] = self._expiry(expiration_ms)
        return known

    def _expiry(self, expiration_ms: int) -> ExpiryState:
        now_ms = self._origin_ms if self._market.hold_expiry else self.market_ms
        tau_years = max(expiration_ms - now_ms, 0) / YEAR_MS
        average = average_so_far(self._course, self.market_ms, expiration_ms)
        forward = self.index_usd * self._ratio(self._market.forward_usd)
        return expiry_state(self.market_ms, expiration_ms, tau_years, forward, average)

    def _ratio(self, price_usd: float | None) -> float:
        return 1.0 if price_usd is None else price_usd / self._market.index_usd

    def iv(self, listing: Listing) -> float:
        return self._course.iv_at(self.market_ms)

    def perpetual_mark(self) -> float:
        return self.index_usd * self._ratio(self._market.perpetual_usd)

    def funding(self, *, linear: bool) -> Funding:
        return Funding(0.0, 0.0, 0.0, 0.0)

    def index_range_24h(self) -> tuple[float, float]:
        if self._range_24h is None:
            self._range_24h = self._course.range_24h(self.market_ms)
        return self._range_24h

    def option_spread(self, listing: Listing, mark_coin: float, delta: float, vega_coin: float) -> Spread:
        half = self._market.option_spread_coin / 2.0
        return Spread(half, half)

    def future_spread(self, listing: Listing, mark_usd: float) -> Spread:
        half = self._market.spread_usd / 2.0
        return Spread(half, half)

    def resting_usd(self, listing: Listing) -> float:
        return self._market.depth_usd


class FixedWorld(ChainWorld):
    """A fixed market of one underlying (a World)."""

    def __init__(self, origin_ms: int, market: FixedMarket) -> None:
        course = SteppedCourse(market, origin_ms)
        super().__init__(0, origin_ms, None, course, market.terms())
        self._market, self._course = market, course
        for name in market.instruments:
            self._list_named(name)

    def move(self, move: Move) -> None:
        """The market moves now or later."""
        self._course.add(move)
        self._scene = None
        self._markets.clear()

    def _scene_at(self, market_ms: int) -> FixedScene:
        return FixedScene(self._market, self._course, self.origin_ms, market_ms)

    def _pass_time(self, until_ms: int) -> list[WorldEvent]:
        events: list[WorldEvent] = []
        for expiry_ms in sorted({row.expiration_ms for row in self._listings.values()}):
            if self._now_ms < expiry_ms <= until_ms:
                events += self._expire(expiry_ms)
        return events

    def _list_named(self, name: str) -> None:
        """List an instrument by its name, an option after its future. ValueError for a name that is none."""
        prefix, _, rest = name.partition("-")
        if prefix != self._terms.prefix or not rest:
            raise ValueError(f"{name!r} is no instrument of {self._terms.prefix}")
        if name in self._listings:
            return
        expiration_ms = parse_expiry_code(rest.split("-")[0])
        if expiration_ms <= self.origin_ms:
            raise ValueError(f"{name!r} has expired at the origin")
        created_ms = self._created(expiration_ms, self.origin_ms)
        if future_name(self._terms, expiration_ms) not in self._listings:
            future = future_listing(self._terms, expiration_ms, self._next_id, created_ms)
            self._list(self.origin_ms, future)
        if "-" in rest:
            option = option_listing(self._terms, *name_parts(name), self._next_id, created_ms)
            self._list(self.origin_ms, option)


class FixedWorlds(SeveralWorlds):
    """Fixed markets side by side."""

    def __init__(self, origin_ms: int, markets: Sequence[FixedMarket]) -> None:
        """Instants of the markets' own moves count from the origin."""
        begun = (_begun(market, origin_ms) for market in markets)
        self._fixed = {market.underlying: FixedWorld(origin_ms, market) for market in begun}
        super().__init__(list(self._fixed.values()))

    def move(self, underlying: str, move: Move) -> None:
        """Move one of them. KeyError for an underlying that is not there."""
        self._fixed[underlying].move(move)

    @property
    def underlyings(self) -> tuple[str, ...]:
        return tuple(self._fixed)


def _begun(market: FixedMarket, origin_ms: int) -> FixedMarket:
    moves = tuple(replace(move, market_ms=origin_ms + move.market_ms) for move in market.moves)
    return replace(market, moves=moves)
