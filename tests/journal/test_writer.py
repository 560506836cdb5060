"""Group commit beside the loop: order kept, failures told, nothing lost while the process lives."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hedger.domain.errors import HaltedError
from hedger.domain.order import OrderState
from hedger.domain.vocabulary import Environment
from hedger.engine.effects import LoadJournal, Write
from hedger.engine.events import Durable, Event, JournalFailed, JournalRestored
from hedger.journal.journal import Journal
from hedger.journal.writer import MOST_WRITES, JournalWriter
from tests.journal.records import NOW_MS, VENUE, changed, configured

LOAD = LoadJournal(venue=VENUE, environment=Environment.LOCAL, account_id="1")


class Desk:
    """A journal writer and everything it said."""

    def __init__(self, journal: Journal, limit: int) -> None:
        self.journal = journal
        self.said: asyncio.Queue[Event] = asyncio.Queue()
        self.writer = JournalWriter(journal, limit=limit, retry_min_s=0.01)
        self.sequence = 0

    def submit(self, count: int = 1) -> None:
        for _ in range(count):
            self.sequence += 1
            self.writer.submit(Write(sequence=self.sequence, records=(configured(self.sequence),)))

    async def until(self, wanted: Event) -> list[Event]:
        """Everything said up to and including `wanted`."""
        said: list[Event] = []
        async with asyncio.timeout(20):
            while wanted not in said:
                said.append(await self.said.get())
        return said

    def kept(self) -> list[str]:
        """What another program finds in the file."""
        connection = sqlite3.connect(self.journal.path)
        found = connection.execute("select config_hash from configs order by id").fetchall()
        connection.close()
        return [row[0] for row in found]


@asynccontextmanager
async def desk(path: Path, limit: int = 100_000) -> AsyncIterator[Desk]:
    async with await Journal.open(path) as journal:
        made = Desk(journal, limit)
        await made.writer.load(LOAD, NOW_MS)
        running = asyncio.create_task(made.writer.run(made.said.put_nowait))
        try:
            yield made
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def heard_failure(made: Desk) -> Event:
    """The next failure the writer tells of."""
    while not isinstance(event := await made.said.get(), JournalFailed):
        pass
    return event


async def test_a_write_is_acknowledged_when_it_is_in_the_file(tmp_path: Path) -> None:
    async with desk(tmp_path / "j") as made:
        made.submit()
        await made.until(Durable(sequence=1))
        assert made.kept() == ["1"]


async def test_what_waits_is_committed_together_in_its_order(tmp_path: Path) -> None:
    async with desk(tmp_path / "j") as made:
        before = made.journal.commits
        made.submit(500)
        said = await made.until(Durable(sequence=500))

        assert made.kept() == [str(number) for number in range(1, 501)]
        assert made.journal.commits - before == len(said) == 1


async def test_a_backlog_is_split_so_that_the_first_order_does_not_wait_for_the_last(tmp_path: Path) -> None:
    async with desk(tmp_path / "j") as made:
        made.submit(MOST_WRITES + 1)
        said = await made.until(Durable(sequence=MOST_WRITES + 1))
        assert said == [Durable(sequence=MOST_WRITES), Durable(sequence=MOST_WRITES + 1)]


async def test_a_locked_database_is_told_and_heals_without_losing_a_record(tmp_path: Path) -> None:
    async with desk(tmp_path / "j") as made:
        backup = sqlite3.connect(tmp_path / "j", isolation_level=None)
        backup.execute("begin immediate")
        made.submit(2)
        failed = await asyncio.wait_for(made.said.get(), 20)
        made.submit(1)
        backup.execute("rollback")
        backup.close()
        said = await made.until(Durable(sequence=3))

        assert isinstance(failed, JournalFailed)
        assert failed.detail.endswith("database is locked")
        assert said[0] == JournalRestored()
        assert made.kept() == ["1", "2", "3"]


async def test_an_order_is_written_as_it_was_when_submitted(tmp_path: Path) -> None:
    """The engine goes on changing its order while the write waits."""
    async with desk(tmp_path / "j") as made:
        record = changed(1, OrderState.OPEN)
        made.writer.submit(Write(sequence=1, records=(record,)))
        record.order.state = OrderState.FILLED
        await made.until(Durable(sequence=1))
        (order,) = await made.journal.orders(1)

    assert order.state is OrderState.OPEN


async def test_a_queue_over_its_bound_is_a_named_failure(tmp_path: Path) -> None:
    async with desk(tmp_path / "j", limit=3) as made:
        with pytest.raises(HaltedError, match="journal queue: 3 writes waiting"):
            made.submit(4)
        assert made.writer.waiting == 3


async def test_drained_waits_for_the_last_write_and_for_a_disk_that_does_not_answer(tmp_path: Path) -> None:
    async with desk(tmp_path / "j") as made:
        made.submit(10)
        await asyncio.wait_for(made.writer.drained(), 20)
        assert len(made.kept()) == 10

        thief = sqlite3.connect(tmp_path / "j", isolation_level=None)
        thief.execute("begin immediate")
        made.submit()
        assert isinstance(await asyncio.wait_for(heard_failure(made), 20), JournalFailed)
        drained = asyncio.create_task(made.writer.drained())
        thief.close()
        await asyncio.wait_for(drained, 20)
        assert made.kept()[-1] == "11"
