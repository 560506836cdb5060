"""The calendar: weekly and dated windows, blackouts, announced events, and what comes next."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedger.policies.calendar import (
    MINUTE_MS,
    WEEK_MS,
    Calendar,
    Moment,
    at,
    next_change,
    parse_announced,
    parse_moment,
    parse_slots,
    parse_window,
    parse_windows,
    spoken,
)

WEEKEND = "sat,sun 00:00-24:00"
DESK = Calendar(
    parse_slots(["2026-12-24/2026-12-28 holiday", f"{WEEKEND} weekend"]),
    parse_windows(["mon-fri 07:55-08:05"]),
    parse_announced(["2026-12-01T09:00 15"]),
)


def ms(text: str) -> int:
    return parse_moment(text)


@pytest.mark.parametrize(
    ("window", "inside", "outside"),
    [
        (WEEKEND, ["2026-12-05", "2026-12-06T23:59"], ["2026-12-04T23:59", "2026-12-07"]),
        ("mon-fri 07:55-08:05", ["2026-12-01T07:55"], ["2026-12-01T08:05", "2026-12-05T08:00"]),
        ("daily 22:00-02:00", ["2026-12-01T23:00", "2026-12-02T01:59"], ["2026-12-02T02:00"]),
        (
            "sun 23:00-01:00",
            ["2026-12-06T23:30", "2026-12-07T00:30"],
            ["2026-12-06T00:30", "2026-12-07T01:00"],
        ),
        ("fri-mon 12:00-13:00", ["2026-12-04T12:00", "2026-12-07T12:59"], ["2026-12-01T12:00"]),
        ("2026-12-24/2026-12-28", ["2026-12-24", "2026-12-27T23:59"], ["2026-12-28", "2027-12-24"]),
        ("2026-12-01T09:00Z/2026-12-01T10:30", ["2026-12-01T10:29"], ["2026-12-01T08:59"]),
    ],
)
def test_a_window_holds_from_its_beginning_to_just_before_its_end(
    window: str, inside: list[str], outside: list[str]
) -> None:
    parsed = parse_window(window)
    assert [parsed.holds(ms(text)) for text in inside] == [True] * len(inside)
    assert [parsed.holds(ms(text)) for text in outside] == [False] * len(outside)


def test_of_several_slots_that_hold_the_first_counts() -> None:
    assert at(DESK, ms("2026-12-26")).profile == "holiday"  # a Saturday, too
    assert at(DESK, ms("2026-12-19")) == Moment("weekend", WEEKEND)
    assert at(DESK, ms("2026-12-22")) == Moment()


def test_blackouts_and_announced_events_stand_beside_the_profile() -> None:
    assert at(DESK, ms("2026-12-01T08:00")).blackout == "mon-fri 07:55-08:05"
    assert at(DESK, ms("2026-12-01T08:44")).centre_ms == 0
    assert at(DESK, ms("2026-12-01T08:45")).centre_ms == ms("2026-12-01T09:00")
    assert at(DESK, ms("2026-12-01T09:00")).centre_ms == 0


def test_what_comes_next_is_the_first_moment_at_which_something_else_holds() -> None:
    assert next_change(DESK, ms("2026-12-19T12:00")) == (ms("2026-12-21"), Moment())
    friday = next_change(DESK, ms("2026-12-18T12:00"))
    assert friday == (ms("2026-12-19"), Moment("weekend", WEEKEND))
    assert next_change(Calendar(), 0) is None
    past = Calendar(announced=parse_announced(["2026-12-01T09:00 15"]))
    assert next_change(past, ms("2026-12-02")) is None
    always = Calendar(parse_slots(["daily 00:00-24:00 calm"]))
    assert next_change(always, 0) is None


@given(st.integers(0, 60 * 365 * 24 * 60))
def test_nothing_changes_between_now_and_the_next_change(minute: int) -> None:
    now = minute * MINUTE_MS
    found = next_change(DESK, now)
    assert found is not None
    edge, then = found
    assert now < edge
    assert edge - now <= WEEK_MS
    assert at(DESK, edge) == then != at(DESK, now)
    assert at(DESK, edge - 1) == at(DESK, (now + edge) // 2) == at(DESK, now)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("weekend", "'weekend': must be \"DAYS HH:MM-HH:MM\""),
        ("sa 00:00-24:00", "'sa 00:00-24:00': days are daily, mon, tue"),
        ("mon- 00:00-24:00", "days are daily"),
        ("mon 08:00-25:00", "times go from 00:00 to 24:00"),
        ("mon 08:61-09:00", "times go from 00:00 to 24:00"),
        ("mon 08:00-08:00", "must end at another time"),
        ("mon 24:00-08:00", "begin before 24:00"),
        ("2026-12-27/2026-12-24", "'2026-12-27/2026-12-24': must end after it begins"),
        ("2026-13-01/2026-12-24", "'2026-13-01': must be a time in UTC like 2026-12-24"),
        ("2026-12-01T09/2026-12-24", "must be a time in UTC"),
    ],
)
def test_a_window_that_is_wrong_is_refused_with_what_would_be_right(text: str, told: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        parse_window(text)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    "text", ["2026-12-01T09:00", "2026-12-01T09:00 0", "2026-12-01T09:00 15m", "soon 15"]
)
def test_an_announced_event_is_a_time_and_minutes(text: str) -> None:
    with pytest.raises(ValueError, match=r"must be (a time|\"TIME MINUTES\")"):
        parse_announced([text])


def test_a_slot_without_a_profile_is_refused() -> None:
    with pytest.raises(ValueError, match="must be a window and the name of a profile"):
        parse_slots(["weekend"])


def test_a_moment_is_spoken_with_its_day() -> None:
    assert spoken(ms("2026-12-26")) == "Sat 2026-12-26 00:00 UTC"
