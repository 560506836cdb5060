"""Faults that live in the socket, over real sockets, with the `websockets` client."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from hedger.simulator import server as served
from hedger.simulator.options import Options
from hedger.simulator.server import Running, running_exchange, wire_s
from tests.simulator.scripted_world import PERPETUAL, ScriptedWorld

DEADLINE_S = 30.0


class Client:
    """Calls over one websocket; frames that are no answer are kept in `heard`."""

    def __init__(self, socket: ClientConnection, exchange: Running) -> None:
        self.socket, self._exchange = socket, exchange
        self.heard: list[dict[str, Any]] = []
        self._ids = itertools.count(1)

    async def send(self, method: str, **params: object) -> int:
        number = next(self._ids)
        body = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
        await self.socket.send(json.dumps(body))
        return number

    async def answer(self, number: int) -> Any:
        async with asyncio.timeout(DEADLINE_S):
            while True:
                frame = json.loads(await self.socket.recv())
                if frame.get("id") == number:
                    return frame.get("result", frame.get("error"))
                self.heard.append(frame)

    async def call(self, method: str, **params: object) -> Any:
        return await self.answer(await self.send(method, **params))

    async def log_in(self) -> Any:
        ready = self._exchange.ready
        keys = {"client_id": ready.client_id, "client_secret": ready.client_secret}
        return await self.call("public/auth", grant_type="client_credentials", **keys)

    async def closed(self) -> ConnectionClosed:
        """How the connection ended."""
        async with asyncio.timeout(DEADLINE_S):
            while True:
                try:
                    self.heard.append(json.loads(await self.socket.recv()))
                except ConnectionClosed as closed:
                    return closed


@asynccontextmanager
async def dialled(exchange: Running) -> AsyncIterator[Client]:
    async with connect(exchange.ready.ws_url, proxy=None, close_timeout=0.2) as socket:
        yield Client(socket, exchange)


async def fault(exchange: Running, **fields: Any) -> None:
    """Switch a fault on from outside, as a person would."""
    url = f"{exchange.ready.sim_url}/sim/faults"
    async with aiohttp.ClientSession() as http, http.post(url, json=fields) as answer:
        assert answer.status == 200, await answer.text()


async def refused(exchange: Running) -> InvalidStatus:
    with pytest.raises(InvalidStatus) as status:
        async with dialled(exchange):
            pass
    return status.value


def resting(label: str) -> dict[str, object]:
    return {"instrument_name": PERPETUAL, "amount": 10, "price": 99_000, "label": label}


async def test_a_maintenance_over_real_sockets() -> None:
    """Announced, then closed; handshakes and HTTP get a page of HTML; then everything is back."""
    async with running_exchange(world=ScriptedWorld()) as exchange:
        async with dialled(exchange) as client:
            await client.call("public/subscribe", channels=["platform_state"])
            await fault(exchange, kind="maintenance", notice_s=0.3, duration_s=600)
            assert (await client.call("public/get_currencies"))["code"] == 11051
            closed = await client.closed()
            assert closed.rcvd is not None
            assert (closed.rcvd.code, closed.rcvd.reason) == (1001, "maintenance")
            told = [frame["params"]["data"] for frame in client.heard]
            assert {"maintenance": True} in told
        status = await refused(exchange)
        assert status.response.status_code == 503
        url = f"{exchange.ready.http_url}/public/status"
        async with aiohttp.ClientSession() as http, http.get(url) as answer:
            assert (answer.status, answer.content_type) == (503, "text/html")
            assert "<h1>503 Service Unavailable</h1>" in await answer.text()
        await fault(exchange, kind="clear")
        async with dialled(exchange) as again:
            assert await again.call("public/status") == {"locked": "false"}


async def test_a_refused_handshake_has_the_status_that_was_asked_for() -> None:
    async with running_exchange(world=ScriptedWorld()) as exchange:
        await fault(exchange, kind="refuse_handshake", count=1)
        assert (await refused(exchange)).response.status_code == 429
        await fault(exchange, kind="refuse_handshake", status=502, count=1)
        assert (await refused(exchange)).response.status_code == 502
        async with dialled(exchange) as client:
            assert (await client.call("public/test"))["version"]


async def test_http_may_answer_in_html() -> None:
    async with running_exchange(world=ScriptedWorld()) as exchange, aiohttp.ClientSession() as http:
        await fault(exchange, kind="http_error", method="public/ticker", count=1)
        base = exchange.ready.http_url
        async with http.get(f"{base}/public/test") as answer:
            assert answer.status == 200
        async with http.get(f"{base}/public/ticker?instrument_name={PERPETUAL}") as answer:
            assert (answer.status, answer.content_type) == (503, "text/html")
        async with http.get(f"{base}/public/ticker?instrument_name={PERPETUAL}") as answer:
            assert answer.status == 200


async def test_a_half_open_socket_neither_speaks_nor_hears_nor_answers_pings() -> None:
    async with running_exchange(world=ScriptedWorld()) as exchange, dialled(exchange) as client:
        await client.log_in()
        await client.call("public/subscribe", channels=["deribit_price_index.btc_usd"])
        await fault(exchange, kind="half_open")
        pong = await client.socket.ping()
        await client.send("private/buy", **resting("unheard"))
        async with dialled(exchange) as other:
            assert (await other.call("public/test"))["version"]
            await other.log_in()
            assert await other.call("private/get_open_orders") == []
        assert not pong.done()
        assert client.socket.close_code is None
        (deaf,) = [one for one in exchange.exchange.connections.values() if one.deaf]
        assert len(deaf.unheard) == 1


async def test_what_was_sent_into_a_half_open_socket_may_arrive_late() -> None:
    """TCP repeats what was lost: an order placed long ago is executed when the link heals."""
    async with running_exchange(world=ScriptedWorld()) as exchange, dialled(exchange) as client:
        await client.log_in()
        await fault(exchange, kind="half_open")
        now_ms = exchange.exchange.clock.market_ms(wire_s())
        stale = await client.send("private/buy", **resting("stale"), valid_until=now_ms - 1)
        late = await client.send("private/buy", **resting("late"))
        await fault(exchange, kind="clear")
        assert (await client.answer(stale))["code"] == 13888
        assert (await client.answer(late))["order"]["label"] == "late"


async def test_closing_a_half_open_socket_is_not_heard_either() -> None:
    async with running_exchange(world=ScriptedWorld()) as exchange:
        async with dialled(exchange) as client:
            await client.log_in()
            await fault(exchange, kind="half_open")
            async with asyncio.timeout(DEADLINE_S):
                await client.socket.close()
        assert client.socket.close_code == 1006, "the exchange must not have answered the close"


async def test_a_slow_ack_is_overtaken_by_its_notification() -> None:
    async with running_exchange(world=ScriptedWorld()) as exchange, dialled(exchange) as client:
        await client.log_in()
        await client.call("private/subscribe", channels=["user.changes.any.any.raw"])
        await fault(exchange, kind="slow_ack", delay_s=0.4, method="private/buy", count=1)
        reply = await client.call("private/buy", **resting("slow"))
        changes = [f["params"]["data"] for f in client.heard if "user.changes" in f["params"]["channel"]]
        assert [row["orders"][0]["order_id"] for row in changes] == [reply["order"]["order_id"]]


async def test_a_session_ends_with_10028_and_only_the_refill_helps() -> None:
    async with running_exchange(world=ScriptedWorld()) as exchange:
        await fault(exchange, kind="rate_limit", method="private/buy")
        async with dialled(exchange) as client:
            await client.log_in()
            assert (await client.call("private/buy", **resting("x")))["code"] == 10028
            closed = await client.closed()
            assert closed.rcvd is not None
            assert closed.rcvd.reason == "too_many_requests"
        async with asyncio.timeout(DEADLINE_S):
            while not await placed_after_a_reconnect(exchange):
                await asyncio.sleep(0.05)  # logins are counted, too


async def placed_after_a_reconnect(exchange: Running) -> bool:
    """Whether the refill has brought a credit; without one this session ends, too."""
    async with dialled(exchange) as client:
        await client.log_in()
        answer = await client.call("private/buy", **resting("again"))
        assert answer.get("code", 10028) == 10028
        return "order" in answer


async def test_a_reader_that_does_not_keep_up_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Megabytes for a client that reads nothing: it is cut off, and hears why if it hears anything."""
    monkeypatch.setattr(served, "MAX_WAITING_FRAMES", 10)
    async with running_exchange() as exchange, dialled(exchange) as client:
        for _ in range(45):
            await client.send("public/get_instruments")
        async with asyncio.timeout(DEADLINE_S):
            while exchange.exchange.connections:
                await asyncio.sleep(0.02)
        closed = await client.closed()
        assert closed.rcvd is None or closed.rcvd.reason == "connection_too_slow"
        async with dialled(exchange) as other:
            assert (await other.call("public/test"))["version"]


