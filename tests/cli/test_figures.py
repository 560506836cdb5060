"""Figures a trader reads: signs, separators, and a dash for what is not known."""

from __future__ import annotations

import pytest

from hedger.cli.figures import UNKNOWN, age, cap_name, clock, coin, number, pct, usd, words


def test_what_is_not_known_is_a_dash_and_never_zero() -> None:
    assert {number(None), coin(None), usd(None), pct(None), age(None)} == {UNKNOWN}


@pytest.mark.parametrize(
    ("value", "text"), [(0.04123, "+0.0412"), (-1234.5, "-1,234.5000"), (0.0, "0.0000"), (-0.00001, "0.0000")]
)
def test_a_delta_carries_its_sign_unless_it_rounds_to_zero(value: float, text: str) -> None:
    assert coin(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.25, "0.2 s"), (119.0, "119.0 s"), (600.0, "10 min"), (9000.0, "2.5 h")]
)
def test_an_age_is_short(seconds: float, text: str) -> None:
    assert age(seconds) == text


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("max_turnover_hour_usd", "turnover hour"),
        ("max_hedge_position_coin", "hedge position"),
        ("max_orders_per_minute", "orders per minute"),
        ("max_loss_coin", "loss"),
    ],
)
def test_a_cap_is_named_without_the_prefix_of_its_key_and_its_unit(key: str, text: str) -> None:
    assert cap_name(key) == text


def test_words_and_times_are_plain() -> None:
    assert words("would_hedge") == "would hedge"
    assert clock("2026-02-02T02:40:00.123Z") == "02:40:00"
    assert pct(0.512) == "51.2 %"
    assert usd(64250.4) == "64,250"
