"""Group commit beside the loop: order kept, failures told, nothing lost while the process lives."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from hedger.domain.errors import HaltedError
from hedger.domain.order import OrderState
from hedger.domain.vocabulary import Environment
from hedger.engine.effects import LoadJournal, Write
from hedger.engine.events import Durable, Event, JournalFailed, JournalRestored
from hedger.journal.journal import Journal
from hedger.journal.writer import MOST_WRITES, JournalWriter
from tests.journal.places import Place, blocked, rows
from tests.journal.records import NOW_MS, VENUE, changed, configured

LOAD = LoadJournal(venue=VENUE, environment=Environment.LOCAL, account_id="1")


class Desk:
    """A journal writer and everything it said."""

    def __init__(self, place: Place, journal: Journal, limit: int) -> None:
        self.place, self.journal = place, journal
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
        """What another program finds."""
        return [row[0] for row in rows(self.place, "select config_hash from configs order by id")]


@asynccontextmanager
async def desk(place: Place, limit: int = 100_000) -> AsyncIterator[Desk]:
    async with await Journal.open(place) as journal:
        made = Desk(place, journal, limit)
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


async def test_a_write_is_acknowledged_when_it_is_in_the_file(place: Place) -> None:
    async with desk(place) as made:
        made.submit()
        await made.until(Durable(sequence=1))
        assert made.kept() == ["1"]


async def test_what_waits_is_committed_together_in_its_order(place: Place) -> None:
    async with desk(place) as made:
        before = made.journal.commits
        made.submit(500)
        said = await made.until(Durable(sequence=500))

        assert made.kept() == [str(number) for number in range(1, 501)]
        assert made.journal.commits - before == len(said) == 1


async def test_a_backlog_is_split_so_that_the_first_order_does_not_wait_for_the_last(place: Place) -> None:
    async with desk(place) as made:
        made.submit(MOST_WRITES + 1)
        said = await made.until(Durable(sequence=MOST_WRITES + 1))
        assert said == [Durable(sequence=MOST_WRITES), Durable(sequence=MOST_WRITES + 1)]


async def test_a_locked_database_is_told_and_heals_without_losing_a_record(place: Place) -> None:
    async with desk(place) as made:
        with blocked(place):
            made.submit(2)
            failed = await asyncio.wait_for(made.said.get(), 20)
            made.submit(1)
        said = await made.until(Durable(sequence=3))

        assert isinstance(failed, JournalFailed)
        assert said[0] == JournalRestored()
        assert made.kept() == ["1", "2", "3"]


async def test_an_order_is_written_as_it_was_when_submitted(place: Place) -> None:
    """The engine goes on changing its order while the write waits."""
    async with desk(place) as made:
        record = changed(1, OrderState.OPEN)
        made.writer.submit(Write(sequence=1, records=(record,)))
        record.order.state = OrderState.FILLED
        await made.until(Durable(sequence=1))
        (order,) = await made.journal.orders(1)

    assert order.state is OrderState.OPEN


async def test_a_queue_over_its_bound_is_a_named_failure(place: Place) -> None:
    async with desk(place, limit=3) as made:
        with pytest.raises(HaltedError, match="journal queue: 3 writes waiting"):
            made.submit(4)
        assert made.writer.waiting == 3


async def test_drained_waits_for_the_last_write_and_for_a_disk_that_does_not_answer(place: Place) -> None:
    async with desk(place) as made:
        made.submit(10)
        await asyncio.wait_for(made.writer.drained(), 20)
        assert len(made.kept()) == 10

        with blocked(place):
            made.submit()
            assert isinstance(await asyncio.wait_for(heard_failure(made), 20), JournalFailed)
            drained = asyncio.create_task(made.writer.drained())
        await asyncio.wait_for(drained, 20)
        assert made.kept()[-1] == "11"
