"""Worlds of one underlying each, side by side as one World that moves them together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from hedger.simulator.model import Listing, Market, WorldEvent
from hedger.simulator.world.chain import ChainWorld


class SeveralWorlds:
    """A World (see `hedger.simulator.model`) of several underlyings that begin and end together."""

    def __init__(self, worlds: Sequence[ChainWorld]) -> None:
        first, *others = worlds
        if any((one.origin_ms, one.end_ms) != (first.origin_ms, first.end_ms) for one in others):
            raise ValueError("worlds must begin and end together")
        self.origin_ms, self.end_ms = first.origin_ms, first.end_ms
        self._worlds = tuple(worlds)
        self._owners: dict[str, ChainWorld] = {}
        self._listings: Mapping[str, Listing] = {}
        self._take_stock()

    @property
    def now_ms(self) -> int:
        return self._worlds[0].now_ms

    @property
    def ended(self) -> bool:
        return self._worlds[0].ended

    def advance(self, market_ms: int) -> Sequence[WorldEvent]:
        """Move all of them; events in time order, at one instant in the order of the worlds."""
        events = [event for world in self._worlds for event in world.advance(market_ms)]
        if events:
            self._take_stock()
        return sorted(events, key=lambda event: event.market_ms)

    def listings(self) -> Mapping[str, Listing]:
        return self._listings

    def market(self, name: str) -> Market:
        return self._owners[name].market(name)

    def index_price(self, index_name: str) -> float:
        for world in self._worlds:
            if world.index_name == index_name:
                return world.index_price(index_name)
        raise KeyError(index_name)

    def _take_stock(self) -> None:
        self._owners = {name: world for world in self._worlds for name in world.listings()}
        rows = {name: row for world in self._worlds for name, row in world.listings().items()}
        self._listings = MappingProxyType(rows)
