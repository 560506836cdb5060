"""The markets as the account sees them: the world's ladders less what the account has taken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from hedger.simulator.liquidity import Level, Liquidity
from hedger.simulator.model import Listing, Market, World
from hedger.simulator.numbers import rounded
from hedger.simulator.rpc import ApiError, invalid_param

INDEX_PLACES = 2
FUTURE_MARK_PLACES = 2
OPTION_MARK_PLACES = 8  # valuation and trades; tickers show 4
EVERYTHING = ""  # in a set of names: all of them


class Markets:
    """Reads the world once per instrument and market instant."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.liquidity = Liquidity()
        self.empty: frozenset[str] = frozenset()  # instruments whose ladders are empty (a fault)
        self.locked: frozenset[str] = frozenset()  # price indices that are locked
        self.states: Mapping[str, str] = {}  # states by name, where not the world's
        self._cache: dict[str, Market] = {}
        self._cache_ms = -1

    def listing(self, name: str) -> Listing:
        """The listing of a live instrument; -32602 `instrument not found` otherwise."""
        found = self.world.listings().get(name)
        if found is None:
            raise invalid_param("instrument_name", "instrument not found")
        return found

    def market(self, name: str) -> Market:
        """The world's market of a live instrument now."""
        if self._cache_ms != self.world.now_ms:
            self._cache.clear()
            self._cache_ms = self.world.now_ms
        known = self._cache.get(name)
        if known is None:
            known = self.world.market(name)
            if name in self.states:
                known = replace(known, state=self.states[name])
            self._cache[name] = known
        return known

    def set_states(self, states: Mapping[str, str]) -> None:
        """States of instruments that differ from the world's."""
        self.states = states
        self._cache.clear()

    def mark(self, name: str) -> Decimal:
        """Mark price for valuation: USD with 2 decimals, or coin with 8."""
        is_option = self.world.listings()[name].is_option
        return rounded(self.market(name).mark, OPTION_MARK_PLACES if is_option else FUTURE_MARK_PLACES)

    def index(self, index_name: str) -> Decimal:
        """Index in USD with 2 decimals; -32602 for an unknown name."""
        price = self.index_or_none(index_name)
        if price is None:
            raise invalid_param("index_name", "wrong format")
        return price

    def index_or_none(self, index_name: str) -> Decimal | None:
        """Index in USD with 2 decimals; None where the world has no such index."""
        try:
            return rounded(self.world.index_price(index_name), INDEX_PLACES)
        except KeyError:
            return None

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
        """The market of an instrument that trades; 11051 when it is locked, 10012 when its book is closed."""
        if self.is_locked(listing):
            raise ApiError(11051)
        market = self.market(listing.name)
        if market.state != "open":
            raise ApiError(10012)
        return market


def among(names: frozenset[str], name: str) -> bool:
    """Whether a set of names, in which EVERYTHING may stand, has this one."""
    return EVERYTHING in names or name in names


def opposite(direction: str) -> str:
    """The side of the book that an order of this direction takes from."""
    return "asks" if direction == "buy" else "bids"
