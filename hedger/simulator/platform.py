"""Whether the platform trades: locks of price indices, halted instruments, maintenance (deribit.md 4 and 6).

Locks are told by `platform_state` and public/status only, halts by `instrument.state` and tickers only.
"""

from __future__ import annotations

from enum import Enum, auto

from hedger.simulator.broadcast import Broadcast
from hedger.simulator.faults import Faults
from hedger.simulator.feeds import Feeds
from hedger.simulator.markets import EVERYTHING, Markets, among
from hedger.simulator.model import Listing
from hedger.simulator.settling import StateChange
from hedger.simulator.timeline import Timeline


class Phase(Enum):
    """Of a maintenance: none, told and about to begin, or no one gets in."""

    OPEN = auto()
    ANNOUNCED = auto()
    AWAY = auto()


class Platform:
    """Lets locks, halts and maintenance take and lose effect, and tells whoever subscribed."""

    def __init__(
        self, faults: Faults, markets: Markets, feeds: Feeds, timeline: Timeline, broadcast: Broadcast
    ) -> None:
        self._faults, self._markets, self._feeds = faults, markets, feeds
        self._timeline, self._broadcast = timeline, broadcast
        self._maintained = False
        self._locked: frozenset[str] = frozenset()  # by locks alone

    def phase(self, wire_s: float) -> Phase:
        """Where a maintenance stands."""
        phases = [
            Phase.ANNOUNCED if wire_s < fault.since_s + fault.notice_s else Phase.AWAY
            for fault in self._faults.all("maintenance", wire_s)
        ]
        if not phases:
            return Phase.OPEN
        return Phase.AWAY if Phase.AWAY in phases else Phase.ANNOUNCED

    def move(self, wire_s: float) -> None:
        """Apply what holds now."""
        self._maintain(self.phase(wire_s) is not Phase.OPEN, wire_s)
        self._lock(wire_s)
        self._halt(wire_s)

    def status(self) -> dict[str, object]:
        """public/status: "true" when nothing trades, "partial" with the locked indices, "false"."""
        locked = self._markets.locked
        if EVERYTHING in locked:
            return {"locked": "true"}
        if locked:
            return {"locked": "partial", "locked_indices": sorted(locked)}
        return {"locked": "false"}

    def _maintain(self, maintained: bool, wire_s: float) -> None:
        if maintained != self._maintained:
            self._maintained = maintained
            self._broadcast.platform({"maintenance": maintained}, wire_s)

    def _lock(self, wire_s: float) -> None:
        """A maintenance locks everything too, but says so in one word of its own."""
        before = self._locked
        self._locked = frozenset(fault.index or EVERYTHING for fault in self._faults.all("lock", wire_s))
        self._markets.locked = self._locked | (frozenset({EVERYTHING}) if self._maintained else frozenset())
        for index in self._feeds.indices() if self._locked != before else ():
            locked = among(self._locked, index)
            if locked != among(before, index):
                row = {"price_index": index, "locked": locked, "reasons": []}
                self._broadcast.platform(row, wire_s)

    def _halt(self, wire_s: float) -> None:
        listings = self._markets.listings()
        states = {
            name: fault.state
            for fault in self._faults.all("halt", wire_s)
            for name in listings
            if fault.instrument in (None, name)
        }
        before = self._markets.states
        if states == before:
            return
        self._markets.set_states(states)
        self._feeds.refresh()
        for name, listing in listings.items():
            if states.get(name) != before.get(name):
                self._timeline.states.append(self._change(listing))

    def _change(self, listing: Listing) -> StateChange:
        return StateChange(self._markets.world.now_ms, listing, self._markets.market(listing.name).state)
