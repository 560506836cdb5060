"""Old rows go, and nothing a start finds changes by it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from hedger.domain.order import OrderState, Side
from hedger.domain.vocabulary import BreakerState, Environment
from hedger.engine.events import JournalLoaded
from hedger.engine.ownership.owned import LabelSum
from hedger.engine.records import Adjusted, Commanded, HoldSet, Record, Snapshot
from hedger.journal import sums
from hedger.journal.journal import Journal
from hedger.journal.retention import BATCH_ROWS, Keep
from hedger.journal.schema import Scope
from hedger.journal.tidy import Tidier
from tests.journal.places import Place, rows
from tests.journal.records import DAY_MS, NOW_MS, VENUE, changed, commanded, decided, traded
from tests.journal.test_sums import trade

HOUR_MS = 3_600_000
SHORT = Keep(days=3, orders_days=5)


def tidier(journal: Journal, keep: Keep = SHORT, market_ms: int = NOW_MS, *, quiet: bool = True) -> Tidier:
    return Tidier(journal, keep, lambda: quiet, lambda: market_ms)


async def load(journal: Journal, account_id: str = "1", market_ms: int = NOW_MS) -> JournalLoaded:
    return await journal.load(VENUE, Environment.LOCAL, account_id, market_ms)


def day(ago: float) -> int:
    """Market time that many days ago."""
    return int(NOW_MS - ago * DAY_MS)


class Account:
    """An account's trades as they should be summed, beside the journal that sums them."""

    def __init__(self, journal: Journal, account_id: str) -> None:
        self.journal, self.account_id, self.market_ms = journal, account_id, NOW_MS
        self._numbers, self._newest = count(1), trade("0", "", "1", at_ms=0)
        self.sums: dict[tuple[str, str], Decimal] = {}

    async def trades(self, label: str, steps: int, side: Side, hours_ago: int) -> None:
        told = trade(str(next(self._numbers)), label, f"{steps}0", side, self.market_ms - hours_ago * HOUR_MS)
        if told.market_ms >= self._newest.market_ms:
            self._newest = told
        await self.journal.write([told])
        if label:
            self._add("h-btc" if label.startswith("h-") else label, told.fill.signed_amount)

    async def again(self, *_: Any) -> None:
        """A venue tells of the newest trade once more, which it is asked to."""
        if self._newest.market_ms:
            await self.journal.write([self._newest])

    async def corrected(self, label: str, steps: int, side: Side, hours_ago: int) -> None:
        size = Decimal(steps) * side.sign
        at_ms = self.market_ms - hours_ago * HOUR_MS
        told = LabelSum(label="h-btc", instrument="BTC-PERPETUAL", size=size)
        await self.journal.write([Adjusted(market_ms=at_ms, venue=VENUE, sum=told, why="a test")])
        self._add("h-btc", size)

    async def days_pass(self, label: str, steps: int, *_: Any) -> None:
        self.market_ms += steps * DAY_MS

    async def tidied(self, *_: Any) -> None:
        await tidier(self.journal, Keep(3, 3), self.market_ms).round()

    def _add(self, label: str, size: Decimal) -> None:
        key = (label, "BTC-PERPETUAL")
        self.sums[key] = self.sums.get(key, Decimal(0)) + size


WHAT = st.sampled_from(
    [Account.trades] * 4 + [Account.again, Account.corrected, Account.days_pass, Account.tidied]
)
STEPS = st.lists(
    st.tuples(
        WHAT,
        st.sampled_from(["h-btc-1-1", "h-btc-2-7", "hand", ""]),
        st.integers(1, 4),
        st.sampled_from([Side.BUY, Side.SELL]),
        st.integers(0, 40),
    ),
    min_size=5,
    max_size=25,
)
ACCOUNTS = count(1)


