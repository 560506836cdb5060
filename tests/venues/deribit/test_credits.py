"""Buckets fill with wire time, never over their burst, and never hold more than the venue's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedger.simulator.limits import Buckets
from hedger.venues.deribit.credits import LATE_S, Bucket, Pool, default_buckets

METHODS = {
    Pool.MATCHING: "private/buy",
    Pool.GENERAL: "private/get_positions",
    Pool.SUBSCRIBE: "public/subscribe",
    Pool.INSTRUMENTS: "public/get_instruments",
}


def test_a_bucket_starts_full_and_refills() -> None:
    bucket = Bucket(rate_per_s=5.0, burst=20.0)
    taken = sum(bucket.take(100.0) for _ in range(30))
    assert taken == 20
    assert not bucket.take(100.0 + LATE_S + 0.1)
    assert bucket.take(100.0 + LATE_S + 0.2)
    assert bucket.level(1000.0) == 20.0


def test_a_reserve_is_left_alone() -> None:
    bucket = Bucket(5.0, 20.0)
    assert sum(bucket.take(0.0, reserve=4) for _ in range(30)) == 16
    assert sum(bucket.take(0.0) for _ in range(30)) == 4


def test_ready_at_says_when_the_next_credit_comes() -> None:
    bucket = Bucket(5.0, 1.0)
    assert bucket.ready_at(10.0) == 10.0
    bucket.take(10.0)
    assert bucket.ready_at(10.0) == pytest.approx(10.2 + LATE_S)
    assert not bucket.take(10.2 + LATE_S - 0.01)
    assert bucket.take(bucket.ready_at(10.3))


def test_what_must_be_sent_is_counted_without_a_credit() -> None:
    bucket = Bucket(5.0, 1.0)
    bucket.spend(0.0)
    bucket.spend(0.0)
    assert not bucket.take(LATE_S + 0.2)
    assert bucket.take(LATE_S + 0.4)


@given(
    st.sampled_from(sorted(METHODS)),
    st.lists(st.tuples(st.floats(0.0, 3.0), st.floats(0.0, LATE_S - 1e-6)), min_size=1, max_size=300),
    st.booleans(),
)
def test_the_venue_never_counts_less_whatever_comes_late(
    pool: Pool, steps: list[tuple[float, float]], greedy: bool
) -> None:
    bucket, venue = default_buckets()[pool], Buckets()
    sent_s = arrived_s = 0.0
    for pause_s, late_s in steps:
        sent_s = bucket.ready_at(sent_s) if greedy else sent_s + pause_s
        if bucket.take(sent_s):
            arrived_s = max(arrived_s, sent_s + late_s)
            assert venue.take(METHODS[pool], arrived_s)


def test_new_figures_keep_what_was_spent() -> None:
    bucket = Bucket(5.0, 20.0)
    for _ in range(10):
        bucket.take(0.0)
    bucket.resize(10.0, 30.0, 0.0)
    assert bucket.level(0.0) == 20.0


def test_an_emptied_bucket_tells_how_long_it_takes_to_fill() -> None:
    bucket = Bucket(5.0, 20.0)
    assert bucket.empty(3.0) == 4.0
    assert bucket.level(3.0) == 0.0
    assert bucket.level(7.0) == 20.0


def test_wire_time_never_runs_backwards() -> None:
    bucket = Bucket(1.0, 5.0)
    bucket.take(10.0)
    assert bucket.level(9.0) == 4.0


def test_every_pool_has_a_bucket() -> None:
    assert set(default_buckets()) == set(Pool)
