"""The keeper of the lease, with real journals: who waits, what is told, what a store that is gone means."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path

import pytest

from hedger.domain.errors import LeaseError
from hedger.domain.vocabulary import Environment
from hedger.engine.effects import LoadJournal
from hedger.engine.events import Event, JournalLoaded, LeaseAwaited, LeaseLost, LeaseRenewed, LeaseUnrenewed
from hedger.journal.journal import Journal
from hedger.journal.writer import JournalWriter
from hedger.runtime.clock import Clock
from hedger.runtime.lease import LeaseKeeper

LOAD = LoadJournal(venue="deribit", environment=Environment.LOCAL, account_id="1")
LEASE_S = 1.0
WITHIN_S = 10.0


class Run:
    """One daemon's journal and keeper, and what the engine was told."""

    def __init__(self, journal: Journal, *, wait: bool) -> None:
        self.journal, self.told = journal, list[Event]()
        self.keeper = LeaseKeeper(JournalWriter(journal), journal, Clock(), wait=wait)
        self.reloads = 0

    async def reload(self) -> None:
        self.reloads += 1

    def heard(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.told if isinstance(event, kind)]

    async def load(self) -> JournalLoaded:
        async with asyncio.timeout(WITHIN_S):
            return await self.keeper.load(LOAD, 0)


@asynccontextmanager
async def run(path: Path, name: str, *, wait: bool = True, lease_s: float = LEASE_S) -> AsyncIterator[Run]:
    async with await Journal.open(path, holder=name, lease_s=lease_s) as journal:
        made = Run(journal, wait=wait)
        keeping = asyncio.create_task(made.keeper.run(made.told.append, made.reload))
        try:
            yield made
        finally:
            keeping.cancel()
            with suppress(asyncio.CancelledError):
                await keeping


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not condition():
            await asyncio.sleep(0.01)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


async def test_a_free_account_is_taken_at_once_and_renewed_from_then_on(path: Path) -> None:
    async with run(path, "first") as first:
        before_s = Clock.wire_s()
        loaded = await first.load()
        assert before_s + LEASE_S <= loaded.lease_until_wire_s <= Clock.wire_s() + LEASE_S
        await until(lambda: len(first.heard(LeaseRenewed)) >= 2)
        ends = [event.until_wire_s for event in first.heard(LeaseRenewed) if isinstance(event, LeaseRenewed)]
    assert ends == sorted(ends)
    assert ends[0] > loaded.lease_until_wire_s
    assert first.reloads == 0


async def test_a_standby_is_told_of_every_renewal_and_takes_over_with_the_newest_settings(path: Path) -> None:
    async with run(path, "second") as second:
        async with run(path, "first") as first:
            await first.load()
            waiting = asyncio.create_task(second.load())
            await until(lambda: len(second.heard(LeaseAwaited)) >= 2)
            assert not waiting.done()
            assert second.reloads == 0
        loaded = await waiting
        assert loaded.epoch == 2
        assert second.reloads == 1
    assert {event.holder for event in second.told if isinstance(event, LeaseAwaited)} == {"first"}


async def test_nobody_waits_who_was_told_not_to(path: Path) -> None:
    async with run(path, "first") as first, run(path, "second", wait=False) as second:
        await first.load()
        with pytest.raises(LeaseError, match="held by first; stop that one"):
            await second.load()


async def test_a_store_that_does_not_answer_is_told_and_asked_again_until_it_does(path: Path) -> None:
    """Nobody took the lease meanwhile: it is renewed although it has ended, and the epoch stays."""
    async with run(path, "first") as first:
        await first.load()
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("begin immediate")
            await until(lambda: len(first.heard(LeaseUnrenewed)) >= 2)
            other.execute("rollback")
        renewed = len(first.heard(LeaseRenewed))
        await until(lambda: len(first.heard(LeaseRenewed)) > renewed)
    assert first.heard(LeaseLost) == []


async def test_a_lease_that_another_has_taken_is_lost_once(path: Path) -> None:
    async with run(path, "first", lease_s=0.3) as first:
        await first.load()
        with closing(sqlite3.connect(path)) as other, other:
            other.execute("update leases set holder = 'second', epoch = 2, expires_ms = expires_ms + 100000")
        await until(lambda: first.heard(LeaseLost))
        (lost,) = first.heard(LeaseLost)
    assert isinstance(lost, LeaseLost)
    assert lost.holder == "second"
