"""Who may ask, how refusals look, and which headers every answer carries."""

from __future__ import annotations

import pytest
from aiohttp.test_utils import TestClient, TestServer

from hedger.web.api import make_app
from hedger.web.guard import host_name
from tests.web.desk import Desk


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("localhost:8787", "localhost"),
        ("LOCALHOST", "localhost"),
        ("127.0.0.1:1", "127.0.0.1"),
        ("[::1]:8787", "[::1]"),
        ("[::1]", "[::1]"),
        ("evil.example:8787", "evil.example"),
        ("", ""),
    ],
)
def test_the_port_does_not_matter_for_the_name(host: str, name: str) -> None:
    assert host_name(host) == name


@pytest.mark.parametrize("path", ["/", "/v1/status", "/metrics", "/nowhere"])
@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example:80", "localhost.evil.example", "[::2]"]
)
async def test_a_foreign_host_name_is_refused_because_it_may_be_rebound(
    client: TestClient, host: str, path: str
) -> None:
    response = await client.get(path, headers={"Host": host})
    assert response.status == 421
    assert (await response.json())["field"] == "Host"


@pytest.mark.parametrize("host", ["localhost:8787", "127.0.0.1", "[::1]:9"])
async def test_loopback_names_are_served(client: TestClient, host: str) -> None:
    assert (await client.get("/healthz", headers={"Host": host})).status == 200


async def test_a_name_the_operator_allowed_is_served() -> None:
    async with TestClient(TestServer(make_app(Desk(), allowed_hosts=("hedger.internal",)))) as client:
        assert (await client.get("/metrics", headers={"Host": "hedger.internal:8787"})).status == 200


@pytest.mark.parametrize(
    "path", ["/v2/status", "/static/", "/static/../api.py", "/static/%2e%2e/api.py", "/v1"]
)
async def test_an_unknown_path_is_a_json_404_and_no_directory_is_listed(
    client: TestClient, path: str
) -> None:
    response = await client.get(path)
    assert response.status == 404
    assert (await response.json())["error"].startswith("no such path: ")


async def test_a_wrong_method_is_a_json_405_that_names_the_right_one(client: TestClient) -> None:
    response = await client.post("/v1/status")
    assert response.status == 405
    assert "GET" in response.headers["Allow"]
    assert (await response.json())["error"] == "POST is not allowed on /v1/status"


@pytest.mark.parametrize("path", ["/", "/v1/status", "/nowhere", "/static/app.js"])
async def test_every_answer_carries_the_security_headers_and_none_opens_the_door_to_other_sites(
    client: TestClient, path: str
) -> None:
    headers = (await client.get(path)).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert headers["Cache-Control"] == "no-store"
    assert headers["Server"] == "hedger"
    assert "Access-Control-Allow-Origin" not in headers
