"""A paper daemon that restarts holds what it held: else its whole delta would be hedged a second time."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from hedger.domain.account import Position
from hedger.domain.order import Side
from hedger.domain.quote import Quote
from hedger.domain.vocabulary import Environment, Mode
from hedger.engine import events as ev
from hedger.engine.effects import LoadJournal, RequestSnapshot, VenueEffect
from hedger.engine.events import Event, Now
from hedger.engine.records import Traded
from hedger.journal.journal import Journal
from hedger.journal.writer import JournalWriter
from hedger.runtime.paper import PaperJournal
from hedger.venues.paper import PaperVenue
from hedger.venues.protocol import Emit
from tests.venues.deribit.orders_fixtures import make_place
from tests.venues.deribit.talk import MARKET_MS
from tests.venues.test_paper_account import NAME, PERPETUAL, make_quote

LOAD = LoadJournal(venue="deribit", environment=Environment.LOCAL, account_id="42-paper")


class RealVenue:
    """A venue that is connected, quotes the perpetual and holds 100 USD of it."""

    name = "deribit"

    def __init__(self, quote: Quote) -> None:
        self._quote = quote

    async def run(self, emit: Emit) -> None:
        self._emit = emit
        emit(ev.InstrumentsListed(venue="deribit", instruments=(PERPETUAL,), complete=True))
        emit(ev.LinkUp(venue="deribit", environment=Environment.LOCAL, account_id="42"))
        emit(ev.Quoted(quote=self._quote))

    def perform(self, effect: VenueEffect) -> None:
        assert isinstance(effect, RequestSnapshot)
        held = Position(venue="deribit", instrument=NAME, size=Decimal(100))
        self._emit(
            ev.SnapshotTaken(
                venue="deribit",
                server_ms=MARKET_MS,
                positions=(held,),
                open_orders=(),
                accounts=(),
                fills=(),
            )
        )


class Life:
    """One run of a paper daemon, without its engine."""

    def __init__(self, journal: Journal) -> None:
        self.said: list[Event] = []
        self.venue = PaperVenue(RealVenue(make_quote()), lambda: Now(MARKET_MS, 1000.0))
        self._journal = journal
        self._port = PaperJournal(journal, JournalWriter(journal), {"deribit": self.venue})

    async def begin(self) -> int:
        """Connect and load; returns the epoch."""
        await self.venue.run(self.said.append)
        return (await self._port.load(LOAD, MARKET_MS)).epoch

    async def buy(self, label: str) -> None:
        """Fill an order of 10 USD on paper and journal it."""
        self.venue.perform(make_place(Mode.PAPER, label=label, side=Side.BUY))
        filled = [event.fill for event in self.said if isinstance(event, ev.Filled)][-1]
        await self._journal.write([Traded(market_ms=MARKET_MS, fill=filled)])

    def held(self) -> Decimal:
        """What a snapshot says of the perpetual."""
        self.venue.perform(RequestSnapshot(venue="deribit", since_ms=0))
        taken = self.said[-1]
        assert isinstance(taken, ev.SnapshotTaken)
        return {position.instrument: position.size for position in taken.positions}[NAME]


async def test_paper_positions_survive_restarts(tmp_path: Path) -> None:
    for number, expected in enumerate((110, 120, 130), 1):
        async with await Journal.open(tmp_path / "journal.sqlite") as journal:
            life = Life(journal)
            assert await life.begin() == number
            assert life.held() == expected - 10
            await life.buy(f"h-btc-{number}-1")
            assert life.held() == expected