@given(steps=STEPS)
@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # a failure is told at once, in at most 25 steps
)
async def test_no_checkpoint_and_no_deletion_changes_a_position(
    place: Place, monkeypatch: pytest.MonkeyPatch, steps: list[tuple[Any, ...]]
) -> None:
    with monkeypatch.context() as small:
        small.setattr(sums, "STEP", 2)
        small.setattr(sums, "MOST_SUMMED", 3)
        small.setattr("hedger.journal.tidy.PAUSE_S", 0.0)
        async with await Journal.open(place) as journal:
            account = Account(journal, f"account {next(ACCOUNTS)}")
            await load(journal, account.account_id, account.market_ms)
            for what, *details in [*steps, (Account.tidied, "", 1, Side.BUY, 0)]:
                await what(account, *details)
                if what is not Account.tidied:
                    continue
                loaded = await load(journal, account.account_id, account.market_ms)
                found = {(each.label, each.instrument): each.size for each in loaded.sums}
                assert found == {key: size for key, size in account.sums.items() if size}


async def test_a_start_reads_the_trades_after_the_checkpoint_only(place: Place) -> None:
    many = sums.MOST_SUMMED + 10
    async with await Journal.open(place) as journal:
        await load(journal)
        await journal.write([trade(str(n), "h-btc-1-1", "10", at_ms=day(2)) for n in range(many)])
        await journal.write([trade("new", "h-btc-1-2", "10", Side.SELL)])
        first = await load(journal)
        (scope,) = journal.held
        async with journal.reading() as connection:
            last = await sums.checkpoint_of(connection, scope)
            assert await sums.newer_than_checkpoint(connection, scope, last) == 1
        assert (await load(journal)).sums == first.sums
    assert [str(each.size) for each in first.sums] == [str(10 * many - 10)]


async def test_two_that_bring_a_checkpoint_forward_do_it_one_after_the_other(postgres_url: str) -> None:
    """A process that was frozen for long must not put back what its successor has brought forward."""
    scope = Scope(VENUE, "local", "1")
    async with await Journal.open(postgres_url) as journal:
        await load(journal)
        await journal.write([trade(str(n), "h-btc-1-1", "10", at_ms=day(9)) for n in range(4)])
        async with journal.transaction() as once:
            assert (await sums.advance(once, scope, NOW_MS, 1)).fills_through == 1
        async with journal.store.engine.connect() as second:
            async with journal.transaction() as first:
                assert (await sums.advance(first, scope, NOW_MS, 2)).fills_through == 3
                late = asyncio.create_task(sums.advance(second, scope, NOW_MS, 1))
                done, _ = await asyncio.wait([late], timeout=0.3)
                assert not done
            assert (await asyncio.wait_for(late, 20)).fills_through == 4
            await second.rollback()


async def test_paper_positions_survive_their_trades(place: Place) -> None:
    async with await Journal.open(place) as journal:
        await load(journal)
        old = [trade(f"paper-{n}", "h-btc-1-1", "10", at_ms=day(20)) for n in range(3)]
        await journal.write([*old, traded("1", day(19)), trade("paper-9", "h-btc-1-9", "5", Side.SELL)])
        before = await journal.paper_positions(VENUE, Environment.LOCAL, "1")
        assert await tidier(journal).round() == 4
        assert await journal.paper_positions(VENUE, Environment.LOCAL, "1") == before
    assert before == {"BTC-PERPETUAL": Decimal(25)}


def old_and_new() -> Iterator[Record]:
    """Of everything that is deleted by its age a row of long ago and one of today."""
    for at_ms in (day(30), day(0)):
        yield decided(at_ms)
        yield Snapshot(market_ms=at_ms, positions={}, equity={})
        yield changed(at_ms, OrderState.FILLED, at_ms)
        yield traded(str(at_ms), at_ms)


async def test_what_is_old_goes_and_what_is_young_stays(place: Place) -> None:
    async with await Journal.open(place) as journal:
        await load(journal)
        await journal.write(old_and_new())
        assert await tidier(journal).round() == 4
        assert await tidier(journal).round() == 0
    for table, column in (("decisions", "market_ms"), ("orders", "changed_ms"), ("fills", "market_ms")):
        assert rows(place, f"select {column} from {table}") == [(str(NOW_MS),)], table


async def test_nothing_is_deleted_where_nothing_shall_be(place: Place) -> None:
    async with await Journal.open(place) as journal:
        await load(journal)
        await journal.write(old_and_new())
        assert await tidier(journal, Keep(0, 0)).round() == 0


