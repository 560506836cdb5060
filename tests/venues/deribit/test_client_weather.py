"""The client in the weather of the local exchange: it comes back, says what happened, invents nothing."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from hedger.domain.instrument import InstrumentState
from hedger.engine import events as ev
from hedger.engine.effects import LookUp, RequestSnapshot
from hedger.simulator.limits import Limits, Rate
from hedger.simulator.options import Options
from hedger.simulator.server import Running, running_exchange
from tests.venues.deribit.orders_fixtures import LABEL
from tests.venues.deribit.server import Listener, running
from tests.venues.deribit.test_client_exchange import (
    PERPETUAL,
    WATCH,
    clock_of,
    connect_to,
    inject,
    market_order,
)

QUICK = {"backoff_min_s": 0.01, "backoff_max_s": 0.05}


def snapshot(exchange: Running) -> RequestSnapshot:
    return RequestSnapshot(venue="deribit", since_ms=clock_of(exchange).market_ms() - 60_000)


def locks(listener: Listener) -> list[tuple[str, bool]]:
    return [(event.index, event.locked) for event in listener.all(ev.PlatformLocked)]


async def test_a_maintenance_is_heard_and_outlived() -> None:
    async with (
        running_exchange() as exchange,
        running(connect_to(exchange, **QUICK)) as (listener, _),
    ):
        await listener.until(ev.LinkUp)
        inject(exchange, kind="maintenance", notice_s=0.3, duration_s=1.5)
        assert (await listener.until(ev.PlatformLocked)).detail == "maintenance"
        assert "1001" in (await listener.until(ev.LinkDown)).reason
        await listener.until(ev.LinkUp, 2)
        await listener.until(ev.PlatformLocked, 2)
        assert locks(listener) == [("", True), ("", False)]
        assert any("503" in event.reason for event in listener.all(ev.LinkDown))


@pytest.mark.parametrize(("index", "told"), [("btc_usd", "btc_usd"), ("", "")])
async def test_a_lock_and_its_end_are_heard(index: str, told: str) -> None:
    async with running_exchange() as exchange, running(connect_to(exchange)) as (listener, _):
        await listener.until(ev.LinkUp)
        fields: dict[str, Any] = {"index": index} if index else {}
        inject(exchange, kind="lock", **fields)
        await listener.until(ev.PlatformLocked)
        assert ("btc_usd", True) in locks(listener)
        inject(exchange, kind="clear")
        async with asyncio.timeout(30):
            while not any(not locked for _, locked in locks(listener)):
                await listener.until(ev.PlatformLocked, len(locks(listener)) + 1)
        assert ("btc_usd", False) in locks(listener)


async def test_an_order_into_a_lock_is_refused_by_name_and_the_lock_is_known() -> None:
    async with running_exchange() as exchange:
        venue = connect_to(exchange)
        async with running(venue) as (listener, _):
            await listener.until(ev.LinkUp)
            inject(exchange, kind="lock", index="btc_usd")
            venue.perform(market_order(exchange))
            assert (await listener.until(ev.PlacementRefused)).code == 11051
            assert not exchange.exchange.desk.orders


async def test_a_halted_instrument_is_heard_of_and_its_end_too() -> None:
    async with running_exchange() as exchange, running(connect_to(exchange)) as (listener, _):
        await listener.until(ev.LinkUp)
        inject(exchange, kind="halt", instrument=PERPETUAL, duration_s=0.5)
        await listener.until(ev.InstrumentStateChanged, 2)
        states = [event.state for event in listener.all(ev.InstrumentStateChanged)]
        assert states == [InstrumentState.HALTED, InstrumentState.OPEN]


async def test_after_10028_the_client_stays_away_until_the_bucket_is_full() -> None:
    limits = Limits(matching=Rate(20, 20))
    async with running_exchange(Options(limits=limits)) as exchange:
        venue = connect_to(exchange, **QUICK)
        async with running(venue) as (listener, _):
            await listener.until(ev.LinkUp)
            inject(exchange, kind="rate_limit", method="private/buy")
            venue.perform(market_order(exchange))
            assert "10028" in (await listener.until(ev.PlacementLost)).reason
            left = venue._now().wire_s
            await listener.until(ev.LinkDown)
            await listener.until(ev.LinkUp, 2)
            assert venue._now().wire_s - left >= 1.0  # 20 requests at 20 a second
            assert not exchange.exchange.desk.orders


async def test_a_token_that_expires_in_the_session_is_replaced_without_a_reconnect() -> None:
    async with running_exchange() as exchange:
        venue = connect_to(exchange)
        async with running(venue) as (listener, _):
            await listener.until(ev.LinkUp)
            inject(exchange, kind="expire_token")
            venue.perform(snapshot(exchange))
            assert "13009" in (await listener.until(ev.SnapshotFailed)).reason
            venue.perform(snapshot(exchange))
            await listener.until(ev.SnapshotTaken)
            assert listener.all(ev.LinkDown) == []


async def test_a_short_token_is_refreshed_before_it_ends() -> None:
    async with running_exchange() as exchange:
        inject(exchange, kind="short_token", lifetime_s=2, duration_s=600)
        venue = connect_to(exchange)
        async with running(venue) as (listener, _):
            await listener.until(ev.LinkUp)
            ends = venue._now().wire_s + 2.5
            while venue._now().wire_s < ends:  # soon all of them wait for credits
                venue.perform(snapshot(exchange))
                await listener.until(ev.SnapshotTaken, len(listener.all(ev.SnapshotTaken)) + 1)
            assert listener.all(ev.SnapshotFailed) == []
            assert listener.all(ev.LinkDown) == []


async def test_too_many_logins_are_no_reason_to_try_faster() -> None:
    async with running_exchange() as exchange:
        inject(exchange, kind="login_limit", duration_s=600)
        async with running(connect_to(exchange, **QUICK)) as (listener, task):
            assert "12003" in (await listener.until(ev.LinkDown)).reason
            _, pending = await asyncio.wait({task}, timeout=0.5)
            assert pending == {task}
            assert len(listener.all(ev.LinkDown)) == 1


async def test_a_half_open_socket_is_found_out_by_its_silence() -> None:
    async with running_exchange() as exchange:
        venue = connect_to(exchange, request_timeout_s=0.4, health_s=0.3, **QUICK)
        async with running(venue) as (listener, _):
            await listener.until(ev.LinkUp)
            inject(exchange, kind="half_open")
            assert "no answer" in (await listener.until(ev.LinkDown)).reason
            await listener.until(ev.LinkUp, 2)


async def test_a_late_reply_does_not_undo_what_its_notification_told() -> None:
    async with running_exchange() as exchange:
        venue = connect_to(exchange, request_timeout_s=0.3)
        async with running(venue) as (listener, _):
            await listener.until(ev.LinkUp)
            inject(exchange, kind="slow_ack", method="private/buy", delay_s=0.6)
            venue.perform(market_order(exchange))
            await listener.until(ev.Filled)
            assert (await listener.until(ev.PlacementLost)).label == LABEL
            venue.perform(LookUp(venue="deribit", instrument=PERPETUAL, label=LABEL, since_ms=0))
            found = await listener.until(ev.LookedUp)
            assert [report.state for report in found.reports] == ["filled"]
            assert len({event.fill.key for event in listener.all(ev.Filled)}) == 1
            assert listener.all(ev.BadData) == []


@pytest.mark.parametrize(("kind", "status"), [("too_slow", "connection_too_slow"), ("drop", "lost")])
async def test_a_socket_that_the_exchange_ends_is_replaced(kind: str, status: str) -> None:
    async with running_exchange() as exchange, running(connect_to(exchange, **QUICK)) as (listener, _):
        await listener.until(ev.LinkUp)
        inject(exchange, kind=kind)
        assert status in (await listener.until(ev.LinkDown)).reason
        await listener.until(ev.LinkUp, 2)


@pytest.mark.parametrize("status", [429, 503])
async def test_a_refused_handshake_is_tried_again(status: int) -> None:
    async with running_exchange() as exchange:
        inject(exchange, kind="refuse_handshake", status=status, count=2)
        async with running(connect_to(exchange, **QUICK)) as (listener, _):
            await listener.until(ev.LinkUp)
            downs = listener.all(ev.LinkDown)
            assert len(downs) == 2
            assert all(str(status) in event.reason for event in downs)


async def test_quotes_with_null_sides_are_quotes_without_a_side() -> None:
    async with running_exchange() as exchange:
        venue = connect_to(exchange)
        inject(exchange, kind="empty_book", duration_s=600)
        inject(exchange, kind="null_quotes", duration_s=600)
        async with running(venue) as (listener, _):
            await listener.until(ev.LinkUp)
            venue.perform(WATCH)
            quote = (await listener.until(ev.Quoted)).quote
            assert (quote.bid, quote.ask) == (None, None)
            assert listener.all(ev.BadData) == []


async def test_reordered_notifications_lose_nothing() -> None:
    async with running_exchange() as exchange:
        venue = connect_to(exchange)
        async with running(venue) as (listener, _):
            await listener.until(ev.LinkUp)
            inject(exchange, kind="reorder", duration_s=600)
            venue.perform(market_order(exchange))
            assert (await listener.until(ev.PositionReported)).position.size == 10
            assert len({event.fill.key for event in listener.all(ev.Filled)}) == 1


async def test_an_account_channel_that_stays_silent_does_not_hide_a_fill_from_its_order() -> None:
    """Granted and mute: the reply tells the fill, a snapshot the position."""
    async with running_exchange() as exchange:
        inject(exchange, kind="silent_subscription", channel="user.", duration_s=600)
        venue = connect_to(exchange)
        async with running(venue) as (listener, _):
            await listener.until(ev.LinkUp)
            venue.perform(market_order(exchange))
            assert (await listener.until(ev.Filled)).fill.amount == 10
            venue.perform(snapshot(exchange))
            taken = await listener.until(ev.SnapshotTaken)
            assert [(row.instrument, row.size) for row in taken.positions] == [(PERPETUAL, 10)]
