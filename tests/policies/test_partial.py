"""A hedge in parts: never away from the target, never in the other direction, cancelled by a new trigger."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedger.policies.partial import PartialParams
from hedger.policies.reasons import Reason
from hedger.policies.registry import POLICIES, Policy, in_parts
from hedger.policies.rounding import Rounding
from tests.policies.books import HOUR_S, NOON_S, book

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
