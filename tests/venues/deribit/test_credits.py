"""Buckets fill with wire time, never over their burst."""

from __future__ import annotations

import pytest

from hedger.venues.deribit.credits import Bucket, Pool, default_buckets


def test_a_bucket_starts_full_and_refills() -> None:
    bucket = Bucket(rate_per_s=5.0, burst=20.0)
    taken = sum(bucket.take(100.0) for _ in range(30))
    assert taken == 20
    assert not bucket.take(100.1)
    assert bucket.take(100.2)
    assert bucket.level(1000.0) == 20.0


def test_a_reserve_is_left_alone() -> None:
    bucket = Bucket(5.0, 20.0)
    assert sum(bucket.take(0.0, reserve=4) for _ in range(30)) == 16
    assert sum(bucket.take(0.0) for _ in range(30)) == 4


def test_ready_at_says_when_the_next_credit_comes() -> None:
    bucket = Bucket(5.0, 1.0)
    assert bucket.ready_at(10.0) == 10.0
    bucket.take(10.0)
    assert bucket.ready_at(10.0) == pytest.approx(10.2)


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
