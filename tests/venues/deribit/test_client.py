"""The socket around the session, against a small real server on loopback."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection

from hedger.domain.errors import AuthError, HaltedError
from hedger.engine import events as ev
from hedger.engine.effects import RequestSnapshot, Watch
from hedger.venues.deribit.decode import MAX_FRAME_BYTES
from hedger.venues.transport.socket import TransportKind
from tests.venues.deribit.orders_fixtures import LABEL, make_place
from tests.venues.deribit.server import PATIENCE_S, SmallVenue, make_venue, running, small_venue
from tests.venues.deribit.talk import SECRET, make_params
from tests.venues.loops import on_every_loop

pytestmark = on_every_loop


def params(server: SmallVenue, transport: TransportKind, **changes: Any) -> Any:
    fields = {"url": server.url, "transport": transport, "backoff_min_s": 0.01, "backoff_max_s": 0.05}
    return make_params(**{**fields, **changes})


def error(code: int, message: str) -> Any:
    return lambda socket, request: {"error": {"code": code, "message": message}}


def silent(socket: ServerConnection, request: dict[str, Any]) -> None:
    """No answer at all."""


async def test_a_connection_comes_up_and_performs_effects(transport: TransportKind) -> None:
    async with small_venue() as server, running(make_venue(params(server, transport))) as (listener, task):
        up = await listener.until(ev.LinkUp)
        assert up.account_id == "42"
        assert not task.done()


async def test_effects_reach_the_socket_and_their_answers_come_back(transport: TransportKind) -> None:
    async with small_venue() as server:
        venue = make_venue(params(server, transport))
        async with running(venue) as (listener, _):
            await listener.until(ev.LinkUp)
            venue.perform(RequestSnapshot(venue="deribit", since_ms=0))
            venue.perform(Watch(venue="deribit", instruments=("BTC-PERPETUAL",), indices=()))
            assert (await listener.until(ev.SnapshotTaken)).positions == ()


async def test_a_dropped_connection_is_made_again(transport: TransportKind) -> None:
    async with small_venue() as server, running(make_venue(params(server, transport))) as (listener, _):
        await listener.until(ev.LinkUp)
        await server.sockets[0].close(4000, "heartbeat close")
        down = await listener.until(ev.LinkDown)
        assert down.reason == "closed by the venue: 4000 heartbeat close"
        await listener.until(ev.LinkUp, 2)
        assert server.connections == 2


async def test_a_broken_transport_is_a_lost_connection(transport: TransportKind) -> None:
    async with small_venue() as server, running(make_venue(params(server, transport))) as (listener, _):
        await listener.until(ev.LinkUp)
        server.sockets[0].transport.abort()
        assert (await listener.until(ev.LinkDown)).reason == "connection lost"
        await listener.until(ev.LinkUp, 2)


async def test_a_placement_in_flight_is_lost_with_the_connection(transport: TransportKind) -> None:
    async with small_venue() as server:

        async def drop(socket: ServerConnection, request: dict[str, Any]) -> None:
            socket.transport.abort()

        server.answers["private/buy"] = drop
        venue = make_venue(params(server, transport))
        async with running(venue) as (listener, _):
            await listener.until(ev.LinkUp)
            venue.perform(make_place())
            assert (await listener.until(ev.PlacementLost)).label == LABEL


async def test_nobody_there_is_tried_again(transport: TransportKind) -> None:
    async with small_venue() as server:
        url = server.url
    venue = make_venue(make_params(url=url, transport=transport, backoff_min_s=0.01, backoff_max_s=0.02))
    async with running(venue) as (listener, _):
        down = await listener.until(ev.LinkDown, 3)
        assert "refused" in down.reason.lower() or "connect" in down.reason.lower()


@pytest.mark.parametrize("code", [13004, 13009])
async def test_a_refused_key_ends_the_venue_without_a_retry_storm(
    transport: TransportKind, code: int
) -> None:
    async with small_venue() as server:
        server.answers["public/auth"] = error(code, "invalid_credentials")
        async with running(make_venue(params(server, transport))) as (listener, task):
            with pytest.raises(AuthError) as raised:
                async with asyncio.timeout(PATIENCE_S):
                    await task
        assert server.connections == 1
        assert SECRET not in str(raised.value)
        assert not listener.all(ev.LinkDown)  # the error says it all, once


async def test_an_exception_of_the_listener_comes_out_bare(transport: TransportKind) -> None:
    """The engine's inbox may halt the daemon; its error must not be wrapped in a group."""
    async with small_venue() as server:

        def full(event: ev.Event) -> None:
            raise HaltedError("inbox: full")

        with pytest.raises(HaltedError, match="full"):
            async with asyncio.timeout(PATIENCE_S):
                await make_venue(params(server, transport)).run(full)


async def test_a_frame_over_the_limit_is_bad_data_and_a_new_connection(transport: TransportKind) -> None:
    async with small_venue() as server, running(make_venue(params(server, transport))) as (listener, _):
        await listener.until(ev.LinkUp)
        sending = asyncio.create_task(server.sockets[0].send("x" * (MAX_FRAME_BYTES + 1)))
        assert (await listener.until(ev.BadData)).channel == "frame"
        await listener.until(ev.LinkUp, 2)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)


async def test_too_many_requests_closes_the_socket(transport: TransportKind) -> None:
    async with small_venue() as server:
        server.answers["private/get_open_orders"] = error(10028, "too_many_requests")
        venue = make_venue(params(server, transport))
        async with running(venue) as (listener, _):
            await listener.until(ev.LinkUp)
            venue.perform(RequestSnapshot(venue="deribit", since_ms=0))
            assert "10028" in (await listener.until(ev.LinkDown)).reason


async def test_a_silent_venue_is_given_up_by_the_request_time_out(transport: TransportKind) -> None:
    async with small_venue() as server:
        server.answers["public/hello"] = silent
        async with running(make_venue(params(server, transport, request_timeout_s=0.05))) as (listener, _):
            assert "public/hello" in (await listener.until(ev.LinkDown)).reason
            await listener.until(ev.LinkDown, 2)


async def test_a_heartbeat_is_answered(transport: TransportKind) -> None:
    async with small_venue() as server, running(make_venue(params(server, transport))) as (listener, _):
        answered = asyncio.Event()

        def note(socket: ServerConnection, request: dict[str, Any]) -> Any:
            answered.set()
            return {"result": {"version": "1"}}

        server.answers["public/test"] = note
        await listener.until(ev.LinkUp)
        await server.sockets[0].send(json.dumps({"method": "heartbeat", "params": {"type": "test_request"}}))
        async with asyncio.timeout(PATIENCE_S):
            await answered.wait()


async def test_not_even_a_debug_log_shows_the_secret(
    transport: TransportKind, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with small_venue() as server, running(make_venue(params(server, transport))) as (listener, _):
        await listener.until(ev.LinkUp)
    client_log = [record for record in caplog.records if not record.name.startswith("websockets.server")]
    assert SECRET not in "".join(record.getMessage() for record in client_log)


async def test_cancelling_closes_the_socket(transport: TransportKind) -> None:
    async with small_venue() as server:
        async with running(make_venue(params(server, transport))) as (listener, task):
            await listener.until(ev.LinkUp)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        async with asyncio.timeout(PATIENCE_S):
            await server.sockets[0].wait_closed()
