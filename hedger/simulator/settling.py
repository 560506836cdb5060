"""The daily settlement, 08:00 UTC, as a client sees it (deribit.md 11), at three instants.

  begin    trading rests; good-til-day orders end; the session's profit becomes cash; what expires is
           exercised: an option in the money is now a position in the future of its expiry, at the strike
  deliver  the futures that expire are paid in cash at the delivery price; all that expired is gone
  reopen   the rest, and what was listed meanwhile, trades again

Between the first two a client sees positions in futures that it never traded, without any trade.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal

from hedger.simulator.account import Account, payoff
from hedger.simulator.desk import Change, Desk
from hedger.simulator.history import History
from hedger.simulator.markets import INDEX_PLACES, Markets
from hedger.simulator.model import Expired, Greeks, Listing, Market
from hedger.simulator.numbers import rounded
from hedger.simulator.settlements import expired, settled

LEAST_MS, MOST_MS = 5_000, 600_000  # market time
WIRE_MS = 250  # at high speed: long enough to be seen by who looks every 100 ms

Tell = Callable[[], None]


@dataclass(frozen=True, slots=True)
class StateChange:
    """An instrument entered a state (channel instrument.state)."""

    market_ms: int
    listing: Listing
    state: str


@dataclass(frozen=True, slots=True)
class Gone:
    """An instrument that has expired and waits for its delivery; `market` is its last."""

    listing: Listing
    market: Market
    delivery_price: Decimal


@dataclass(slots=True)
class Agenda:
    """What is still to be done of a settlement that has begun; market time in ms, None: nothing."""

    deliver_ms: int | None = None
    reopen_ms: int | None = None
    gone: list[Gone] = field(default_factory=list)

    @property
    def next_ms(self) -> int | None:
        return self.reopen_ms if self.deliver_ms is None else self.deliver_ms


def settlement_ms(speed: float) -> int:
    """How long trading rests, market time: seconds, and at high speed long enough to be seen at all."""
    return round(min(max(LEAST_MS, WIRE_MS * speed), MOST_MS))


class Settling:
    """Carries out the settlements; what a client must be told in between is told through `tell`."""

    def __init__(
        self, markets: Markets, account: Account, desk: Desk, history: History, length_ms: int
    ) -> None:
        self._markets, self._account, self._desk, self._history = markets, account, desk, history
        self._length_ms = length_ms
        self.agenda = Agenda()
        self.states: list[StateChange] = []

    def restore(self, agenda: Agenda) -> None:
        """Go on with a settlement that an earlier run began."""
        self.agenda = agenda
        self._markets.settle(agenda.reopen_ms is not None)
        for row in agenda.gone:
            self._markets.keep_expired(row.listing, row.market)

    def listed(self, listing: Listing, market_ms: int) -> None:
        """A new instrument; one that is listed while trading rests opens with the others."""
        self.states.append(StateChange(market_ms, listing, "created"))
        if not self._markets.settling:
            self.states.append(StateChange(market_ms, listing, "open"))

    # -- the three instants -----------------------------------------------------------------------

    def begin(self, market_ms: int, gone: list[Gone], tell: Tell) -> None:
        """08:00 UTC. `gone` expires now, options before the future they become."""
        self._finish(market_ms, tell)
        self.agenda = Agenda(market_ms + self._length_ms // 2, market_ms + self._length_ms, gone)
        for row in gone:
            self._markets.keep_expired(row.listing, row.market)
        self._markets.settle(True)
        self._tell_states("settlement", market_ms)
        self._cancel_orders(market_ms)
        self._settle_session(market_ms)
        self._exercise(market_ms)
        tell()

    def act(self, market_ms: int, tell: Tell) -> None:
        """Do what is due at this instant."""
        if self.agenda.deliver_ms is not None and market_ms >= self.agenda.deliver_ms:
            self._deliver(market_ms, tell)
        if self.agenda.reopen_ms is not None and market_ms >= self.agenda.reopen_ms:
            self._reopen(market_ms, tell)

    def _finish(self, market_ms: int, tell: Tell) -> None:
        """A settlement that is not over when the next begins ends first (data that jumps by days)."""
        if self.agenda.deliver_ms is not None:
            self._deliver(market_ms, tell)
        if self.agenda.reopen_ms is not None:
            self._reopen(market_ms, tell)

    def _deliver(self, market_ms: int, tell: Tell) -> None:
        gone, self.agenda.gone, self.agenda.deliver_ms = self.agenda.gone, [], None
        for row in gone:
            if not row.listing.is_option:
                self._deliver_future(row, market_ms)
        tell()
        for row in gone:
            self._markets.release(row.listing.name)
            self.states.append(StateChange(market_ms, row.listing, "delivered"))
        tell()

    def _reopen(self, market_ms: int, tell: Tell) -> None:
        self.agenda.reopen_ms = None
        self._markets.settle(False)
        self._tell_states("open", market_ms)
        tell()

    # -- what they consist of ---------------------------------------------------------------------

    def _tell_states(self, state: str, market_ms: int) -> None:
        rows = self._markets.listings().values()
        self.states += [StateChange(market_ms, row, state) for row in rows if row.creation_ms < market_ms]

    def _cancel_orders(self, market_ms: int) -> None:
        gone = {row.listing.name for row in self.agenda.gone}
        for order in self._desk.open_orders():
            if order.name in gone or order.time_in_force == "good_til_day":
                self._desk.cancel(order, "settlement", market_ms)

    def _settle_session(self, market_ms: int) -> None:
        gone = {row.listing.name for row in self.agenda.gone}
        self._account.settle(self._markets.mark, self._markets.index, market_ms)
        self._account.stamp(self._markets.exact_mark)
        for listing in self._markets.listings().values():
            if not listing.is_option and listing.name not in gone:
                market = self._markets.market(listing.name)
                row = settled(listing, market_ms, market.index, market.mark, market.open_interest)
                self._history.settlements.append(row)

    def _exercise(self, market_ms: int) -> None:
        """The first step. Every option expiry has a future (deribit.md 11)."""
        futures = {_series(row.listing): row.listing for row in self.agenda.gone if not row.listing.is_option}
        for row in self.agenda.gone:
            if row.listing.is_option:
                self._exercise_option(row, futures[_series(row.listing)], market_ms)

    def _exercise_option(self, row: Gone, future: Listing, market_ms: int) -> None:
        held = self._account.size(row.listing.name)
        became = self._account.exercise(row.listing, future, row.delivery_price, market_ms)
        self._account.stamp(self._markets.exact_mark)
        if held:
            self._desk.changes.append(Change(row.listing.name, listing=row.listing))
        if became:
            self._desk.changes.append(Change(future.name, listing=future))
        self._record(row, market_ms)

    def _deliver_future(self, row: Gone, market_ms: int) -> None:
        held = self._account.size(row.listing.name)
        self._account.deliver(row.listing, row.delivery_price, market_ms)
        self._account.stamp(self._markets.exact_mark)
        if held:
            self._desk.changes.append(Change(row.listing.name, listing=row.listing))
        self._record(row, market_ms)

    def _record(self, row: Gone, market_ms: int) -> None:
        interest = row.market.open_interest
        self._history.settlements.append(expired(row.listing, market_ms, row.delivery_price, interest))


def expired_rows(
    events: Iterable[Expired], listings: dict[str, Listing], last: dict[str, Market]
) -> list[Gone]:
    """What expires, options first, each with its market at the delivery price."""
    rows = [
        _gone(listings[event.name], last[event.name], event.market_ms, event.delivery_price)
        for event in events
    ]
    return sorted(rows, key=lambda row: not row.listing.is_option)


def _gone(listing: Listing, last: Market, market_ms: int, delivery_price: float) -> Gone:
    """Nobody quotes it any more, it is worth what it will pay, and nothing moves that any more."""
    price = rounded(delivery_price, INDEX_PLACES)
    market = replace(
        last,
        market_ms=market_ms,
        state="settlement",
        index=delivery_price,
        mark=float(payoff(listing, price) if listing.is_option else price),
        bids=(),
        asks=(),
        estimated_delivery_price=float(price),
        delivery_price=float(price),
        greeks=None if last.greeks is None else Greeks(0.0, 0.0, 0.0, 0.0, 0.0),
        delta_decay=0.0,
    )
    return Gone(listing, market, price)


def _series(listing: Listing) -> tuple[str, int]:
    """What an option and the future it becomes have in common: the same index tells the settlement too."""
    return listing.price_index, listing.expiration_ms
