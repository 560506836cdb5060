"""Which intervals count, and what a hedge gained in them, by figures worked out by hand."""

from __future__ import annotations

import random
import statistics
from decimal import Decimal

import pytest

from hedger.engine.shadow.grid import Gains, Grid, Picture, gains
from hedger.engine.shadow.ledger import Worth
from hedger.engine.shadow.moments import Moments

HELD = (("BTC-30JAN26-105000-C", Decimal(-10)),)
NOTHING = Worth(0.0, 0.0)


def picture(
    minute: float, *, live: float = 0.0, own: float = 0.0, common: float = 0.0, held: object = HELD
) -> Picture:
    """At that minute, counted in coin."""
    assert isinstance(held, tuple)
    ms = round(minute * 60_000)
    return Picture(ms, held, 100_000.0, None, Worth(common, 0.0), Worth(live, 0.0), Worth(own, 0.0))


def test_variance_and_ratio_of_figures_by_hand() -> None:
    """Live gains 1, -1, 1, -1 coin a minute (variance 4/3); the shadow half of each (1/3): ratio 1/4."""
    grid = Grid(60)
    for minute in range(5):
        grid.take(picture(minute, live=float(minute % 2), own=0.5 * (minute % 2)))
    assert grid.live.count == 4
    assert grid.live.variance == pytest.approx(4 / 3)
    assert grid.own.variance == pytest.approx(1 / 3)
    assert grid.variance_ratio == pytest.approx(0.25)
    assert grid.apart.sd == pytest.approx((1 / 3) ** 0.5)


def test_what_both_hold_is_in_the_gain_of_both() -> None:
    """The options lose 0.3 coin, the live hedge earns 0.2 of it back and the shadow's all of it."""
    found = gains(picture(0), picture(1, common=-0.3, live=0.2, own=0.3))
    assert found == (pytest.approx(-0.1), pytest.approx(0.0))


def test_in_dollars_the_collateral_moves_with_the_index() -> None:
    """Theory 4: E0 dS + dE S1. Five coins and a rise of 1,000; the book gains 0.01 coin, the shadow 0.02."""
    before = Picture(0, HELD, 100_000.0, Gains(5.0, 5.5), NOTHING, NOTHING, NOTHING)
    after = Picture(60_000, HELD, 101_000.0, Gains(5.0, 5.5), Worth(0.01, 0.0), NOTHING, Worth(0.01, 0.0))
    found = gains(before, after)
    assert found.live == pytest.approx(5.0 * 1_000 + 0.01 * 101_000)
    assert found.own == pytest.approx(5.5 * 1_000 + 0.02 * 101_000)


def test_dollars_of_a_book_counted_in_coin_are_coin_at_the_index() -> None:
    before = Picture(0, HELD, 100_000.0, None, Worth(0.0, 50.0), NOTHING, NOTHING)
    after = Picture(60_000, HELD, 125_000.0, None, Worth(0.0, 300.0), NOTHING, Worth(0.0, -125.0))
    assert gains(before, after) == (pytest.approx(250 / 125_000), pytest.approx(125 / 125_000))


def test_a_trade_or_an_expiry_in_between_is_no_gain_of_a_hedge() -> None:
    grid = Grid(60)
    grid.take(picture(0))
    grid.take(picture(1, common=7.0, held=(("BTC-30JAN26-105000-C", Decimal(-9)),)))
    assert grid.live.count == 0


def test_a_slot_nobody_looked_in_breaks_the_row() -> None:
    grid = Grid(60)
    for minute in (0.0, 2.0, 3.1, 3.9, 4.5):
        grid.take(picture(minute, live=minute))
    assert grid.live.count == 2, "2 to 3.1 and 3.1 to 4.5; 3.9 is the second look in its slot"
    assert grid.live.mean == pytest.approx((1.1 + 1.4) / 2)


def test_open_delta_is_told_by_its_root_mean_square() -> None:
    """Gaps of 3 and 4 coin: sqrt(25 / 2); the shadow's of 0 and 2: sqrt(2)."""
    grid = Grid(60)
    assert grid.gap_rms is None
    for minute, gaps in enumerate((Gains(3.0, 0.0), Gains(-4.0, 2.0))):
        grid.take(picture(minute)._replace(gaps=gaps))
    assert grid.gap_rms == (pytest.approx(12.5**0.5), pytest.approx(2**0.5))


def test_a_ratio_to_nothing_is_not_known() -> None:
    grid = Grid(60)
    for minute in range(4):
        grid.take(picture(minute, own=float(minute % 2)))
    assert grid.variance_ratio is None


def test_moments_are_those_of_the_whole_list() -> None:
    draw = random.Random(5)
    figures = [1e6 + draw.gauss(0.0, 1e-3) for _ in range(1_000)]
    moments = Moments()
    for figure in figures:
        moments.add(figure)
    assert moments.mean == pytest.approx(statistics.fmean(figures), rel=1e-13)
    assert moments.variance == pytest.approx(statistics.variance(figures), rel=1e-4)
    assert (Moments(1, 3.0).variance, Moments(1, 3.0).sd) == (None, None)
