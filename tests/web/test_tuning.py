"""Overrides and set keys over HTTP: only with the token, only within bounds, told word by word."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from hedger.engine.events import OverrideCleared, OverrideGiven
from tests.view_fixtures import MARKET_MS
from tests.web.desk import TOKEN, Desk

WITH_TOKEN = {"Authorization": f"Bearer {TOKEN}"}
OVERRIDE = {"book": "btc_main", "factor": 2, "duration_s": 14_400, "reason": "CPI", "by": "ana"}
SET = {"key": "books.btc_main.band.upper", "value": "0.2", "reason": "CPI", "by": "ana"}


async def test_an_override_reaches_the_engine_and_answers_its_end(client: TestClient, desk: Desk) -> None:
    response = await client.post("/v1/override", json=OVERRIDE, headers=WITH_TOKEN)
    assert response.status == 200
    shown = (await response.json())["books"]["btc_main"]
    assert (shown["override_factor"], shown["override_until_ms"]) == (2.0, MARKET_MS + 14_400_000)
    assert desk.overrides == [
        OverrideGiven(book="btc_main", factor=2.0, duration_s=14_400.0, by="ana", reason="CPI")
    ]


async def test_an_override_is_ended(client: TestClient, desk: Desk) -> None:
    body = {"clear": True, "reason": "over"}
    assert (await client.post("/v1/override", json=body, headers=WITH_TOKEN)).status == 200
    assert desk.overrides == [OverrideCleared(book="", by="api", reason="over")]


@pytest.mark.parametrize(
    ("changes", "field", "told"),
    [
        ({"factor": 11}, "factor", "factor = 11: must be from 0.1 to 10"),
        ({"duration_s": 1e6}, "duration_s", "duration_s = 1e+06: must be from 60 to 604800"),
        ({"factor": None}, "factor", "give both, or clear = true"),
        ({"clear": True}, "clear", "takes neither factor nor duration_s"),
        ({"factor": "x2"}, "factor", "Expected `float | null`"),
        ({"reason": ""}, "reason", "length >= 1"),
        ({"hours": 4}, "hours", "unknown field"),
    ],
)
async def test_an_override_that_is_wrong_is_refused_by_field(
    client: TestClient, desk: Desk, changes: dict[str, Any], field: str, told: str
) -> None:
    response = await client.post("/v1/override", json={**OVERRIDE, **changes}, headers=WITH_TOKEN)
    answer = await response.json()
    assert (response.status, answer["field"]) == (400, field)
    assert told in answer["error"]
    assert desk.overrides == []


async def test_a_book_that_does_not_exist_is_not_found(client: TestClient) -> None:
    response = await client.post("/v1/override", json={**OVERRIDE, "book": "eth"}, headers=WITH_TOKEN)
    assert response.status == 404


async def test_a_key_is_set_and_everything_that_is_set_is_answered(client: TestClient) -> None:
    response = await client.post("/v1/set", json=SET, headers=WITH_TOKEN)
    answer = await response.json()
    assert response.status == 200
    assert (answer["key"], answer["value"], answer["before"]) == (SET["key"], "0.2", "0.1")
    (edit,) = answer["edits"]
    assert edit == {"key": SET["key"], "value": "0.2", "since_ms": MARKET_MS, "by": "ana"}
    status = await (await client.get("/v1/status")).json()
    assert status["edits"] == answer["edits"]


async def test_a_key_is_cleared(client: TestClient) -> None:
    await client.post("/v1/set", json=SET, headers=WITH_TOKEN)
    body = {"key": SET["key"], "clear": True, "reason": "over"}
    answer = await (await client.post("/v1/set", json=body, headers=WITH_TOKEN)).json()
    assert (answer["value"], answer["edits"]) == ("", [])


async def test_a_refusal_of_the_configuration_is_told_word_by_word(client: TestClient, desk: Desk) -> None:
    desk.refuses_keys = "cannot change while running"
    response = await client.post("/v1/set", json={**SET, "key": "mode"}, headers=WITH_TOKEN)
    assert (response.status, (await response.json())["error"]) == (400, "mode: cannot change while running")


@pytest.mark.parametrize("changes", [{"value": None}, {"clear": True}, {"value": ""}])
async def test_a_value_or_its_end_is_asked_for_and_never_both(
    client: TestClient, changes: dict[str, Any]
) -> None:
    response = await client.post("/v1/set", json={**SET, **changes}, headers=WITH_TOKEN)
    assert (response.status, (await response.json())["field"]) == (400, "value")


@pytest.mark.parametrize("path", ["/v1/set", "/v1/override"])
@pytest.mark.parametrize("headers", [{}, {"Authorization": f"Bearer {TOKEN}x"}])
async def test_without_the_token_nothing_is_turned(
    client: TestClient, desk: Desk, path: str, headers: dict[str, str]
) -> None:
    response = await client.post(path, json=OVERRIDE, headers=headers)
    assert response.status == 401
    assert (desk.overrides, desk.shown.edits) == ([], ())
