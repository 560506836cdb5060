"""The markets as the account sees them: the world's ladders less what the account has taken.

At 08:00 UTC trading rests for a while (`settling`), and what expired then is still there until it has been
delivered (`expired`): without quotes, at its delivery price, its delta decayed to nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from hedger.simulator.liquidity import Level, Liquidity
from hedger.simulator.model import Greeks, Listing, Market, World
from hedger.simulator.numbers import exact, rounded
from hedger.simulator.rpc import ApiError, invalid_param
from hedger.simulator.spreads import Spread, all_spreads, find_spread, spread_market

INDEX_PLACES = 2
FUTURE_MARK_PLACES = 2
OPTION_MARK_PLACES = 8  # valuation and trades; tickers show 4
UNDERLYING_PLACES = 4
EVERYTHING = ""  # in a set of names: all of them


ExactGreeks = tuple[Decimal, Decimal, Decimal, Decimal]
"""Delta, gamma, vega, theta."""


@dataclass(frozen=True, slots=True)
class Quoted:
    """An instrument's market with the exact numbers that values and margins are made of."""

    market: Market
    mark: Decimal
    index: Decimal
    underlying: Decimal  # USD: the forward of an option, the index of a future
    unit_delta: float  # coin per unit of amount
    delta_decay: Decimal
    greeks: ExactGreeks | None  # of 1 coin


@dataclass(slots=True, eq=False)
class Moment:
    """What was read of the world while nothing moved, by instrument; indices in USD."""

    market_ms: int
    markets: dict[str, Market] = field(default_factory=dict)
    marks: dict[str, Decimal] = field(default_factory=dict)
    quoted: dict[str, Quoted] = field(default_factory=dict)
    indices: dict[str, Decimal | None] = field(default_factory=dict)


