"""Days and times in options: what they come to, and what is refused by name."""

from __future__ import annotations

from datetime import date

import pytest

from hedger.cli.instants import day, instant_ms, span_ms
from hedger.domain.errors import ConfigError
from hedger.domain.time_units import DAY_MS, HOUR_MS

NEW_YEAR_MS = 20_454 * DAY_MS  # 2026-01-01 00:00 UTC


def test_a_day_begins_at_midnight_and_a_time_is_of_utc_unless_it_says_otherwise() -> None:
    assert instant_ms("--from", "2026-01-01") == NEW_YEAR_MS
    assert instant_ms("--from", "2026-01-01T08:00") == NEW_YEAR_MS + 8 * HOUR_MS
    assert instant_ms("--from", "2026-01-01T08:00+02:00") == NEW_YEAR_MS + 6 * HOUR_MS
    assert day("--from", "2026-01-01") == date(2026, 1, 1)


def test_what_is_not_given_bounds_nothing() -> None:
    assert span_ms(None, None) == (None, None)
    assert span_ms("2026-01-01", None) == (NEW_YEAR_MS, None)


@pytest.mark.parametrize("text", ["", "noon", "2026-13-01", "01.02.2026"])
def test_what_is_no_time_is_refused_with_option_value_and_an_example(text: str) -> None:
    with pytest.raises(ConfigError) as refused:
        span_ms(None, text)
    assert str(refused.value).startswith(f"--to {text!r}: must be a day or time")
    assert "2026-02-01T08:00" in str(refused.value)


def test_a_day_has_no_time() -> None:
    with pytest.raises(ConfigError, match="--from '2026-01-01T08:00': must be a day like 2026-02-01"):
        day("--from", "2026-01-01T08:00")


@pytest.mark.parametrize("until", ["2026-01-01", "2025-12-31"])
def test_a_span_ends_after_it_begins(until: str) -> None:
    with pytest.raises(ConfigError, match=f"--from '2026-01-01': must be before --to '{until}'"):
        span_ms("2026-01-01", until)
