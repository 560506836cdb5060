"""One process writes for an account: the others are told whom to wait for, and what ends the wait."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hedger.domain.vocabulary import BreakerState, Environment
from hedger.engine.effects import LoadJournal, Write
from hedger.engine.events import Event, JournalLoaded, LeaseLost
from hedger.journal import lease
from hedger.journal.errors import JournalError, LeaseHeld
from hedger.journal.journal import Journal
from hedger.journal.lock import ProcessLock
from hedger.journal.retention import Keep
from hedger.journal.sqlite import lock_of
from hedger.journal.tidy import Tidier
from hedger.journal.writer import JournalWriter
from tests.end_to_end.waiting import until
from tests.journal.places import Place, rows
from tests.journal.records import DAY_MS, NOW_MS, VENUE, commanded, decided, intended

BRIEF_S = 0.4  # a lease short enough to be waited for

HOLD = """
import asyncio, sys
from pathlib import Path
from hedger.domain.vocabulary import Environment
from hedger.journal.journal import Journal

async def hold(place, lease_s):
    journal = await Journal.open(place, holder="the-other", lease_s=lease_s)
    await journal.load("deribit", Environment.LOCAL, "1", 0)
    print("held", flush=True)
    await asyncio.to_thread(sys.stdin.read)

place = sys.argv[1]
asyncio.run(hold(place if "://" in place else Path(place), float(sys.argv[2])))
"""


@contextmanager
def another(place: Place, lease_s: float) -> Iterator[subprocess.Popen[bytes]]:
    """A process that holds the account and does not renew."""
    command = [sys.executable, "-c", HOLD, str(place), str(lease_s)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        try:
            yield process
        finally:
            process.kill()


async def load(journal: Journal, account_id: str = "1") -> JournalLoaded:
    return await journal.load(VENUE, Environment.LOCAL, account_id, NOW_MS)


def tidier(journal: Journal) -> Tidier:
    return Tidier(journal, Keep(days=7, orders_days=7), lambda: True, lambda: NOW_MS)


async def taken(journal: Journal, within_s: float = 10.0) -> tuple[JournalLoaded, float]:
    """Ask until the account is ours; how long that took."""
    began_s = time.monotonic()
    while True:
        try:
            return await load(journal), time.monotonic() - began_s
        except LeaseHeld:
            assert time.monotonic() - began_s < within_s


async def test_a_second_process_is_told_whom_it_waits_for_and_for_how_long(place: Place) -> None:
    async with (
        await Journal.open(place, holder="first", lease_s=10.0) as first,
        await Journal.open(place) as second,
    ):
        await load(first)
        with pytest.raises(LeaseHeld, match="deribit: account 1 is held by first") as held:
            await load(second)
    assert 9.0 < held.value.left_s <= 10.0


async def test_accounts_are_held_one_by_one(place: Place) -> None:
    async with (
        await Journal.open(place, holder="first") as first,
        await Journal.open(place, holder="second") as second,
    ):
        assert (await load(first)).epoch == 1
        assert (await load(second, "2")).epoch == 1


async def test_a_clean_end_hands_over_at_once(place: Place) -> None:
    async with await Journal.open(place, holder="first", lease_s=300.0) as first:
        await load(first)
    async with await Journal.open(place, holder="second") as second:
        assert (await load(second)).epoch == 2


async def test_a_killed_holder_need_not_be_waited_for(tmp_path: Path) -> None:
    """Its lock is gone with it, and it has signed the lock: nobody else can be meant."""
    place = tmp_path / "journal.sqlite"
    with another(place, 300.0) as holder:
        async with await Journal.open(place, holder="second") as second:
            with pytest.raises(LeaseHeld, match="the-other"):
                await load(second)
            holder.kill()
            holder.wait()
            loaded, _ = await taken(second)
    assert loaded.epoch == 2


async def test_a_process_killed_while_it_takes_the_account_need_not_be_waited_for(tmp_path: Path) -> None:
    """Between the lease and the lock's last signature both names stand in the file."""
    place = tmp_path / "journal.sqlite"
    async with await Journal.open(place, holder="first", lease_s=300.0) as first:
        await load(first)
        first._epochs.clear()  # dies without giving the lease back
    lock = ProcessLock.attempt(lock_of(place))
    assert lock is not None
    lock.sign("second", "first")
    lock.release()
    async with await Journal.open(place, holder="third", lease_s=300.0) as third:
        assert (await load(third)).epoch == 2


async def test_in_a_server_nothing_proves_a_silent_holder_dead(postgres_url: str) -> None:
    """It may be cut off and alive: only the end of its lease ends the wait."""
    with another(postgres_url, 2.0) as holder:
        holder.kill()
        holder.wait()
        async with await Journal.open(postgres_url) as second:
            with pytest.raises(LeaseHeld, match="the-other"):
                await load(second)
            loaded, _ = await taken(second)
    assert loaded.epoch == 2


async def test_a_frozen_holder_is_waited_for_until_its_lease_ends(place: Place) -> None:
    with another(place, 2.0) as holder:
        os.kill(holder.pid, signal.SIGSTOP)
        async with await Journal.open(place, holder="second") as second:
            loaded, waited_s = await taken(second)
            assert loaded.epoch == 2
            assert 0.5 < waited_s < 2.5