class Markets:
    """Reads the world once per instrument and moment."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.liquidity = Liquidity()
        self.empty: frozenset[str] = frozenset()  # instruments whose ladders are empty (a fault)
        self.locked: frozenset[str] = frozenset()  # price indices that are locked
        self.states: Mapping[str, str] = {}  # states by name, where not the world's
        self.lists_spreads = True  # any two futures of one underlying trade as one
        self._settling = False
        self._expired: dict[str, tuple[Listing, Market]] = {}
        self._moment = Moment(world.now_ms)

    @property
    def moment(self) -> Moment:
        """What is known of now: another object as soon as any market, mark or index may be another."""
        if self._moment.market_ms != self.world.now_ms:
            self.forget()
        return self._moment

    @property
    def settling(self) -> bool:
        """The daily settlement is going on: no order is taken, changed or cancelled (10041)."""
        return self._settling

    def settle(self, settling: bool) -> None:
        """Stop trading for the daily settlement, or open it again."""
        self._settling = settling
        self.forget()

    def forget(self) -> None:
        """The world changed at the instant that it is at."""
        self._moment = Moment(self.world.now_ms)

    def keep_expired(self, listing: Listing, market: Market) -> None:
        """An instrument that the world has dropped is there until `release`."""
        self._expired[listing.name] = listing, market
        self.forget()

    def release(self, name: str) -> None:
        """An expired instrument is gone for good."""
        del self._expired[name]
        self.forget()
        self.liquidity.forget(name)

    def listings(self) -> Mapping[str, Listing]:
        """What is there, by name: the world's live instruments, then those that wait for their delivery."""
        if not self._expired:
            return self.world.listings()
        return {**self.world.listings(), **{name: row for name, (row, _) in self._expired.items()}}

    def listing(self, name: str) -> Listing:
        """The listing of an instrument that is there; -32602 `instrument not found` otherwise."""
        expired = self._expired.get(name)
        found = self.world.listings().get(name) if expired is None else expired[0]
        if found is None and (spread := self.spread(name)) is not None:
            return spread.listing
        if found is None:
            raise invalid_param("instrument_name", "instrument not found")
        return found

    def spread(self, name: str) -> Spread | None:
        """The future spread of a name, while both legs trade."""
        return find_spread(name, self.world.listings()) if self.lists_spreads else None

    def spreads(self) -> list[Spread]:
        """All that are listed."""
        return list(all_spreads(self.world.listings())) if self.lists_spreads else []

    def is_there(self, name: str) -> bool:
        """Whether an instrument or a spread of that name is listed."""
        return name in self.listings() or self.spread(name) is not None

    def market(self, name: str) -> Market:
        """The market of an instrument now."""
        markets = self.moment.markets
        known = markets.get(name)
        if known is None:
            known = markets[name] = self._market(name)
        return known

    def _market(self, name: str) -> Market:
        if name in self._expired:
            return replace(self._expired[name][1], market_ms=self.world.now_ms)
        spread = None if name in self.world.listings() else self.spread(name)
        if spread is None:
            market = self.world.market(name)
        else:
            market = spread_market(spread, self.market(spread.bought.name), self.market(spread.sold.name))
        state = "settlement" if self._settling and market.state == "open" else market.state
        state = self.states.get(name, state)
        return market if state == market.state else replace(market, state=state)

    def quoted(self, listing: Listing) -> Quoted:
        """The numbers of an instrument now."""
        known = self.moment.quoted
        if listing.name not in known:
            known[listing.name] = self._quoted(listing)
        return known[listing.name]

    def _quoted(self, listing: Listing) -> Quoted:
        market, mark = self.market(listing.name), self.mark(listing.name)
        unit = market.greeks
        if unit is not None:
            unit_delta = unit.delta
        else:
            unit_delta = market.delta_decay * (1.0 if listing.is_linear else 1.0 / float(mark))
        return Quoted(
            market=market,
            mark=mark,
            index=self.index(listing.price_index),
            underlying=rounded(market.underlying or market.index, UNDERLYING_PLACES),
            unit_delta=unit_delta,
            delta_decay=exact(market.delta_decay),
            greeks=None if unit is None else _exact_greeks(unit),
        )

    def set_states(self, states: Mapping[str, str]) -> None:
        """States of instruments that differ from the world's."""
        self.states = states
        self.forget()

    def mark(self, name: str) -> Decimal:
        """Mark price for settlement and rendering: 8 decimals for options, 2 for futures."""
        marks = self.moment.marks
        known = marks.get(name)
        if known is None:
            places = OPTION_MARK_PLACES if self.listing(name).is_option else FUTURE_MARK_PLACES
            known = marks[name] = rounded(self.market(name).mark, places)
        return known

    def exact_mark(self, name: str) -> Decimal:
        """Mark price, unrounded."""
        return exact(self.market(name).mark)

    def index(self, index_name: str) -> Decimal:
        """Index in USD with 2 decimals; -32602 for an unknown name."""
        price = self.index_or_none(index_name)
        if price is None:
            raise invalid_param("index_name", "wrong format")
        return price

    def index_or_none(self, index_name: str) -> Decimal | None:
        """Index in USD with 2 decimals; None where the world has no such index."""
        indices = self.moment.indices
        if index_name not in indices:
            indices[index_name] = self._index(index_name)
        return indices[index_name]

    def _index(self, index_name: str) -> Decimal | None:
        try:
            return rounded(self.world.index_price(index_name), INDEX_PLACES)
        except KeyError:
            return None

    def estimated_delivery(self, index_name: str) -> tuple[float, int]:
        """The running delivery price of an index's next expiry, and the ms to it; -32602 for an unknown name.

        Until the average begins it is the index itself (deribit.md 11).
        """
        index, now_ms = float(self.index(index_name)), self.world.now_ms
        dated = [row for row in self.listings().values() if row.price_index == index_name]
        ends = {row.expiration_ms: row.name for row in dated if not row.is_perpetual and not row.is_option}
        if not ends:
            return index, 0
        next_ms = min(ends)
        price = round(self.market(ends[next_ms]).estimated_delivery_price, INDEX_PLACES)
        return price, max(0, next_ms - now_ms)

    def ladder(self, listing: Listing, side: str) -> list[Level]:
        """What is offered now on `bids` or `asks`, best first."""
        if among(self.empty, listing.name):
            return []
        return self.liquidity.ladder(listing, side, self.raw_ladder(listing, side), self.world.now_ms)

    def raw_ladder(self, listing: Listing, side: str) -> tuple[Level, ...]:
        market = self.market(listing.name)
        return market.bids if side == "bids" else market.asks

    def consume(self, listing: Listing, side: str, amount: Decimal) -> None:
        levels = self.raw_ladder(listing, side)
        self.liquidity.consume(listing, side, amount, levels, self.world.now_ms)

    def is_locked(self, listing: Listing) -> bool:
        """Whether the platform, or the index of an instrument, is locked."""
        return among(self.locked, listing.price_index)

    def trades(self, listing: Listing) -> bool:
        """Whether resting orders are matched."""
        return not self.is_locked(listing) and self.market(listing.name).state == "open"

    def require_open(self, listing: Listing) -> Market:
        """The market of an instrument that trades.

        Refusals: 11051 when it is locked, 10041 during settlement, 10012 when its book is closed.
        """
        if self.is_locked(listing):
            raise ApiError(11051)
        market = self.market(listing.name)
        if market.state == "settlement":
            raise ApiError(10041)
        if market.state != "open":
            raise ApiError(10012)
        return market


def _exact_greeks(unit: Greeks) -> ExactGreeks:
    return exact(unit.delta), exact(unit.gamma), exact(unit.vega), exact(unit.theta)


def among(names: frozenset[str], name: str) -> bool:
    """Whether a set of names, in which EVERYTHING may stand, has this one."""
    return EVERYTHING in names or name in names


def opposite(direction: str) -> str:
    """The side of the book that an order of this direction takes from."""
    return "asks" if direction == "buy" else "bids"
