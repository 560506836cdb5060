"""Units, steps and ticks: what an amount and a price mean at the venue."""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedger.domain.instrument import AmountUnit, Instrument, Kind, Payoff, TickStep
from tests.portfolio import market


def test_only_inverse_futures_are_counted_in_dollars() -> None:
    assert market.perpetual().amount_unit is AmountUnit.USD
    assert market.future().amount_unit is AmountUnit.USD
    assert market.option().amount_unit is AmountUnit.COIN
    assert market.linear_perpetual().amount_unit is AmountUnit.COIN
    assert market.option(payoff=Payoff.LINEAR).amount_unit is AmountUnit.COIN


@pytest.mark.parametrize(
    ("kind", "is_option", "is_future"),
    [
        (Kind.OPTION, True, False),
        (Kind.FUTURE, False, True),
        (Kind.PERPETUAL, False, True),
        (Kind.SPOT, False, False),
        (Kind.FUTURE_COMBO, False, False),
        (Kind.OPTION_COMBO, False, False),
    ],
)
def test_a_hedge_is_made_of_futures_and_perpetuals_only(kind: Kind, is_option: bool, is_future: bool) -> None:
    instrument = market.perpetual(kind=kind)
    assert (instrument.is_option, instrument.is_future) == (is_option, is_future)


def test_the_units_of_an_inverse_perpetual() -> None:
    perpetual = market.perpetual()
    assert perpetual.contracts(Decimal(36_640)) == 3_664
    assert perpetual.amount_to_coin(Decimal(36_640), 100_000.0) == pytest.approx(0.3664)
    assert perpetual.coin_to_amount(0.3664, 100_000.0) == pytest.approx(36_640)
    assert perpetual.amount_to_usd(Decimal(36_640), 50_000.0) == 36_640


def test_the_units_of_a_linear_perpetual() -> None:
    linear = market.linear_perpetual()
    assert linear.contracts(Decimal("0.5")) == 5_000
    assert linear.amount_to_coin(Decimal("0.5"), 100_000.0) == 0.5
    assert linear.coin_to_amount(0.5, 100_000.0) == 0.5
    assert linear.amount_to_usd(Decimal("0.5"), 100_000.0) == 50_000


def test_amounts_step_by_contracts_for_futures_and_by_the_minimum_for_options() -> None:
    assert market.perpetual(min_trade_amount=Decimal(100)).amount_step == 10
    assert market.option().amount_step == Decimal("0.1")


@pytest.mark.parametrize(
    ("amount", "legal"),
    [("10", True), ("36640", True), ("0", False), ("-10", False), ("15", False), ("5", False)],
)
def test_a_legal_amount_is_a_whole_number_of_steps_and_not_too_small(amount: str, legal: bool) -> None:
    assert market.perpetual().legal_amount(Decimal(amount)) is legal


def test_a_minimum_above_the_step_counts() -> None:
    assert not market.perpetual(min_trade_amount=Decimal(100)).legal_amount(Decimal(90))


@pytest.mark.parametrize(
    ("price", "tick"), [("0.0049", "0.0001"), ("0.005", "0.0005"), ("0.2", "0.001"), ("0.1", "0.001")]
)
def test_the_tick_grows_with_the_price_in_whatever_order_the_steps_are_sent(price: str, tick: str) -> None:
    steps = (TickStep(Decimal("0.1"), Decimal("0.001")), TickStep(Decimal("0.005"), Decimal("0.0005")))
    assert market.option(tick_steps=steps).tick_at(Decimal(price)) == Decimal(tick)


@pytest.mark.parametrize(
    ("price", "down", "up"),
    [(0.00494, "0.0049", "0.005"), (0.0052, "0.005", "0.0055"), (0.0055, "0.0055", "0.0055")],
)
def test_prices_round_to_the_side_asked_for(price: float, down: str, up: str) -> None:
    option = market.option()
    assert option.round_price(price, up=False) == Decimal(down)
    assert option.round_price(price, up=True) == Decimal(up)


def test_a_float_price_is_taken_as_it_is_written() -> None:
    """0.1 means a tenth, not the binary fraction a little above it."""
    assert market.perpetual(tick_size=Decimal("0.1")).round_price(0.1, up=True) == Decimal("0.1")


@pytest.mark.parametrize(
    ("price", "legal"), [("0.0052", False), ("0.0055", True), ("0", False), ("-0.001", False)]
)
def test_a_legal_price_is_a_positive_whole_number_of_ticks(price: str, legal: bool) -> None:
    assert market.option().legal_price(Decimal(price)) is legal


@given(price=st.floats(1e-4, 2.0), up=st.booleans())
def test_a_rounded_price_is_legal_and_at_most_a_tick_away(price: float, up: bool) -> None:
    option = market.option()
    rounded = option.round_price(price, up=up)
    exact = Decimal(repr(price))
    assert rounded == 0 or option.legal_price(rounded)
    assert (rounded >= exact) if up else (rounded <= exact)
    assert abs(rounded - exact) < option.tick_at(exact)


@pytest.mark.parametrize(
    ("amount", "rounding", "rounded"),
    [(14.9, ROUND_DOWN, "10"), (10.1, ROUND_UP, "20"), (4.0, ROUND_DOWN, "0")],
)
def test_amounts_round_to_whole_steps(amount: float, rounding: str, rounded: str) -> None:
    assert market.perpetual().round_amount(amount, rounding) == Decimal(rounded)


@given(amount=st.floats(0, 1e7))
def test_by_default_an_amount_rounds_to_the_nearest_step(amount: float) -> None:
    instrument: Instrument = market.perpetual()
    rounded = instrument.round_amount(amount)
    assert rounded % instrument.amount_step == 0
    assert abs(float(rounded) - amount) <= 5.000001
