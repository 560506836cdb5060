"""The lab runs the kernels that trade, compiled where numba is there and looped elsewhere: same numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hedger.lab import chunks, compile
from hedger.lab.chunks import outcomes_of, tasks_of
from hedger.lab.models import fill_normals
from hedger.policies import theta_offset
from hedger.policies.registry import POLICIES
from tests.lab.experiments import short_call_experiment

_COMPILES = pytest.mark.skipif(not compile.numba_present(), reason="numba is not installed")
_RULES = [
    {"name": "edge", "policy": "band", "params": {"lower": -0.1, "upper": 0.1}},
    {"name": "sigma", "policy": "band", "params": {"unit": "sigma", "dwell_s": 400_000.0}},
    {"name": "offset", "policy": "theta_offset", "params": {"window_s": 604_800.0}},
    {"name": "none", "policy": "none"},
]
_INVERSE = {
    "spot_usd": 100.0,
    "accounting": "inverse",
    "neutral": "usd",
    "equity_coin": 3.0,
    "options": [
        {"kind": "call", "strike_usd": 110.0, "expiry_days": 35.0, "quantity_coin": -2.0, "iv": 0.6},
        {"kind": "put", "strike_usd": 95.0, "expiry_days": 91.0, "quantity_coin": 1.0, "iv": 0.5},
    ],
}
_LINEAR = {**_INVERSE, "accounting": "linear", "equity_coin": 0.0, "rate": 0.03}


@pytest.mark.parametrize("book", [_LINEAR, _INVERSE], ids=["linear", "inverse"])
def test_compiled_and_looped_walks_give_the_same_numbers(
    book: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    costs = {"one_way": 0.001, "per_trade": 1e-4, "funding": 0.1, "unwind": True, "lot": 0.01}
    simulation = {"paths": 30, "steps": 13, "seed": 3}
    experiment = short_call_experiment(book=book, costs=costs, simulation=simulation, policies=_RULES)
    fast = list(outcomes_of(tasks_of(experiment)[0]))
    monkeypatch.setattr(compile, "numba_present", lambda: False)
    monkeypatch.setattr(chunks, "_last", [])
    slow = list(outcomes_of(tasks_of(experiment)[0]))
    for compiled, looped in zip(fast[0], slow[0], strict=True):
        for name in compiled._fields:
            np.testing.assert_array_equal(getattr(compiled, name), getattr(looped, name), err_msg=name)
    assert any(outcome.trades.any() for outcome in fast[0])


def test_normals_are_numpys_own_to_the_bit_and_leave_the_generator_where_it_does() -> None:
    """A million, so that the ziggurat's wedges and its tail are among them."""
    ours, numpys = (np.random.Generator(np.random.SFC64(3)) for _ in range(2))
    drawn = np.empty((4, 250, 1000))
    fill_normals(drawn, ours)
    np.testing.assert_array_equal(drawn, numpys.standard_normal(drawn.shape))
    assert abs(drawn).max() > 4.5
    assert ours.random() == numpys.random()


@_COMPILES
def test_normals_are_not_drawn_into_a_copy() -> None:
    with pytest.raises(Exception, match="reshape"):
        fill_normals(np.empty((4, 6))[:, :3], np.random.default_rng(1))


@_COMPILES
def test_the_kernel_that_trades_stays_as_it_is() -> None:
    compile.compiled(POLICIES["theta_offset"].decide)
    assert type(theta_offset.judge).__name__ == "function"


@_COMPILES
def test_a_helper_reached_over_several_modules_is_compiled_too() -> None:
    made = compile.compiled(POLICIES["band"].decide)
    helper = made.py_func.__globals__["edges"].py_func.__globals__["distances"]
    assert helper.__class__.__name__ == "CPUDispatcher"
