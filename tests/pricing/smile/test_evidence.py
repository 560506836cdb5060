"""R by regression, the variance ratio and its error, and the gate that stands on them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from hedger.pricing.smile.stickiness import HIGHEST, LEAST_MOVES, LOWEST, stickiness
from hedger.pricing.smile.variance_ratio import CLOSED, Gate, Ratio, judge, variance_ratio


def moves(r: float, noise: float, count: int = 400) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(11)
    skews, logs = rng.uniform(-0.6, -0.2, count), rng.normal(0.0, 0.01, count)
    return r * skews * logs + rng.normal(0.0, noise, count), skews, logs


@pytest.mark.parametrize("r", [0.3, 1.0, 1.7])
def test_r_is_found_where_the_market_shows_it(r: float) -> None:
    found = stickiness(*moves(r, noise=0.0003))
    assert found.raw == pytest.approx(r, abs=3 * found.error)
    assert found.r == pytest.approx(r, abs=0.03)


def test_noise_shrinks_r_to_one_by_as_much_as_it_is_noise() -> None:
    quiet, loud = stickiness(*moves(0.0, 0.0003)), stickiness(*moves(0.0, 0.1))
    assert abs(quiet.r) < 0.05
    assert loud.error > 1.0
    weight = 0.25 / (0.25 + loud.error**2)  # a normal prior of sd 1/2 around 1
    assert loud.r == pytest.approx(min(max(1 + weight * (loud.raw - 1), 0.0), 2.0))
    assert abs(loud.r - 1.0) < abs(loud.raw - 1.0) / 3


def test_the_error_is_that_of_the_regression() -> None:
    """Over many draws the regression's answers scatter by what it says of itself."""
    rng = np.random.default_rng(2)
    answers = []
    for _ in range(500):
        skews, logs = np.full(200, -0.4), rng.normal(0.0, 0.01, 200)
        answers.append(stickiness(skews * logs + rng.normal(0.0, 0.002, 200), skews, logs))
    assert np.std([each.raw for each in answers]) == pytest.approx(
        np.mean([each.error for each in answers]), rel=0.1
    )


def test_r_is_clipped_and_is_one_where_little_is_known() -> None:
    assert stickiness(*moves(4.0, 0.0003)).r == HIGHEST
    assert stickiness(*moves(-3.0, 0.0003)).r == LOWEST
    few = stickiness(*(each[: LEAST_MOVES - 1] for each in moves(0.0, 0.0003)))
    assert few.r == 1.0
    assert math.isnan(few.raw)
    flat = stickiness(np.full(50, 0.01), np.zeros(50), np.full(50, 0.01))  # no skew: nothing to see
    assert flat.r == 1.0


def errors(better_by: float, instants: int = 480) -> tuple[np.ndarray, np.ndarray]:
    """Squares per instant that come in spells, as volatility does."""
    rng = np.random.default_rng(7)
    spell = np.repeat(np.exp(rng.normal(0.0, 0.7, instants // 8)), 8)
    black = spell * rng.chisquare(1, instants)
    return black * (1.0 - better_by) * np.exp(rng.normal(0.0, 0.3, instants) - 0.045), black


def test_the_standard_error_is_that_of_resampling_whole_blocks() -> None:
    mine, black = errors(0.1)
    found = variance_ratio(mine, black, block=8)
    a, b = mine.reshape(-1, 8).sum(axis=1), black.reshape(-1, 8).sum(axis=1)
    rng = np.random.default_rng(1)
    draws = rng.integers(0, len(a), (4000, len(a)))
    bootstrap = np.std(a[draws].sum(axis=1) / b[draws].sum(axis=1))
    assert found.ratio == pytest.approx(mine.sum() / black.sum())
    assert found.error == pytest.approx(bootstrap, rel=0.1)


def test_confidence_tells_a_better_delta_from_an_equal_one() -> None:
    assert variance_ratio(*errors(0.2), block=8).confidence > 0.99
    assert 0.02 < variance_ratio(*errors(0.0), block=8).confidence < 0.98
    assert variance_ratio(*errors(-0.2), block=8).confidence < 0.01


def test_confidence_is_kept_in_a_hundred_worlds() -> None:
    """Where both deltas are equally good, 95 % is exceeded about once in twenty, not more than in ten."""
    exceeded = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        black = rng.normal(size=240) * np.repeat(np.exp(rng.normal(0, 0.5, 30)), 8)
        swapped = np.where(rng.random(240) < 0.5, 1.0, -1.0)  # which of the two is better is a coin toss
        apart = np.exp(0.1 * swapped)
        exceeded += variance_ratio((black * apart) ** 2, (black / apart) ** 2, block=8).confidence > 0.95
    assert exceeded <= 20


def test_too_little_gives_no_answer() -> None:
    few = variance_ratio(np.ones(10), np.ones(10), block=8)
    assert few.blocks == 2
    assert math.isnan(few.confidence)
    assert math.isnan(variance_ratio(np.zeros(9), np.zeros(9), block=1).ratio)


def measured(confidence: float, instants: int = 500) -> Ratio:
    return Ratio(0.9, 0.05, confidence, instants, 20)


def gate(before: Gate, ratio: Ratio) -> Gate:
    return judge(before, ratio, least_instants=240, opens_at=0.95, closes_at=0.8)


def test_the_gate_opens_late_and_closes_late() -> None:
    almost = gate(CLOSED, measured(0.94))
    assert not almost.open
    assert "needs 0.95" in almost.why
    opened = gate(almost, measured(0.96))
    assert opened.open
    assert opened.why == (
        "variance ratio 0.900 +- 0.050 over 500 intervals: below 1 with confidence 0.960, at least 0.95"
    )
    assert gate(opened, measured(0.81)).open
    assert not gate(opened, measured(0.79)).open
    assert not gate(gate(opened, measured(0.79)), measured(0.9)).open


def test_the_gate_is_closed_on_too_little_and_says_how_much_there_is() -> None:
    opened = gate(CLOSED, measured(0.99))
    assert gate(opened, measured(0.99, instants=100)).why == "100 of 240 intervals measured"
    few = Ratio(0.9, math.nan, math.nan, 500, 3)
    assert gate(opened, few).why == "3 of 8 blocks of intervals measured"
    assert not gate(opened, few).open
