"""The served exchange: real sockets, the ready file, TLS, the state file across kill -9."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from hedger.simulator.fault_kinds import KINDS
from hedger.simulator.model import WorldEvent
from hedger.simulator.options import Options, Ready
from hedger.simulator.server import running_exchange
from tests.simulator.scripted_world import PERPETUAL, ScriptedWorld

DEADLINE_S = 30.0


class Client:
    """A few lines of websocket client: call, and wait for a notification."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.seen: list[dict[str, Any]] = []
        self._id = 0

    async def call(self, method: str, **params: object) -> Any:
        self._id += 1
        await self.socket.send_str(
            json.dumps({"jsonrpc": "2.0", "id": self._id, "method": method, "params": params})
        )
        while True:
            frame = await self.frame()
            if frame.get("id") == self._id:
                return frame["result"] if "result" in frame else frame["error"]

    async def frame(self) -> dict[str, Any]:
        message = await self.socket.receive(DEADLINE_S)
        assert message.type is aiohttp.WSMsgType.TEXT, message
        frame: dict[str, Any] = json.loads(message.data)
        self.seen.append(frame)
        return frame

    async def log_in(self, ready: Ready) -> Any:
        return await self.call(
            "public/auth",
            grant_type="client_credentials",
            client_id=ready.client_id,
            client_secret=ready.client_secret,
        )


async def test_a_client_logs_in_trades_and_hears_of_it() -> None:
    async with (
        running_exchange(Options(seed=3), world=ScriptedWorld()) as running,
        aiohttp.ClientSession() as http,
        http.ws_connect(running.ready.ws_url) as socket,
    ):
        client = Client(socket)
        assert (await client.log_in(running.ready))["token_type"] == "bearer"
        await client.call("private/subscribe", channels=["user.changes.any.any.raw"])
        order = (await client.call("private/buy", instrument_name=PERPETUAL, amount=10, type="market"))[
            "order"
        ]
        change = await client.frame()
        assert change["params"]["data"]["orders"][0]["order_id"] == order["order_id"]


async def test_http_and_sim_answer_on_the_same_port() -> None:
    async with (
        running_exchange(Options(seed=3), world=ScriptedWorld()) as running,
        aiohttp.ClientSession() as http,
    ):
        base, root = running.ready.http_url, running.ready.sim_url
        async with http.get(f"{base}/public/ticker", params={"instrument_name": PERPETUAL}) as answer:
            assert (answer.status, (await answer.json())["result"]["state"]) == (200, "open")
        async with http.get(f"{base}/public/ticker") as answer:
            assert answer.status == 400
        body = {"jsonrpc": "2.0", "id": 7, "method": "public/get_time", "params": {}}
        async with http.post(base, json=body) as answer:
            assert (await answer.json())["id"] == 7
        async with http.post(f"{base}/public/ticker", json={"instrument_name": PERPETUAL}) as answer:
            assert answer.status == 200
        async with http.post(base, data="{nonsense") as answer:
            assert (answer.status, (await answer.json())["error"]["code"]) == (400, 11050)
        trade = {"instrument": PERPETUAL, "side": "buy", "amount": 10, "price": 100_001.0}
        async with http.post(f"{root}/sim/trade", json=trade) as answer:
            assert (await answer.json())["order_state"] == "filled"
        async with http.post(f"{root}/sim/trade", data="[]") as answer:
            assert answer.status == 400
        async with http.post(
            f"{root}/sim/faults", json={"kind": "delay", "delay_s": 0.5, "duration_s": 1.5}
        ) as answer:
            assert (await answer.json())["faults"][0]["delay_s"] == 0.5
        async with http.get(f"{root}/sim/faults") as answer:
            assert len((await answer.json())["faults"]) == 1
        async with http.post(f"{root}/sim/pause") as answer:
            paused_ms = (await answer.json())["now_ms"]
        async with http.get(f"{root}/sim/state") as answer:
            state = await answer.json()
        assert (state["now_ms"], state["paused"], state["positions"]) == (paused_ms, True, {PERPETUAL: 10})
        async with http.post(f"{root}/sim/resume") as answer:
            assert (await answer.json())["paused"] is False


async def test_a_dropped_socket_breaks_for_the_client() -> None:
    async with (
        running_exchange(Options(seed=3), world=ScriptedWorld()) as running,
        aiohttp.ClientSession() as http,
        http.ws_connect(running.ready.ws_url) as socket,
    ):
        async with http.post(f"{running.ready.sim_url}/sim/faults", json={"kind": "drop"}) as answer:
            assert answer.status == 200
        message = await socket.receive(DEADLINE_S)
        assert message.type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)
        assert socket.close_code == 1006


