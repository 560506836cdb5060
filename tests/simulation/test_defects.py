"""The simulation bites: every planted defect is found within 200 lives.

CAUGHT_BY says which life found a defect when this was written; it is tried first, so that a run is short.
"""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from hedger.backtest.simulate.life import Result, live
from hedger.cli.main import app_for
from tests.simulation.defects import DEFECTS

MOST_LIVES = 200
CAUGHT_BY = {
    "stale_quote_accepted": 142,
    "breakers_forgotten": 33,
    "trades_asked_since_the_newest": 52,
    "liquidation_traded_against": 20,
    "epoch_not_checked": 52,
    "linear_taken_for_inverse": 15,
    "coins_counted_as_dollars": 15,
    "a_pause_is_everyones": 41,
    "liquidation_of_one_book_alone": 81,
}


def hunt(first: int) -> Result | None:
    """The first life that finds something, `first` before all others."""
    seeds = [first, *(seed for seed in range(1, MOST_LIVES + 1) if seed != first)]
    return next((result for result in map(live, seeds) if result.violation), None)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", DEFECTS)
def test_a_planted_defect_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    DEFECTS[name](monkeypatch)
    found = hunt(CAUGHT_BY.get(name, 1))
    assert found is not None, f"{name}: nothing found in {MOST_LIVES} lives"
    assert found.detail


def test_the_command_says_how_to_see_it_again_and_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    DEFECTS["send_before_durable"](monkeypatch)
    done = CliRunner().invoke(app_for(), ["simulate", "--seeds", "1", "--workers", "1"])
    assert done.exit_code == 1
    assert "write-ahead" in done.output
    assert "hedger simulate --seed 1 --trace" in done.output


def test_a_trace_tells_the_life_up_to_the_violation(monkeypatch: pytest.MonkeyPatch) -> None:
    DEFECTS["send_before_durable"](monkeypatch)
    done = CliRunner().invoke(app_for(), ["simulate", "--seed", "1", "--trace"])
    assert "1 starts" in done.output
    assert "sends private/" in done.output
