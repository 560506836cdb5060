"""What an experiment comes to: against closed forms, against hand arithmetic, against itself."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from hedger.lab.chunks import outcomes_of, tasks_of
from hedger.lab.output import meaning
from hedger.lab.run import run
from tests.lab.experiments import EVERY_STEP, drawn, short_call, short_call_experiment


def test_an_unhedged_call_costs_its_price_in_the_mean() -> None:
    """Under a drift equal to the rate the discounted payoff is worth the premium."""
    book = short_call()["book"] | {"rate": 0.05}
    model = {"kind": "gbm", "volatility": 0.5, "drift": 0.05}
    result = run(
        short_call_experiment(
            book=book,
            model=model,
            simulation={"paths": 40_000, "steps": 1, "seed": 2},
            policies=[{"name": "none", "policy": "none"}],
        )
    )
    mean = result.figure("none", "pnl_mean")
    assert mean.value == pytest.approx(0.0, abs=4 * mean.se)
    assert result.figure("none", "trades_mean").value == 0.0


def _one_path(policy: dict[str, Any], **changed: Any) -> tuple[Any, Any]:
    experiment = short_call_experiment(
        simulation={"paths": 2, "steps": 2, "seed": 9, "horizon_days": 91.0}, policies=[policy], **changed
    )
    outcome = next(outcomes_of(tasks_of(experiment)[0]))[0]
    random = np.random.Generator(np.random.SFC64(np.random.SeedSequence(9, spawn_key=(0,))))
    moves = drawn(experiment.model, random, 2, 2, 91 / 365 / 2)
    spots = 100.0 * np.exp(np.vstack([np.zeros(2), np.cumsum(moves, axis=0)]))[:, 0]
    return outcome, spots


def _black(spot: float, days: float) -> tuple[float, float]:
    v = 0.5 * math.sqrt(days / 365)
    d1 = math.log(spot / 100.0) / v + v / 2
    cdf = lambda x: 0.5 * math.erfc(-x / math.sqrt(2))  # noqa: E731
    return cdf(d1), spot * cdf(d1) - 100.0 * cdf(d1 - v)


def test_two_steps_by_hand_linear() -> None:
    outcome, (s0, s1, s2) = _one_path({"name": "e", "policy": "band", "params": EVERY_STEP})
    (d0, premium), (d1, _) = _black(s0, 91.0), _black(s1, 45.5)
    cost = 0.001 * (d0 * s0 + abs(d1 - d0) * s1)
    pnl = premium - max(s2 - 100.0, 0.0) + d0 * (s1 - s0) + d1 * (s2 - s1) - cost
    assert outcome.pnl[0] == pytest.approx(pnl, abs=2e-4)
    assert outcome.cost[0] == pytest.approx(cost, abs=2e-4)
    assert (outcome.trades[0], outcome.acted[0]) == (2.0, 2.0)


def test_two_steps_by_hand_inverse_in_whole_contracts() -> None:
    book = short_call()["book"] | {"accounting": "inverse", "neutral": "coin", "equity_coin": 1.0}
    costs = {"one_way": 0.001, "lot": 10.0}
    outcome, (s0, s1, s2) = _one_path(
        {"name": "e", "policy": "band", "params": EVERY_STEP}, book=book, costs=costs
    )
    (d0, v0), (d1, v1) = _black(s0, 91.0), _black(s1, 45.5)
    q0, q1 = (10.0 * math.floor(s * (d - v / s) / 10.0 + 0.5) for s, d, v in ((s0, d0, v0), (s1, d1, v1)))
    cost = 0.001 * (q0 / s0 + abs(q1 - q0) / s1)
    pnl = v0 / s0 - max(s2 - 100.0, 0.0) / s2 + q0 * (1 / s0 - 1 / s1) + q1 * (1 / s1 - 1 / s2) - cost
    assert outcome.pnl[0] == pytest.approx(pnl, abs=1e-12)
    assert outcome.cost[0] == pytest.approx(cost, abs=1e-12)


def test_a_free_first_hedge_is_neither_charged_nor_counted() -> None:
    policy = {"name": "e", "policy": "band", "params": EVERY_STEP}
    charged, (s0, s1, _) = _one_path(policy)
    free, _ = _one_path(policy, costs={"one_way": 0.001, "first_hedge": False})
    d0, _premium = _black(s0, 91.0)
    assert charged.cost[0] - free.cost[0] == pytest.approx(0.001 * d0 * s0, abs=1e-5)
    assert free.trades[0] == 1.0
    assert s1 > 0


def test_policies_walk_the_same_paths_whoever_walks_beside_them() -> None:
    edge = {"name": "edge", "policy": "band", "params": {"lower": -0.1, "upper": 0.1}}
    naked = {"name": "none", "policy": "none"}
    alone = run(short_call_experiment(policies=[edge]))
    beside = run(short_call_experiment(policies=[naked, edge]))
    assert alone.figure("edge", "pnl_mean") == beside.figure("edge", "pnl_mean")
    difference = beside.figure("edge", "pnl_mean_less_first")
    apart = beside.figure("edge", "pnl_mean").value - beside.figure("none", "pnl_mean").value
    assert difference.value == pytest.approx(apart, abs=1e-9)


def test_every_figure_has_a_standard_error_and_a_meaning() -> None:
    rules = [
        {"name": "none", "policy": "none"},
        {"name": "edge", "policy": "band", "params": {"lower": -0.1, "upper": 0.1}},
    ]
    result = run(short_call_experiment(policies=rules, measures={"risk_aversion": [1.0]}))
    for name, figure in result.policies[1].figures.items():
        assert math.isfinite(figure.value), name
        assert 0.0 < figure.se < math.inf, name
        assert meaning(name)


def test_what_an_expiry_leaves_is_hedged_at_once() -> None:
    """Its delta is born, not drifted: no window is waited for, as the daemon does not wait."""
    short = {"kind": "call", "strike_usd": 90.0, "expiry_days": 3.5, "quantity_coin": -1.0, "iv": 0.5}
    long = {"kind": "put", "strike_usd": 100.0, "expiry_days": 91.0, "quantity_coin": -1.0, "iv": 0.5}
    windows = {"name": "w", "policy": "theta_offset", "params": {"window_s": 604_800.0, "cap_sigmas": 10.0}}
    experiment = short_call_experiment(
        book={"spot_usd": 100.0, "options": [short, long]},
        simulation={"paths": 200, "steps": 4, "seed": 5, "horizon_days": 7.0},
        policies=[windows],
    )
    outcome = next(outcomes_of(tasks_of(experiment)[0]))[0]
    assert (outcome.trades == 2.0).mean() > 0.95  # at the start, and as the call expires
