from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from hedger.cli.check import check
from tests.settings.files import READY, SECRET, SMALLEST

APP = typer.Typer()
APP.command()(check)


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("HEDGER_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HEDGER_VENUES__DERIBIT__CLIENT_SECRET", SECRET)
    path = tmp_path / "hedger.toml"
    path.write_text(SMALLEST)
    return path


def _run(*arguments: str) -> Result:
    return CliRunner(env={"COLUMNS": "200"}).invoke(APP, arguments)


def test_it_shows_what_is_obeyed_and_where_it_comes_from(config: Path) -> None:
    done = _run("-c", str(config), "--set", "books.btc.band.upper=0.25")
    rows = [line.split() for line in done.stdout.splitlines()]
    assert done.exit_code == 0
    assert ["books.btc.band.upper", "0.25", "override"] in rows
    assert ["venues.deribit.environment", '"testnet"', "file"] in rows
    assert ["books.btc.envelope.max_order_coin", "5.0", "default"] in rows


def test_a_secret_is_shown_as_stars_with_its_origin(config: Path) -> None:
    for arguments in ((), ("--json",)):
        done = _run("-c", str(config), *arguments)
        assert SECRET not in done.output
        assert "***" in done.stdout
        assert "environment HEDGER_VENUES__DERIBIT__CLIENT_SECRET" in done.stdout


def test_json_holds_every_key_with_value_and_origin(config: Path, tmp_path: Path) -> None:
    ready = tmp_path / "ready.json"
    ready.write_text(json.dumps(READY))
    answer = json.loads(_run("-c", str(config), "--json", "--exchange", str(ready)).stdout)
    assert answer["settings"]["venues.deribit.url"] == {"value": READY["ws_url"], "origin": "ready file"}
    assert answer["settings"]["books.btc.neutral"] == {"value": "coin", "origin": "default"}
    assert answer["market_clock"]["speed"] == 3600.0
    assert len(answer["config_hash"]) == 12


def test_a_wrong_configuration_ends_with_code_2_and_the_reason(config: Path) -> None:
    config.write_text(SMALLEST.replace("underlying", "underlyin"))
    done = _run("-c", str(config))
    assert done.exit_code == 2
    assert done.stdout == ""
    assert "books.btc.underlyin: no such key; did you mean books.btc.underlying?" in done.stderr


def test_a_missing_ready_file_ends_with_code_2(config: Path, tmp_path: Path) -> None:
    done = _run("-c", str(config), "--exchange", str(tmp_path / "none.json"))
    assert done.exit_code == 2
    assert "no such file" in done.stderr


def test_on_a_narrow_terminal_nothing_is_cut(config: Path) -> None:
    done = CliRunner(env={"COLUMNS": "40"}).invoke(APP, ["-c", str(config)])
    assert "environment HEDGER_VENUES__DERIBIT__CLIENT_SECRET" in done.stdout
    assert ["books.btc.envelope.max_turnover_day_usd"] in [
        line.split()[:1] for line in done.stdout.splitlines()
    ]
