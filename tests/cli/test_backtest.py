"""`hedger backtest`: assumptions first, then every policy; what is wrong is named on one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from hedger.cli.backtest import backtest
from tests.shared_data import shared_data

app = typer.Typer()
app.command()(backtest)

DEMO = Path(__file__).resolve().parents[2] / "config" / "demo.toml"
WEEK = ("--from", "2026-01-02", "--to", "2026-01-06", "--workers", "1")


def told(*options: str) -> Result:
    return CliRunner().invoke(app, list(options), env={"COLUMNS": "80"})


def test_it_prints_assumptions_and_compares_at_least_seven_policies(tmp_path: Path) -> None:
    data, report = str(shared_data("deribit_options")), tmp_path / "report.json"
    result = told("--data", data, *WEEK, "--json", str(report))
    assert result.exit_code == 0, result.output
    head, _, rest = result.output.partition("result and what hedging cost")
    assert "half_spread = 0.0001" in head
    assert "funding_8h" in head
    assert "seed 1" in head
    assert "attribution closes" in rest
    assert "…" not in rest  # on 80 columns no figure is cut
    answer = json.loads(report.read_bytes())
    assert len(answer["policies"]) >= 7
    assert next(iter(answer)) == "heading"


def test_a_configuration_brings_its_own_policy_and_its_limits(tmp_path: Path) -> None:
    data, report = str(shared_data("deribit_options")), tmp_path / "report.json"
    result = told(
        "--data", data, *WEEK, "-c", str(DEMO), "--json", str(report), "--assume", "taker_fee=0.001"
    )
    assert result.exit_code == 0, result.output
    answer = json.loads(report.read_bytes())
    own = answer["policies"][0]
    assert own["name"] == "configured: band"
    assert own["params"]["min_trade_coin"] == 0.02
    assert answer["heading"]["assumptions"]["taker_fee"] == 0.001


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--data", "/nowhere"), "--data /nowhere: no such file or folder"),
        (("--data", ".", "--assume", "spread=1"), "--assume: spread: unknown assumption; must be one of"),
        (("--data", ".", "--assume", "half_spread=2"), "half_spread = 2.0: must be at most 0.01"),
        (("--data", ".", "--from", "yesterday"), "--from yesterday: must be a day like 2026-02-01"),
        (("--data", ".", "--strategy", "none.toml"), "none.toml: No such file or directory"),
        (("--data", ".", "-c", str(DEMO), "--book", "eth"), "--book eth: "),
    ],
)
def test_what_is_wrong_is_told(options: tuple[str, ...], why: str) -> None:
    result = told(*options)
    assert result.exit_code == 2
    assert why in result.output
