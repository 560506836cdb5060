"""`hedger backtest`: assumptions first, then every policy; what is wrong is named on one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from hedger.cli.backtest import backtest
from tests.settings.files import SMALLEST
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


def test_the_default_policies_are_asked_of_a_book_with_a_target(tmp_path: Path) -> None:
    config = tmp_path / "target.toml"
    config.write_text(f'{SMALLEST}neutral = "coin"\npolicy = "time"\ntarget_delta_coin = 1.0\n', "utf-8")
    result = told("--data", str(shared_data("deribit_options")), *WEEK, "-c", str(config))
    assert result.exit_code == 0, result.output
    assert "band 0.2 coin" in result.output


def test_the_risk_of_a_usd_neutral_book_is_told_in_dollars_with_its_collateral(tmp_path: Path) -> None:
    config, page = tmp_path / "usd.toml", tmp_path / "page.html"
    config.write_text(DEMO.read_text("utf-8").replace('neutral = "coin"', 'neutral = "usd"'), "utf-8")
    report = tmp_path / "report.json"
    result = told(
        *("--data", str(shared_data("deribit_options")), *WEEK, "-c", str(config), "--policy", "time"),
        *("--html", str(page), "--json", str(report)),
    )
    assert result.exit_code == 0, result.output
    clock = next(each for each in json.loads(report.read_bytes())["policies"] if each["name"] == "time")
    none = next(each for each in json.loads(report.read_bytes())["policies"] if each["name"] == "none")
    row = next(line for line in result.output.partition("risk (USD")[2].splitlines() if " time " in line)
    shown = [float(word.replace(",", "")) for word in row.split()[2:5]]
    shortfall = clock["effect"]["expected_shortfall_5"]
    assert shown == [round(f) for f in (clock["sd_day_usd"], shortfall, clock["max_drawdown_usd"])]
    for figure in ("sd_day_usd", "max_drawdown_usd"):
        assert clock[figure] < none[figure], "the collateral is hedged, too"
    assert "sd of a day's result, USD" in page.read_text("utf-8")


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--data", "/nowhere"), "--data /nowhere: no such file or folder"),
        (("--data", ".", "--json", "/"), "/: Is a directory"),
        (("--data", ".", "--policy", "band:partial.share=1"), "partial.share = 1: no such parameter;"),
        (("--data", ".", "--policy", "band:lowr=1"), "--policy band:lowr=1: lowr = 1: no such parameter"),
        (("--data", ".", "--policy", "band:partial.slices=2.5"), "slices = 2.5: must be a whole number"),
        (("--data", ".", "--policy", "band:partial.first_share=2"), "first_share = 2: must be"),
        (("--data", ".", "--assume", "spread=1"), "--assume: spread: unknown assumption; must be one of"),
        (("--data", ".", "--assume", "half_spread=2"), "half_spread = 2.0: must be at most 0.01"),
        (("--data", ".", "--from", "yesterday"), "--from 'yesterday': must be a day or time (ISO 8601) like"),
        (("--data", ".", "--strategy", "none.toml"), "none.toml: No such file or directory"),
        (("--data", ".", "-c", str(DEMO), "--book", "eth"), "--book eth: "),
        (("--data", ".", "--book", "btc"), "--book btc: needs --config"),
        (("--data", "{recorded}", "--bridge", "nan"), "--bridge nan: must be 1 to 86400 s"),
        (("--data", "{recorded}", "--bridge", "inf"), "--bridge inf: must be 1 to 86400 s"),
        (("--data", "{recorded}", "--bridge", "-5"), "--bridge -5: must be 1 to 86400 s"),
        (("--data", ".", "--coin", "SOL"), "coin = SOL: must be one of BTC, ETH"),
        (
            ("--data", ".", "--policy", "band:lower"),
            "--policy band:lower: 'lower': must be KEY=VALUE",
        ),
    ],
)
def test_what_is_wrong_is_told(options: tuple[str, ...], why: str) -> None:
    named = (option.replace("{recorded}", str(shared_data("deribit_options"))) for option in options)
    result = told(*named)
    assert result.exit_code == 2, result.output
    assert why in result.output


def test_the_page_has_plots_and_a_rerun_is_the_same_to_the_bit(tmp_path: Path) -> None:
    data = str(shared_data("deribit_options"))
    for name in ("first", "second"):
        files = ("--json", str(tmp_path / f"{name}.json"), "--html", str(tmp_path / f"{name}.html"))
        assert told("--data", data, *WEEK, *files).exit_code == 0
    for kind in ("json", "html"):
        assert (tmp_path / f"first.{kind}").read_bytes() == (tmp_path / f"second.{kind}").read_bytes()
    page = (tmp_path / "first.html").read_text()
    assert page.index("half_spread = 0.0001") < page.index('id="plot-0"')
    assert "zakamouline" in page


def test_policies_can_be_named_with_their_parameters(tmp_path: Path) -> None:
    data, report = str(shared_data("deribit_options")), tmp_path / "report.json"
    named = ("--policy", "band:unit=sigma,above_sigmas=2", "--policy", "theta_offset")
    assert told("--data", data, *WEEK, *named, "--json", str(report)).exit_code == 0
    rows = json.loads(report.read_bytes())["policies"]
    assert [row["name"] for row in rows] == ["none", *named[1::2]]
    assert rows[1]["params"] == {"unit": 2.0, "above_sigmas": 2.0}


def test_a_bridge_is_labelled_modelled() -> None:
    result = told("--data", str(shared_data("deribit_options")), *WEEK, "--bridge", "7200")
    assert result.exit_code == 0, result.output
    assert "MODELLED: an instant every 7200 s" in result.output
    refused = told("--data", str(shared_data("deribit_options")), *WEEK, "--bridge", "0")
    assert "--bridge 0: must be 1 to 86400 s" in refused.output


def test_it_says_where_the_strategy_could_not_trade(tmp_path: Path) -> None:
    strategy = tmp_path / "small.toml"
    strategy.write_text('[[leg]]\nside = "sell"\noption = "call"\ndelta = 0.2\namount_coin = 0.01\n')
    data = str(shared_data("deribit_options"))
    output = told("--data", data, *WEEK, "--policy", "band", "--strategy", str(strategy)).output
    words = " ".join(output.split())
    assert "at 15 of 15 instants the strategy wanted to trade and an expiry, a price or a size" in words


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    result = told(
        "--data", str(shared_data("deribit_options")), *WEEK, "--json", str(tmp_path / "no" / "r.json")
    )
    assert result.exit_code == 2
    assert "r.json: No such file or directory" in result.output