async def test_a_lost_reply_over_http_breaks_the_connection_but_the_order_stands() -> None:
    async with (
        running_exchange(Options(seed=3), world=ScriptedWorld()) as running,
        aiohttp.ClientSession() as http,
    ):
        ready = running.ready
        fault = {"kind": "lost_reply", "method": "public/get_time"}
        async with http.post(f"{ready.sim_url}/sim/faults", json=fault):
            pass
        with pytest.raises(aiohttp.ClientError):
            await http.post(f"{ready.http_url}/public/get_time", json={})
        async with http.post(f"{ready.http_url}/public/get_time", json={}) as answer:
            assert answer.status == 200


async def test_the_33rd_connection_is_refused_with_429() -> None:
    async with (
        running_exchange(Options(seed=3), world=ScriptedWorld()) as running,
        aiohttp.ClientSession() as http,
    ):
        sockets = [await http.ws_connect(running.ready.ws_url) for _ in range(32)]
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await http.ws_connect(running.ready.ws_url)
        assert refused.value.status == 429
        await asyncio.gather(*(socket.close() for socket in sockets))


class BrokenWorld(ScriptedWorld):
    def advance(self, market_ms: int) -> Sequence[WorldEvent]:
        raise KeyError("gone")


async def broken_world_served() -> None:
    async with running_exchange(Options(seed=3), world=BrokenWorld()) as running:
        await asyncio.wait([running.ticking], timeout=DEADLINE_S)


async def test_an_error_of_the_world_is_not_hidden() -> None:
    """A world that breaks ends the server with its error instead of leaving a frozen market."""
    with pytest.raises(KeyError, match="gone"):
        await broken_world_served()


async def test_a_delay_holds_frames_back_in_order() -> None:
    async with (
        running_exchange(Options(seed=3), world=ScriptedWorld()) as running,
        aiohttp.ClientSession() as http,
        http.ws_connect(running.ready.ws_url) as socket,
    ):
        client = Client(socket)
        fault = {"kind": "delay", "delay_s": 0.2, "duration_s": 60}
        async with http.post(f"{running.ready.sim_url}/sim/faults", json=fault):
            pass
        assert (await client.call("public/test"))["version"]
        assert isinstance(await client.call("public/get_time"), int)


async def test_too_many_requests_are_answered_and_the_socket_closed() -> None:
    async with (
        running_exchange(Options(seed=3), world=ScriptedWorld()) as running,
        aiohttp.ClientSession() as http,
        http.ws_connect(running.ready.ws_url) as socket,
    ):
        client = Client(socket)
        await client.log_in(running.ready)
        answers = [await client.call("private/cancel_all") for _ in range(21)]
        while answers[-1] == 0:  # credits come back while we ask
            answers.append(await client.call("private/cancel_all"))
        assert answers[-1]["code"] == 10028
        assert (await socket.receive(DEADLINE_S)).type is aiohttp.WSMsgType.CLOSE


async def test_the_ready_file_is_for_the_owner_only_and_complete(tmp_path: Path) -> None:
    path = tmp_path / "ready.json"
    async with running_exchange(Options(ready_file=path, speed=60.0), world=ScriptedWorld()) as running:
        assert path.stat().st_mode & 0o777 == 0o600
        content = json.loads(path.read_text())
        assert set(content) == {
            "ws_url",
            "http_url",
            "client_id",
            "client_secret",
            "account",
            "speed",
            "origin_ms",
            "started_unix_ms",
        }
        assert content["http_url"].endswith("/api/v2")
        assert (content["speed"], content["origin_ms"]) == (60.0, running.exchange.world.origin_ms)
        assert content["client_secret"] not in repr(running.ready)
    async with running_exchange(world=ScriptedWorld()) as other:
        assert other.ready.account != content["account"]
        assert other.ready.client_secret != content["client_secret"]


@pytest.mark.skipif(shutil.which("openssl") is None, reason="the openssl program is not installed")
async def test_tls_is_trusted_through_the_announced_certificate() -> None:
    async with (
        running_exchange(Options(tls=True), world=ScriptedWorld()) as running,
        aiohttp.ClientSession() as http,
    ):
        trust = ssl.create_default_context(cafile=running.ready.ca_file)
        async with http.get(f"{running.ready.http_url}/public/test", ssl=trust) as answer:
            assert answer.status == 200
        async with http.ws_connect(running.ready.ws_url, ssl=trust) as socket:
            assert (await Client(socket).call("public/test"))["version"]


