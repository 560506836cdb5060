"""The client against the local exchange, which was written independently of it."""

from __future__ import annotations

import asyncio
import time
from decimal import Decimal
from typing import Any

import pytest

from hedger.domain.errors import AuthError
from hedger.domain.order import OrderType
from hedger.domain.vocabulary import Environment, Mode
from hedger.engine import events as ev
from hedger.engine.effects import LookUp, RequestSnapshot, Watch
from hedger.runtime.clock import Clock
from hedger.simulator import sim
from hedger.simulator.options import Options
from hedger.simulator.server import Running, running_exchange
from hedger.venues.deribit.client import DeribitVenue
from hedger.venues.deribit.params import DeribitParams, Grant
from hedger.venues.paper import PaperVenue
from hedger.venues.transport.socket import TransportKind
from tests.venues.deribit.orders_fixtures import LABEL, make_place
from tests.venues.deribit.server import PATIENCE_S, Listener, running
from tests.venues.loops import on_every_loop

pytestmark = on_every_loop

PERPETUAL = "BTC-PERPETUAL"
WATCH = Watch(venue="deribit", instruments=(PERPETUAL,), indices=("btc_usd",))


def clock_of(exchange: Running) -> Clock:
    ready = exchange.ready
    return Clock(ready.origin_ms, ready.started_unix_ms, ready.speed)


def connect_to(
    exchange: Running,
    transport: TransportKind = TransportKind.WEBSOCKETS,
    *,
    trading: bool = True,
    **changes: Any,
) -> DeribitVenue:
    ready, clock = exchange.ready, clock_of(exchange)
    fields = {"url": ready.ws_url, "client_id": ready.client_id, "client_secret": ready.client_secret}
    return DeribitVenue(
        "deribit",
        Environment.LOCAL,
        DeribitParams(**fields | {"ca_file": ready.ca_file or "", "transport": transport} | changes),
        trading=trading,
        now=clock.now,
        unix_ms=clock.unix_ms,
        version="0.1.0",
    )


def market_order(exchange: Running, mode: Mode = Mode.LIVE) -> Any:
    now_ms = clock_of(exchange).market_ms()
    return make_place(
        mode, order_type=OrderType.MARKET, price=None, created_ms=now_ms, valid_until_ms=now_ms + 60_000
    )


@pytest.mark.parametrize("grant", list(Grant))
@pytest.mark.parametrize("tls", [False, True])
async def test_the_exchange_lets_us_in_by_either_grant(
    transport: TransportKind, grant: Grant, tls: bool
) -> None:
    async with (
        running_exchange(Options(tls=tls)) as exchange,
        running(connect_to(exchange, transport, auth=grant)) as (listener, _),
    ):
        assert (await listener.until(ev.LinkUp)).environment is Environment.LOCAL
        listed = listener.all(ev.InstrumentsListed)[0]
        assert PERPETUAL in [one.name for one in listed.instruments]
        assert listener.all(ev.BadData) == []


async def test_a_wrong_secret_is_an_authentication_error(transport: TransportKind) -> None:
    async with (
        running_exchange() as exchange,
        running(connect_to(exchange, transport, client_secret="wrong")) as (_, task),
    ):
        with pytest.raises(AuthError, match="13004"):
            async with asyncio.timeout(PATIENCE_S):
                await task


async def test_quotes_an_order_its_fill_and_its_look_up_agree_with_the_exchange(
    transport: TransportKind,
) -> None:
    async with running_exchange(Options(book="strangle")) as exchange:
        venue = connect_to(exchange, transport)
        async with running(venue) as (listener, _):
            await listener.until(ev.LinkUp)
            venue.perform(WATCH)
            await listener.until(ev.Quoted)
            await listener.until(ev.Indexed)
            venue.perform(market_order(exchange))
            fill = (await listener.until(ev.Filled)).fill
            assert (await listener.until(ev.PositionReported)).position.size == fill.amount
            since_ms = clock_of(exchange).market_ms() - 60_000
            venue.perform(LookUp(venue="deribit", instrument=PERPETUAL, label=LABEL, since_ms=since_ms))
            found = await listener.until(ev.LookedUp)
            assert [report.state for report in found.reports] == ["filled"]
            assert [one.key for one in found.fills] == [fill.key]
            venue.perform(RequestSnapshot(venue="deribit", since_ms=since_ms))
            taken = await listener.until(ev.SnapshotTaken)
            sizes = {position.instrument: position.size for position in taken.positions}
            held = exchange.exchange.account.open_positions()
            assert sizes == {row.listing.name: Decimal(row.size) for row in held}
            assert fill.fee == exchange.exchange.desk.trades[0].fee
            assert listener.all(ev.BadData) == []


