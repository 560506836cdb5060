"""What a unit of hedge costs in an instrument over its life."""

from __future__ import annotations

import math

import pytest

from hedger.execution.carry import cost
from tests.execution.expiries import HOME, NOW_MS, candidate, recorded

TERMS = {"good_days": math.inf, "capital_rate": 0.0}


def test_a_perpetual_costs_its_funding_three_times_a_day_and_two_trades() -> None:
    told = cost(candidate(HOME, funding_8h=0.0001), +1, 10.0, NOW_MS, **TERMS)
    assert told.carry == pytest.approx(0.003)
    assert told.total == pytest.approx(0.003 + 2 * 0.00036)
    assert told.standing == pytest.approx(told.total - 0.00036)


def test_who_is_short_earns_what_who_is_long_pays() -> None:
    for each in (candidate(HOME, funding_8h=0.0001), candidate("BTC-27MAR26", 70.0, basis=0.01)):
        long, short = (cost(each, side, 10.0, NOW_MS, **TERMS) for side in (+1, -1))
        assert long.carry == -short.carry > 0.0


def test_a_dated_future_costs_its_basis_as_far_as_it_runs_off() -> None:
    told = cost(candidate("BTC-27MAR26", 70.0, basis=0.01), +1, 7.0, NOW_MS, **TERMS)
    assert told.carry == pytest.approx(math.log(1.01) / 10.0)
    assert told.roll == 0.0


@pytest.mark.parametrize(("life_days", "rolls"), [(5.0, 0), (10.0, 0), (10.1, 1), (20.0, 1), (35.0, 3)])
def test_a_life_longer_than_the_future_is_good_for_costs_a_roll_each_time(
    life_days: float, rolls: int
) -> None:
    each = candidate("BTC-28JAN26", 12.0)
    told = cost(each, -1, life_days, NOW_MS, good_days=10.0, capital_rate=0.0)
    assert told.roll == pytest.approx(rolls * 2 * each.trade)


def test_margin_costs_what_it_could_earn_elsewhere() -> None:
    told = cost(candidate(HOME), +1, 365.0, NOW_MS, good_days=math.inf, capital_rate=0.05)
    assert told.margin == pytest.approx(0.02 * 0.05)


@pytest.mark.parametrize(("mark", "life"), [(0.0, 1.0), (math.nan, 1.0), (1e5, 0.0), (1e5, math.inf)])
def test_what_is_not_finite_and_above_nothing_is_refused(mark: float, life: float) -> None:
    with pytest.raises(ValueError, match="must be finite and above 0"):
        cost(candidate(HOME)._replace(mark_usd=mark), 1, life, NOW_MS, **TERMS)


def test_the_recorded_futures_carry_four_to_six_per_cent_a_year_and_the_perpetual_next_to_nothing() -> None:
    now_ms, home, dated = recorded("20260118")
    year = {each.instrument: cost(each, +1, 365.0, now_ms, **TERMS).carry for each in (home, *dated)}
    assert year.pop(home.instrument) == 0.0
    assert all(0.02 < carry < 0.065 for carry in year.values()), year
