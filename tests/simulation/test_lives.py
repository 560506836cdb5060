"""Whole lives under faults end in agreement. More of them: HEDGER_LIVES=2000, or `hedger simulate`."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from hedger.backtest.simulate import agreement
from hedger.backtest.simulate.incidents import DISK, EXCHANGE, NETWORK, PEOPLE, PROCESS
from hedger.backtest.simulate.life import Life, live
from hedger.backtest.simulate.people import People
from hedger.backtest.simulate.plan import MOST_INSTRUMENTS, draw
from hedger.backtest.simulate.tally import Violation

LIVES = int(os.environ.get("HEDGER_LIVES", "20"))


@pytest.mark.parametrize("seed", range(1, LIVES + 1))
def test_a_life_under_faults_ends_in_agreement(seed: int) -> None:
    result = live(seed)
    again = f"hedger simulate --seed {seed} --trace"
    assert not result.violation, f"{again}: {result.violation}: {result.detail}"
    assert result.virtual_s >= 1_200
    assert result.tally.events >= 5_000
    assert result.tally.restarts >= 1


def test_a_trade_of_a_told_positions_moment_needs_no_person(monkeypatch: pytest.MonkeyPatch) -> None:
    """In this life a position is read just before a trade and leaves just after it, see engine/test_ties."""
    monkeypatch.setattr(People, "accepts", False)
    result = live(3046)
    assert not result.violation, f"{result.violation}: {result.detail}"


def test_a_life_that_ends_between_slices_of_an_unwind_keeps_the_hard_limit_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    life = Life(draw(7004), tmp_path)
    with closing(life.store):
        life.run()
        monkeypatch.setattr(agreement, "HARD_COIN", 0.1)
        with pytest.raises(Violation, match="slice 4 of the unwind to 08:00 UTC is done"):
            agreement.agree(life)


def test_a_life_that_ends_in_the_middle_of_a_look_is_judged_after_it() -> None:
    result = live(9050)
    assert not result.violation, f"{result.violation}: {result.detail}"
    assert result.tally.blocked_at_end == {"turnover_hour": 1}


def test_a_forced_trade_right_before_a_resume_is_among_what_the_person_has_seen() -> None:
    result = live(9046)
    assert not result.violation, f"{result.violation}: {result.detail}"


def test_the_same_seed_is_the_same_life_in_another_process_with_other_hashes() -> None:
    digests = {_digest(7, hashes) for hashes in ("0", "4711")}
    assert digests == {live(7).digest}


def _digest(seed: int, hashes: str) -> str:
    words = [sys.executable, "-m", "hedger", "simulate", "--seed", str(seed)]
    environ = {**os.environ, "PYTHONHASHSEED": hashes}
    done = subprocess.run(words, env=environ, capture_output=True, text=True, check=True, timeout=100)
    return done.stderr.split("digest ")[1].strip()


def test_plans_differ_and_stay_within_their_bounds() -> None:
    plans = [draw(seed) for seed in range(60)]
    assert draw(3) == plans[3]
    assert len({plan.origin_ms for plan in plans}) > 50
    for plan in plans:
        assert len(plan.market.instruments) + 3 <= MOST_INSTRUMENTS  # two futures and the perpetual beside
        assert any(incident.kind == "crash" for incident in plan.incidents)


def test_every_kind_of_trouble_comes_up() -> None:
    seen = {incident.kind for seed in range(150) for incident in draw(seed).incidents}
    assert seen >= {*EXCHANGE, *NETWORK, *DISK, *PROCESS, *PEOPLE}
