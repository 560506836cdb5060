"""The commands that talk to a running daemon, against the real server on a loopback socket."""

from __future__ import annotations

import json
import re
import socket
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import msgspec
import pytest
import typer
from typer.testing import CliRunner, Result

from hedger.cli import chain, commands, order, outlook, plan, status, switches, why
from hedger.cli.exit_codes import ExitCode
from hedger.domain import errors
from hedger.domain.vocabulary import BreakerState, Severity, State
from hedger.engine.views.chain import Strike
from hedger.engine.views.execution_view import WorkingView
from hedger.engine.views.view import AlarmView
from hedger.web.token import token_path
from tests.cli.daemon import served
from tests.rich_picture import rich_outlook, rich_status
from tests.view_fixtures import book, edge_view, hedge_done, hedge_view, unknown_book, venue
from tests.view_fixtures import status as picture
from tests.web.desk import TOKEN, Desk

app = typer.Typer()
app.command("status")(status.status)
app.command("why")(why.why)
app.command("plan")(plan.plan)
app.command("chain")(chain.chain)
app.command("outlook")(outlook.outlook)
app.command("pause")(commands.pause)
app.command("resume")(switches.resume)
app.command("reduce-only")(commands.reduce_only)
app.command("flatten")(switches.flatten)
app.command("neutralise")(commands.neutralise)
app.command("confirm")(commands.confirm)
app.add_typer(order.order, name="order")
app.command("halt")(commands.halt)


@pytest.fixture(autouse=True)
def _plain_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("HEDGER_TOKEN", raising=False)


@pytest.fixture
def state_dir(tmp_path: Path) -> Path:
    token_path(tmp_path).write_text(TOKEN + "\n")
    return tmp_path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])


def test_status_shows_what_a_trader_asks_first(url: str) -> None:
    result = run("status", "--url", url)
    assert result.exit_code == ExitCode.OK, result.output
    for shown in ("LIVE", "TESTNET", "btc_main", "+0.0412", "-0.3452", "+10.0412", "-0.1000 … +0.1000"):
        assert shown in result.output
    for shown in (
        "BTC-27FEB26-70000-C",
        "No hedge:",
        "63,119 USD",
        "h-btc_main-7-42",
        "connected",
        "9f3c21ab",
    ):
        assert shown in result.output


def test_status_of_a_daemon_that_knows_nothing_yet_shows_dashes_and_what_is_awaited(
    url: str, desk: Desk
) -> None:
    desk.shown = picture(
        state=State.WARMING_UP,
        books=(unknown_book(),),
        venues=(
            venue(connected=False, data_age_s=None, credits=None, clock_skew_ms=None, round_trip_s=None),
        ),
        missing=("deribit: positions",),
        settings_error="books.x.policy = 'bnad'",
        journal_ok=False,
    )
    result = run("status", "--url", url)
    assert result.exit_code == ExitCode.OK
    for shown in ("awaited: deribit: positions", "account of BTC", "–", "disconnected", "bnad", "journal"):
        assert shown in result.output


