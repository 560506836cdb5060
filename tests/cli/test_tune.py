"""`hedger tune` on recorded chains: what it proposes, on any executor, and what it says of it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from hedger.cli.main import app
from hedger.cli.tune_told import frontier_rows, settings_of, verdict
from hedger.lab.tune import Candidate, Objective, Paired, Proposal, Score
from tests.shared_data import shared_data

pytest.importorskip("optuna", reason="optuna is in the extra [lab]")

CHAIN = "deribit_options/svcj_btc_eth_6h_20251230_20260531.parquet"
TODAY = Candidate("band", {})


def told(*more: str) -> str:
    """The proposal for a short strangle over twelve recorded days."""
    arguments = [
        "tune",
        "--data",
        str(shared_data(CHAIN)),
        "--from",
        "2026-01-05",
        "--to",
        "2026-01-17",
        "--trials",
        "8",
    ]
    done = CliRunner().invoke(app, [*arguments, *more])
    assert done.exit_code == 0, done.output
    return done.output


def test_it_says_the_same_wherever_the_trials_run_and_judges_on_days_it_did_not_search(
    tmp_path: Path,
) -> None:
    one, other = tmp_path / "serial.json", tmp_path / "processes.json"
    output = told("--executor", "serial", "--json", str(one), "--html", str(tmp_path / "page.html"))
    told("--executor", "processes", "--workers", "2", "--json", str(other))
    assert one.read_bytes() == other.read_bytes()
    found = msgspec.json.decode(one.read_bytes(), type=Proposal)
    assert len(found.trials) == 8
    assert found.today == TODAY
    assert "judged on 2026-01-11 to 2026-01-16" in output
    assert "today: band" in output
    assert "plotly" in (tmp_path / "page.html").read_text(encoding="utf-8")


def proposal(saved: float, risk: float) -> Proposal:
    score = Score((0.1, -0.1, 0.1), 1.0, 9)
    return Proposal(
        objective=Objective.COST,
        today=TODAY,
        best=Candidate("band", {"unit": "sigma", "below_sigmas": 0.5, "above_sigmas": 0.5}),
        today_first=score,
        today_second=score,
        best_first=score,
        best_second=Score(score.pnl, 1.0 - saved, 5),
        saved=saved,
        risk_gain=Paired(risk, 0.1),
        utility_gain=Paired(0.0, 0.1),
        trials=((TODAY, 0.1, 1.0),),
    )


def test_it_says_what_to_set_only_where_the_other_half_agrees() -> None:
    assert "is better on the second half" in verdict(proposal(0.3, 0.0))
    for poor in (proposal(0.01, 0.0), proposal(-0.3, 0.0), proposal(0.3, -0.5)):
        assert verdict(poor).startswith("Keep band: band below_sigmas=0.5, the best of the first half")


def test_what_to_set_is_spelled_as_a_configuration_is() -> None:
    assert list(settings_of(proposal(0.3, 0.0), "btc")) == [
        'books.btc.policy = "band"',
        'books.btc.band.unit = "sigma"',
        "books.btc.band.below_sigmas = 0.5",
        "books.btc.band.above_sigmas = 0.5",
    ]


def test_todays_setting_stands_on_the_frontier() -> None:
    assert [row[0] for row in frontier_rows(proposal(0.3, 0.0))] == ["band", "today: band"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--data", "nowhere"], "--data nowhere: no such file"),
        (["--data", "flight.jsonl"], "name the book's configuration with -c"),
        (["--data", "nowhere", "--paths", "500"], "--paths: not with recorded chains"),
    ],
)
def test_what_it_cannot_use_is_refused_by_name(arguments: list[str], said: str) -> None:
    done = CliRunner().invoke(app, ["tune", *arguments])
    assert done.exit_code == 2
    assert said in done.output
