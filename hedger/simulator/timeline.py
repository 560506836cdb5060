"""The world moves: listings, funding, the daily settlement, resting orders that the market reaches."""

from __future__ import annotations

from hedger.simulator.account import Account
from hedger.simulator.desk import Desk
from hedger.simulator.history import History
from hedger.simulator.markets import Markets
from hedger.simulator.model import Expired, Listed, World
from hedger.simulator.settling import Gone, Settling, StateChange, Tell, expired_rows
from hedger.simulator.tape import Strangers
from hedger.simulator.time_units import DAY_MS, EXPIRY_OF_DAY_MS


def next_settlement(market_ms: int) -> int:
    """The first 08:00 UTC after an instant, ms."""
    return (market_ms - EXPIRY_OF_DAY_MS) // DAY_MS * DAY_MS + DAY_MS + EXPIRY_OF_DAY_MS


class Timeline:
    """Moves the world in steps that stop at every instant of a settlement, and books what follows from it."""

    def __init__(
        self,
        world: World,
        markets: Markets,
        account: Account,
        desk: Desk,
        history: History,
        settling_ms: int,
    ) -> None:
        self._world = world
        self._markets = markets
        self._account = account
        self._desk = desk
        self._history = history
        self.settling = Settling(markets, account, desk, history, settling_ms)
        self.strangers: Strangers | None = None  # others who trade, where there are any

    @property
    def states(self) -> list[StateChange]:
        """Changes of state that nobody has been told of yet."""
        return self.settling.states

    def take_states(self) -> list[StateChange]:
        """The same, for whoever tells them now."""
        states, self.settling.states = self.settling.states, []
        return states

    def move_to(self, market_ms: int, tell: Tell) -> bool:
        """Advance the world; True when it moved. `tell` announces what a settlement did, step by step."""
        moved = False
        while self._world.now_ms < market_ms and not self._world.ended:
            self._move(self._next_stop(market_ms), tell)
            moved = True
        if moved:
            self._history.record(self._markets)
            self._desk.match_resting(self._world.now_ms)
            if self.strangers is not None:
                self.strangers.trade(self._world.now_ms)
        return moved

    def _next_stop(self, market_ms: int) -> int:
        agreed_ms = self.settling.agenda.next_ms
        stop_ms = min(market_ms, next_settlement(self._world.now_ms))
        return stop_ms if agreed_ms is None else max(min(stop_ms, agreed_ms), self._world.now_ms + 1)

    def _move(self, stop_ms: int, tell: Tell) -> None:
        settles = stop_ms == next_settlement(self._world.now_ms)
        gone, new = self._step(stop_ms)
        if settles and self._world.now_ms == stop_ms:
            self.settling.begin(stop_ms, gone, tell)
        else:
            self.settling.act(self._world.now_ms, tell)
        for event in new:
            self.settling.listed(event.listing, event.market_ms)

    def _step(self, stop_ms: int) -> tuple[list[Gone], list[Listed]]:
        """Let the world move; what expired (always at 08:00 UTC) and what was listed.

        What came and went within the step was never there for anybody.
        """
        before = dict(self._world.listings())
        ends = [name for name, listing in before.items() if listing.expiration_ms <= stop_ms]
        last = {name: self._markets.market(name) for name in ends}
        events = self._world.advance(stop_ms)
        self._accrue_funding()
        expired = [event for event in events if isinstance(event, Expired) and event.name in before]
        new = [event for event in events if isinstance(event, Listed)]
        live = self._world.listings()
        return expired_rows(expired, before, last), [event for event in new if event.listing.name in live]

    def _accrue_funding(self) -> None:
        for held in list(self._account.positions.values()):
            if not held.listing.is_perpetual:
                continue
            market = self._markets.market(held.listing.name)
            if market.funding is not None:
                self._account.accrue_funding(held.listing, market.funding.paid_per_unit)
