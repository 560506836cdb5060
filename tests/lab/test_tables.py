"""The tables of one path say what the simulation of it says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from hedger.cli.main import app_for
from hedger.lab.chunks import outcomes_of, tasks_of
from hedger.lab.experiment import Experiment
from hedger.lab.tables import sensitivities, windows
from hedger.pricing.scalar import black76_one
from tests.lab.experiments import short_call_experiment

_RULES = [
    {"name": "clock", "policy": "time", "params": {"window_s": 604_800.0}},
    {"name": "offset", "policy": "theta_offset", "params": {"window_s": 604_800.0}},
    {"name": "edge", "policy": "band", "params": {"lower": -0.1, "upper": 0.1}},
    {"name": "bare", "policy": "none"},
]
_LEGS = [
    {"kind": "call", "strike_usd": 105.0, "expiry_days": 28.0, "quantity_coin": -1.0, "iv": 0.5},
    {"kind": "put", "strike_usd": 95.0, "expiry_days": 91.0, "quantity_coin": -1.0, "iv": 0.6},
]


def _experiment(**book: Any) -> Experiment:
    simulation = {"paths": 40, "steps": 26, "seed": 4}
    whole = {"spot_usd": 100.0, "options": _LEGS, **book}
    return short_call_experiment(book=whole, simulation=simulation, policies=_RULES)


@pytest.mark.parametrize(
    "book",
    [
        {},
        {"accounting": "inverse", "neutral": "coin", "equity_coin": 2.0},
        {"accounting": "inverse", "neutral": "usd", "equity_coin": 2.0},
    ],
    ids=["linear", "inverse", "inverse in dollars"],
)
def test_windows_add_up_to_the_path(book: dict[str, Any]) -> None:
    experiment = _experiment(**book)
    cut = windows(experiment, 7 * 24.0, path=3)
    assert len(cut) == 13
    walked = next(outcomes_of(tasks_of(experiment)[0]))
    for rule, outcome in zip(experiment.policies, walked, strict=True):
        told = [window.policies[rule.name] for window in cut]
        assert told[-1].pnl == pytest.approx(outcome.pnl[3], abs=1e-12)
        assert sum(each.trades for each in told) == outcome.trades[3]
        assert sum(each.futures_coin for each in told) == pytest.approx(outcome.turnover_coin[3], abs=1e-12)
    bare = [window.policies["bare"].pnl for window in cut]
    assert bare == pytest.approx([window.naked for window in cut], abs=1e-12)


def test_the_clock_trades_in_every_window_and_theta_offset_in_some() -> None:
    cut = windows(_experiment(), 7 * 24.0)
    clock, offset = ([each.policies[name].trades for each in cut] for name in ("clock", "offset"))
    assert min(clock) >= 1.0
    assert sum(offset) < sum(clock)


def test_sensitivities_are_those_of_the_options() -> None:
    row = next(each for each in sensitivities(_experiment()) if each.day == 0.0 and each.spot_usd == 90.0)
    call, put = black76_one(90.0, 105.0, 28 / 365, 0.5, 1.0), black76_one(90.0, 95.0, 91 / 365, 0.6, -1.0)
    assert row.value_usd == pytest.approx(-call.price_usd - put.price_usd, abs=1e-6)
    assert row.delta_coin == pytest.approx(-call.delta - put.delta, abs=1e-9)
    assert row.gamma_coin_per_usd == pytest.approx(-call.gamma_per_usd - put.gamma_per_usd, abs=1e-7)
    theta = -(call.theta_usd_per_year + put.theta_usd_per_year) / 365
    assert row.theta_usd_per_day == pytest.approx(theta, abs=1e-6)


def test_windows_are_whole_steps_of_a_path_that_is_there() -> None:
    with pytest.raises(ValueError, match=r"window_h = 5: must be whole steps of 84 h"):
        windows(_experiment(), 5.0)
    with pytest.raises(ValueError, match=r"path = 40: must be at least 0 and below 40"):
        windows(_experiment(), 84.0, path=40)


def test_without_a_length_windows_are_the_fewest_steps_of_a_day() -> None:
    assert [round(each.day, 9) for each in windows(_experiment())[:2]] == [3.5, 7.0]
    hourly = _experiment(options=[{**_LEGS[0], "expiry_days": 26.0 / 24.0}])
    assert [round(each.day, 9) for each in windows(hourly)] == [1.0]


@pytest.mark.parametrize("path", sorted(Path("config/lab").glob("*.toml")), ids=lambda path: path.stem)
def test_on_eighty_columns_no_figure_of_a_shipped_experiment_is_cut(path: Path) -> None:
    shown = CliRunner().invoke(app_for(), ["lab", "tables", str(path)], env={"COLUMNS": "80"})
    assert shown.exit_code == 0, shown.output
    assert "…" not in shown.output


def test_the_command_shows_both_tables() -> None:
    asked = ["lab", "tables", "config/lab/short_strangle_inverse.toml", "--window-h", "168"]
    shown = CliRunner().invoke(app_for(), asked)
    assert shown.exit_code == 0, shown.output
    assert "futures traded per window" in shown.stdout
    told = json.loads(CliRunner().invoke(app_for(), [*asked, "--json"]).stdout)
    assert len(told["windows"]) == 4
    assert len(told["sensitivities"]) == 35
