"""Losses in what the book keeps neutral, from the equity, net of what was paid in or out."""

from __future__ import annotations

import math

import pytest

from hedger.domain.time_units import DAY_MS
from hedger.domain.vocabulary import Neutral
from hedger.risk.envelope import Envelope
from hedger.risk.loss import Wallets, day_of, loss_caps, reference

BEFORE = reference(0, Wallets(10.0, 0.0, 100_000.0))
LIMITS = Envelope(max_loss_day_coin=1.0, max_loss_coin=2.0, max_loss_day_usd=5e4, max_loss_usd=1e5)


def test_a_coin_book_that_falls_with_the_coin_has_lost_nothing() -> None:
    assert BEFORE.lost(Wallets(10.0, 0.0, 70_000.0), Neutral.COIN) == 0.0


def test_a_usd_book_that_falls_with_the_coin_has_lost_what_it_fell() -> None:
    assert BEFORE.lost(Wallets(10.0, 0.0, 70_000.0), Neutral.USD) == pytest.approx(300_000.0)
    assert BEFORE.lost(Wallets(10 / 0.7, 0.0, 70_000.0), Neutral.USD) == pytest.approx(0.0)


def test_dollars_beside_the_coin_are_not_lost_when_the_coin_rises() -> None:
    """Each wallet by itself: what lies in dollars buys less coin, and is no loss of the hedging."""
    before = reference(0, Wallets(10.0, 500_000.0, 100_000.0))
    assert before.lost(Wallets(10.0, 500_000.0, 200_000.0), Neutral.COIN) == 0.0
    assert before.lost(Wallets(10.0, 480_000.0, 200_000.0), Neutral.COIN) == pytest.approx(0.1)
    assert before.lost(Wallets(10.0, 480_000.0, 100_000.0), Neutral.USD) == pytest.approx(20_000.0)


def test_a_withdrawal_is_no_loss_and_a_deposit_hides_none() -> None:
    paid_out = BEFORE.with_flow(-4.0, 0.0, 100_000.0)
    assert paid_out.lost(Wallets(6.0, 0.0, 100_000.0), Neutral.COIN) == 0.0
    assert paid_out.lost(Wallets(6.0, 0.0, 100_000.0), Neutral.USD) == 0.0
    paid_in = BEFORE.with_flow(5.0, 0.0, 100_000.0)
    assert paid_in.lost(Wallets(14.0, 0.0, 100_000.0), Neutral.COIN) == pytest.approx(1.0)
    assert BEFORE.with_flow(0.0, 1e3, 1e5).lost(Wallets(10.0, 0.0, 1e5), Neutral.USD) == 1e3


@pytest.mark.parametrize(
    ("neutral", "names"),
    [
        (Neutral.COIN, ["max_loss_day_coin", "max_loss_coin"]),
        (Neutral.BLACK, ["max_loss_day_coin", "max_loss_coin"]),
        (Neutral.USD, ["max_loss_day_usd", "max_loss_usd"]),
    ],
)
def test_the_caps_are_those_of_the_books_own_unit(neutral: Neutral, names: list[str]) -> None:
    caps = loss_caps(BEFORE, BEFORE, Wallets(9.5, 0.0, 100_000.0), neutral, LIMITS)
    assert [cap.name for cap in caps] == names
    assert caps[0].used == pytest.approx(50_000.0 if neutral is Neutral.USD else 0.5)


def test_a_profit_uses_nothing_and_a_cap_of_zero_is_none() -> None:
    rich = Wallets(11.0, 0.0, 100_000.0)
    assert [cap.used for cap in loss_caps(BEFORE, BEFORE, rich, Neutral.COIN, LIMITS)] == [0.0, 0.0]
    assert loss_caps(BEFORE, BEFORE, rich, Neutral.COIN, Envelope()) == ()


def test_a_figure_that_is_no_number_is_no_profit() -> None:
    broken = Wallets(math.nan, 0.0, 100_000.0)
    assert all(math.isnan(cap.used) for cap in loss_caps(BEFORE, BEFORE, broken, Neutral.COIN, LIMITS))


def test_days_are_utc() -> None:
    assert day_of(DAY_MS - 1) == 0
    assert day_of(DAY_MS) == 1
