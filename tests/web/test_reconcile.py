"""`hedger reconcile` and the path behind it: shown to anybody who may see status, accepted with the token."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from aiohttp.test_utils import TestClient
from typer.testing import CliRunner, Result

from hedger.cli import reconcile
from hedger.engine.events import AcceptGiven
from hedger.engine.views.difference_view import DifferenceView
from hedger.web.token import token_path
from tests.cli.daemon import served
from tests.view_fixtures import MARKET_MS, book, status
from tests.web.desk import TOKEN, Desk

WITH_TOKEN = {"Authorization": f"Bearer {TOKEN}"}
OPEN = DifferenceView(
    instrument="BTC-PERPETUAL",
    expected="355340",
    observed="255340",
    difference="-100000",
    unexplained="-60000",
    explained=("trades of others: -40000",),
    at_ms=MARKET_MS,
)

app = typer.Typer()
app.command("reconcile")(reconcile.reconcile)
app.command("other")(lambda: None)


@pytest.fixture
def desk() -> Desk:
    return Desk(status(books=(book(differences=(OPEN,)),)))


@pytest.fixture
def address(desk: Desk, tmp_path: Path) -> Iterator[tuple[str, ...]]:
    token_path(tmp_path).write_text(TOKEN + "\n")
    with served(desk) as url:
        yield ("--url", url, "--state-dir", str(tmp_path))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["reconcile", *arguments], env={"COLUMNS": "200"})


async def test_an_acceptance_reaches_the_engine_with_who_and_why(client: TestClient, desk: Desk) -> None:
    body = {"book": "btc_main", "reason": "moved by hand", "by": "ana"}
    response = await client.post("/v1/reconcile", json=body, headers=WITH_TOKEN)
    assert response.status == 200
    assert (await response.json())["differences"][0]["unexplained"] == "-60000"
    assert desk.accepted == [AcceptGiven(book="btc_main", by="ana", reason="moved by hand")]


@pytest.mark.parametrize(
    ("body", "status_code", "field"),
    [
        ({"reason": "x"}, 400, "book"),
        ({"book": "btc_main"}, 400, "reason"),
        ({"book": "btc_main", "reason": ""}, 400, "reason"),
        ({"book": "eth", "reason": "x"}, 404, "book"),
    ],
)
async def test_an_acceptance_that_says_too_little_is_refused_by_field(
    client: TestClient, desk: Desk, body: dict[str, str], status_code: int, field: str
) -> None:
    response = await client.post("/v1/reconcile", json=body, headers=WITH_TOKEN)
    assert response.status == status_code
    assert (await response.json())["field"] == field
    assert desk.accepted == []


async def test_without_the_token_nothing_is_accepted(client: TestClient, desk: Desk) -> None:
    response = await client.post("/v1/reconcile", json={"book": "btc_main", "reason": "x"})
    assert response.status == 401
    assert desk.accepted == []


async def test_where_nothing_is_open_the_engines_word_is_passed_on(client: TestClient, desk: Desk) -> None:
    desk.refusal = "every position of btc_main is as expected"
    body = {"book": "btc_main", "reason": "x"}
    response = await client.post("/v1/reconcile", json=body, headers=WITH_TOKEN)
    assert (response.status, (await response.json())["error"]) == (409, desk.refusal)
    assert desk.accepted == []


def test_the_table_shows_every_figure_and_what_to_do(address: tuple[str, ...]) -> None:
    shown = run(*address)
    assert shown.exit_code == 0, shown.output
    for figure in ("BTC-PERPETUAL", "355340", "255340", "-100000", "-60000", "trades of others: -40000"):
        assert figure in shown.output
    assert "btc_main does not hedge: BTC-PERPETUAL unexplained" in shown.output


def test_accept_sends_the_reason(desk: Desk, address: tuple[str, ...]) -> None:
    result = run("--accept", "--book", "btc_main", "--reason", "moved by hand", *address)
    assert result.exit_code == 0, result.output
    assert [(given.book, given.reason) for given in desk.accepted] == [("btc_main", "moved by hand")]


@pytest.mark.parametrize("arguments", [("--accept",), ("--accept", "--book", "btc_main")])
def test_accept_without_book_and_reason_is_refused(
    desk: Desk, address: tuple[str, ...], arguments: tuple[str, ...]
) -> None:
    result = run(*arguments, *address)
    assert result.exit_code == 2
    assert "--book" in result.output
    assert desk.accepted == []


def test_a_book_as_expected_says_so_and_one_that_is_not_there_is_named(
    desk: Desk, address: tuple[str, ...]
) -> None:
    desk.shown = status()
    assert "btc_main: every position is as expected" in run("--book", "btc_main", *address).output
    unknown = run("--book", "eth", *address)
    assert (unknown.exit_code, "no such book: 'eth'" in unknown.output) == (2, True)
