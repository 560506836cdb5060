"""What was written is there after a restart, once, and only for the account it belongs to."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from hedger.domain.errors import InvariantError
from hedger.domain.order import OrderState, Side
from hedger.domain.vocabulary import BreakerState, Environment
from hedger.engine.events import JournalLoaded
from hedger.engine.records import (
    Accepted,
    AcceptedDifference,
    Latched,
    LossReferenced,
    SettingChanged,
    ShadowsKept,
    SmileSampled,
    Snapshot,
    Traded,
)
from hedger.journal.journal import Journal
from tests.journal.places import Place, rows
from tests.journal.records import (
    DAY_MS,
    NOW_MS,
    VENUE,
    changed,
    commanded,
    configured,
    decided,
    intended,
    overridden,
    traded,
)


async def load(journal: Journal, account_id: str = "1", market_ms: int = NOW_MS) -> JournalLoaded:
    return await journal.load(VENUE, Environment.LOCAL, account_id, market_ms)


async def test_an_intended_order_is_known_exactly_after_a_restart(place: Place) -> None:
    async with await Journal.open(place) as journal:
        await load(journal)
        await journal.write([intended(1)])

    async with await Journal.open(place) as journal:
        (order,) = (await load(journal)).orders

    assert (order.intent, order.state) == (intended(1).intent, OrderState.DRAFT)


async def test_a_label_is_one_row_holding_its_newest_state(place: Place) -> None:
    async with await Journal.open(place) as journal:
        await load(journal)
        await journal.write([intended(1), changed(1, OrderState.IN_FLIGHT)])
        await journal.write([changed(1, OrderState.FILLED)])

    assert rows(place, "select label, state from orders") == [("h-btc-1-1", "filled")]


async def test_an_intent_never_overwrites_what_became_of_its_label(place: Place) -> None:
    """A batch whose commit was doubtful is written again: the end of an order must survive that."""
    async with await Journal.open(place) as journal:
        await load(journal)
        await journal.write([intended(1), changed(1, OrderState.FILLED)])
        await journal.write([intended(1)])

    assert rows(place, "select label, state from orders") == [("h-btc-1-1", "filled")]


async def test_a_fill_told_twice_is_kept_once(place: Place) -> None:
    async with await Journal.open(place) as journal:
        await load(journal)
        await journal.write([traded("7"), traded("7")])
        await journal.write([traded("7"), traded("7", fee_currency="USDC")])
        loaded = await load(journal)

    assert [fill.key for fill in loaded.fills] == [(VENUE, "BTC", "7"), (VENUE, "USDC", "7")]


async def test_every_load_begins_a_higher_epoch_across_restarts(place: Place) -> None:
    epochs = []
    for _ in range(3):
        async with await Journal.open(place) as journal:
            epochs += [(await load(journal)).epoch, (await load(journal)).epoch]

    assert epochs == [1, 2, 3, 4, 5, 6]


async def test_an_epoch_is_durable_before_it_is_told(place: Place) -> None:
    async with await Journal.open(place) as journal:
        loaded = await load(journal)
        assert rows(place, "select epoch from epochs") == [(str(loaded.epoch),)]


async def test_accounts_and_environments_do_not_see_each_other(place: Place) -> None:
    async with await Journal.open(place) as journal:
        await load(journal, "1")
        await journal.write([intended(1), traded("7"), commanded(BreakerState.HALTED)])
        other = await load(journal, "2")
        elsewhere = await journal.load(VENUE, Environment.TESTNET, "1", NOW_MS)

    for loaded in (other, elsewhere):
        assert (loaded.epoch, loaded.orders, loaded.fills, loaded.breakers) == (1, (), (), {})
        assert loaded.last_fill_ms == 0


async def test_old_ended_orders_and_fills_are_left_out_but_open_ones_never(place: Place) -> None:
    old = NOW_MS - DAY_MS - 2 * 3_600_000
    async with await Journal.open(place) as journal:
        await load(journal)
        await journal.write([changed(1, OrderState.FILLED, old), changed(2, OrderState.UNKNOWN, NOW_MS)])
        await journal.write([changed(3, OrderState.CANCELLED, NOW_MS - DAY_MS)])
        await journal.write([traded("old", old), traded("new", NOW_MS - DAY_MS)])
        loaded = await load(journal)

    assert [order.intent.label for order in loaded.orders] == ["h-btc-1-2", "h-btc-1-3"]
    assert [fill.trade_id for fill in loaded.fills] == ["new"]


async def test_what_the_venue_will_tell_again_is_known_however_old(place: Place) -> None:
    """It is asked for trades since the newest one, after a long pause, too, and since an order left open."""
    old = NOW_MS - 9 * DAY_MS
    async with await Journal.open(place) as journal:
        await load(journal)
        await journal.write([traded("1", old - 4 * 3_600_000), traded("2", old)])
        assert [fill.trade_id for fill in (await load(journal)).fills] == ["2"]
        await journal.write([changed(1, OrderState.UNKNOWN, old - 5 * 3_600_000)])
        assert [fill.trade_id for fill in (await load(journal)).fills] == ["1", "2"]


async def test_the_newest_fill_is_known_however_old(place: Place) -> None:
    """Trades are asked for since then, so a long pause leaves no gap."""
    async with await Journal.open(place) as journal:
        await load(journal)
        await journal.write([traded("1", NOW_MS - 30 * DAY_MS), traded("2", NOW_MS - 20 * DAY_MS)])
        assert (await load(journal)).last_fill_ms == NOW_MS - 20 * DAY_MS


async def test_the_last_command_of_each_book_stays_latched(place: Place) -> None:
    async with await Journal.open(place) as journal:
        await load(journal)
        await journal.write([commanded(BreakerState.HALTED), commanded(BreakerState.PAUSED, "btc")])
        await journal.write([commanded(BreakerState.RUNNING)])

    async with await Journal.open(place) as journal:
        loaded = await load(journal)

    assert loaded.breakers == {"": BreakerState.RUNNING, "btc": BreakerState.PAUSED}


async def test_a_halt_given_before_any_account_was_known_is_latched(place: Place) -> None:
    """An operator halts a daemon that cannot connect: it must not trade after the restart."""
    async with await Journal.open(place) as journal:
        await journal.write([commanded(BreakerState.HALTED)])

    async with await Journal.open(place) as journal:
        assert (await load(journal)).breakers == {"": BreakerState.HALTED}
        await journal.write([commanded(BreakerState.RUNNING)])
        assert (await load(journal)).breakers == {"": BreakerState.RUNNING}


async def test_decisions_come_newest_first_by_book_and_before_a_time(place: Place) -> None:
    async with await Journal.open(place) as journal:
        await load(journal)
        await journal.write([decided(ms, book) for ms in range(1, 6) for book in ("btc", "eth")])

        newest = await journal.decisions(3)
        of_eth = await journal.decisions(2, "eth", before_ms=4)

    assert [(d.market_ms, d.book) for d in newest] == [(5, "eth"), (5, "btc"), (4, "eth")]
    assert [(d.market_ms, d.book) for d in of_eth] == [(3, "eth"), (2, "eth")]


async def test_orders_come_newest_first(place: Place) -> None:
    async with await Journal.open(place) as journal:
        await load(journal)
        await journal.write([intended(number, NOW_MS + number) for number in range(5)])
        assert [order.intent.label for order in await journal.orders(2)] == ["h-btc-1-4", "h-btc-1-3"]
        assert await journal.orders(2, "eth") == ()


async def test_configs_and_snapshots_are_kept_with_their_scope(place: Place) -> None:
    async with await Journal.open(place) as journal:
        await load(journal)
        taken = Snapshot(market_ms=NOW_MS, positions={"BTC-PERPETUAL": "-10"}, equity={"BTC": "10.1"})
        await journal.write([configured(1), taken])

    scope = (VENUE, "local", "1")
    assert rows(place, "select venue, environment, account_id, config_hash from configs") == [(*scope, "1")]
    assert rows(place, "select venue, environment, account_id from snapshots") == [scope]


async def test_the_newest_snapshot_is_told_with_every_fill_since_however_long_ago(place: Place) -> None:
    """What a run begins with, of this account; shortly before it, too: the venue will tell those again."""
    old, told_ms = NOW_MS - 9 * DAY_MS, NOW_MS - 5 * DAY_MS
    async with await Journal.open(place) as journal:
        await load(journal, market_ms=old)
        await journal.write(
            [
                Snapshot(old, {"BTC-PERPETUAL": "10"}, {}, VENUE, old),
                Snapshot(
                    told_ms, {"BTC-PERPETUAL": "50"}, {"BTC": "1"}, VENUE, told_ms, {"BTC": "0.9"}, 3, 4
                ),
                traded("long before", told_ms - DAY_MS),
                traded("before", told_ms - 1),
                traded("since", told_ms + 1),
            ]
        )

    async with await Journal.open(place) as journal:
        loaded = await load(journal)
        other = await load(journal, account_id="2")

    assert loaded.baseline is not None
    assert (loaded.baseline.positions, loaded.baseline.cash) == ({"BTC-PERPETUAL": "50"}, {"BTC": "0.9"})
    assert [fill.trade_id for fill in loaded.fills] == ["before", "since"]
    assert (other.baseline, other.fills) == (None, ())


async def test_a_snapshot_that_tells_no_time_brings_no_older_fills(place: Place) -> None:
    """Written by an earlier version: nothing is held against it."""
    async with await Journal.open(place) as journal:
        await load(journal)
        fills = [traded("old", NOW_MS - 5 * DAY_MS), traded("new", NOW_MS)]
        await journal.write([Snapshot(NOW_MS, {}, {}), *fills])

    async with await Journal.open(place) as journal:
        assert [fill.trade_id for fill in (await load(journal)).fills] == ["new"]


async def test_what_a_person_accepted_is_kept_with_the_reason(place: Place) -> None:
    row = AcceptedDifference("BTC-PERPETUAL", "10", "20", "10")
    async with await Journal.open(place) as journal:
        await load(journal)
        await journal.write([Accepted(NOW_MS, VENUE, "btc", (row,), "anna", "moved by hand")])

    ((account, book, body),) = rows(place, "select account_id, book, body from acceptances")
    assert (account, book) == ("1", "btc")
    assert '"reason":"moved by hand"' in str(body)


async def test_all_that_the_smile_has_shown_is_read_back_the_oldest_first(place: Place) -> None:
    """Every sample counts, not the newest alone; what is older than any window of use stays where it is."""
    days = (100, 3, 2, 0)
    samples = [
        SmileSampled(
            NOW_MS - day * DAY_MS, VENUE, "btc", (1.0, 0.9, 0.1 + day, 1e-9), (), (0.1,) * 12, (0.2,) * 12
        )
        for day in days
    ]
    async with await Journal.open(place) as journal:
        await load(journal)
        await journal.write(samples)
        assert (await load(journal)).smiles == tuple(samples[1:])
        assert (await load(journal, account_id="2")).smiles == ()


async def test_of_what_the_shadows_of_a_book_have_come_to_the_newest_is_read_back(place: Place) -> None:
    def kept(book: str, through_ms: int) -> ShadowsKept:
        return ShadowsKept(NOW_MS, VENUE, book, through_ms, ())

    async with await Journal.open(place) as journal:
        await load(journal)
        await journal.write([kept("btc", 1), kept("eth", 2), latched("trade 7"), kept("btc", 3)])
        assert (await load(journal)).shadows == (kept("eth", 2), kept("btc", 3))
        assert (await load(journal, account_id="2")).shadows == ()
        assert (await load(journal)).latches == (latched("trade 7"),)


async def test_a_row_with_an_unknown_field_is_refused_by_name(place: Place) -> None:
    async with await Journal.open(place) as journal:
        await load(journal)
        await journal.write([intended(1)])
        rows(place, """update orders set body = '{"leverage":5,' || substr(body, 2)""")
        with pytest.raises(InvariantError, match=r"orders row 1: not a Order: .*leverage"):
            await load(journal)


async def test_decisions_of_another_account_are_not_shown(place: Place) -> None:
    async with await Journal.open(place) as journal:
        await load(journal)
        await journal.write([decided(1, "btc")])
    async with await Journal.open(place) as journal:
        assert await journal.decisions(9) == ()
        await load(journal, account_id="someone else")
        assert await journal.decisions(9) == ()
        assert await journal.orders(9) == ()


async def test_paper_positions_are_the_sum_of_every_paper_fill_of_the_account(place: Place) -> None:
    """However old; and no real trade, although the venue tells of those in a paper account, too."""
    sold, bought, future, flat, unflat = (
        traded(f"paper-h-btc-1-{number}", number).fill for number in range(5)
    )
    fills = [
        sold,
        msgspec.structs.replace(bought, side=Side.BUY, amount=Decimal("0.3")),
        msgspec.structs.replace(future, instrument="BTC-27MAR26"),
        msgspec.structs.replace(flat, instrument="ETH-PERPETUAL"),
        msgspec.structs.replace(unflat, instrument="ETH-PERPETUAL", side=Side.BUY),
    ]
    async with await Journal.open(place) as journal:
        await load(journal, account_id="2-paper")
        await journal.write([traded("paper-another-account")])
        await load(journal, account_id="1-paper")
        await journal.write([Traded(market_ms=NOW_MS, fill=fill) for fill in fills])
        await journal.write([traded("208000001"), traded("paperless")])

    async with await Journal.open(place) as journal:
        held = await journal.paper_positions(VENUE, Environment.LOCAL, "1-paper")
        assert held == {"BTC-PERPETUAL": Decimal("-9.7"), "BTC-27MAR26": Decimal(-10)}
        assert await journal.paper_positions(VENUE, Environment.TESTNET, "1-paper") == {}


async def test_the_last_override_of_each_book_is_told_and_the_breakers_are_not_touched_by_it(
    place: Place,
) -> None:
    async with await Journal.open(place) as journal:
        await load(journal)
        first, last = overridden("btc", 2.0), overridden("btc", 3.0)
        await journal.write([commanded(BreakerState.PAUSED), first, overridden("eth", 0.5), last])

    async with await Journal.open(place) as journal:
        loaded = await load(journal)
        other = await load(journal, account_id="2")

    assert loaded.overrides == {"btc": last, "eth": overridden("eth", 0.5)}
    assert loaded.breakers[""] is BreakerState.PAUSED
    assert other.overrides == {}


async def test_a_key_set_on_the_daemon_is_kept_with_who_and_why(place: Place) -> None:
    change = SettingChanged(
        market_ms=NOW_MS,
        key="books.btc.band.upper",
        value="0.2",
        before="0.1",
        by="cli:desk",
        reason="CPI",
        config_hash="c0ffee",
    )
    async with await Journal.open(place) as journal:
        await load(journal)
        await journal.write([change])
    ((key, value, body),) = rows(place, "select key, value, body from setting_changes")
    assert (key, value) == ("books.btc.band.upper", "0.2")
    assert msgspec.json.decode(str(body), type=SettingChanged) == change


def latched(detail: str, book: str = "btc", by: str = "hedger") -> Latched:
    return Latched(market_ms=NOW_MS, venue=VENUE, book=book, detail=detail, by=by)


def reference(period: str, coin: float, book: str = "btc") -> LossReferenced:
    given = {"coin": coin, "coin_usd": coin * 1e5, "dollars": 0.5}
    return LossReferenced(market_ms=NOW_MS, venue=VENUE, book=book, period=period, **given)


async def test_a_latch_is_found_until_somebody_ended_it(place: Place) -> None:
    async with await Journal.open(place) as journal:
        await load(journal)
        await journal.write([latched("trade 7"), latched("trade 8", "eth")])
        await journal.write([latched("", by="anna")])

    async with await Journal.open(place) as journal:
        assert (await load(journal)).latches == (latched("trade 8", "eth"),)
        await journal.write([latched("trade 9")])
        assert {latch.detail for latch in (await load(journal)).latches} == {"trade 8", "trade 9"}
        assert (await load(journal, "2")).latches == ()


async def test_losses_are_counted_from_the_newest_reference_of_each_book_and_period(place: Place) -> None:
    async with await Journal.open(place) as journal:
        await load(journal)
        await journal.write([reference("start", 10.0), reference("day", 10.0), reference("day", 9.0, "eth")])
        await journal.write([reference("day", 9.5)])

    async with await Journal.open(place) as journal:
        found = (await load(journal)).loss_references
    assert found == (reference("start", 10.0), reference("day", 9.0, "eth"), reference("day", 9.5))
