from __future__ import annotations

from datetime import date

import pytest

from hedger.simulator.world.expiries import (
    expiry_code,
    expiry_ms,
    last_friday,
    listed_expiries,
    parse_expiry_code,
    settlement_period,
    usual_creation_ms,
)
from tests.simulator.world.worlds import DAY_MS, ORIGIN_MS, utc_ms


def test_an_expiry_is_at_eight_utc_and_named_without_a_leading_zero() -> None:
    assert expiry_ms(date(2026, 1, 9)) == utc_ms(2026, 1, 9, 8)
    assert expiry_code(utc_ms(2026, 1, 9, 8)) == "9JAN26"
    assert expiry_code(utc_ms(2026, 12, 25, 8)) == "25DEC26"


@pytest.mark.parametrize("code", ["9JAN26", "25DEC26", "1MAR30"])
def test_a_code_read_back_is_the_same_expiry(code: str) -> None:
    assert expiry_code(parse_expiry_code(code)) == code


@pytest.mark.parametrize("code", ["9FOO26", "JAN26", "9JANxx"])
def test_a_malformed_code_is_named(code: str) -> None:
    with pytest.raises(ValueError, match=code):
        parse_expiry_code(code)


def test_the_last_friday_of_a_month_also_in_december() -> None:
    assert last_friday(2026, 1) == date(2026, 1, 30)
    assert last_friday(2026, 12) == date(2026, 12, 25)
    assert last_friday(2027, 4) == date(2027, 4, 30)


@pytest.mark.parametrize(
    ("day", "period"),
    [
        (date(2026, 1, 8), "day"),
        (date(2026, 1, 9), "week"),
        (date(2026, 1, 30), "month"),
        (date(2026, 3, 27), "month"),
    ],
)
def test_the_settlement_period_follows_the_calendar(day: date, period: str) -> None:
    assert settlement_period(expiry_ms(day)) == period


def test_the_calendar_lists_dailies_fridays_month_ends_and_quarter_ends() -> None:
    assert [expiry_code(expiry) for expiry in listed_expiries(ORIGIN_MS)] == [
        "8JAN26", "9JAN26", "10JAN26", "11JAN26", "16JAN26", "23JAN26", "30JAN26", "27FEB26", "27MAR26",
        "26JUN26", "25SEP26", "25DEC26",
    ]  # fmt: skip


def test_an_expiry_leaves_the_list_at_the_instant_it_expires() -> None:
    expiry = utc_ms(2026, 1, 8, 8)
    assert listed_expiries(expiry - 1)[0] == expiry
    assert listed_expiries(expiry)[0] == expiry + DAY_MS


def test_longer_periods_are_listed_longer() -> None:
    day, week, month = (parse_expiry_code(code) for code in ("8JAN26", "9JAN26", "30JAN26"))
    lifetimes = [expiry - usual_creation_ms(expiry) for expiry in (day, week, month)]
    assert lifetimes == sorted(lifetimes)
    assert lifetimes[0] == 4 * DAY_MS
