"""The description of the API is the API: the same paths, and answers that fit what it says of them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from jsonschema_rs import Draft202012Validator

from hedger.web.api import make_app
from hedger.web.operations import OPERATIONS
from tests.web.desk import TOKEN, Desk
from tests.web.rich_desk import RichDesk

METHODS = {"get", "post", "put", "delete", "patch"}
BEARER = {"Authorization": f"Bearer {TOKEN}"}
WHY = {"reason": "a test"}
ORDER = {**WHY, "instrument": "BTC-PERPETUAL", "side": "buy", "amount": "10"}
BODIES: dict[str, dict[str, Any]] = {
    "/v1/commands/pause": WHY,
    "/v1/orders": ORDER,
    "/v1/override": {**WHY, "factor": 2.0, "duration_s": 60.0},
    "/v1/set": {**WHY, "key": "books.btc_main.target_delta_coin", "value": "0.1"},
    "/v1/hold": {**WHY, "seconds": 60.0},
}


async def described(client: TestClient) -> dict[str, Any]:
    answer = await client.get("/v1/openapi.json")
    assert answer.content_type == "application/json"
    document: dict[str, Any] = await answer.json()
    return document


def routes(app: web.Application) -> set[tuple[str, str]]:
    """Every method of every path that is served; HEAD goes with GET."""
    found = {(r.method.lower(), r.resource.canonical) for r in app.router.routes() if r.resource is not None}
    return {(method, path) for method, path in found if method != "head"}


async def test_every_route_is_described_and_everything_described_is_a_route(client: TestClient) -> None:
    document = await described(client)
    told = {(method, path) for path, item in document["paths"].items() for method in METHODS & set(item)}
    assert told == routes(make_app(Desk()))


async def test_every_operation_says_what_it_takes_and_how_it_refuses(client: TestClient) -> None:
    document = await described(client)
    for one in OPERATIONS:
        told = document["paths"][one.path][one.method.lower()]
        assert told["summary"]
        assert {"200", "400", "413", "421"} <= set(told["responses"])
        assert [each["name"] for each in told.get("parameters", [])] == [each.name for each in one.parameters]
        assert ("security" in told) is ("401" in told["responses"]) is (one.method == "POST")
        assert ("requestBody" in told) is (one.method == "POST")


async def test_bounds_of_a_body_are_in_the_description(client: TestClient) -> None:
    schemas = (await described(client))["components"]["schemas"]
    assert schemas["CommandBody"]["properties"]["reason"] == {
        "type": "string",
        "minLength": 1,
        "maxLength": 200,
    }
    assert schemas["CommandBody"]["additionalProperties"] is False
    assert schemas["HoldBody"]["properties"]["seconds"]["minimum"] == 0
    assert schemas["ErrorAnswer"]["required"] == ["error"]


def validator(document: dict[str, Any], path: str, method: str, status: int) -> Any:
    responses = document["paths"][path][method]["responses"]
    schema = responses[str(status)]["content"]["application/json"]["schema"]
    return Draft202012Validator({"components": document["components"], **schema})


@pytest.mark.parametrize("desk", [Desk(), RichDesk()], ids=["plain", "rich"])
async def test_what_is_answered_fits_its_schema(desk: Desk) -> None:
    asked = {
        path: body
        for path, body in BODIES.items()
        if isinstance(desk, RichDesk) is False or path != "/v1/set"
    }
    async with TestClient(TestServer(make_app(desk))) as client:
        document = await described(client)
        for one in OPERATIONS:
            if one.method == "GET" and one.answer is not None:
                answer = await client.get(one.path)
                validator(document, one.path, "get", answer.status).validate(await answer.json())
        for path, body in asked.items():
            answer = await client.post(path, json=body, headers=BEARER)
            described_as = "/v1/commands/{command}" if path.startswith("/v1/commands/") else path
            validator(document, described_as, "post", answer.status).validate(await answer.json())


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("get", "/v1/decisions?limit=0", None, 400),
        ("get", "/v1/why?book=nobody", None, 404),
        ("get", "/v1/chain?underlying=", None, 400),
        ("post", "/v1/orders", {"amount": "-1"}, 400),
        ("post", "/v1/orders", {**ORDER, "reason": "x" * 5_000}, 413),
        ("post", "/v1/orders/cancel", {**WHY, "label": "h-nobody-1-1"}, 404),
    ],
)
async def test_a_refusal_fits_the_schema_of_refusals(
    client: TestClient, method: str, path: str, body: dict[str, Any] | None, status: int
) -> None:
    document = await described(client)
    answer = await client.request(method, path, json=body, headers=BEARER)
    assert answer.status == status
    validator(document, path.partition("?")[0], method, status).validate(await answer.json())


async def test_without_a_token_a_refusal_says_how_to_ask(client: TestClient) -> None:
    answer = await client.post("/v1/hold", json=BODIES["/v1/hold"])
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="hedger"'


def test_the_description_is_small_enough_to_be_read_in_one_go() -> None:
    from hedger.web.openapi import document

    assert len(msgspec.json.encode(document(OPERATIONS, {}))) < 100_000
