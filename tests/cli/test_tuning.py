"""`hedger set` and `hedger override`, against the real server on a loopback socket."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from hedger.cli import override, status
from hedger.cli import set as set_command
from hedger.cli.exit_codes import ExitCode
from hedger.cli.override import asked
from hedger.domain.errors import ConfigError
from hedger.engine.events import OverrideCleared, OverrideGiven
from hedger.web.token import token_path
from tests.web.desk import TOKEN, Desk

app = typer.Typer()
app.command("set")(set_command.set_key)
app.command("override")(override.override)
app.command("status")(status.status)


@pytest.fixture(autouse=True)
def _plain_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb", "HEDGER_TOKEN": TOKEN}.items():
        monkeypatch.setenv(name, value)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])


def test_a_key_is_set_listed_shown_in_status_and_cleared(url: str) -> None:
    done = run("set", "band.upper=0.2", "--book", "btc_main", "--url", url)
    assert done.exit_code == 0, done.output
    assert done.output.startswith("books.btc_main.band.upper = 0.2  (was 0.1)")
    assert "books.btc_main.band.upper = 0.2  since 2026" in run("set", "--url", url).output
    assert "books.btc_main.band.upper = 0.2, set 2026" in run("status", "--url", url).output
    cleared = run("set", "--clear", "band.upper", "--book", "btc_main", "--url", url)
    assert "as the file has it" in cleared.output
    assert run("set", "--url", url).output == "nothing is set above the file\n"


@pytest.mark.parametrize(
    "words", [["band.upper"], ["band.upper="], ["band.upper=0.2", "--clear", "band.upper"]]
)
def test_what_is_no_setting_is_refused_before_anything_is_sent(
    url: str, desk: Desk, words: list[str]
) -> None:
    done = run("set", *words, "--url", url)
    assert done.exit_code == ExitCode.CONFIG
    assert desk.shown.edits == ()


def test_a_refusal_of_the_daemon_is_told_with_its_exit_code(url: str, desk: Desk) -> None:
    desk.refuses_keys = "cannot change while running"
    done = run("set", "mode=live", "--url", url)
    assert (done.exit_code, "mode: cannot change while running" in done.output) == (ExitCode.CONFIG, True)


def test_the_band_is_doubled_for_four_hours_and_the_override_ended(url: str, desk: Desk) -> None:
    done = run("override", "band", "x2", "4h", "--book", "btc_main", "--reason", "CPI", "--url", url)
    assert done.exit_code == 0, done.output
    assert done.output.startswith("btc_main: band x2 until 2026-02-0")
    assert "CPI" in done.output
    (given,) = desk.overrides
    assert isinstance(given, OverrideGiven)
    assert (given.factor, given.duration_s, given.book) == (2.0, 14_400.0, "btc_main")
    assert run("override", "--url", url).output == done.output
    assert "override" in run("status", "--url", url).output

    ended = run("override", "--clear", "--url", url)
    assert ended.output == "btc_main: no override\n"
    assert isinstance(desk.overrides[-1], OverrideCleared)


def test_what_is_in_force_is_told_as_json(url: str) -> None:
    answer = json.loads(run("override", "band", "0.5", "90m", "--json", "--url", url).output)
    assert answer["books"]["btc_main"]["override_factor"] == 0.5


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("cooldown", "x2", "4h"), "only band can be overridden"),
        (("band", "twice", "4h"), "must be a factor like x2"),
        (("band", "x2", "4"), "must be a time like 30m, 4h or 2d"),
        (("band", "x2", ""), "must be a time like 30m, 4h or 2d"),
        (("band", "x2", "400d"), "^'400d': must be a time like 30m, 4h or 2d, from 1m to 7d$"),
        (("band", "x2", "5s"), "^'5s': must be a time like 30m, 4h or 2d, from 1m to 7d$"),
    ],
)
def test_words_that_are_no_override_are_refused(words: tuple[str, str, str], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        asked(*words)


def test_without_the_token_the_command_says_where_to_find_it(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HEDGER_TOKEN")
    done = run("override", "band", "x2", "4h", "--url", url, "--state-dir", tmp_path)
    assert done.exit_code == ExitCode.AUTH
    assert str(token_path(tmp_path)) in done.output
