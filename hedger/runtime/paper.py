"""Paper positions across restarts: what the journal knows is adopted before the first snapshot."""

from __future__ import annotations

from collections.abc import Mapping

from hedger.engine.effects import LoadJournal, Write
from hedger.engine.events import JournalLoaded
from hedger.journal.journal import Journal
from hedger.journal.writer import JournalWriter
from hedger.venues.paper import PaperVenue


class PaperJournal:
    """The driver's journal in paper mode."""

    def __init__(self, journal: Journal, writer: JournalWriter, venues: Mapping[str, PaperVenue]) -> None:
        self._journal, self._writer, self._venues = journal, writer, venues

    def submit(self, write: Write) -> None:
        """Queue a write. Raises HaltedError when the queue is full."""
        self._writer.submit(write)

    async def load(self, request: LoadJournal, market_ms: int) -> JournalLoaded:
        """Begin the account's next epoch and give the venue its paper positions back.

        Raises LeaseHeld, InvariantError for an unreadable row.
        """
        loaded = await self._writer.load(request, market_ms)
        scope = (request.venue, request.environment, request.account_id)
        held = await self._writer.answered(lambda: self._journal.paper_positions(*scope))
        self._venues[request.venue].adopt(held)
        return loaded
