"""Instants: to a calendar and back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from hedger.domain.instants import iso_day, iso_time, ms_of, utc

EIGHT_MS = 1_769_932_800_000


def test_a_moment_without_a_zone_is_of_utc() -> None:
    assert ms_of(datetime(2026, 2, 1, 8)) == ms_of(datetime(2026, 2, 1, 8, tzinfo=UTC)) == EIGHT_MS
    assert ms_of(datetime(2026, 2, 1, 8, tzinfo=timezone(timedelta(hours=2)))) == EIGHT_MS - 7_200_000


@given(st.integers(0, 4_102_444_800_000))
def test_no_millisecond_is_lost_on_the_way(ms: int) -> None:
    assert ms_of(utc(ms)) == ms


def test_it_is_written_as_iso_8601() -> None:
    assert iso_time(EIGHT_MS) == "2026-02-01T08:00:00.000Z"
    assert iso_day(EIGHT_MS) == "2026-02-01"