async def test_the_whole_chain_is_quoted_without_a_refused_payload(transport: TransportKind) -> None:
    async with (
        running_exchange() as exchange,
        running(connect_to(exchange, transport, chain=True, trading=False)) as (listener, _),
    ):
        listed = await listener.until(ev.InstrumentsListed)
        options = [one.name for one in listed.instruments if one.is_option]
        await listener.until(ev.Quoted, len(options))
        assert listener.all(ev.BadData) == []


async def test_paper_trades_on_the_exchange_s_quotes_and_leaves_no_trace_there(
    transport: TransportKind,
) -> None:
    async with running_exchange() as exchange:
        listener = Listener()
        venue = PaperVenue(connect_to(exchange, transport, trading=False), clock_of(exchange).now)
        task = asyncio.create_task(venue.run(listener.emit))
        try:
            assert (await listener.until(ev.LinkUp)).account_id.endswith("-paper")
            venue.perform(WATCH)
            await listener.until(ev.Quoted)
            venue.perform(market_order(exchange, Mode.PAPER))
            assert (await listener.until(ev.PositionReported)).position.size == 10
            venue.perform(RequestSnapshot(venue="deribit", since_ms=0))
            taken = await listener.until(ev.SnapshotTaken)
            assert [(p.instrument, p.size) for p in taken.positions] == [(PERPETUAL, 10)]
            assert not exchange.exchange.desk.orders
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def inject(exchange: Running, **fault: Any) -> None:
    """Switch a fault of the exchange on."""
    sim.fault(exchange.exchange, fault, time.time())


async def test_after_a_drop_the_account_is_found_again(transport: TransportKind) -> None:
    async with (
        running_exchange() as exchange,
        running(connect_to(exchange, transport, backoff_min_s=0.01)) as (listener, _),
    ):
        await listener.until(ev.LinkUp)
        inject(exchange, kind="drop")
        await listener.until(ev.LinkDown)
        second = await listener.until(ev.LinkUp, 2)
        assert second.account_id == listener.all(ev.LinkUp)[0].account_id


async def test_a_lost_reply_leaves_the_order_unknown_until_a_look_up_finds_it(
    transport: TransportKind,
) -> None:
    async with running_exchange() as exchange:
        venue = connect_to(exchange, transport, request_timeout_s=0.2)
        async with running(venue) as (listener, _):
            await listener.until(ev.LinkUp)
            inject(exchange, kind="silence", duration_s=30)
            inject(exchange, kind="lost_reply", method="private/buy")
            venue.perform(market_order(exchange))
            assert (await listener.until(ev.PlacementLost)).label == LABEL
            assert listener.all(ev.Filled) == []
            venue.perform(LookUp(venue="deribit", instrument=PERPETUAL, label=LABEL, since_ms=0))
            assert [report.state for report in (await listener.until(ev.LookedUp)).reports] == ["filled"]


async def test_a_label_that_was_never_placed_is_absent_in_every_answer(transport: TransportKind) -> None:
    async with running_exchange() as exchange:
        venue, clock = connect_to(exchange, transport), clock_of(exchange)
        async with running(venue) as (listener, _):
            await listener.until(ev.LinkUp)
            before_ms = clock.market_ms()
            venue.perform(LookUp(venue="deribit", instrument=PERPETUAL, label="h-btc-9-9", since_ms=0))
            found = await listener.until(ev.LookedUp)
            assert (found.reports, found.fills) == ((), ())
            assert found.server_ms >= before_ms


@pytest.mark.parametrize(
    ("code", "kind"), [(10009, ev.PlacementRefused), (13028, ev.PlacementLost), (10041, ev.PlatformLocked)]
)
async def test_a_refusal_of_the_exchange_is_judged_by_its_code(
    transport: TransportKind, code: int, kind: type[ev.Event]
) -> None:
    async with running_exchange() as exchange:
        venue = connect_to(exchange, transport)
        async with running(venue) as (listener, _):
            await listener.until(ev.LinkUp)
            inject(exchange, kind="reject", code=code)
            venue.perform(market_order(exchange))
            await listener.until(kind)
            assert not exchange.exchange.desk.orders


@pytest.mark.parametrize("fault", ["duplicate", "notification_first"])
async def test_reordered_and_repeated_messages_tell_of_one_fill(transport: TransportKind, fault: str) -> None:
    async with running_exchange() as exchange:
        venue = connect_to(exchange, transport)
        async with running(venue) as (listener, _):
            await listener.until(ev.LinkUp)
            inject(exchange, kind=fault)
            venue.perform(market_order(exchange))
            await listener.until(ev.PositionReported)
            await listener.until(ev.Filled, 2)
            assert len({event.fill.key for event in listener.all(ev.Filled)}) == 1
