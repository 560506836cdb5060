"""The journal's store in virtual time: what was synced survives any crash, what was not is lost.

Rows are made by the journal's own encoding and read back by the journal itself, from a database that is
filled whenever somebody loads it: recovery reads what the real one would read.
"""

from __future__ import annotations

import asyncio
import math
import random
import sqlite3
import tempfile
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Self, TypeVar

import aiosqlite

from hedger.backtest.simulate.heap import Heap
from hedger.engine.effects import LoadJournal, Write
from hedger.engine.events import (
    Durable,
    Event,
    JournalFailed,
    JournalLoaded,
    JournalRestored,
    LeaseLost,
)
from hedger.journal.journal import Journal
from hedger.journal.rows import Row, row_of
from hedger.journal.schema import TOLD, metadata
from hedger.journal.sqlite import SqliteStore

T = TypeVar("T")

VENUE = "deribit"
RETRY_S = 0.5
MOST_WRITES = 1_000  # in one transaction
_MEMORY = Path("/dev/shm")


class Inline(aiosqlite.Connection):
    """SQLite where it is called: in virtual time no statement is waited for, and threads cost more."""

    @classmethod
    def at(cls, path: Path) -> Awaitable[aiosqlite.Connection]:
        """A connection to the file."""
        return cls(partial(sqlite3.connect, path, check_same_thread=False), iter_chunk_size=64)

    async def _execute(self, fn: Callable[..., Any], *args: Any, **named: Any) -> Any:
        return fn(*args, **named)


@dataclass(slots=True)
class Weather:
    """How the disk is now; times are wire time."""

    sync_s: float = 0.002
    slow_until_s: float = 0.0
    slow_sync_s: float = 2.0
    full_until_s: float = 0.0
    """Every commit fails until then."""

    def calm(self) -> None:
        """Commits are quick and succeed."""
        self.slow_until_s = self.full_until_s = 0.0


@dataclass(slots=True)
class Lease:
    """Who may write for the account, and until when (wire time of the life)."""

    holder: int = 0  # number of a process; 0: nobody
    epoch: int = 0
    until_s: float = -math.inf

    def take(self, holder: int, epoch: int, until_s: float) -> None:
        self.holder, self.epoch, self.until_s = holder, epoch, until_s

    def release(self) -> None:
        self.holder, self.until_s = 0, -math.inf


class Shelf:
    """A database for one life after another: making it and learning its statements is a tenth of a life."""

    def __init__(self) -> None:
        # What is synced is decided by `Disk`, not by where the file is.
        memory = str(_MEMORY) if _MEMORY.is_dir() else None
        self._folder = tempfile.TemporaryDirectory(prefix="hedger-lives-", dir=memory)
        self._loop = asyncio.new_event_loop()
        self._store = SqliteStore(Path(self._folder.name) / "journal.sqlite", connect=Inline.at)

    def run(self, what: Coroutine[Any, Any, T]) -> T:
        """To its end."""
        return self._loop.run_until_complete(what)

    async def opened(self) -> Journal:
        """The journal, empty. Close it before the next is opened."""
        journal = await Journal.on(self._store)
        async with self._store.engine.begin() as connection:
            for table in reversed(metadata.sorted_tables):
                await connection.execute(table.delete())
        return journal

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.run(self._store.engine.dispose())
        self._loop.close()
        self._folder.cleanup()


class Store:
    """What is on the disk: shared by every process of a life. Close it at the end."""

    def __init__(self, shelf: Shelf) -> None:
        self.lease = Lease()
        self.rows: list[Row] = []
        self._shelf = shelf
        self._journal: Journal | None = None
        self._filed = 0

    def load(self, request: LoadJournal, market_ms: int) -> JournalLoaded:
        """Everything synced so far, as the journal tells it; begins an epoch."""
        return self._shelf.run(self._load(request, market_ms))

    async def _load(self, request: LoadJournal, market_ms: int) -> JournalLoaded:
        if self._journal is None:
            self._journal = await self._shelf.opened()
        scope = (request.venue, request.environment, request.account_id)
        self._journal.belongs(*scope)
        fresh, self._filed = self.rows[self._filed :], len(self.rows)
        if fresh:
            await self._journal.write_rows(fresh)
        return await self._journal.load(*scope, market_ms)

    def close(self) -> None:
        if self._journal is not None:
            self._shelf.run(self._journal.close())


@dataclass(frozen=True, slots=True)
class _Waiting:
    sequence: int
    rows: list[Row]


class Disk:
    """One process's writer: whatever waits goes into one commit, then the process is told."""

    def __init__(
        self, heap: Heap, chance: random.Random, store: Store, weather: Weather, emit: Callable[[Event], None]
    ) -> None:
        self._heap, self._chance, self._store, self._weather, self._emit = heap, chance, store, weather, emit
        self.epoch = 0  # of the run that writes here; 0: it holds no account
        self._waiting: deque[_Waiting] = deque()
        self._committing: tuple[_Waiting, ...] = ()
        self._failure = ""
        self.synced = 0  # sequence up to which everything is on the disk
        self.alive = True

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def submit(self, write: Write) -> None:
        """Queue a write; the rows are encoded now, as the real writer does."""
        self._waiting.append(_Waiting(write.sequence, [row_of(record) for record in write.records]))
        self._begin()

    def die(self) -> None:
        """The process is gone; a commit under way is on the disk or not."""
        self.alive = False
        if self._committing and self._chance.random() < 0.5 and not self._refused and not self.overtaken:
            self._sync()

    @property
    def overtaken(self) -> bool:
        """Whether another run has taken the account; every transaction asks."""
        return bool(self.epoch) and self._store.lease.epoch != self.epoch

    @property
    def answers(self) -> bool:
        """Whether a short transaction comes to its end within a lease's third."""
        slow = self._heap.now_s < self._weather.slow_until_s and self._weather.slow_sync_s > 3.0
        return not slow and not self._refused

    @property
    def _refused(self) -> bool:
        return self._heap.now_s < self._weather.full_until_s

    def commit_s(self) -> float:
        """How long a transaction that begins now takes."""
        slow = self._heap.now_s < self._weather.slow_until_s
        sync_s = self._weather.slow_sync_s if slow else self._weather.sync_s
        return sync_s * (0.5 + self._chance.random())

    def _begin(self) -> None:
        if self._committing or not self._waiting or not self.alive:
            return
        self._committing = tuple(self._waiting)[:MOST_WRITES]
        self._heap.after(self.commit_s(), self._end)

    def _end(self) -> None:
        if not self.alive:
            return
        if self._refused:
            self._committing = ()
            if not self._failure:
                self._failure = "database or disk is full"
                self._emit(JournalFailed(detail=self._failure))
            self._heap.after(RETRY_S, self._begin)
            return
        if self.overtaken:
            self._emit(LeaseLost(venue=VENUE, holder=str(self._store.lease.holder), detail="taken over"))
            return
        self._sync()
        if self._failure:
            self._failure = ""
            self._emit(JournalRestored())
        self._emit(Durable(sequence=self.synced))
        self._begin()

    def _sync(self) -> None:
        """The commit returns: its rows are on the disk."""
        for waiting in self._committing:
            self._waiting.popleft()
            rows = waiting.rows if self.epoch else [row for row in waiting.rows if row.table in TOLD]
            self._store.rows += rows
            self.synced = waiting.sequence
        self._committing = ()
