"""Everything that runs beside a daemon for its journal: the writer, the look at the room, the tidying up.

keeping = Keeping(journal, Terms(...), market_ms)
task = group.create_task(keeping.run(emit))
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from hedger.journal.journal import Journal
from hedger.journal.retention import Keep
from hedger.journal.space import SpaceWatch
from hedger.journal.tidy import Tidier
from hedger.journal.writer import Emit, JournalWriter


@dataclass(frozen=True, slots=True)
class Terms:
    """What a journal is held to; the keys of the same names say what they mean."""

    slow_s: float
    free_warn_mb: float
    free_critical_mb: float
    keep: Keep


class Keeping:
    """One daemon's journal at work."""

    def __init__(self, journal: Journal, terms: Terms, market_ms: Callable[[], int]) -> None:
        self.writer = JournalWriter(journal, slow_s=terms.slow_s)
        self.space = SpaceWatch(journal.store, warn_mb=terms.free_warn_mb, critical_mb=terms.free_critical_mb)
        self._tidier = Tidier(journal, terms.keep, lambda: self.writer.idle, market_ms)

    async def run(self, emit: Emit) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.writer.run(emit), name="journal writer")
            group.create_task(self.space.run(emit), name="journal space")
            group.create_task(self._tidier.run(), name="journal tidier")
