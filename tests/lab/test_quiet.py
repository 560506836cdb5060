"""Leaving out the looks at which a band holds changes no number."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest

from hedger.lab import chunks, grid
from hedger.lab.chunks import outcomes_of, tasks_of
from hedger.lab.quiet import NEVER, quiet_between
from hedger.policies.registry import POLICIES
from tests.lab.experiments import short_call_experiment

_BAND = POLICIES["band"]


@pytest.mark.parametrize(
    "params",
    [
        {"lower": -0.1, "upper": 0.1},
        {"lower": -0.1, "upper": 0.05, "to_centre": 1, "dwell_s": 400_000.0, "cooldown_s": 700_000.0},
        {"step_coin": 0.07},
    ],
)
def test_the_same_outcome_with_and_without(params: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    rule = {"name": "x", "policy": "band", "params": params, "band_scale": 1.2}
    experiment = short_call_experiment(policies=[rule], costs={"one_way": 0.001, "lot": 0.01})
    assert quiet_between(_BAND, _BAND.params(params), 0.0, 1.2) != NEVER
    one_grid = partial(grid.build, whole=True)
    monkeypatch.setattr(grid, "build", lambda *args, whole: one_grid(*args))
    short = next(outcomes_of(tasks_of(experiment)[0]))[0]
    monkeypatch.setattr(chunks, "quiet_between", lambda *args: NEVER)
    whole = next(outcomes_of(tasks_of(replace(experiment, title="other"))[0]))[0]
    for name in short._fields:
        np.testing.assert_array_equal(getattr(short, name), getattr(whole, name), err_msg=name)
    assert short.trades.any()


@pytest.mark.parametrize(
    ("policy", "params"),
    [
        ("band", {"unit": "sigma"}),
        ("band", {"max_interval_s": 3600.0}),
        ("band", {"min_move_pct": 1.0}),
        ("theta_offset", {}),
    ],
)
def test_a_policy_that_counts_or_reads_more_is_always_asked(policy: str, params: dict[str, Any]) -> None:
    found = POLICIES[policy]
    assert quiet_between(found, found.params(params), 0.0, 1.0) == NEVER
