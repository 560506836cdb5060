"""The band: when it holds, when it hedges, and how far."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hedger.policies.band import INITIAL_MEMORY, decide, interval
from hedger.policies.band_params import Params, validate
from hedger.policies.reasons import ACTS, Reason
from tests.policies.books import GAMMA, NOON_S, book

EDGE = Params(lower=-0.1, upper=0.1, hard_lower=-0.5, hard_upper=0.5)
CENTRE = EDGE._replace(to_centre=1)
STEP = Params(hard_lower=-1.0, hard_upper=1.0, step_coin=0.1)


@pytest.mark.parametrize(
    ("params", "delta", "answer", "reason"),
    [
        (EDGE, 0.0, 0.0, Reason.WITHIN_BAND),
        (EDGE, 0.1, 0.1, Reason.WITHIN_BAND),  # on the edge is inside
        (EDGE, -0.1, -0.1, Reason.WITHIN_BAND),
        (EDGE, 0.15, 0.1, Reason.OUTSIDE_BAND_TO_EDGE),
        (EDGE, -0.15, -0.1, Reason.OUTSIDE_BAND_TO_EDGE),
        (EDGE, 0.6, 0.1, Reason.HARD_LIMIT_TO_EDGE),
        (EDGE, -0.6, -0.1, Reason.HARD_LIMIT_TO_EDGE),
        (CENTRE, 0.15, 0.0, Reason.OUTSIDE_BAND_TO_CENTRE),
        (CENTRE, -0.6, 0.0, Reason.HARD_LIMIT_TO_CENTRE),
        (STEP, 0.1, 0.1, Reason.WITHIN_BAND),
        (STEP, 0.11, 0.0, Reason.STEP),
        (STEP, -1.5, 0.0, Reason.STEP),
    ],
)
def test_delta_is_left_alone_inside_and_hedged_outside(
    params: Params, delta: float, answer: float, reason: Reason
) -> None:
    assert decide(params, INITIAL_MEMORY, book(delta))[1:] == (answer, reason)


def test_the_centre_is_the_target_and_the_step_is_counted_from_it() -> None:
    params = Params(lower=0.9, upper=1.2, hard_lower=0.0, hard_upper=2.0, to_centre=1)
    assert decide(params, INITIAL_MEMORY, book(1.3, target=1.0))[1] == 1.0
    step = STEP._replace(hard_lower=0.0, hard_upper=2.0)
    assert decide(step, INITIAL_MEMORY, book(1.05, target=1.0))[1:] == (1.05, Reason.WITHIN_BAND)
    assert decide(step, INITIAL_MEMORY, book(1.15, target=1.0))[1:] == (1.0, Reason.STEP)


def test_dwell_waits_until_delta_has_been_outside_without_a_break() -> None:
    params = EDGE._replace(dwell_s=60.0)
    memory, _, reason = decide(params, INITIAL_MEMORY, book(0.2))
    assert (memory.outside_since_s, reason) == (NOON_S, Reason.DWELL)
    memory, _, reason = decide(params, memory, book(0.2, now_s=NOON_S + 59))
    assert reason == Reason.DWELL
    assert decide(params, memory, book(0.2, now_s=NOON_S + 60))[1:] == (0.1, Reason.OUTSIDE_BAND_TO_EDGE)
    memory, _, _ = decide(params, memory, book(0.05, now_s=NOON_S + 59))
    assert math.isnan(memory.outside_since_s)
    memory, _, reason = decide(params, memory, book(0.2, now_s=NOON_S + 60))
    assert reason == Reason.DWELL


def test_cooldown_counts_from_the_last_own_hedge() -> None:
    params = EDGE._replace(cooldown_s=30.0)
    assert decide(params, INITIAL_MEMORY, book(0.2, last_hedge_s=NOON_S - 29))[2] == Reason.COOLDOWN
    due = decide(params, INITIAL_MEMORY, book(0.2, last_hedge_s=NOON_S - 30))
    assert due[2] == Reason.OUTSIDE_BAND_TO_EDGE
    assert decide(params, INITIAL_MEMORY, book(0.2))[2] == Reason.OUTSIDE_BAND_TO_EDGE


def test_beyond_the_hard_limit_neither_dwell_nor_cooldown_delays() -> None:
    params = EDGE._replace(dwell_s=3600.0, cooldown_s=3600.0)
    decided = decide(params, INITIAL_MEMORY, book(0.51, last_hedge_s=NOON_S))
    assert decided[1:] == (0.1, Reason.HARD_LIMIT_TO_EDGE)


def test_a_hedge_below_the_minimum_is_enlarged_towards_the_target() -> None:
    params = EDGE._replace(min_trade_coin=0.05)
    memory, answer, reason = decide(params, INITIAL_MEMORY, book(0.11))
    assert answer == pytest.approx(0.06)
    assert reason == Reason.OUTSIDE_BAND_TO_EDGE
    assert decide(params, memory, book(-0.11))[1] == pytest.approx(-0.06)
    assert decide(params, memory, book(0.4))[1] == 0.1


def test_where_even_the_target_is_nearer_than_the_minimum_the_policy_holds() -> None:
    params = CENTRE._replace(min_trade_coin=0.15)
    assert decide(params, INITIAL_MEMORY, book(0.12))[1:] == (0.12, Reason.MIN_TRADE)


@pytest.mark.parametrize("field", ["now_s", "delta_coin", "target_delta_coin"])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_not_finite_is_never_traded_on(field: str, value: float) -> None:
    memory, _, _ = decide(EDGE, INITIAL_MEMORY, book(0.3, now_s=NOON_S - 5))
    inputs = book(0.3)._replace(**{field: value})
    after, answer, reason = decide(EDGE, memory, inputs)
    assert (after, reason) == (memory, Reason.NOT_FINITE)
    assert answer is inputs.delta_coin


params_strategy = st.builds(
    lambda cuts, centre, minimum, step: Params(
        lower=cuts[1],
        upper=cuts[2],
        hard_lower=cuts[0],
        hard_upper=cuts[3],
        to_centre=centre,
        min_trade_coin=minimum,
        step_coin=step,
    ),
    st.tuples(st.floats(-9, -2), st.floats(-2, 0), st.floats(0, 2), st.floats(2, 9)),
    st.sampled_from([0, 1]),
    st.floats(0, 1),
    st.sampled_from([0.0, 0.5]),
)


@given(params_strategy, st.floats(-50, 50), st.floats(-1, 1))
def test_a_hedge_never_overshoots_and_never_leaves_delta_further_from_the_centre(
    params: Params, delta: float, target: float
) -> None:
    _, answer, reason = decide(params, INITIAL_MEMORY, book(delta, target=target))
    centre = target if params.step_coin else min(max(target, params.lower), params.upper)
    assert math.isfinite(answer)
    assert abs(answer - centre) <= abs(delta - centre)
    assert (answer - centre) * (delta - centre) >= -1e-12  # rounding of floats aside
    assert (answer != delta) == (Reason(reason) in ACTS)


@given(params_strategy, st.floats(-50, 50))
def test_after_a_hedge_to_the_edge_delta_is_inside_the_band(params: Params, delta: float) -> None:
    _, answer, reason = decide(params, INITIAL_MEMORY, book(delta))
    assume(Reason(reason) in ACTS)
    assert decide(params, INITIAL_MEMORY, book(answer))[2] == Reason.WITHIN_BAND


def test_the_interval_shows_the_band_and_the_index_levels_that_reach_it() -> None:
    shown = interval(EDGE, INITIAL_MEMORY, book(0.05))
    assert shown[:4] == (-0.1, 0.1, -0.5, 0.5)
    assert shown.lower_index_usd == pytest.approx(100_000 - 0.05 / GAMMA)  # short gamma gains delta below
    assert shown.upper_index_usd == pytest.approx(100_000 + 0.15 / GAMMA)
    long = interval(EDGE, INITIAL_MEMORY, book(0.05, gamma=GAMMA))
    assert long.upper_index_usd == pytest.approx(100_000 + 0.05 / GAMMA)


@pytest.mark.parametrize("inputs", [book(0.2), book(gamma=0.0), book(gamma=math.nan), book(math.nan)])
def test_an_index_level_that_cannot_be_known_is_missing(inputs: object) -> None:
    shown = interval(EDGE, INITIAL_MEMORY, inputs)  # type: ignore[arg-type]
    assert math.isnan(shown.lower_index_usd)
    assert math.isnan(shown.upper_index_usd)


def test_an_index_below_zero_is_no_level() -> None:
    shown = interval(EDGE, INITIAL_MEMORY, book(gamma=-1e-7))
    assert math.isnan(shown.lower_index_usd)
    assert shown.upper_index_usd == pytest.approx(100_000 + 1e6)


@pytest.mark.parametrize(
    ("params", "target", "message"),
    [
        (EDGE._replace(lower=0.2), 0.15, "lower = 0.2: must be at most target_delta_coin = 0.15"),
        (EDGE, 0.2, "target_delta_coin = 0.2: must be at most upper = 0.1"),
        (EDGE._replace(hard_lower=-0.05), 0.0, "hard_lower = -0.05: must be at most lower = -0.1"),
        (EDGE._replace(hard_upper=0.05), 0.0, "upper = 0.1: must be at most hard_upper = 0.05"),
        (EDGE._replace(upper=math.nan), 0.0, "upper = nan: must be a finite number"),
        (EDGE._replace(dwell_s=-1.0), 0.0, "dwell_s = -1.0: must be at least 0 s"),
        (EDGE._replace(to_centre=2), 0.0, "to_centre = 2: must be at most 1"),
        (STEP._replace(step_coin=2.0), 0.0, "hard_lower = -1.0: must be at most target - step_coin = -2.0"),
        (STEP, 0.95, "target \\+ step_coin = 1.05: must be at most hard_upper = 1.0"),
        (EDGE, math.nan, "target_delta_coin = nan: must be a finite number"),
    ],
)
def test_wrong_parameters_are_refused_by_name(params: Params, target: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        validate(params, target)


@pytest.mark.parametrize("params", [EDGE, CENTRE, STEP, Params()])
def test_sound_parameters_are_accepted(params: Params) -> None:
    validate(params)


def test_what_floating_point_leaves_beyond_an_edge_is_no_reason_for_another_lot() -> None:
    """Whole lots end on the edge; their sum in floats may lie 1e-16 coin beyond it."""
    params = Params(lower=-0.05, upper=0.05)
    for y in (-0.05000000000000071, 0.05000000000000071):
        _, _, reason = decide(params, INITIAL_MEMORY, book(delta_coin=y))
        assert reason == Reason.WITHIN_BAND
    _, _, reason = decide(params, INITIAL_MEMORY, book(delta_coin=-0.0501))
    assert reason == Reason.OUTSIDE_BAND_TO_EDGE
