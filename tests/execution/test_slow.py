"""What of the hedge stands, and what the funding rate has been lately."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedger.domain.time_units import HOUR_MS
from hedger.execution.slow import Slow, begun, mean, standing

COIN = st.floats(-100.0, 100.0)


def walk(*steps: tuple[float, float]) -> float:
    """(hours, hedge) one after the other, from nothing at hour 0."""
    now, slow = 0.0, standing(None, 0.0, 0, 24.0)
    for hours, coin in steps:
        now += hours * HOUR_MS
        slow = standing(slow, coin, int(now), 24.0)
    return slow.value


def test_what_has_just_come_does_not_stand_and_half_of_it_does_after_a_half_life() -> None:
    assert walk((0.0, -4.0)) == 0.0
    assert walk((0.0, -4.0), (24.0, -4.0)) == pytest.approx(-2.0)
    assert walk((0.0, -4.0), (24.0, -4.0), (24.0, -4.0)) == pytest.approx(-3.0)


def test_it_shrinks_with_the_hedge_at_once_and_is_nothing_when_the_hedge_changes_sides() -> None:
    assert walk((0.0, -4.0), (240.0, -4.0), (0.1, -1.0)) == -1.0
    assert walk((0.0, -4.0), (240.0, -4.0), (0.1, +1.0)) == 0.0


def test_what_flips_within_the_day_never_counts() -> None:
    assert abs(walk(*((2.0, 3.0 if step % 2 else -3.0) for step in range(48)))) == 0.0


@given(st.lists(st.tuples(st.floats(0.0, 100.0), COIN), max_size=20))
def test_it_is_never_more_than_the_hedge_nor_on_its_other_side(steps: list[tuple[float, float]]) -> None:
    stands = walk(*steps)
    last = steps[-1][1] if steps else 0.0
    assert abs(stands) <= abs(last)
    assert stands * last >= 0.0


def test_after_a_start_what_was_moved_before_stands_as_far_as_it_hedges() -> None:
    assert begun(-4.0, -3.0, 0).value == -3.0
    assert begun(-2.0, -3.0, 0).value == -2.0
    assert begun(+2.0, -3.0, 0).value == 0.0


def test_the_mean_goes_half_the_way_in_a_half_life_and_no_way_when_the_clock_is_set_back() -> None:
    first = mean(None, 0.0002, 0, 72.0)
    assert first == Slow(0.0002, 0)
    assert mean(first, 0.0, int(72 * HOUR_MS), 72.0).value == pytest.approx(0.0001)
    assert mean(Slow(0.0002, 1000), 0.0, 0, 72.0).value == 0.0002
