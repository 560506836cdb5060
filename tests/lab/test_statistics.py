"""Sums that merge give the figures of the whole sample; standard errors are what repeated samples show."""

from __future__ import annotations

import math
from functools import reduce

import numpy as np
import pytest

from hedger.lab.statistics import Certainty, Histogram, Moments

_X = np.random.default_rng(3).standard_t(6, 30_000) * 2.0 - 1.0
_PARTS = np.split(_X, [7, 400, 9_000, 9_001])


def test_merged_moments_are_those_of_all() -> None:
    merged, whole = reduce(Moments.merged, map(Moments.of, _PARTS), Moments()), Moments.of(_X)
    assert merged.n == whole.n
    for name in ("mean", "m2", "m3", "m4"):
        assert getattr(merged, name) == pytest.approx(getattr(whole, name), rel=1e-9)
    assert merged.average().value == pytest.approx(_X.mean())
    assert merged.deviation().value == pytest.approx(_X.std(ddof=1))


def test_quantiles_and_shortfall_of_the_histogram_are_those_of_the_sample() -> None:
    made = reduce(Histogram.merged, (Histogram.of(part, 1e-3) for part in _PARTS))
    ordered = np.sort(_X)
    for share in (0.01, 0.05, 0.5, 0.95):
        assert made.quantile(share).value == pytest.approx(np.quantile(_X, share), abs=0.01)
    worst = ordered[: int(0.05 * len(_X))]
    assert made.shortfall(0.05).value == pytest.approx(worst.mean(), abs=1e-3)


def test_certainty_equivalent_of_a_normal_is_known() -> None:
    x = np.random.default_rng(1).standard_normal(200_000) * 0.5 - 2.0
    made = reduce(Certainty.merged, (Certainty.of(part, 1.5) for part in np.split(x, 8)))
    cost = made.cost()
    assert cost.value == pytest.approx(2.0 + 1.5 * 0.25 / 2, abs=4 * cost.se)
    assert 0 < cost.se < 0.01


def test_standard_errors_are_the_spread_over_repetitions() -> None:
    random = np.random.default_rng(8)
    samples = [random.standard_t(8, 4_000) for _ in range(300)]
    for name, figure in {
        "mean": lambda x: Moments.of(x).average(),
        "sd": lambda x: Moments.of(x).deviation(),
        "median": lambda x: Histogram.of(x, 1e-3).quantile(0.5),
        "shortfall": lambda x: Histogram.of(x, 1e-3).shortfall(0.05),
        "certainty": lambda x: Certainty.of(x, 0.3).cost(),
    }.items():
        figures = [figure(sample) for sample in samples]
        seen = float(np.std([each.value for each in figures]))
        told = math.sqrt(float(np.mean([each.se**2 for each in figures])))
        assert told == pytest.approx(seen, rel=0.2), name
