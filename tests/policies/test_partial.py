"""A hedge in parts: never away from the target, never in the other direction, cancelled by a new trigger."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedger.policies.partial import PartialParams
from hedger.policies.reasons import Reason
from hedger.policies.registry import POLICIES, Policy, in_parts
from hedger.policies.rounding import Rounding
from tests.policies.books import GAMMA, HOUR_S, NOON_S, THETA_USD_PER_DAY, book

THREE_HOURS = PartialParams(first_share=0.75)


def clock() -> Policy:
    return in_parts(POLICIES["time"], THREE_HOURS)


def test_a_whole_hedge_is_the_policy_itself() -> None:
    assert in_parts(POLICIES["band"], PartialParams()) is POLICIES["band"]


def test_three_quarters_go_at_once_and_the_rest_in_three_hourly_slices() -> None:
    policy = clock()
    params = policy.params({})
    y, memory, asked = -1.0, policy.initial_memory, []
    for minute in range(0, 300, 10):
        inputs = book(y, now_s=NOON_S + minute * 60)
        memory, answer, reason = policy.decide(params, memory, inputs)
        if answer != y:
            asked.append((minute, round(answer - y, 9), Reason(reason).name))
            y = answer
    assert asked == [
        (0, 0.75, "BORN"),
        (60, pytest.approx(1 / 12), "SLICE"),
        (120, pytest.approx(1 / 12), "SLICE"),
        (180, pytest.approx(1 / 12), "SLICE"),
    ]
    assert y == pytest.approx(0.0)
    assert policy.rounding(Reason.SLICE) is Rounding.NEAREST


def test_a_slice_is_no_more_than_what_is_missing_and_skipped_where_the_gap_changed_sign() -> None:
    policy = clock()
    params = policy.params({})
    begun, _, _ = policy.decide(params, policy.initial_memory, book(-1.0))
    resting = policy.decide(params, begun, book(-0.25))[0]
    hour = NOON_S + HOUR_S
    _, answer, reason = policy.decide(params, resting, book(-0.01, now_s=hour))
    assert (answer, reason) == (pytest.approx(0.0), Reason.SLICE)
    left, answer, reason = policy.decide(params, resting, book(0.05, now_s=hour))
    assert (answer, reason) == (0.05, Reason.WAITING_WINDOW)
    assert left.slices == 2


def test_a_new_trigger_cancels_what_was_to_come() -> None:
    policy = clock()
    params = policy.params({"window_s": 3_600.0})
    begun, _, _ = policy.decide(params, policy.initial_memory, book(-1.0))
    resting = policy.decide(params, begun, book(-0.25))[0]
    again, answer, reason = policy.decide(params, resting, book(-0.65, now_s=NOON_S + HOUR_S))
    assert (answer, reason) == (pytest.approx(-0.65 + 0.75 * 0.65), Reason.WINDOW_ENDED)
    assert again.rest == pytest.approx(0.25 * 0.65)
    assert again.slices == 3


def test_a_slice_waits_for_a_blackouts_end() -> None:
    policy = clock()
    params = policy.params({})
    begun, _, _ = policy.decide(params, policy.initial_memory, book(-1.0))
    resting = policy.decide(params, begun, book(-0.25))[0]
    silent = book(-0.25, now_s=NOON_S + 2 * HOUR_S)._replace(blackout=1.0)
    waiting, answer, _ = policy.decide(params, resting, silent)
    assert (answer, waiting.slices) == (-0.25, 3)
    assert policy.decide(params, waiting, silent._replace(blackout=0.0))[2] == Reason.SLICE


@given(
    st.sampled_from(["band", "time", "theta_offset", "whalley_wilmott", "zakamouline"]),
    st.lists(st.tuples(st.floats(-0.3, 0.3), st.floats(60.0, 9_000.0)), min_size=1, max_size=30),
    st.floats(0.1, 1.0),
    st.integers(1, 6),
)
def test_whatever_happens_no_part_leads_away_from_the_target(
    name: str, steps: list[tuple[float, float]], share: float, slices: int
) -> None:
    """Every answer lies between delta and where the policy alone would end it."""
    policy = in_parts(POLICIES[name], PartialParams(first_share=share, slices=slices))
    params = policy.params({})
    y, now_s, memory = -0.7, NOON_S, policy.initial_memory
    for drift, pause_s in steps:
        memory, answer, _ = policy.decide(params, memory, book(y, now_s=now_s))
        assert abs(answer) <= abs(y) + 1e-12
        assert answer * y >= -1e-9
        y, now_s = answer + drift, now_s + pause_s


def test_what_delta_drifts_by_while_the_first_part_is_on_its_way_is_no_new_trigger() -> None:
    """Fifteen lots of drift in a fraction of a second: the slices stay what they were."""
    policy = in_parts(POLICIES["theta_offset"], THREE_HOURS)
    params = policy.params({})
    big = book(-1.0, gamma=-100 * GAMMA, theta=100 * THETA_USD_PER_DAY)
    begun, answer, _ = policy.decide(params, policy.initial_memory, big)
    drifted = big._replace(delta_coin=answer - 0.0015, now_s=NOON_S + 0.3)
    after, answer, reason = policy.decide(params, begun, drifted)
    assert (answer, reason) == (drifted.delta_coin, Reason.WAITING_WINDOW)
    assert (after.rest, after.slices) == (pytest.approx(0.25), 3)


def test_beyond_a_cap_the_whole_is_hedged_at_once() -> None:
    """The cap is .071 coin; without this a quarter of what lies beyond it would wait for hours."""
    policy = in_parts(POLICIES["theta_offset"], PartialParams(first_share=0.25))
    params = policy.params({})
    flat = policy.decide(params, policy.initial_memory, book())[0]
    _, answer, reason = policy.decide(params, flat, book(-0.08, now_s=NOON_S + 60))
    assert (answer, reason) == (0.0, Reason.CAP)


def test_slices_that_are_to_come_do_not_hide_a_delta_beyond_the_cap() -> None:
    policy = in_parts(POLICIES["theta_offset"], PartialParams(first_share=0.25))
    params = policy.params({})
    begun, answer, reason = policy.decide(params, policy.initial_memory, book(-0.06))
    assert (answer, reason) == (pytest.approx(-0.045), Reason.BORN)
    begun = policy.decide(params, begun, book(answer))[0]
    _, answer, reason = policy.decide(params, begun, book(-0.075, now_s=NOON_S + 60))
    assert (answer, reason) == (0.0, Reason.CAP)


def test_beyond_the_bands_hard_limit_the_whole_is_hedged_at_once() -> None:
    policy = in_parts(POLICIES["band"], PartialParams(first_share=0.25))
    params = policy.params({})
    _, answer, reason = policy.decide(params, policy.initial_memory, book(-0.4))
    assert (answer, reason) == (pytest.approx(-0.1), Reason.HARD_LIMIT_TO_EDGE)


@pytest.mark.parametrize("field", ["delta_coin", "index_usd", "now_s"])
def test_no_slice_is_made_on_a_number_that_is_not_finite_and_none_is_lost(field: str) -> None:
    policy = in_parts(POLICIES["theta_offset"], THREE_HOURS)
    params = policy.params({})
    begun, answer, _ = policy.decide(params, policy.initial_memory, book(-0.06))
    resting = policy.decide(params, begun, book(answer))[0]
    bad = book(answer, now_s=NOON_S + HOUR_S)._replace(**{field: math.nan})
    after, answer, reason = policy.decide(params, resting, bad)
    assert reason == Reason.NOT_FINITE
    assert answer == bad.delta_coin or math.isnan(bad.delta_coin)
    assert after == resting


def test_delta_that_is_born_ends_the_slices_of_the_hedge_before() -> None:
    """New settings have moved band and target to the other side: what was to come would lead away."""
    policy = in_parts(POLICIES["band"], THREE_HOURS)
    params = policy.params({})
    begun, answer, _ = policy.decide(params, policy.initial_memory, book(-0.2))
    assert (answer, begun.rest) == (pytest.approx(-0.125), pytest.approx(0.025))
    moved = policy.params({"lower": -0.5, "upper": -0.05}, -0.3)
    later = book(answer, target=-0.3, now_s=NOON_S + HOUR_S, epoch=2.0)
    after, answer, reason = policy.decide(moved, begun, later)
    assert (answer, reason) == (later.delta_coin, Reason.WITHIN_BAND)
    assert (after.rest, after.slices) == (0.0, 0)
