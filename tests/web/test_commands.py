"""Commands over HTTP: only with the token, only what is known, and told to the engine word by word."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from aiohttp.test_utils import TestClient, TestServer

from hedger.domain.instants import iso_time
from hedger.engine.events import CommandGiven, HoldAsked
from hedger.engine.views.view import StatusView
from hedger.engine.views.view_guard import GuardView
from hedger.web.api import Bounds, make_app
from tests.view_fixtures import status
from tests.web.desk import TOKEN, Desk

WITH_TOKEN = {"Authorization": f"Bearer {TOKEN}"}


async def test_a_command_reaches_the_engine_and_answers_what_the_switches_became(
    client: TestClient, desk: Desk
) -> None:
    body = {"book": "btc_main", "reason": "expiry in an hour", "by": "ana"}
    response = await client.post("/v1/commands/pause", json=body, headers=WITH_TOKEN)
    assert response.status == 200
    assert await response.json() == {
        "command": "pause",
        "book": "btc_main",
        "state": "paused",
        "books": {"btc_main": "paused"},
        "ended": {},
    }
    assert desk.commands == [
        CommandGiven(command="pause", book="btc_main", by="ana", reason="expiry in an hour")
    ]


@pytest.mark.parametrize(
    ("command", "state"),
    [
        ("pause", "paused"),
        ("resume", "running"),
        ("reduce_only", "reduce_only"),
        ("neutralise", "neutralising"),
        ("flatten", "flattening"),
        ("halt", "halted"),
    ],
)
async def test_every_command_may_be_told_to_the_whole_daemon(
    client: TestClient, command: str, state: str
) -> None:
    response = await client.post(f"/v1/commands/{command}", json={"reason": "drill"}, headers=WITH_TOKEN)
    assert (await response.json())["state"] == state


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer "},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": f"Bearer {TOKEN[:-1]}"},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": TOKEN},
        {"Authorization": "Bearer ключ"},
    ],
)
async def test_without_the_token_nothing_happens(
    client: TestClient, desk: Desk, headers: dict[str, str]
) -> None:
    response = await client.post("/v1/commands/halt", json={"reason": "x"}, headers=headers)
    assert response.status == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert (await response.json())["field"] == "Authorization"
    assert desk.commands == []


async def test_an_empty_token_of_the_daemon_lets_nobody_in(client: TestClient, desk: Desk) -> None:
    desk.token = ""
    response = await client.post(
        "/v1/commands/halt", json={"reason": "x"}, headers={"Authorization": "Bearer "}
    )
    assert response.status == 401


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "reason"),
        ({"reason": ""}, "reason"),
        ({"reason": "x" * 201}, "reason"),
        ({"reason": 7}, "reason"),
        ({"reason": "x", "book": "b" * 17}, "book"),
        ({"reason": "x", "by": ""}, "by"),
        ({"reason": "x", "boook": "btc_main"}, "boook"),
    ],
)
async def test_a_bad_body_is_refused_by_field(
    client: TestClient, desk: Desk, body: dict[str, object], field: str
) -> None:
    response = await client.post("/v1/commands/pause", json=body, headers=WITH_TOKEN)
    assert response.status == 400
    assert (await response.json())["field"] == field
    assert desk.commands == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"pause", b"\xff\xfe", b'{"reason": "\xff"}'])
async def test_a_body_that_is_not_a_json_object_is_refused(client: TestClient, body: bytes) -> None:
    response = await client.post("/v1/commands/pause", data=body, headers=WITH_TOKEN)
    assert response.status == 400
    assert "error" in await response.json()


async def test_a_large_body_is_refused(client: TestClient) -> None:
    response = await client.post("/v1/commands/pause", data=b" " * 5000, headers=WITH_TOKEN)
    assert response.status == 413
    assert await response.json() == {"error": "the body is too large"}


async def test_an_unknown_book_is_answered_with_the_known_ones(client: TestClient, desk: Desk) -> None:
    body = {"reason": "x", "book": "doge"}
    response = await client.post("/v1/commands/pause", json=body, headers=WITH_TOKEN)
    assert response.status == 404
    assert "known: btc_main" in (await response.json())["error"]
    assert desk.commands == []


async def test_an_unknown_command_is_answered_with_the_known_ones(client: TestClient) -> None:
    response = await client.post("/v1/commands/explode", json={"reason": "x"}, headers=WITH_TOKEN)
    assert response.status == 404
    assert (
        "pause, resume, reduce_only, neutralise, flatten, halt, confirm" in (await response.json())["error"]
    )


class _Stuck(Desk):
    async def command(self, given: CommandGiven) -> StatusView:
        await asyncio.Event().wait()
        return self.shown


async def test_a_daemon_that_does_not_obey_in_time_is_told_as_a_gateway_time_out() -> None:
    app = make_app(_Stuck(), bounds=Bounds(answer_s=0.01))
    async with TestClient(TestServer(app)) as client:
        response = await client.post("/v1/commands/pause", json={"reason": "x"}, headers=WITH_TOKEN)
        assert response.status == 504
        assert "no answer within" in (await response.json())["error"]


async def test_a_command_that_only_the_journal_holds_up_is_told_as_obeyed() -> None:
    """Whoever halts while the journal is away must not think that nothing was halted."""
    stuck = _Stuck(msgspec.structs.replace(status(), journal_ok=False))
    stuck.step_age_s = 0.0
    async with TestClient(TestServer(make_app(stuck, bounds=Bounds(answer_s=0.01)))) as client:
        response = await client.post("/v1/commands/halt", json={"reason": "x"}, headers=WITH_TOKEN)
        told = (await response.json())["error"]
    assert response.status == 504
    assert told.startswith("the command halt: taken in and in force, but not written down within 0.01 s: ")


async def test_a_daemon_that_does_not_step_has_obeyed_nothing() -> None:
    stuck = _Stuck(msgspec.structs.replace(status(), journal_ok=False))
    stuck.step_age_s = 60.0
    async with TestClient(TestServer(make_app(stuck, bounds=Bounds(answer_s=0.01)))) as client:
        response = await client.post("/v1/commands/halt", json={"reason": "x"}, headers=WITH_TOKEN)
        assert "no answer within" in (await response.json())["error"]


async def test_a_command_that_would_be_refused_says_why_and_reaches_nobody(
    client: TestClient, desk: Desk
) -> None:
    desk.refusal = "btc_main: flattening leaves +3.6600 BTC of naked delta"
    response = await client.post("/v1/commands/flatten", json={"reason": "drill"}, headers=WITH_TOKEN)
    assert response.status == 409
    assert "naked delta" in (await response.json())["error"]
    assert desk.commands == []


async def test_a_naked_delta_can_be_accepted(client: TestClient, desk: Desk) -> None:
    body = {"reason": "drill", "accept_naked_delta": True}
    await client.post("/v1/commands/flatten", json=body, headers=WITH_TOKEN)
    assert desk.commands[0].accept_naked_delta


async def test_a_confirmation_is_a_command_that_moves_no_switch(client: TestClient, desk: Desk) -> None:
    response = await client.post("/v1/commands/confirm", json={"reason": "seen"}, headers=WITH_TOKEN)
    assert (await response.json())["state"] == "running"
    assert desk.commands[0].command == "confirm"


async def test_a_resume_tells_what_else_it_ended_and_no_other_command_does(
    client: TestClient, desk: Desk
) -> None:
    """A person who ends a latch must see that there was one."""
    book = msgspec.structs.replace(desk.shown.books[0], guard=GuardView(ended="the latch (trade 7)"))
    desk.shown = msgspec.structs.replace(desk.shown, books=(book,))
    for command, told in (("resume", {"btc_main": "the latch (trade 7)"}), ("pause", {})):
        response = await client.post(f"/v1/commands/{command}", json={"reason": "drill"}, headers=WITH_TOKEN)
        assert (await response.json())["ended"] == told


async def test_a_hold_reaches_the_engine_and_answers_until_when_the_books_wait(
    client: TestClient, desk: Desk
) -> None:
    body = {"seconds": 60, "book": "btc_main", "reason": "legging in", "by": "ana"}
    response = await client.post("/v1/hold", json=body, headers=WITH_TOKEN)
    assert response.status == 200
    (until,) = (await response.json())["holds"].values()
    assert until == iso_time(desk.shown.market_ms + 60_000)
    assert desk.holds == [HoldAsked(book="btc_main", seconds=60.0, by="ana", reason="legging in")]


@pytest.mark.parametrize("seconds", [-1, 3601, "60"])
async def test_a_hold_nobody_can_mean_is_refused_by_name(
    client: TestClient, desk: Desk, seconds: object
) -> None:
    response = await client.post("/v1/hold", json={"seconds": seconds, "reason": "x"}, headers=WITH_TOKEN)
    assert (response.status, (await response.json())["field"]) == (400, "seconds")
    assert desk.holds == []


async def test_without_the_token_nobody_is_held(client: TestClient, desk: Desk) -> None:
    response = await client.post("/v1/hold", json={"seconds": 60, "reason": "x"})
    assert response.status == 401
    assert desk.holds == []