async def test_whoever_took_over_from_a_frozen_holder_is_not_taken_for_the_dead_one(tmp_path: Path) -> None:
    """The lock file still names the first when it dies at last: its death says nothing of the second."""
    place = tmp_path / "journal.sqlite"
    with another(place, BRIEF_S) as holder:
        os.kill(holder.pid, signal.SIGSTOP)
        async with await Journal.open(place, holder="second", lease_s=300.0) as second:
            await taken(second)
            holder.kill()
            holder.wait()
            async with await Journal.open(place, holder="third") as third:
                with pytest.raises(LeaseHeld, match="second"):
                    await load(third)
                await second.renew(VENUE)  # takes the lock that has become free, and signs it
                with pytest.raises(LeaseHeld, match="second"):
                    await load(third)
            assert ProcessLock.attempt(tmp_path / "journal.sqlite.lock") is None


async def test_nothing_of_a_run_that_was_overtaken_is_written(place: Place) -> None:
    async with (
        await Journal.open(place, holder="first", lease_s=BRIEF_S) as first,
        await Journal.open(place, holder="second") as second,
    ):
        await load(first)
        await first.write([intended(1)])
        await taken(second)
        with pytest.raises(LeaseHeld, match="second"):
            await first.write([intended(2), commanded(BreakerState.HALTED)])
        await second.write([intended(3)])
    assert labels(place) == ["h-btc-1-1", "h-btc-1-3"]


async def test_a_commit_of_nothing_tells_of_the_loss_too_and_no_old_row_is_deleted_any_more(
    place: Place,
) -> None:
    async with (
        await Journal.open(place, holder="first", lease_s=BRIEF_S) as first,
        await Journal.open(place, holder="second") as second,
    ):
        await load(first)
        await first.write([decided(NOW_MS - 9 * DAY_MS)])
        await taken(second)
        with pytest.raises(LeaseHeld, match="second"):
            await first.write_numbered([])
        with pytest.raises(LeaseHeld, match="second"):
            await tidier(first).round()
        assert rows(place, "select count(*) from decisions") == [("1",)]
        assert await tidier(second).round() == 1


async def test_a_standby_deletes_nothing(place: Place) -> None:
    async with await Journal.open(place, holder="first") as first, await Journal.open(place) as second:
        await load(first)
        await first.write([decided(NOW_MS - 9 * DAY_MS)])
        with pytest.raises(LeaseHeld, match="first"):
            await load(second)
        assert await tidier(second).round() == 0
        assert await tidier(first).round() == 1


async def test_the_same_run_begins_a_new_epoch_as_often_as_it_asks(place: Place) -> None:
    async with await Journal.open(place) as journal:
        assert [(await load(journal)).epoch for _ in range(3)] == [1, 2, 3]
        await journal.write([intended(1)])
    assert labels(place) == ["h-btc-1-1"]


async def test_the_writer_says_once_that_the_account_is_lost_and_forgets_the_rest(place: Place) -> None:
    said: list[Event] = []
    async with (
        await Journal.open(place, holder="first", lease_s=BRIEF_S) as first,
        await Journal.open(place, holder="second") as second,
    ):
        writer = JournalWriter(first)
        await writer.load(LoadJournal(venue=VENUE, environment=Environment.LOCAL, account_id="1"), NOW_MS)
        await taken(second)
        running = asyncio.create_task(writer.run(said.append))
        for number in (1, 2):
            writer.submit(Write(sequence=number, records=(intended(number),)))
            await writer.drained()
        running.cancel()
    assert [type(event) for event in said] == [LeaseLost]
    assert labels(place) == []


async def test_a_lease_that_ran_out_is_renewed_if_nobody_took_it(place: Place) -> None:
    async with await Journal.open(place, holder="first", lease_s=BRIEF_S) as first:
        await load(first)
        until(lambda: expired(place), "the lease over")
        await first.renew(VENUE)
        assert not expired(place)
        await first.write([intended(1)])


async def test_a_renewal_after_a_takeover_is_refused(place: Place) -> None:
    async with (
        await Journal.open(place, holder="first", lease_s=BRIEF_S) as first,
        await Journal.open(place, holder="second") as second,
    ):
        await load(first)
        await taken(second)
        with pytest.raises(LeaseHeld, match="second"):
            await first.renew(VENUE)


async def test_before_a_run_holds_an_account_it_writes_what_a_person_said_and_nothing_else(
    place: Place,
) -> None:
    """Its decisions say that it knows nothing yet; a standby's would stand among the holder's."""
    async with await Journal.open(place) as journal:
        await journal.write([decided(NOW_MS), commanded(BreakerState.HALTED)])
        assert await journal.decisions(10) == ()
        assert (await load(journal)).breakers == {"": BreakerState.HALTED}


async def test_a_holder_frozen_in_a_transaction_keeps_its_successor_out_for_seconds_only(
    postgres_url: str,
) -> None:
    """The server ends a transaction whose client says nothing more."""
    async with (
        await Journal.open(postgres_url, holder="first", lease_s=BRIEF_S) as first,
        await Journal.open(postgres_url, holder="second") as second,
    ):
        await load(first)

        async def frozen() -> None:
            async with first.transaction() as connection:
                assert await lease.moved_on(connection, first._epochs) is None
                loaded, _ = await taken(second, within_s=20.0)
                assert loaded.epoch == 2

        with pytest.raises(JournalError):
            await frozen()


def labels(place: Place) -> list[str]:
    return [label for (label,) in rows(place, "select label from orders order by label")]


def expired(place: Place) -> bool:
    now_ms = "(julianday('now') - 2440587.5) * 86400000"
    if isinstance(place, str):
        now_ms = "extract(epoch from clock_timestamp()) * 1000"
    return bool(rows(place, f"select epoch from leases where expires_ms < {now_ms}"))