async def test_orders_have_a_time_of_their_own(place: Place) -> None:
    async with await Journal.open(place) as journal:
        await load(journal)
        await journal.write([decided(day(4)), changed(1, OrderState.FILLED, day(4))])
        assert await tidier(journal).round() == 1
        assert [order.intent.label for order in await journal.orders(9)] == ["h-btc-1-1"]


async def test_the_last_word_of_every_book_stays_however_old(place: Place) -> None:
    def hold(book: str, until_ms: int) -> HoldSet:
        return HoldSet(market_ms=day(40), venue=VENUE, book=book, until_ms=until_ms, by="ana", reason="legs")

    def paused(book: str, state: BreakerState) -> Commanded:
        return msgspec.structs.replace(commanded(state, book), market_ms=day(40))

    given_ = [
        paused("", BreakerState.HALTED),
        paused("btc", BreakerState.PAUSED),
        paused("btc", BreakerState.REDUCE_ONLY),
        hold("btc", 1),
        hold("btc", 2),
        hold("eth", 3),
    ]
    async with await Journal.open(place) as journal:
        await load(journal)
        await journal.write(given_)
        before = await load(journal)
        assert await tidier(journal).round() == 2
        after = await load(journal)
    assert (after.breakers, after.holds) == (before.breakers, before.holds)
    assert after.breakers == {"": BreakerState.HALTED, "btc": BreakerState.REDUCE_ONLY}


async def test_what_may_be_asked_about_again_stays(place: Place) -> None:
    """An order without an end, with the trades since; the newest trade, from which the venue is asked; and
    the row with the highest id, which SQLite would give to another row."""
    async with await Journal.open(place) as journal:
        await load(journal)
        await journal.write([traded("0", day(60)), changed(1, OrderState.UNKNOWN, day(30))])
        await journal.write([traded("1", day(30)), traded("2", day(29)), traded("3", day(50))])
        assert await tidier(journal).round() == 1
        loaded = await load(journal)
    assert [order.state for order in loaded.orders] == [OrderState.UNKNOWN]
    assert rows(place, "select trade_id from fills order by id") == [("1",), ("2",), ("3",)]
    assert loaded.last_fill_ms == day(29)


async def test_another_accounts_rows_are_its_own(place: Place) -> None:
    async with await Journal.open(place) as journal:
        await load(journal, "2")
        await journal.write(old_and_new())
    async with await Journal.open(place) as journal:
        await load(journal, "1")
        assert await tidier(journal).round() == 0


async def test_many_rows_go_in_small_batches(place: Place) -> None:
    many = 2 * BATCH_ROWS + 1
    async with await Journal.open(place) as journal:
        await load(journal)
        await journal.write([decided(day(9) + n) for n in range(many)])
        before = journal.commits
        assert await tidier(journal).round() == many
        assert journal.commits - before == 3 + 1, "three batches, and the look for a checkpoint"


async def test_an_order_that_waits_goes_first(place: Place) -> None:
    waits = [True]
    async with await Journal.open(place) as journal:
        await load(journal)
        await journal.write([decided(day(9))])
        tidying = asyncio.create_task(Tidier(journal, SHORT, lambda: not waits[0], lambda: NOW_MS).round())
        done, _ = await asyncio.wait([tidying], timeout=0.4)
        assert not done
        waits[0] = False
        assert await asyncio.wait_for(tidying, 20) == 1


async def test_a_file_that_has_lost_most_of_its_rows_shrinks(tmp_path: Path) -> None:
    async with await Journal.open(tmp_path / "j") as journal:
        await load(journal)
        positions = {f"BTC-{n}": "1" for n in range(200)}
        for n in range(20):
            await journal.write(
                Snapshot(market_ms=day(9) + n * 100 + m, positions=positions, equity={}) for m in range(50)
            )
        async with journal.store.engine.connect() as connection:
            before = (await connection.exec_driver_sql("PRAGMA page_count")).scalar_one()
        await tidier(journal).round()
        async with journal.store.engine.connect() as connection:
            after = (await connection.exec_driver_sql("PRAGMA page_count")).scalar_one()
    assert after < before / 3
