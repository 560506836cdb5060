"""The account's troubles over a real socket: a crash that liquidates a long, a risk matrix, a restart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp

from hedger.simulator.options import Options
from hedger.simulator.server import Running, running_exchange
from tests.simulator.scripted_world import PERPETUAL, ScriptedWorld, levels
from tests.simulator.test_server import Client

DEADLINE_S = 30.0


@asynccontextmanager
async def story(
    options: Options, world: ScriptedWorld | None = None
) -> AsyncIterator[tuple[Running, Client]]:
    """A served exchange and a client that listens to its account."""
    async with (
        running_exchange(options, world=world) as running,
        aiohttp.ClientSession() as http,
        http.ws_connect(running.ready.ws_url) as socket,
    ):
        client = Client(socket)
        await client.log_in(running.ready)
        channels = ["user.lock", "user.changes.any.any.raw", "user.portfolio.btc"]
        await client.call("private/subscribe", channels=channels)
        yield running, client


async def post(running: Running, path: str, **body: object) -> Any:
    async with aiohttp.ClientSession() as http, http.post(running.ready.sim_url + path, json=body) as answer:
        return await answer.json()


async def hear_until(client: Client, channel: str, **wanted: object) -> list[dict[str, Any]]:
    """Notifications up to the first of a channel whose data has the wanted fields."""
    heard: list[dict[str, Any]] = []
    async with asyncio.timeout(DEADLINE_S):
        while True:
            params = (await client.frame()).get("params", {})
            heard.append(params)
            data = params.get("data")
            if params.get("channel") == channel and wanted.items() <= data.items():
                return heard


def of(heard: list[dict[str, Any]], channel: str) -> list[Any]:
    return [params["data"] for params in heard if params.get("channel") == channel]


async def test_a_crash_liquidates_a_leveraged_long_step_by_step() -> None:
    """6 000 USD long on 0.005 BTC: 7 % lower its loss meets the maintenance margin."""
    world = ScriptedWorld()
    options = Options(seed=3, speed=20.0, equity={"BTC": Decimal("0.005")})
    async with story(options, world) as (_, client):
        await client.call("private/buy", instrument_name=PERPETUAL, amount=6_000, type="market")
        await client.call("private/sell", instrument_name=PERPETUAL, amount=10, price=101_400)
        world.move(PERPETUAL, 93_200.0)
        world.set(PERPETUAL, bids=levels(("93199.5", "1000000")))
        heard = await hear_until(client, "user.lock", locked=False)
        changes = of(heard, "user.changes.any.any.raw")
        assert {row["locked"] for row in of(heard, "user.lock")} == {True, False}
        reasons = {order.get("cancel_reason") for change in changes for order in change["orders"]}
        assert "autoliquidation" in reasons
        flagged = [t for change in changes for t in change["trades"] if t.get("liquidation")]
        assert [trade["amount"] for trade in flagged] == [750] * len(flagged)
        assert flagged
        summary = await client.call("private/get_account_summary", currency="BTC")
        assert 0 < summary["maintenance_margin"] <= summary["margin_balance"]
        (held,) = await client.call("private/get_positions", currency="BTC")
        assert held["size"] == 6_000 - 750 * len(flagged)
        assert "order" in await client.call(
            "private/sell", instrument_name=PERPETUAL, amount=10, type="market"
        )


async def test_portfolio_margin_in_the_seeded_world() -> None:
    """A strangle under the risk matrix: asked for, the engine trades, and every figure stays in agreement."""
    options = Options(
        seed=5, speed=20.0, book="strangle", equity={"BTC": Decimal(20)}, margin="segregated_pm"
    )
    async with story(options) as (running, client):
        before = await client.call("private/get_account_summary", currency="BTC")
        assert 0 < before["maintenance_margin"] < before["margin_balance"] == before["equity"]
        await post(running, "/sim/liquidate", currency="BTC", rounds=3)
        refused = await client.call("private/buy", instrument_name=PERPETUAL, amount=10, type="market")
        assert refused["code"] == 11098
        heard = await hear_until(client, "user.lock", locked=False)
        trades = [t for change in of(heard, "user.changes.any.any.raw") for t in change["trades"]]
        assert len({trade["timestamp"] for trade in trades}) == 3
        await post(running, "/sim/pause")
        async with aiohttp.ClientSession() as http, http.get(running.ready.sim_url + "/sim/state") as answer:
            state = await answer.json()
        assert state["locks"] == []
        changes = sum(Decimal(row["change"]) for row in state["entries"] if row["currency"] == "BTC")
        assert changes == Decimal(state["balance_exact"]["BTC"])


async def test_money_and_locks_outlive_a_restart(tmp_path: Path) -> None:
    options = Options(
        seed=5, origin_ms=1_790_000_000_000, state_file=tmp_path / "state", margin="segregated_pm"
    )
    async with story(options) as (running, client):
        await post(running, "/sim/transfer", currency="BTC", amount=2, type="deposit")
        await post(running, "/sim/lock", currency="ETH", kind="account")
        before = await client.call("private/get_account_summary", currency="BTC")
    async with story(options) as (running, client):
        after = await client.call("private/get_account_summary", currency="BTC")
        assert (after["balance"], after["margin_model"]) == (12, "segregated_pm")
        assert after == before
        locks = {row["currency"]: row["locked"] for row in await client.call("private/get_user_locks")}
        assert locks == {"BTC": False, "ETH": True, "USDC": False}
        assert [row.kind for row in running.exchange.account.log] == ["deposit", "deposit"]
