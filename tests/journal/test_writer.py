"""Group commit beside the loop: order kept, failures told, nothing lost while the process lives."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import pytest

from hedger.domain.errors import HaltedError
from hedger.domain.order import OrderState
from hedger.domain.vocabulary import Environment
from hedger.engine.effects import LoadJournal, Write
from hedger.engine.events import Durable, Event, JournalFailed, JournalRestored
from hedger.engine.records import Traded
from hedger.journal.journal import Journal
from hedger.journal.rows import numbered
from hedger.journal.writer import MOST_WRITES, JournalWriter
from tests.journal.places import Place, blocked, rows
from tests.journal.records import NOW_MS, VENUE, changed, configured, decided, traded

LOAD = LoadJournal(venue=VENUE, environment=Environment.LOCAL, account_id="1")


class Desk:
    """A journal writer and everything it said."""

    def __init__(self, place: Place, journal: Journal, limit_bytes: int, slow_s: float) -> None:
        self.place, self.journal = place, journal
        self.said: asyncio.Queue[Event] = asyncio.Queue()
        self.writer = JournalWriter(
            journal, slow_s=slow_s, limit_bytes=limit_bytes, retry_min_s=0.01, retry_max_s=1.0
        )
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
async def desk(place: Place, limit_bytes: int = 10**8, slow_s: float = 20.0) -> AsyncIterator[Desk]:
    async with await Journal.open(place) as journal:
        made = Desk(place, journal, limit_bytes, slow_s)
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
    async with desk(place, slow_s=0.3) as made:
        with blocked(place):
            made.submit(2)
            failed = await asyncio.wait_for(made.said.get(), 20)
            made.submit(1)
        said = await made.until(Durable(sequence=3))

        assert isinstance(failed, JournalFailed)
        if JournalRestored() not in said:  # the last commit was slow, too
            await made.until(JournalRestored())
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
    """A database that is away for long ends the run; it does not eat the machine's memory."""
    async with desk(place, limit_bytes=4_000, slow_s=0.3) as made:
        with blocked(place):
            made.submit()
            await heard_failure(made)
            with pytest.raises(HaltedError, match=r"journal queue is full: 3 writes .* no answer for 0.3 s"):
                made.submit(5)
            assert made.writer.waiting == 3
        await asyncio.wait_for(made.writer.drained(), 20)
        assert made.kept() == ["1", "2", "3"]
        made.submit()  # there is room again


async def test_a_commit_without_an_answer_is_told_before_it_returns_and_heals(place: Place) -> None:
    """The engine takes its orders back while the disk hangs, not when it is done hanging."""
    async with desk(place, slow_s=0.2) as made:
        with blocked(place):
            made.submit()
            failed = await asyncio.wait_for(heard_failure(made), 20)
            assert made.writer.waiting == 1
            assert isinstance(failed, JournalFailed)
            assert failed.detail.endswith("no answer for 0.2 s")
        said = await made.until(Durable(sequence=1))
        if JournalRestored() not in said:  # the answer came, but late: it is well when one comes in time
            await made.until(JournalRestored())
        assert made.kept() == ["1"]


async def test_writes_given_again_after_a_doubtful_commit_are_not_doubled(place: Place) -> None:
    async with await Journal.open(place) as journal:
        await journal.load(VENUE, Environment.LOCAL, "1", NOW_MS)
        first, second, third = (numbered(n, [configured(n), decided(NOW_MS + n)]) for n in (1, 2, 3))
        await journal.write_numbered([first, second])
        await journal.write_numbered([first, second, third])
        await journal.write_numbered([])
        await journal.write_numbered([third])
    kept = rows(place, "select config_hash from configs order by id")
    assert kept == [("1",), ("2",), ("3",)]
    assert rows(place, "select count(*) from decisions") == [("3",)]


async def test_the_numbers_of_a_run_are_its_own(place: Place) -> None:
    for _ in range(2):
        async with await Journal.open(place) as journal:
            await journal.load(VENUE, Environment.LOCAL, "1", NOW_MS)
            await journal.write_numbered([numbered(1, [configured(1)])])
    assert rows(place, "select count(*) from configs") == [("2",)]


async def test_a_character_that_a_database_refuses_stops_nothing(place: Place) -> None:
    """A label is a stranger's text."""
    strange = traded("7")
    fill = msgspec.structs.replace(strange.fill, label="a\0b\ud7ff\N{FIRE}")
    async with desk(place) as made:
        made.writer.submit(Write(sequence=1, records=(Traded(market_ms=NOW_MS, fill=fill),)))
        await made.until(Durable(sequence=1))
        loaded = await made.writer.load(LOAD, NOW_MS)
    assert loaded.fills == (fill,)


async def test_drained_waits_for_the_last_write_and_for_a_disk_that_does_not_answer(place: Place) -> None:
    async with desk(place, slow_s=0.3) as made:
        made.submit(10)
        await asyncio.wait_for(made.writer.drained(), 20)
        assert len(made.kept()) == 10

        with blocked(place):
            made.submit()
            assert isinstance(await asyncio.wait_for(heard_failure(made), 20), JournalFailed)
            drained = asyncio.create_task(made.writer.drained())
        await asyncio.wait_for(drained, 20)
        assert made.kept()[-1] == "11"
