"""How much the journal takes and how much room it has left, looked at now and then, off the loop.

watch = SpaceWatch(journal.store, warn_mb=500.0, critical_mb=50.0)
task = group.create_task(watch.run(emit))       # JournalSpace while there is too little, and at its end

A server's disk is not ours to see: of PostgreSQL the size is known, the room is not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from hedger.engine.events import Event, JournalSpace
from hedger.journal.store import FAILURES, UNKNOWN, Store

LOOK_S = 60.0
LOOK_AGAIN_S = 5.0  # while there is too little
_MB = 1e6


class SpaceWatch:
    """`room` is what the last look found. Bounds in MB (10^6 bytes); 0: never."""

    def __init__(
        self, store: Store, *, warn_mb: float, critical_mb: float, look_again_s: float = LOOK_AGAIN_S
    ) -> None:
        self._store, self.warn_mb, self.critical_mb = store, warn_mb, critical_mb
        self._look_again_s = look_again_s
        self.room = UNKNOWN
        self._told = JournalSpace(detail="", critical=False)

    async def run(self, emit: Callable[[Event], None]) -> None:
        """Look until cancelled."""
        while True:
            await self._look(emit)
            await asyncio.sleep(self._look_again_s if self._told.detail else LOOK_S)

    async def _look(self, emit: Callable[[Event], None]) -> None:
        try:
            self.room = await self._store.room()
        except FAILURES:  # the writer says that the database is away; how large it is nobody knows meanwhile
            self.room = UNKNOWN
        found = self._judged(self.room.free_bytes)
        if found != self._told:
            self._told = found
            emit(found)

    def _judged(self, free_bytes: int | None) -> JournalSpace:
        if free_bytes is None or free_bytes >= max(self.warn_mb, self.critical_mb) * _MB:
            return JournalSpace(detail="", critical=False)
        critical = free_bytes < self.critical_mb * _MB
        bound = f"free_critical_mb = {self.critical_mb:g}" if critical else f"free_warn_mb = {self.warn_mb:g}"
        detail = f"{free_bytes / _MB:.0f} MB free beside {self._store.shown}, less than {bound}"
        return JournalSpace(detail=detail, critical=critical)
