"""Whole lives under faults end in agreement. More of them: HEDGER_LIVES=2000, or `hedger simulate`."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter

import pytest

from hedger.backtest.simulate.disk import Shelf
from hedger.backtest.simulate.incidents import DISK, EXCHANGE, NETWORK, PEOPLE, PROCESS
from hedger.backtest.simulate.life import live
from hedger.backtest.simulate.plan import MOST_INSTRUMENTS, draw, kind_of

LIVES = int(os.environ.get("HEDGER_LIVES", "20"))


@pytest.mark.parametrize("seed", range(1, LIVES + 1))
def test_a_life_under_faults_ends_in_agreement(seed: int) -> None:
    result = live(seed)
    again = f"hedger simulate --seed {seed} --trace"
    assert not result.violation, f"{again}: {result.violation}: {result.detail}"
    assert result.virtual_s >= 1_200
    assert result.tally.events >= 5_000
    assert result.tally.restarts >= 1


def test_the_same_seed_is_the_same_life_in_another_process_with_other_hashes_and_after_another() -> None:
    digests = {_digest(7, hashes) for hashes in ("0", "4711")}
    with Shelf() as shelf:
        live(5, shelf=shelf)
        digests.add(live(7, shelf=shelf).digest)
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
        listed = sum(len(market.instruments) + 3 for market in plan.markets)  # two futures and the perpetual
        assert listed <= MOST_INSTRUMENTS
        assert any(incident.kind == "crash" for incident in plan.incidents)


def test_three_lives_of_eight_are_of_other_books_than_one_in_bitcoin() -> None:
    kinds = Counter(tuple(one.book for one in kind_of(seed)) for seed in range(2_000))
    pairs = [kind for kind in kinds if len(kind) == 2]
    assert {(), *kinds} >= {("btc",), ("usdc",), ("eth",), ("btc", "usdc"), ("btc", "eth"), ("usdc", "eth")}
    for wanted in (kinds["usdc",], kinds["eth",], sum(kinds[pair] for pair in pairs)):
        assert 200 < wanted < 300


def test_books_of_one_life_have_settings_and_troubles_of_their_own() -> None:
    plans = [draw(seed) for seed in range(200)]
    both = [plan for plan in plans if len(plan.underlyings) == 2]
    assert any(one.envelope != other.envelope for one, other in (plan.settings.books for plan in both))
    for plan in both:
        assert len({incident.about for incident in plan.incidents}) == 2
    told = " ".join(incident.told for plan in both for incident in plan.incidents)
    for one in {one for plan in both for one in plan.underlyings}:
        assert f",instrument={one.perpetual}" in told


def test_every_kind_of_trouble_comes_up() -> None:
    seen = {incident.kind for seed in range(150) for incident in draw(seed).incidents}
    assert seen >= {*EXCHANGE, *NETWORK, *DISK, *PROCESS, *PEOPLE}
