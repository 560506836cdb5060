"""Group commit beside the event loop: whatever waits goes into one transaction, then is told to be durable.

writer = JournalWriter(journal)
task = group.create_task(writer.run(emit))
writer.submit(Write(...))        # from the driver; answered by Durable(sequence) through emit
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from itertools import islice
from typing import NamedTuple

from hedger.domain.errors import HaltedError
from hedger.engine.effects import LoadJournal, Write
from hedger.engine.events import Durable, Event, JournalFailed, JournalLoaded, JournalRestored, LeaseLost
from hedger.journal.errors import JournalError, LeaseHeld
from hedger.journal.journal import Journal
from hedger.journal.rows import Row, row_of

Emit = Callable[[Event], None]

MOST_WRITES = 1_000  # in one transaction, so that a backlog does not hold the first order for long


class _Waiting(NamedTuple):
    sequence: int
    rows: list[Row]


class JournalWriter:
    """Holds what is not yet durable; nothing leaves the queue before it is. Times are wire time."""

    def __init__(
        self,
        journal: Journal,
        *,
        limit: int = 100_000,
        retry_min_s: float = 0.1,
        retry_max_s: float = 5.0,
    ) -> None:
        self._journal, self._limit = journal, limit
        self._retry_min_s, self._retry_max_s = retry_min_s, retry_max_s
        self._waiting: deque[_Waiting] = deque()
        self._arrived, self._empty = asyncio.Event(), asyncio.Event()
        self._empty.set()
        self._failure = ""
        self._failures = 0
        self._fenced = False

    @property
    def waiting(self) -> int:
        """Writes not yet durable."""
        return len(self._waiting)

    def submit(self, write: Write) -> None:
        """Queue a write; never blocks. Raises HaltedError when more wait than the queue may hold.

        What another run's lease keeps from being written is forgotten: the venue tells the other one.
        """
        if self._fenced:
            return
        if len(self._waiting) >= self._limit:
            reason = f" ({self._failure})" if self._failure else ""
            raise HaltedError(f"journal queue: {self._limit} writes waiting, none may be dropped{reason}")
        self._waiting.append(_Waiting(write.sequence, [row_of(record) for record in write.records]))
        self._empty.clear()
        self._arrived.set()

    async def load(self, request: LoadJournal, market_ms: int) -> JournalLoaded:
        """Take the lease, begin the account's next epoch. Raises LeaseHeld, JournalError."""
        return await self._journal.load(request.venue, request.environment, request.account_id, market_ms)

    async def drained(self) -> None:
        """Wait until everything submitted is durable; give it a deadline, the disk may be gone."""
        await self._empty.wait()

    async def run(self, emit: Emit) -> None:
        """Write until cancelled. What is being written when cancelled may or may not become durable."""
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while self._waiting:
                await self._commit(emit)
            self._empty.set()

    async def _commit(self, emit: Emit) -> None:
        batch = tuple(islice(self._waiting, MOST_WRITES))
        try:
            await self._journal.write_rows([row for waiting in batch for row in waiting.rows])
        except LeaseHeld as held:
            self._fence(held, emit)
            return
        except JournalError as error:
            await self._failed(str(error), emit)
            return
        for _ in batch:
            self._waiting.popleft()
        self._succeeded(batch[-1].sequence, emit)

    def _fence(self, held: LeaseHeld, emit: Emit) -> None:
        """Another run writes for the account now: nothing of this one is ever written again."""
        self._fenced = True
        self._waiting.clear()
        emit(LeaseLost(venue=held.venue, holder=held.holder, detail=str(held)))

    def _succeeded(self, sequence: int, emit: Emit) -> None:
        if self._failure:
            self._failure, self._failures = "", 0
            emit(JournalRestored())
        emit(Durable(sequence=sequence))

    async def _failed(self, detail: str, emit: Emit) -> None:
        """Say it once per cause, then wait longer from attempt to attempt."""
        if detail != self._failure:
            self._failure = detail
            emit(JournalFailed(detail=detail))
        pause_s = min(self._retry_max_s, self._retry_min_s * 2.0 ** min(self._failures, 30))
        self._failures += 1
        await asyncio.sleep(pause_s)
