"""`hedger hold`: how long, for whom, and what is refused before anything is sent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from hedger.cli import hold
from hedger.cli.ownership import ownership_of
from hedger.engine.views.owned_view import CashFlowView, FutureView, OwnershipView
from hedger.web.token import token_path
from tests.cli.daemon import served
from tests.view_fixtures import book
from tests.web.desk import TOKEN, Desk

app = typer.Typer()
app.command("hold")(hold.hold)
app.command("other")(lambda: None)


@pytest.fixture
def address(desk: Desk, tmp_path: Path) -> Iterator[tuple[str, ...]]:
    token_path(tmp_path).write_text(TOKEN + "\n")
    with served(desk) as url:
        yield ("--url", url, "--state-dir", str(tmp_path))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["hold", *arguments])


@pytest.mark.parametrize(("span", "seconds"), [("60s", 60.0), ("90", 90.0), ("1.5m", 90.0), ("1h", 3600.0)])
def test_a_hold_says_until_when_the_books_wait(
    desk: Desk, address: tuple[str, ...], span: str, seconds: float
) -> None:
    result = run(span, "--reason", "legging in", *address)
    assert result.exit_code == 0, result.output
    assert "waits until" in result.output
    assert [(asked.seconds, asked.book, asked.reason) for asked in desk.holds] == [
        (seconds, "", "legging in")
    ]


@pytest.mark.parametrize("span", ["2h", "61m"])
def test_a_hold_of_more_than_an_hour_is_refused_by_what_was_written(
    desk: Desk, address: tuple[str, ...], span: str
) -> None:
    result = run(span, *address)
    assert result.exit_code == 2
    assert f"span = '{span}': must be like 60s, 5m or 1h, at most 1h" in result.output
    assert desk.holds == []


def test_a_hold_is_ended_by_a_flag(desk: Desk, address: tuple[str, ...]) -> None:
    result = run("--end", *address)
    assert "does not wait" in result.output
    assert desk.holds[0].seconds == 0.0


@pytest.mark.parametrize("arguments", [(), ("60s", "--end"), ("soon",), ("0s",), ("-5s",)])
def test_a_hold_that_says_not_how_long_is_refused(
    desk: Desk, address: tuple[str, ...], arguments: tuple[str, ...]
) -> None:
    assert run(*arguments, *address).exit_code == 2
    assert desk.holds == []


def future(**changes: str | bool) -> FutureView:
    plain = {"account": "100", "own": "100", "counted": "100", "base": "0", "unassigned": "0"}
    return FutureView(**{"instrument": "BTC-PERPETUAL", "unit": "USD", "transit": False, **plain, **changes})


def lines(owned: OwnershipView) -> str:
    return "\n".join(ownership_of(book(ownership=owned)))


def test_status_says_nothing_of_an_account_where_all_is_the_books_own() -> None:
    assert lines(OwnershipView(futures=(future(),))) == ""


def test_status_names_what_is_out_of_the_ordinary() -> None:
    said = lines(
        OwnershipView(
            external_delta_coin=4.0,
            external_owner="treasury",
            external_until="2026-12-31",
            futures=(
                future(unassigned="50"),
                future(instrument="BTC-27MAR26", base="-20"),
                future(instrument="BTC-30JAN26", transit=True),
            ),
            cash_flows=(CashFlowView(1_767_225_600_000, "BTC", "2"),),
            wallet_drift_usd=-1500.0,
            hold_until_ms=1_767_225_660_000,
            hold_by="ana",
            other_hedger="order h-main-1-1",
        )
    )
    for told in (
        "nobody's: BTC-PERPETUAL 50 USD",
        "BTC-27MAR26 100 USD: own 100, counted 100, set aside -20",
        "in transit[/] BTC-30JAN26",
        "+4.0000 BTC (treasury, until 2026-12-31)",
        "2 BTC that no trade explains",
        "-1,500 USD",
        "ana trades by hand until 00:01:00 UTC",
        "another hedger: order h-main-1-1",
    ):
        assert told in said
