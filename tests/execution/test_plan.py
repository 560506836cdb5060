"""From a wanted change to whole lots at legal prices."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedger.domain.instrument import Instrument
from hedger.domain.order import OrderType, Side, TimeInForce
from hedger.domain.vocabulary import Reason
from hedger.execution.params import ExecutionParams, Style
from hedger.execution.plan import NoPlan, Planned, Round, plan, smallest_amount
from tests.portfolio import market

LOT = 1e-4  # 10 USD at 100,000 USD per coin


def planned(change: float, rounding: Round = Round.NEAREST, **given_: Any) -> Planned | NoPlan:
    instrument: Instrument = given_.pop("instrument", market.perpetual())
    quote = given_.pop("quote", market.future_quote(instrument.name))
    params = given_.pop("params", ExecutionParams())
    return plan(change, instrument, quote, params, rounding, **given_)


def order(change: float, rounding: Round = Round.NEAREST, **given_: Any) -> Planned:
    answer = planned(change, rounding, **given_)
    assert isinstance(answer, Planned)
    return answer


def none(change: float, rounding: Round = Round.NEAREST, **given_: Any) -> Reason:
    answer = planned(change, rounding, **given_)
    assert isinstance(answer, NoPlan)
    assert answer.detail
    return answer.reason


def test_an_order_speaks_every_unit() -> None:
    buy = order(0.366357)
    assert (buy.side, buy.amount, buy.contracts) == (Side.BUY, Decimal(36_640), Decimal(3_664))
    assert (buy.coin, buy.usd) == (pytest.approx(0.3664), 36_640.0)
    assert buy.residual_coin == pytest.approx(-0.000043)
    sell = order(-0.366357)
    assert (sell.side, sell.amount, sell.coin) == (Side.SELL, Decimal(36_640), buy.coin)
    assert sell.residual_coin == pytest.approx(0.000043)


def test_a_linear_hedge_is_planned_in_coin() -> None:
    linear = market.linear_perpetual(contract_size=Decimal("0.001"), min_trade_amount=Decimal("0.001"))
    sell = order(-0.3664, instrument=linear)
    assert (sell.amount, sell.contracts) == (Decimal("0.366"), Decimal(366))
    assert (sell.coin, sell.usd) == (pytest.approx(0.366), pytest.approx(36_600.0))


@pytest.mark.parametrize(
    ("rounding", "lots", "amount"),
    [
        (Round.INWARD, 3.2, 40),
        (Round.INWARD, 3.0, 30),
        (Round.NEAREST, 3.2, 30),
        (Round.NEAREST, 3.5, 30),  # a tie trades less
        (Round.NEAREST, 3.6, 40),
        (Round.DOWN_AT_LEAST_ONE, 3.9, 30),
        (Round.DOWN_AT_LEAST_ONE, 0.9, 10),
    ],
)
def test_each_rounding_does_what_its_name_says(rounding: Round, lots: float, amount: int) -> None:
    assert order(lots * LOT, rounding).amount == amount


@pytest.mark.parametrize("rounding", Round)
def test_noise_of_floats_is_not_another_lot(rounding: Round) -> None:
    """0.3 coin at 100,000 is 30,000.000000000004 USD: three thousand lots, not one more."""
    assert order(0.1 + 0.2, rounding).amount == 30_000
    assert order(0.3 - 1e-16, rounding).amount == 30_000


@pytest.mark.parametrize("rounding", Round)
@pytest.mark.parametrize("lots", [0.0, 0.3, 0.5, -0.5])
def test_where_no_lot_ends_nearer_the_book_stands_still(rounding: Round, lots: float) -> None:
    assert none(lots * LOT, rounding) is Reason.MIN_LOT


def test_a_small_step_over_the_edge_is_hedged_when_the_target_is_far() -> None:
    """A third of a lot beyond the edge, the target ten lots away: one lot inward ends nearer to it."""
    inward = order(0.3 * LOT, Round.INWARD, gap_coin=10 * LOT)
    assert inward.amount == 10
    assert inward.residual_coin == pytest.approx(9 * LOT)


def test_a_change_of_nothing_plans_nothing_however_far_the_target_is() -> None:
    assert none(0.0, Round.INWARD, gap_coin=1.0) is Reason.MIN_LOT


def test_inward_does_not_overstep_the_far_edge() -> None:
    band: dict[str, Any] = {"gap_coin": 2.2 * LOT}
    assert order(1.3 * LOT, Round.INWARD, room_coin=3.1 * LOT, **band).amount == 20
    assert order(1.3 * LOT, Round.INWARD, room_coin=1.9 * LOT, **band).amount == 10
    assert none(0.3 * LOT, Round.INWARD, room_coin=0.8 * LOT, **band) is Reason.MIN_LOT


def test_a_minimum_above_the_step_is_traded_only_where_it_ends_nearer() -> None:
    block = market.perpetual(min_trade_amount=Decimal(95))
    assert smallest_amount(block) == 100
    assert order(6 * LOT, instrument=block).amount == 100
    assert none(5 * LOT, instrument=block) is Reason.MIN_LOT


def test_the_price_is_capped_by_slippage_and_rounded_to_the_safe_side() -> None:
    quote = market.future_quote(mark=100_000.3, bid=99_999.5, ask=100_000.5)
    params = ExecutionParams(max_slippage_fraction=0.001)
    buy, sell = order(0.1, quote=quote, params=params), order(-0.1, quote=quote, params=params)
    assert (buy.price, sell.price) == (Decimal(100_100), Decimal("99900.5"))
    assert (buy.order_type, buy.time_in_force) == (OrderType.LIMIT, TimeInForce.IOC)


def test_noise_of_floats_costs_no_tick() -> None:
    """1,000 plus 0.1 % is 1000.9999999999999 in floats."""
    assert order(0.1, quote=market.future_quote(mark=1_000.0)).price == 1_001


def test_the_price_stays_inside_the_venues_band() -> None:
    quote = market.future_quote(min_price=99_950.2, max_price=100_050.2)
    assert order(0.1, quote=quote).price == Decimal(100_050)
    assert order(-0.1, quote=quote).price == Decimal("99950.5")


def test_a_market_order_has_no_price() -> None:
    market_order = order(0.1, params=ExecutionParams(style=Style.MARKET))
    assert (market_order.price, market_order.order_type) == (None, OrderType.MARKET)


def test_no_order_is_sent_that_its_cap_forbids_to_trade() -> None:
    """An immediate order below the best offer would only be cancelled, step after step."""
    quote = market.future_quote(bid=99_899.0, ask=100_101.0)
    assert none(0.1, quote=quote) is Reason.NO_LIQUIDITY
    assert none(-0.1, quote=quote) is Reason.NO_LIQUIDITY
    empty = market.future_quote(bid=None, ask=None)  # nothing to compare with: judged at the door
    assert order(0.1, quote=empty).price == order(0.1).price


@pytest.mark.parametrize("change", [math.nan, math.inf])
def test_numbers_that_are_none_plan_nothing(change: float) -> None:
    assert none(change) is Reason.BAD_INPUT


@pytest.mark.parametrize("mark", [0.0, -1.0, math.nan, math.inf])
def test_without_a_mark_nothing_is_planned(mark: float) -> None:
    assert none(0.1, quote=market.future_quote(mark=mark)) is Reason.BAD_INPUT


def test_a_cap_below_the_first_tick_is_no_price() -> None:
    quote = market.future_quote(mark=0.3, bid=None, ask=None)
    assert none(100.0, quote=quote) is Reason.BAD_INPUT


@given(
    change=st.floats(-50, 50),
    beyond=st.floats(0, 5),
    rounding=st.sampled_from(Round),
    mark=st.floats(1_000, 500_000),
    minimum=st.sampled_from([10, 25, 100]),
)
def test_an_order_always_ends_nearer_the_target(
    change: float, beyond: float, rounding: Round, mark: float, minimum: int
) -> None:
    """Whatever the rounding: same direction, legal, nearer the target, within a lot of what was asked."""
    instrument = market.perpetual(min_trade_amount=Decimal(minimum))
    gap = change + math.copysign(beyond, change)
    answer = planned(
        change, rounding, instrument=instrument, quote=market.future_quote(mark=mark), gap_coin=gap
    )
    lot, least = 10 / mark, float(smallest_amount(instrument)) / mark
    if isinstance(answer, NoPlan):
        assert answer.reason is Reason.MIN_LOT
        asked = abs(gap) if rounding is Round.INWARD and change else abs(change)
        assert asked <= least * 1.000001
        return
    assert instrument.legal_amount(answer.amount)
    assert answer.side is Side.of(change)
    assert abs(answer.residual_coin) < abs(gap)
    off = answer.coin - abs(change)
    noise = 1e-6 * lot + 1e-9 * abs(change)
    if answer.coin > least:
        assert (
            off <= {Round.INWARD: lot, Round.NEAREST: lot / 2, Round.DOWN_AT_LEAST_ONE: 0.0}[rounding] + noise
        )
        assert (
            off
            >= {Round.INWARD: 0.0, Round.NEAREST: -lot / 2, Round.DOWN_AT_LEAST_ONE: -lot}[rounding] - noise
        )


@given(mark=st.floats(1_000, 500_000), slippage=st.floats(1e-5, 0.05), buy=st.booleans())
def test_the_price_never_exceeds_its_cap(mark: float, slippage: float, buy: bool) -> None:
    quote = market.future_quote(mark=mark, bid=None, ask=None)
    params = ExecutionParams(max_slippage_fraction=slippage)
    answer = order(1.0 if buy else -1.0, quote=quote, params=params)
    assert answer.price is not None
    assert market.perpetual().legal_price(answer.price)
    cap = Decimal(repr(mark)) * (1 + (1 if buy else -1) * Decimal(repr(slippage)))
    assert abs(answer.price - cap) < Decimal("0.5")
    assert answer.price <= cap if buy else answer.price >= cap
