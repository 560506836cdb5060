"""Tuning: proposes on one half, judges on the other, and says so where nothing was gained."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Iterator

import pytest

from hedger.domain.errors import ConfigError
from hedger.lab.tune import SPACE, Candidate, Objective, Paired, Proposal, Score, Try, frontier, paired, tune

pytest.importorskip("optuna", reason="optuna is in the extra [lab]")

TODAY = Candidate("band", {"unit": "sigma", "below_sigmas": 1.0, "above_sigmas": 1.0})


def half(seed: int) -> Try:
    """A market in which risk grows with the band's width and cost falls with it, known in closed form."""
    chance = random.Random(seed)
    shocks = [chance.gauss(0.0, 1.0) for _ in range(400)]

    def score(candidate: Candidate) -> Score:
        width = float(candidate.params.get("below_sigmas", 1.0))
        waste = 1.0 if candidate.policy == "band" else 3.0  # every other policy pays three times as much
        cost, risk = 100.0 * waste / width, math.sqrt(0.5 + width**2 / 2)
        return Score(tuple(risk * shock - cost / len(shocks) for shock in shocks), cost, int(100 / width))

    return score


def proposed(objective: Objective, **more: float) -> Proposal:
    return tune(half(1), half(2), TODAY, objective=objective, trials=48, seed=7, **more)  # type: ignore[arg-type]


def test_least_risk_at_no_more_cost_stays_at_a_setting_that_is_already_on_the_frontier() -> None:
    found = proposed(Objective.RISK)
    assert found.best.policy == "band"
    assert float(found.best.params["below_sigmas"]) == pytest.approx(1.0, abs=0.1)
    assert not found.improves


def test_a_setting_off_the_frontier_is_improved_and_it_shows_on_the_other_half() -> None:
    wasteful = Candidate("time", {"window_s": 3_600.0})
    found = tune(half(1), half(2), wasteful, objective=Objective.COST, trials=48, seed=7)
    assert found.best.policy == "band"
    assert found.saved > 150.0
    assert found.improves
    assert found.best_second.sd <= found.today_second.sd * 1.02


def test_by_utility_the_best_width_is_the_known_one() -> None:
    """Per interval -.25 / w - a (.5 + w^2 / 2) / 2: greatest where w^3 = .5 / a."""
    found = proposed(Objective.UTILITY, risk_aversion=0.5)
    assert float(found.best.params["below_sigmas"]) == pytest.approx(1.0, abs=0.15)


def test_what_pays_on_one_half_only_is_not_called_an_improvement() -> None:
    def lucky(candidate: Candidate) -> Score:
        gain = 5.0 if candidate.policy == "zakamouline" else 0.0
        score = half(1)(candidate)
        return Score(tuple(one + gain for one in score.pnl), score.trading_cost, score.trades)

    found = tune(lucky, half(2), TODAY, objective=Objective.UTILITY, trials=24, seed=7, risk_aversion=0.1)
    assert found.best.policy == "zakamouline"
    assert not found.improves


def test_the_same_seed_proposes_the_same_however_the_trials_are_run() -> None:
    def backwards(score: Try, candidates: Iterable[Candidate]) -> Iterator[Score]:
        """Finishes the last one first, as a pool may, and answers in order."""
        told = [(number, score(each)) for number, each in reversed(list(enumerate(candidates)))]
        return iter([score for _, score in sorted(told, key=lambda pair: pair[0])])

    assert proposed(Objective.UTILITY, risk_aversion=0.5) == proposed(
        Objective.UTILITY,
        risk_aversion=0.5,
        run=backwards,  # type: ignore[arg-type]
    )


def test_every_candidate_is_on_the_frontiers_picture() -> None:
    found = proposed(Objective.RISK)
    assert len(found.trials) == 48
    assert {candidate.policy for candidate, _, _ in found.trials} == set(SPACE)


def test_the_frontier_keeps_what_nobody_beats_in_both() -> None:
    points = [(1.0, 9.0), (2.0, 5.0), (2.5, 6.0), (3.0, 5.0), (4.0, 1.0)]
    assert frontier(points) == [(1.0, 9.0), (2.0, 5.0), (4.0, 1.0)]


def test_paired_gains_leave_out_what_both_had() -> None:
    shocks = [float(10 * (-1) ** n) for n in range(100)]
    better = paired([one + 0.1 for one in shocks], shocks)
    assert better.mean == pytest.approx(0.1)
    assert better.is_gain
    assert Paired(0.1, 0.06).is_gain is False
    assert Paired(-0.2, 0.06).is_loss


def test_a_candidate_keeps_what_todays_setting_has_besides_and_its_hard_limits() -> None:
    """What is tried is what is in force once the proposed keys are set."""
    tried: list[Candidate] = []

    def seen(candidate: Candidate) -> Score:
        tried.append(candidate)
        return half(1)(candidate)

    limits = {"hard_lower": -0.5, "hard_upper": 0.5, "min_trade_coin": 0.02}
    today = Candidate("band", {**limits, "lower": -0.2, "upper": 0.2})
    found = tune(seen, half(2), today, objective=Objective.COST, trials=16, seed=7)
    bands = [each for each in tried[1:] if each.policy == "band"]
    assert bands
    assert all(limits.items() <= each.params.items() for each in bands)
    assert not any(limits.keys() & each.params.keys() for each in tried if each.policy != "band")
    proposed = [each for each, _, _ in found.trials if each.policy == "band"]
    assert all(set(each.params) == {"unit", "below_sigmas", "above_sigmas"} for each in proposed)


def test_a_step_that_would_be_the_band_is_taken_out() -> None:
    today = Candidate("band", {"unit": "coin", "step_coin": 0.3})
    found = tune(half(1), half(2), today, objective=Objective.COST, trials=8, seed=7, policies=("band",))
    assert found.best.params["step_coin"] == 0.0
    assert "hard_times" in found.best.params


def test_what_does_not_go_with_todays_setting_is_refused() -> None:
    today = Candidate("band", {"hard_lower": 1.0, "hard_upper": 2.0})
    with pytest.raises(ConfigError, match=r"today's band with band .*hard_lower = 1\.0"):
        tune(half(1), half(2), today, objective=Objective.COST, trials=8, seed=7, policies=("band",))


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({}, "band"),
        ({"unit": 0, "lower": -0.1, "upper": 0.1, "below_sigmas": 2.0}, "band lower=-0.1 upper=0.1"),
        ({"unit": "sigma", "below_sigmas": 0.5, "above_sigmas": 0.5}, "band below_sigmas=0.5"),
        ({"unit": 2, "below_sigmas": 0.5, "above_sigmas": 1.0}, "band below_sigmas=0.5 above_sigmas=1"),
        ({"unit": "equity", "below_equity_pct": 1.0, "dwell_s": 9.0}, "band below_equity_pct=1 dwell_s=9"),
    ],
)
def test_a_band_is_told_by_its_edges_in_its_unit(params: dict[str, float | str], told: str) -> None:
    assert str(Candidate("band", params)) == told


def test_a_policy_without_a_range_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match="policies = 'leland': must be among band, time"):
        tune(half(1), half(2), TODAY, objective=Objective.COST, trials=8, seed=1, policies=("leland",))
