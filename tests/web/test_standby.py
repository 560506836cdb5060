"""A standby answers whoever looks, and sends whoever acts to the holder."""

from __future__ import annotations

import pytest
from aiohttp.test_utils import TestClient, TestServer

from hedger.domain.vocabulary import State
from hedger.web.api import make_app
from tests.view_fixtures import status, venue
from tests.web.desk import TOKEN, Desk

HOLDER = "desk1:4242:7f3a9c01"
ACTS = ("commands/halt", "orders", "orders/cancel", "override", "set", "hold")


@pytest.mark.parametrize("path", ACTS)
async def test_whoever_acts_is_told_who_holds_the_account(path: str) -> None:
    desk = Desk(status(state=State.STANDBY, venues=(venue(standby_of=HOLDER),)))
    async with TestClient(TestServer(make_app(desk))) as client:
        answer = await client.post(f"/v1/{path}", headers={"Authorization": f"Bearer {TOKEN}"})
        assert answer.status == 409
        assert HOLDER in (await answer.json())["error"]
    assert (desk.commands, desk.asked, desk.cancels, desk.overrides, desk.holds) == ([], [], [], [], [])


async def test_whoever_looks_sees_it_waiting_and_not_ready() -> None:
    desk = Desk(status(state=State.STANDBY, venues=(venue(standby_of=HOLDER),)))
    async with TestClient(TestServer(make_app(desk))) as client:
        shown = await (await client.get("/v1/status")).json()
        assert (shown["state"], shown["venues"][0]["standby_of"]) == ("standby", HOLDER)
        ready = await client.get("/readyz")
        assert ready.status == 503
        assert (await client.get("/healthz")).status == 200


async def test_an_account_of_several_that_is_anothers_keeps_nobody_from_acting_on_the_rest() -> None:
    desk = Desk(status(state=State.RUNNING, venues=(venue(), venue(name="other", standby_of=HOLDER))))
    async with TestClient(TestServer(make_app(desk))) as client:
        body = {"reason": "drill"}
        answer = await client.post(
            "/v1/commands/pause", json=body, headers={"Authorization": f"Bearer {TOKEN}"}
        )
        assert answer.status == 200
