"""Standard margin by hand: each position by itself, nothing netted."""

from __future__ import annotations

from decimal import Decimal

import pytest

from hedger.domain.instrument import Instrument
from hedger.risk.standard import Holding, Required, option_rates, standard
from tests.portfolio import market
from tests.risk.accounts import BTC_USD, perpetual


def test_a_perpetual_costs_its_size_over_the_leverage_and_half_of_that_to_keep() -> None:
    ten_coins = standard(perpetual(), 1_000_000.0)

    assert ten_coins.initial == pytest.approx(10 * (0.02 + 10 * 5e-5))
    assert ten_coins.maintenance == pytest.approx(10 * (0.01 + 10 * 5e-5))


def test_long_and_short_cost_the_same_and_a_larger_position_costs_more_by_the_coin() -> None:
    assert standard(perpetual(), -500_000.0) == standard(perpetual(), 500_000.0)
    assert standard(perpetual(), 2_000_000.0).initial > 2 * standard(perpetual(), 1_000_000.0).initial


def test_a_long_future_beside_a_short_perpetual_costs_too() -> None:
    """Nothing is netted: hedging one with the other is paid for twice."""
    future = Holding(market.future(max_leverage=Decimal(25)), 0.0, 101_000.0, 101_000.0)
    both = standard(future, 1_010_000.0).initial + standard(perpetual(), -1_000_000.0).initial
    assert both > standard(perpetual(), -1_000_000.0).initial + 10 * 0.04


def test_the_venues_own_figure_is_the_base_of_what_an_order_adds() -> None:
    told = perpetual(1_000_000.0)._replace(told=Required(0.5, 0.25), told_size=1_000_000.0)

    assert standard(told, 1_000_000.0).initial == pytest.approx(0.5)
    assert standard(told, 2_000_000.0).initial == pytest.approx(1.0 + 20 * 10 * 5e-5)


def test_a_told_figure_of_next_to_nothing_is_not_believed_below_the_leverage() -> None:
    told = perpetual(1_000_000.0)._replace(told=Required(0.0, 0.0), told_size=1_000_000.0)
    assert standard(told, 1_000_000.0).initial >= 10 * 0.02


def test_an_instrument_that_tells_no_leverage_is_dear() -> None:
    untold = Holding(market.perpetual(), 0.0, BTC_USD, BTC_USD)
    assert standard(untold, 1_000_000.0).initial > 10 * 0.1


def test_a_linear_position_costs_dollars() -> None:
    listed = market.linear_perpetual(max_leverage=Decimal(50))
    two_coins = standard(Holding(listed, 0.0, BTC_USD, BTC_USD), 2.0)
    assert two_coins.initial == pytest.approx(200_000 * (0.02 + 2 * 5e-5))


def short(listed: Instrument, mark: float, size: float = -10.0) -> Required:
    return standard(Holding(listed, size, mark, BTC_USD, 0.55), size)


def test_a_short_call_out_of_the_money_is_charged_less_down_to_a_tenth() -> None:
    near = short(market.option(strike=105_000), 0.04)
    far = short(market.option("BTC-21OCT26-200000-C", 200_000), 0.001)

    assert near.initial == pytest.approx(10 * (0.15 - 0.05 + 0.04))
    assert far.initial == pytest.approx(10 * (0.10 + 0.001))
    assert near.maintenance == pytest.approx(10 * (0.075 + 0.04))


def test_a_long_option_is_paid_for_and_costs_no_margin() -> None:
    assert short(market.option(), 0.04, size=10.0) == Required(0.0, 0.0)


def test_a_deep_short_put_is_kept_by_its_own_mark() -> None:
    """In coin a put can be worth more than a coin: 7.5 % of the mark replaces 7.5 % of the coin."""
    rates = option_rates(300_000.0, -1, BTC_USD, 2.0)
    assert rates.maintenance == pytest.approx(0.075 * 2.0 + 2.0)
    assert rates.initial == pytest.approx(0.15 + 2.0)