async def test_a_request_over_32_kb_is_refused_on_socket_and_http() -> None:
    async with running_exchange(world=ScriptedWorld()) as exchange, dialled(exchange) as client:
        await client.socket.send(json.dumps({"id": 1, "method": "public/test", "x": "y" * 33_000}))
        async with asyncio.timeout(DEADLINE_S):
            refusal = json.loads(await client.socket.recv())
        assert refusal["error"] == {"code": -32600, "message": "request entity too large"}
        assert (await client.call("public/test"))["version"], "the socket stays open"
        url = f"{exchange.ready.http_url}/public/ticker"
        async with (
            aiohttp.ClientSession() as http,
            http.post(url, json={"instrument_name": "x" * 33_000}) as answer,
        ):
            assert (answer.status, (await answer.json())["error"]["code"]) == (400, -32600)


async def test_a_fault_that_is_asked_for_wrongly_is_told() -> None:
    async with running_exchange(world=ScriptedWorld()) as exchange, aiohttp.ClientSession() as http:
        url = f"{exchange.ready.sim_url}/sim/faults"
        async with http.post(url, json={"kind": "halt", "instrument": "BTC-NOTHING"}) as answer:
            assert answer.status == 400
            assert "instrument" in await answer.text()


async def test_a_fault_of_the_start_options_meets_the_first_client() -> None:
    options = Options(faults=("refuse_handshake,count=1",))
    async with running_exchange(options, world=ScriptedWorld()) as exchange:
        assert (await refused(exchange)).response.status_code == 429
        async with dialled(exchange) as client:
            assert (await client.call("public/test"))["version"]
