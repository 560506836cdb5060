"""The world moves: listings, expiries, funding, daily settlement, resting orders that the market reaches."""

from __future__ import annotations

from dataclasses import dataclass

from hedger.simulator.account import Account
from hedger.simulator.desk import Desk
from hedger.simulator.history import History
from hedger.simulator.markets import INDEX_PLACES, Markets
from hedger.simulator.model import Expired, Listing, World, WorldEvent
from hedger.simulator.numbers import rounded
from hedger.simulator.settlements import expired, settled
from hedger.simulator.tape import Strangers

DAY_MS = 86_400_000
SETTLEMENT_MS = 8 * 3_600_000  # 08:00 UTC


@dataclass(frozen=True, slots=True)
class StateChange:
    """An instrument entered a state (channel instrument.state)."""

    market_ms: int
    listing: Listing
    state: str


def next_settlement(market_ms: int) -> int:
    """The first 08:00 UTC after an instant, ms."""
    return (market_ms - SETTLEMENT_MS) // DAY_MS * DAY_MS + DAY_MS + SETTLEMENT_MS


class Timeline:
    """Moves the world in steps that stop at every 08:00 UTC, and books what follows for the account."""

    def __init__(
        self, world: World, markets: Markets, account: Account, desk: Desk, history: History
    ) -> None:
        self._world = world
        self._markets = markets
        self._account = account
        self._desk = desk
        self._history = history
        self._interest: dict[str, float] = {}  # open interest of what is about to expire
        self.strangers: Strangers | None = None  # others who trade, where there are any
        self.states: list[StateChange] = []

    def move_to(self, market_ms: int) -> bool:
        """Advance the world; True when it moved."""
        moved = False
        while self._world.now_ms < market_ms and not self._world.ended:
            settlement_ms = next_settlement(self._world.now_ms)
            self._step(min(market_ms, settlement_ms))
            if self._world.now_ms == settlement_ms:
                self._settle(settlement_ms)
            moved = True
        if moved:
            self._history.record(self._markets)
            self._desk.match_resting(self._world.now_ms)
            if self.strangers is not None:
                self.strangers.trade(self._world.now_ms)
        return moved

    def _step(self, market_ms: int) -> None:
        known = dict(self._world.listings())
        expiring = (name for name, listing in known.items() if listing.expiration_ms <= market_ms)
        self._interest = {name: self._markets.market(name).open_interest for name in expiring}
        for event in self._world.advance(market_ms):
            self._apply(event, known)
        self._accrue_funding()

    def _apply(self, event: WorldEvent, known: dict[str, Listing]) -> None:
        if not isinstance(event, Expired):
            known[event.listing.name] = event.listing
            self.states.append(StateChange(event.market_ms, event.listing, "open"))
            return
        listing = known[event.name]
        for order in self._desk.open_orders():
            if order.name == event.name:
                self._desk.cancel(order, "settlement", event.market_ms)
        delivery_price = rounded(event.delivery_price, INDEX_PLACES)
        self._account.deliver(listing, delivery_price, event.market_ms)
        self._markets.liquidity.forget(event.name)
        position = self._interest.get(event.name, 0.0)
        self._history.settlements.append(expired(listing, event.market_ms, delivery_price, position))
        self._history.delivered(event.market_ms, listing.price_index, float(delivery_price))
        self.states.append(StateChange(event.market_ms, listing, "delivered"))

    def _settle(self, market_ms: int) -> None:
        """08:00 UTC: orders good for the day end, the session's profit moves into cash."""
        for order in self._desk.open_orders():
            if order.time_in_force == "good_til_day":
                self._desk.cancel(order, "settlement", market_ms)
        self._account.settle(self._markets.mark, market_ms)
        for listing in self._world.listings().values():
            if not listing.is_option:
                market = self._markets.market(listing.name)
                row = settled(listing, market_ms, market.index, market.mark, market.open_interest)
                self._history.settlements.append(row)

    def _accrue_funding(self) -> None:
        for held in list(self._account.positions.values()):
            if not held.listing.is_perpetual:
                continue
            market = self._markets.market(held.listing.name)
            if market.funding is not None:
                self._account.accrue_funding(held.listing, market.funding.coin_per_usd)
