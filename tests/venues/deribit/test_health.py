"""Round trips are measured on answers, and asked for when there are none."""

from __future__ import annotations

import pytest

from hedger.engine.events import LinkHealth, Now
from hedger.venues.deribit.credits import Bucket
from hedger.venues.deribit.health import Health


def test_skew_is_taken_midway_in_the_round_trip_in_market_time() -> None:
    sent, now = Now(1_000_000, 10.0), Now(1_000_400, 10.4)
    (said,) = Health("deribit", 5.0).measure(sent, 1_000_300_000, Bucket(5.0, 20.0), now)
    assert isinstance(said, LinkHealth)
    assert said.clock_skew_ms == 100.0
    assert said.round_trip_s == pytest.approx(0.4)
    assert said.credits == 20.0


def test_it_is_said_every_few_seconds_only() -> None:
    health, bucket = Health("deribit", 5.0), Bucket(5.0, 20.0)
    said = [health.measure(Now(0, t), 1, bucket, Now(0, float(t))) for t in range(10)]
    assert [len(one) for one in said] == [1, 0, 0, 0, 0, 1, 0, 0, 0, 0]


def test_an_answer_without_a_time_measures_nothing() -> None:
    assert Health("deribit", 5.0).measure(Now(0, 0.0), 0, Bucket(5.0, 20.0), Now(0, 1.0)) == []


def test_a_probe_is_due_after_every_period() -> None:
    health = Health("deribit", 5.0)
    health.reset(Now(0, 100.0))
    assert not health.probe_due(Now(0, 104.9))
    assert health.probe_due(Now(0, 105.0))
    health.probed(Now(0, 105.0))
    assert health.probe_at_wire_s == 110.0
