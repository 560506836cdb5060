"""What both worlds share: live listings, time that only moves forward, and markets built once per instant."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from hedger.simulator.model import Expired, Listed, Listing, Market, WorldEvent
from hedger.simulator.time_units import DAY_MS, EXPIRY_OF_DAY_MS
from hedger.simulator.world import seeding
from hedger.simulator.world.contracts import perpetual_listing
from hedger.simulator.world.expiries import usual_creation_ms
from hedger.simulator.world.future_market import future_mark, future_market
from hedger.simulator.world.option_market import option_market, option_value
from hedger.simulator.world.scene import AVERAGING_MS, Scene
from hedger.simulator.world.terms import Terms
from hedger.simulator.world.timeline import Course


class ChainWorld(ABC):
    """A World (see `hedger.simulator.model`) of one index; subclasses give scenes and listing events."""

    def __init__(self, seed: int, origin_ms: int, end_ms: int | None, timeline: Course, terms: Terms) -> None:
        self.origin_ms = origin_ms
        self.end_ms = end_ms
        self._seed = seed
        self._timeline = timeline
        self._terms = terms
        self._now_ms = origin_ms
        self._listings: dict[str, Listing] = {}
        self._keys: dict[str, int] = {}
        self._markets: dict[str, Market] = {}
        self._settled: dict[str, tuple[int, float]] = {}
        self._scene: Scene | None = None
        self._next_id = terms.first_id
        self._list(origin_ms, perpetual_listing(terms))

    @abstractmethod
    def _scene_at(self, market_ms: int) -> Scene:
        """The scene at an instant not before the last 08:00 UTC."""

    @abstractmethod
    def _pass_time(self, until_ms: int) -> list[WorldEvent]:
        """Apply and return what was listed and what expired in (now, until], in time order."""

    @property
    def index_name(self) -> str:
        """The one index it has."""
        return self._terms.price_index

    @property
    def now_ms(self) -> int:
        return self._now_ms

    @property
    def ended(self) -> bool:
        return self.end_ms is not None and self._now_ms >= self.end_ms

    def advance(self, market_ms: int) -> Sequence[WorldEvent]:
        """Move to `market_ms`, or to the end of data if that comes first."""
        if market_ms < self._now_ms and not self.ended:
            raise ValueError(f"market_ms {market_ms} is before {self._now_ms}: time only moves forward")
        until_ms = market_ms if self.end_ms is None else min(market_ms, self.end_ms)
        if until_ms <= self._now_ms:
            return ()
        events = self._pass_time(until_ms)
        self._now_ms = until_ms
        self._scene = None
        self._markets.clear()
        return events

    def listings(self) -> Mapping[str, Listing]:
        return MappingProxyType(self._listings)

    def market(self, name: str) -> Market:
        known = self._markets.get(name)
        if known is None:
            known = self._markets[name] = self._quote(self._listings[name])
        return known

    def index_price(self, index_name: str) -> float:
        if index_name != self._terms.price_index:
            raise KeyError(index_name)
        return self._current_scene().index_usd

    def _current_scene(self) -> Scene:
        if self._scene is None:
            self._scene = self._scene_at(self._now_ms)
        return self._scene

    def _list(self, market_ms: int, listing: Listing) -> Listed:
        self._next_id += 1
        self._listings[listing.name] = listing
        self._keys[listing.name] = seeding.key(self._seed, listing.name)
        return Listed(market_ms, listing)

    def _created(self, expiration_ms: int, market_ms: int) -> int:
        """What the world begins with was listed at its usual time before; the rest is listed now."""
        if market_ms > self.origin_ms:
            return market_ms
        return min(usual_creation_ms(expiration_ms), market_ms)

    def _expire(self, market_ms: int) -> list[Expired]:
        """Remove what expires now, options before the future they are exercised into (deribit.md 11)."""
        gone = [listing for listing in self._listings.values() if listing.expiration_ms == market_ms]
        gone.sort(key=lambda listing: (not listing.is_option, listing.name))
        for listing in gone:
            del self._listings[listing.name], self._keys[listing.name]
            self._settled.pop(listing.name, None)
        begin_ms = max(market_ms - AVERAGING_MS, self._timeline.first_ms)
        price = self._timeline.mean(begin_ms, market_ms) if gone else 0.0
        return [Expired(market_ms, listing.name, price) for listing in gone]

    def _quote(self, listing: Listing) -> Market:
        build = option_market if listing.is_option else future_market
        return build(
            self._current_scene(), listing, self._keys[listing.name], self._settlement_price(listing)
        )

    def _settlement_price(self, listing: Listing) -> float:
        """The mark at the last daily settlement (08:00 UTC), or at listing if that came later."""
        settled_ms = max(last_settlement_ms(self._now_ms), listing.creation_ms)
        known = self._settled.get(listing.name)
        if known is None or known[0] != settled_ms:
            scene = self._scene_at(settled_ms)
            mark = option_value(scene, listing).mark if listing.is_option else future_mark(scene, listing)
            known = self._settled[listing.name] = settled_ms, mark
        return known[1]


def last_settlement_ms(market_ms: int) -> int:
    """The last 08:00 UTC at or before an instant."""
    return market_ms - (market_ms - EXPIRY_OF_DAY_MS) % DAY_MS
