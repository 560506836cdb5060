"""Group commit beside the event loop: whatever waits goes into one transaction, then is told to be durable.

writer = JournalWriter(journal)
task = group.create_task(writer.run(emit))
writer.submit(Write(...))        # from the driver; answered by Durable(sequence) through emit

A commit that is refused is tried again until it is taken, and one that has no answer within `slow_s` is told
as failed before it returns: the engine must not wait for a disk to know that it cannot be trusted.
`JournalRestored` follows when commits are durable in time again.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from itertools import islice
from typing import TypeVar

from hedger.domain.errors import HaltedError
from hedger.engine.effects import LoadJournal, Write
from hedger.engine.events import Durable, Event, JournalFailed, JournalLoaded, JournalRestored, LeaseLost
from hedger.journal.errors import JournalError, LeaseHeld
from hedger.journal.journal import Journal
from hedger.journal.rows import Numbered, numbered

Emit = Callable[[Event], None]
T = TypeVar("T")

MOST_WRITES = 1_000  # in one transaction, so that a backlog does not hold the first order for long
MOST_WAITING_BYTES = 64 * 1024 * 1024


class JournalWriter:
    """Holds what is not yet durable; nothing leaves the queue before it is. Times are wire time."""

    def __init__(
        self,
        journal: Journal,
        *,
        slow_s: float = 2.0,
        limit_bytes: int = MOST_WAITING_BYTES,
        retry_min_s: float = 0.1,
        retry_max_s: float = 5.0,
    ) -> None:
        self._journal, self._slow_s, self._limit_bytes = journal, slow_s, limit_bytes
        self._retry_min_s, self._retry_max_s = retry_min_s, retry_max_s
        self._waiting: deque[Numbered] = deque()
        self._waiting_bytes = 0
        self._arrived, self._empty = asyncio.Event(), asyncio.Event()
        self._empty.set()
        self._failure = ""
        self._failures = 0
        self._fenced = False
        self._emit: Emit = lambda _event: None
        self.observe_commit: Callable[[float], None] = lambda _seconds: None

    @property
    def waiting(self) -> int:
        """Writes not yet durable."""
        return len(self._waiting)

    @property
    def idle(self) -> bool:
        """Nothing waits and nothing has failed."""
        return not self._waiting and not self._failure

    def submit(self, write: Write) -> None:
        """Queue a write; never blocks. Raises HaltedError when more waits than the queue may hold.

        What another run's lease keeps from being written is forgotten: the venue tells the other one.
        """
        if self._fenced:
            return
        waiting = numbered(write.sequence, write.records)
        if self._waiting_bytes + waiting.size_bytes > self._limit_bytes:
            reason = f" ({self._failure})" if self._failure else ""
            held = f"{len(self._waiting)} writes of {self._waiting_bytes / 1e6:.1f} MB waiting"
            raise HaltedError(f"journal queue is full: {held}, none may be dropped{reason}")
        self._waiting.append(waiting)
        self._waiting_bytes += waiting.size_bytes
        self._empty.clear()
        self._arrived.set()

    async def load(self, request: LoadJournal, market_ms: int) -> JournalLoaded:
        """Take the lease and begin the account's next epoch, as soon as the database lets us.

        Raises LeaseHeld, InvariantError.
        """
        account = (request.venue, request.environment, request.account_id)
        return await self.answered(lambda: self._journal.load(*account, market_ms))

    async def answered(self, ask: Callable[[], Awaitable[T]]) -> T:
        """What the journal answers; asked again while it cannot, which is told as a failed write is."""
        while True:
            try:
                return await ask()
            except JournalError as error:
                self._tell(str(error), self._emit)
                self._arrived.set()
                await asyncio.sleep(self._retry_max_s)

    async def drained(self) -> None:
        """Wait until everything submitted is durable; give it a deadline, the disk may be gone."""
        await self._empty.wait()

    async def run(self, emit: Emit) -> None:
        """Write until cancelled. What is being written when cancelled may or may not become durable."""
        self._emit = emit
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while self._waiting or self._failure:  # nothing waits, but it failed: try whether it is well
                await self._commit(emit)
                if not self._waiting:
                    self._empty.set()

    async def _commit(self, emit: Emit) -> None:
        batch = tuple(islice(self._waiting, MOST_WRITES))
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        silent = f"journal {self._journal.store.shown}: no answer for {self._slow_s:g} s"
        alarm = loop.call_later(self._slow_s, self._tell, silent, emit)
        try:
            await self._journal.write_numbered(batch)
        except LeaseHeld as held:
            self._fence(held, emit)
            return
        except JournalError as error:
            self._tell(str(error), emit)
            await self._pause()
            return
        finally:
            alarm.cancel()
        took_s = loop.time() - began_s
        self.observe_commit(took_s)
        await self._succeeded(batch, took_s, emit)

    def _fence(self, held: LeaseHeld, emit: Emit) -> None:
        """Another run writes for the account now: nothing of this one is ever written again."""
        self._fenced, self._failure, self._waiting_bytes = True, "", 0
        self._waiting.clear()
        emit(LeaseLost(venue=held.venue, holder=held.holder, detail=str(held)))

    async def _succeeded(self, batch: tuple[Numbered, ...], took_s: float, emit: Emit) -> None:
        for waiting in batch:
            self._waiting.popleft()
            self._waiting_bytes -= waiting.size_bytes
        if took_s < self._slow_s and self._failure:
            self._failure, self._failures = "", 0
            emit(JournalRestored())
        if batch:
            emit(Durable(sequence=batch[-1].sequence))
        if self._failure:
            await self._pause()

    def _tell(self, detail: str, emit: Emit) -> None:
        """Say it once per cause."""
        if detail != self._failure:
            self._failure = detail
            emit(JournalFailed(detail=detail))

    async def _pause(self) -> None:
        """Longer from attempt to attempt."""
        pause_s = min(self._retry_max_s, self._retry_min_s * 2.0 ** min(self._failures, 30))
        self._failures += 1
        await asyncio.sleep(pause_s)