PROGRAM = (
    "import typer; from hedger.cli.exchange import exchange; a = typer.Typer(); a.command()(exchange); a()"
)


@contextmanager
def process(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """The real command in a process of its own; killed at the end whatever happened."""
    command = [sys.executable, "-c", PROGRAM, *arguments]
    started = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield started
    finally:
        started.kill()
        started.communicate()


def served(path: Path, running: subprocess.Popen[str]) -> Ready:
    """The ready record, once the process serves."""
    deadline = time.monotonic() + DEADLINE_S
    while not path.exists():
        assert running.poll() is None, running.communicate()
        assert time.monotonic() < deadline, "the exchange did not start"
        time.sleep(0.02)
    return Ready(**json.loads(path.read_text()))


async def place(ready: Ready, label: str) -> tuple[str, list[Any]]:
    """Rest an order and fill another; the id of the first and all trades."""
    async with aiohttp.ClientSession() as http, http.ws_connect(ready.ws_url) as socket:
        client = Client(socket)
        await client.log_in(ready)
        price = round(
            (await client.call("public/ticker", instrument_name=PERPETUAL))["best_bid_price"] * 0.99
        )
        rest = await client.call(
            "private/buy", instrument_name=PERPETUAL, amount=10, price=price, label=label
        )
        await client.call(
            "private/buy", instrument_name=PERPETUAL, amount=500, type="market", label=f"{label}-m"
        )
        trades = await client.call("private/get_user_trades_by_currency", currency="BTC", count=100)
        return rest["order"]["order_id"], trades["trades"]


async def look(ready: Ready) -> dict[str, Any]:
    async with aiohttp.ClientSession() as http, http.get(f"{ready.sim_url}/sim/state") as answer:
        state: dict[str, Any] = await answer.json()
        return state


def test_the_state_file_survives_kill_9_with_account_orders_trades_port_and_keys(tmp_path: Path) -> None:
    state_file, ready_file = tmp_path / "exchange.sqlite", tmp_path / "ready.json"
    arguments = [
        "--seed",
        "5",
        "--book",
        "strangle",
        "--state",
        str(state_file),
        "--ready-file",
        str(ready_file),
    ]
    with process(*arguments) as first:
        ready = served(ready_file, first)
        order_id, trades = asyncio.run(place(ready, "before"))
        before = asyncio.run(look(ready))
        os.kill(first.pid, signal.SIGKILL)
        first.wait()
    ready_file.unlink()
    with process(*arguments) as second:
        again = served(ready_file, second)
        after = asyncio.run(look(again))
        assert again == ready
        assert after["positions_exact"] == before["positions_exact"]
        assert after["fees_exact"] == before["fees_exact"]
        assert [t["trade_id"] for t in after["trades"]] == [t["trade_id"] for t in reversed(trades)]
        assert {o["order_id"]: o["order_state"] for o in after["orders"]}[order_id] in ("open", "filled")
        assert after["now_ms"] >= before["now_ms"]
        later_id, _ = asyncio.run(place(again, "after"))
        assert int(later_id) > int(order_id)


def test_sigterm_ends_it_with_code_0_and_the_secret_is_never_printed(tmp_path: Path) -> None:
    ready_file = tmp_path / "ready.json"
    with process("--ready-file", str(ready_file)) as running:
        ready = served(ready_file, running)
        running.send_signal(signal.SIGTERM)
        output, errors = running.communicate(timeout=DEADLINE_S)
        assert running.returncode == 0, errors
        assert ready.ws_url in output
        assert ready.client_secret not in output + errors
        assert len(output.splitlines()) == 1


def test_the_kinds_of_fault_are_listed_on_request() -> None:
    with process("--fault", "help") as running:
        output, errors = running.communicate(timeout=DEADLINE_S)
    assert running.returncode == 0, errors
    assert [line.split()[0] for line in output.splitlines()] == list(KINDS)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--speed", "0"], "speed"),
        (["--equity", "BTC"], "equity"),
        (["--book", "nowhere.toml"], "book"),
        (["--from", "2026-02-01"], "from"),
        (["--origin", "yesterday"], "yesterday"),
        (["--fault", "gremlins"], "gremlins"),
        (["--fault", "lock,index=doge_usd"], "doge_usd"),
    ],
)
def test_a_wrong_option_ends_with_code_2_and_names_itself(arguments: list[str], named: str) -> None:
    with process(*arguments) as running:
        _, errors = running.communicate(timeout=DEADLINE_S)
        assert running.returncode == 2
        assert named in errors
        assert "Traceback" not in errors