def test_on_a_narrow_terminal_no_figure_is_cut_short(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    output = run("status", "--url", url).output
    assert "…" not in output.replace(" … ", "")
    assert "\nconfig 9f3c21ab  up 90 min  hedger 0.1.0\n" in output, "not wrapped within a figure"
    for shown in ("+0.0412", "+10.0412", "-0.3452", "-0.1000 … +0.1000", "64,250", "-2.9140", "+2.2720"):
        assert shown in output


def test_what_stands_around_the_delta_fits_a_narrow_terminal(
    url: str, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    desk.shown = rich_status()
    output = run("status", "--url", url).output
    assert "…" not in output.replace(" … ", "")
    assert output.index("liquidation:") < output.index("delta sources part:"), "the critical alarm first"
    for shown in (
        "model +0.4412",
        "greeks of model",
        "settlement +0.0200",
        "initial 3.1000, hedged 3.3400",
        "liquidation up +38.2 %",
        "17.2000 of 20.0000 BTC soft",
        "60 of 60 orders hard",
        "result today -0.012300 BTC",
        "10.85012345  10.00012345    -0.85   0.01230000      1",
        "BTC-3FEB26-64000-C   -12.5   0.6 h         -0.21 sigmas",
        "2026-02-27        +0.4120  -2.4520  -2.3910     +4,125  -10,127",
        "covered       +0.0412",
        "live and shadows since 2026-02-01T17:40 (538 min, 8 h), USD, P&L in coin",
        "live         17  99.60       –  0.0521        1      1",
        "wide          4  34.60  -48.20  0.1812    1.874  1.670",
        "equity +0.009000 BTC",  # of the day, and what it came from
        "+578 USD",
        "future delta +0.008000",
        "future basis -0.009000",
        "theta kept +0.000900",
        "a day +0.003100",
        "realised vol 47.0 %",
        "cash gap +0.0000031000 BTC",
        "greeks leave -0.000700 BTC (15.3 %)",
    ):
        assert shown in output, shown


def test_words_of_the_venue_are_not_read_as_colours(url: str, desk: Desk) -> None:
    desk.shown = picture(missing=("[bold]x[/bold]",))
    assert "[bold]x[/bold]" in run("status", "--url", url).output


def test_status_as_json_is_the_daemons_answer(url: str) -> None:
    answer = json.loads(run("status", "--url", url, "--json").output)
    assert answer["books"][0]["last_decision"]["binding"] == "band"


def test_status_of_a_halted_daemon_exits_5_so_that_scripts_notice(url: str, desk: Desk) -> None:
    desk.shown = picture(state=State.HALTED, breaker=BreakerState.HALTED)
    assert run("status", "--url", url).exit_code == ExitCode.HALTED


def test_why_says_one_sentence_per_book(url: str, desk: Desk) -> None:
    desk.shown = picture(books=(book(), unknown_book(name="eth_main")))
    output = run("why", "--url", url).output
    assert "No hedge: delta +0.0412 BTC is inside the band" in output
    assert "No decision yet; awaited: account of BTC" in output
    assert "eth_main" not in run("why", "--url", url, "--book", "btc_main").output


def test_plan_prints_coin_usd_and_contracts_and_says_that_nothing_was_sent(url: str, desk: Desk) -> None:
    output = run("plan", "--url", url).output
    for shown in ("sell", "BTC-PERPETUAL", "-0.1307", "-8,400", "-840", "nothing was sent"):
        assert shown in output
    assert desk.commands == []


def test_a_plan_is_whole_on_a_narrow_terminal(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    output = run("plan", "--url", url).output
    for shown in ("left the band -0.1000 to +0.1000", "sell BTC-PERPETUAL", "-8,400", "delta after"):
        assert shown in output


@pytest.mark.parametrize("command", ["why", "plan", "status"])
def test_json_is_offered_everywhere(url: str, command: str) -> None:
    assert isinstance(json.loads(run(command, "--url", url, "--json").output), dict)


@pytest.mark.parametrize(
    ("command", "told", "state"),
    [
        ("pause", "pause", "paused"),
        ("resume", "resume", "running"),
        ("reduce-only", "reduce_only", "reduce only"),
        ("neutralise", "neutralise", "neutralising"),
        ("flatten", "flatten", "flattening"),
        ("confirm", "confirm", "running"),
        ("halt", "halt", "halted"),
    ],
)
def test_each_command_is_told_with_its_reason_and_answers_the_new_state(
    url: str, desk: Desk, state_dir: Path, command: str, told: str, state: str
) -> None:
    result = run(command, "--url", url, "--state-dir", state_dir, "--reason", "drill")
    assert result.exit_code == ExitCode.OK, result.output
    assert f"daemon: {state}" in result.output
    assert [(c.command, c.book, c.reason) for c in desk.commands] == [(told, "", "drill")]
    assert desk.commands[0].by.startswith("cli:")


def test_a_command_for_one_book_names_it(url: str, desk: Desk, state_dir: Path) -> None:
    result = run("pause", "--url", url, "--state-dir", state_dir, "--book", "btc_main", "--json")
    assert json.loads(result.output)["state"] == "paused"
    assert desk.commands[0].book == "btc_main"


def test_the_token_may_come_from_the_environment(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEDGER_TOKEN", TOKEN)
    assert run("pause", "--url", url, "--state-dir", tmp_path).exit_code == ExitCode.OK


def test_without_a_token_file_the_exit_code_is_3_and_the_line_says_where_it_looked(
    url: str, tmp_path: Path
) -> None:
    result = run("halt", "--url", url, "--state-dir", tmp_path)
    assert result.exit_code == ExitCode.AUTH
    assert str(tmp_path) in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_wrong_token_is_exit_code_3_and_is_not_repeated(url: str, desk: Desk, tmp_path: Path) -> None:
    token_path(tmp_path).write_text("wrong-token")
    result = run("halt", "--url", url, "--state-dir", tmp_path)
    assert result.exit_code == ExitCode.AUTH
    assert "give --state-dir of the running daemon, or its token in HEDGER_TOKEN" in result.output
    assert "wrong-token" not in result.output
    assert desk.commands == []


@pytest.mark.parametrize("command", ["status", "why", "plan"])
def test_an_unknown_book_is_a_usage_error_that_names_the_known_ones(url: str, command: str) -> None:
    result = run(command, "--url", url, "--book", "doge")
    assert result.exit_code == ExitCode.CONFIG
    assert "known: btc_main" in result.stderr


@pytest.mark.parametrize("address", ["8787", "ftp://127.0.0.1", "http://"])
def test_an_address_that_is_none_is_a_usage_error(address: str) -> None:
    result = run("status", "--url", address)
    assert result.exit_code == ExitCode.CONFIG
    assert "must be http://HOST:PORT" in result.stderr


@pytest.mark.parametrize("command", ["status", "pause"])
def test_another_server_at_that_address_is_told_as_one(command: str, state_dir: Path) -> None:
    """A page of HTML with 404 or 501: it was told as "hedger: HTTP 404", a mistake of the command line."""
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as other:
        answering = Thread(target=other.handle_request)
        answering.start()
        address = f"http://127.0.0.1:{other.server_address[1]}"
        place = [] if command == "status" else ["--state-dir", state_dir]
        result = run(command, "--url", address, *place)
        answering.join()
    assert result.exit_code == ExitCode.VENUE
    assert f"{address} does not answer like a hedger: HTTP 501" in result.stderr


def test_a_daemon_that_is_not_there_is_exit_code_4() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        result = run("status", "--url", f"http://127.0.0.1:{unused.getsockname()[1]}")
    assert result.exit_code == ExitCode.VENUE
    assert "no daemon answers at" in result.stderr


def test_the_error_tree_and_the_exit_codes_agree() -> None:
    pairs = {
        errors.ConfigError: ExitCode.CONFIG,
        errors.AuthError: ExitCode.AUTH,
        errors.VenueError: ExitCode.VENUE,
        errors.HaltedError: ExitCode.HALTED,
        errors.LeaseError: ExitCode.LEASE,
    }
    assert {error: error.exit_code for error in pairs} == pairs


def test_the_chain_shows_puts_and_calls_around_the_strike(url: str) -> None:
    result = run("chain", "btc", "--url", url)
    assert result.exit_code == ExitCode.OK, result.output
    for shown in (
        "2026-01-30",
        "105,000",
        "0.0420",
        "0.0430",
        "55.0 %",
        "+0.410",
        "-10",
        "forward 100,200 USD",
    ):
        assert shown in result.output
    assert run("chain", "--expiry", "2030-01-01", "--url", url).exit_code == ExitCode.CONFIG


def test_the_chain_leaves_out_strikes_that_are_neither_quoted_nor_held(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without `chain = true` that is nearly all of them: pages of dashes around the two options held."""
    (told,) = Desk().chain("BTC")
    call = told.strikes[0].call
    assert call is not None
    silent = {"bid": None, "ask": None, "mark": None, "iv": None, "delta": None, "age_s": None, "size": "0"}
    dash = Strike(107_000.0, msgspec.structs.replace(call, **silent), None)
    some = msgspec.structs.replace(told, strikes=(*told.strikes, dash))
    none = msgspec.structs.replace(told, expiry="2026-02-27", forward_usd=None, strikes=(dash,))
    monkeypatch.setattr(Desk, "chain", lambda _desk, _underlying: (some, none))
    result = run("chain", "--url", url)
    assert result.exit_code == ExitCode.OK, result.output
    assert "105,000" in result.output
    assert "107,000" not in result.output
    assert "2026-02-27" not in result.output
    assert "strikes left out, not quoted: 2 (only options held are" in " ".join(result.output.split())
    assert "`chain = true`" in " ".join(result.output.split())


def test_the_outlook_shows_the_next_orders_and_the_grid(url: str) -> None:
    result = run("outlook", "--url", url)
    assert result.exit_code == ExitCode.OK, result.output
    for shown in ("101,000", "+1.00 %", "buy 0.0100", "result in USD", "-9,000", "vol 0"):
        assert shown in result.output


def test_the_outlook_shows_where_the_account_would_be_liquidated(
    url: str, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "outlook", rich_outlook)
    output = run("outlook", "--url", url).output
    assert "margin balance above maintenance" in output
    assert "77.9 %" in output
    assert re.search(r"\+20 %( +liquidated){5}", output)


def test_alarms_stand_above_everything_else(desk: Desk) -> None:
    alarm = AlarmView(
        name="delta_sources_part", book="btc_main", severity=Severity.ERROR, detail="apart by 0.4", since_ms=1
    )
    desk.shown = picture(alarms=(alarm,))
    with served(desk) as url:
        result = run("status", "--url", url)
    assert "delta sources part: btc_main: apart by 0.4" in result.output


def test_a_resume_shows_the_first_order_before_it_is_sent(url: str, desk: Desk, state_dir: Path) -> None:
    result = run("resume", "--url", url, "--state-dir", state_dir)
    assert desk.resumed == [True]
    for shown in ("sell", "BTC-PERPETUAL", "nothing was sent", "daemon: running"):
        assert shown in result.output


def test_flatten_shows_the_naked_delta_and_passes_on_that_it_is_accepted(
    url: str, desk: Desk, state_dir: Path
) -> None:
    desk.shown = picture(books=(book(working=WorkingView(naked_delta_coin=3.66)),))
    result = run("flatten", "--url", url, "--state-dir", state_dir, "--accept-naked-delta")
    assert "flattening leaves +3.66" in result.output
    assert desk.commands[0].accept_naked_delta


def test_a_refused_flatten_says_why_and_fails(url: str, desk: Desk, state_dir: Path) -> None:
    desk.refusal = "btc_main: say so with --accept-naked-delta"
    result = run("flatten", "--url", url, "--state-dir", state_dir)
    assert result.exit_code == ExitCode.CONFIG
    assert "--accept-naked-delta" in result.output


def test_an_order_by_hand_is_told_and_its_label_answered(url: str, desk: Desk, state_dir: Path) -> None:
    words = ("order", "sell", "BTC-PERPETUAL", "500", "--price", "64100", "--post-only")
    result = run(*words, "--url", url, "--state-dir", state_dir)
    assert result.exit_code == ExitCode.OK, result.output
    assert "h-btc_main-7-43: sell 500 BTC-PERPETUAL" in result.output
    (asked,) = desk.asked
    assert (asked.side, str(asked.amount), str(asked.price)) == ("sell", "500", "64100")
    assert asked.post_only


def test_an_order_is_cancelled_by_its_label(url: str, desk: Desk, state_dir: Path) -> None:
    result = run("order", "cancel", "h-btc_main-7-42", "--url", url, "--state-dir", state_dir)
    assert result.exit_code == ExitCode.OK, result.output
    assert [given.label for given in desk.cancels] == ["h-btc_main-7-42"]


def test_status_shows_what_is_being_worked_and_what_the_last_hedge_cost(url: str, desk: Desk) -> None:
    working = WorkingView(hedge=hedge_view(), last=hedge_done(), resting=(edge_view(),))
    desk.shown = picture(books=(book(working=working),))
    output = run("status", "--url", url).output
    assert "working buy BTC-PERPETUAL 100000 of 356000 in 2 orders" in output
    assert "resting sell 20000 at 65100.5" in output
    assert "shortfall +1.25 bp, +12.50 USD" in output
