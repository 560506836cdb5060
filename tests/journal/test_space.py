"""Room is looked at before a write fails for want of it."""

from __future__ import annotations

import asyncio
from pathlib import Path

from hedger.domain.vocabulary import Environment
from hedger.engine.events import Event, JournalSpace
from hedger.journal.journal import Journal
from hedger.journal.space import SpaceWatch
from tests.journal.places import Place
from tests.journal.records import NOW_MS, VENUE, configured


async def first_word(watch: SpaceWatch) -> JournalSpace:
    said: asyncio.Queue[Event] = asyncio.Queue()
    looking = asyncio.create_task(watch.run(said.put_nowait))
    try:
        told = await asyncio.wait_for(said.get(), 20)
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
    assert isinstance(told, JournalSpace)
    return told


async def test_too_little_room_is_told_with_the_bound_it_misses(tmp_path: Path) -> None:
    everything_mb = 1e12  # no disk has that
    async with await Journal.open(tmp_path / "j") as journal:
        little = await first_word(SpaceWatch(journal.store, warn_mb=everything_mb, critical_mb=0.0))
        none = await first_word(SpaceWatch(journal.store, warn_mb=0.0, critical_mb=everything_mb))
    assert not little.critical
    assert little.detail.endswith("less than free_warn_mb = 1e+12")
    assert str(tmp_path / "j") in little.detail
    assert none.critical
    assert none.detail.endswith("less than free_critical_mb = 1e+12")


async def test_the_end_is_told_when_there_is_room_again(tmp_path: Path) -> None:
    said: asyncio.Queue[Event] = asyncio.Queue()
    async with await Journal.open(tmp_path / "j") as journal:
        watch = SpaceWatch(journal.store, warn_mb=1e12, critical_mb=0.0, look_again_s=0.01)
        looking = asyncio.create_task(watch.run(said.put_nowait))
        told = await asyncio.wait_for(said.get(), 20)
        watch.warn_mb = 0.0  # as if somebody had made room
        ended = await asyncio.wait_for(said.get(), 20)
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
    assert isinstance(told, JournalSpace)
    assert told.detail
    assert ended == JournalSpace(detail="", critical=False)


async def test_the_size_is_known_and_of_a_file_the_room(place: Place) -> None:
    async with await Journal.open(place) as journal:
        await journal.load(VENUE, Environment.LOCAL, "1", NOW_MS)
        before = await journal.store.room()
        await journal.write(configured(n) for n in range(5_000))
        after = await journal.store.room()
    assert before.size_bytes is not None
    assert after.size_bytes is not None
    assert after.size_bytes > before.size_bytes + 300_000
    assert (after.free_bytes is None) is isinstance(place, str)
