"""Keeps the journal small while the daemon runs: checkpoints, deletes what is old, gives freed pages back.

Everything waits for a moment in which no write waits, and no transaction is longer than a small batch.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from hedger.domain.time_units import HOUR_S
from hedger.journal import retention, sums
from hedger.journal.errors import JournalError, LeaseHeld
from hedger.journal.journal import Journal
from hedger.journal.retention import Keep, Rule
from hedger.journal.schema import BLANK, Scope

FIRST_S = 300.0  # wire time after the start: what a start has to do comes first
ROUND_S = 6 * HOUR_S
PAUSE_S = 0.05  # between batches

_log = logging.getLogger(__name__)


class Tidier:
    """Times of rows are market time, pauses wire time."""

    def __init__(
        self, journal: Journal, keep: Keep, quiet: Callable[[], bool], market_ms: Callable[[], int]
    ) -> None:
        """`quiet` says whether no write waits."""
        self._journal, self._keep, self._quiet, self._market_ms = journal, keep, quiet, market_ms

    async def run(self) -> None:
        """A round now and then until cancelled; a database that is away and a lost account are the writer's
        to tell."""
        await asyncio.sleep(FIRST_S)
        while True:
            try:
                await self.round()
            except (JournalError, LeaseHeld) as error:
                _log.warning("old rows of the journal stay for now: %s", error)
            await asyncio.sleep(ROUND_S)

    async def round(self) -> int:
        """Do all there is to do for the accounts this run holds; returns the number of rows deleted.

        A standby holds none and leaves everything to the holder. Raises JournalError, LeaseHeld.
        """
        held, deleted = self._journal.held, 0
        if not held:
            return deleted
        for scope in held:
            await self._checkpoint(scope)
        for rule in retention.rules(self._keep):
            for scope in (BLANK, *held):
                deleted += await self._delete(rule, scope)
        await self._journal.store.compact(self._pause)
        return deleted

    async def _checkpoint(self, scope: Scope) -> None:
        moved = True
        while moved:
            await self._pause()
            async with self._journal.owning() as connection:
                last = await sums.checkpoint_of(connection, scope)
                now_ms = self._market_ms()
                moved = last != await sums.advance(connection, scope, now_ms, sums.STEP)

    async def _delete(self, rule: Rule, scope: Scope) -> int:
        deleted = 0
        while True:
            async with self._journal.reading() as connection:
                ids = await retention.old_rows(connection, rule, scope, self._market_ms())
            if not ids:
                return deleted
            await self._pause()
            async with self._journal.owning() as connection:
                await retention.forget(connection, rule, ids)
            deleted += len(ids)

    async def _pause(self) -> None:
        """Until nothing waits to be written."""
        await asyncio.sleep(PAUSE_S)
        while not self._quiet():
            await asyncio.sleep(PAUSE_S)
