"""Clips, pegs and what a hedge costs."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedger.domain.order import Side, TimeInForce
from hedger.domain.vocabulary import Reason
from hedger.execution.costs import NOTHING, Rates, expected_usd, rates_of, shortfall
from hedger.execution.params import ExecutionParams, Style
from hedger.execution.plan import NoPlan, Planned, Round, clip, peg, plan
from tests.portfolio import market

INVERSE = market.perpetual()
LINEAR = market.linear_perpetual(contract_size=Decimal("0.001"), min_trade_amount=Decimal("0.001"))


def quote(**changes: Any) -> Any:
    return market.future_quote(**{"bid": 99_999.5, "ask": 100_000.5, **changes})


def planned(change: float = 3.0, **params: Any) -> Planned:
    made = plan(change, INVERSE, quote(), ExecutionParams(**params), Round.NEAREST)
    assert isinstance(made, Planned)
    return made


def clipped(amount: float, share: float, floor_usd: float = 0.0, change: float = 3.0) -> Planned:
    params = ExecutionParams(depth_share=share, min_clip_usd=floor_usd)
    sides = {"ask_amount": amount, "bid_amount": amount}
    return clip(planned(change), INVERSE, quote(**sides), params)


def test_a_clip_is_its_share_of_the_side_it_takes_in_whole_lots() -> None:
    child = clipped(100_005.0, 0.5)
    assert (child.amount, child.coin, child.usd) == (Decimal(50_000), pytest.approx(0.5), 50_000.0)
    assert child.contracts == 5_000
    assert child.residual_coin == pytest.approx(2.5)


def test_selling_looks_at_the_bid() -> None:
    params = ExecutionParams(depth_share=1.0, min_clip_usd=0.0)
    sell = clip(planned(-3.0), INVERSE, quote(bid_amount=20_000.0, ask_amount=9e9), params)
    assert (sell.side, sell.amount) == (Side.SELL, Decimal(20_000))


@pytest.mark.parametrize(("amount", "floor", "expected"), [(1.0, 0.0, 10), (1.0, 5_000.0, 5_000)])
def test_a_clip_has_at_least_one_lot_and_the_least_size_asked_for(
    amount: float, floor: float, expected: int
) -> None:
    assert clipped(amount, 1.0, floor).amount == expected


def test_what_fits_is_not_clipped_and_neither_is_what_rests_or_a_share_of_nothing() -> None:
    whole = planned()
    assert clip(whole, INVERSE, quote(ask_amount=9e9), ExecutionParams()) is whole
    assert clip(whole, INVERSE, quote(ask_amount=1.0), ExecutionParams(depth_share=0.0)) is whole
    rests = planned(style=Style.CHASE)
    assert clip(rests, INVERSE, quote(ask_amount=1.0), ExecutionParams()) is rests


@given(
    change=st.floats(-50, 50).filter(lambda x: abs(x) > 0.001),
    amount=st.floats(0, 1e7),
    share=st.floats(0.01, 2.0),
    floor=st.floats(0, 50_000),
)
def test_clips_are_legal_and_never_larger_than_the_hedge(
    change: float, amount: float, share: float, floor: float
) -> None:
    child = clipped(amount, share, floor, change)
    assert INVERSE.legal_amount(child.amount)
    assert child.amount <= planned(change).amount
    assert child.side is planned(change).side


# --- pegs ---------------------------------------------------------------------------------------------


def test_a_chase_joins_its_own_side() -> None:
    buy, sell = planned(style=Style.CHASE), planned(-3.0, style=Style.CHASE)
    assert (buy.price, sell.price) == (Decimal("99999.5"), Decimal("100000.5"))
    assert (buy.post_only, buy.time_in_force) == (True, TimeInForce.GTC)


@pytest.mark.parametrize(
    ("side", "bid", "ask", "price"),
    [
        (Side.BUY, 99_990.2, 100_000.0, "99990"),  # off the tick: never above the bid
        (Side.SELL, 99_990.0, 100_000.2, "100000.5"),
        (Side.BUY, 100_000.0, 100_000.0, "99999.5"),  # a locked book: a tick short of the other side
        (Side.SELL, 100_000.0, 100_000.0, "100000.5"),
    ],
)
def test_a_peg_is_legal_and_short_of_the_other_side(side: Side, bid: float, ask: float, price: str) -> None:
    assert peg(side, INVERSE, quote(bid=bid, ask=ask)) == Decimal(price)


def test_a_peg_needs_both_sides() -> None:
    answer = peg(Side.BUY, INVERSE, quote(ask=None))
    assert isinstance(answer, NoPlan)
    assert answer.reason is Reason.NO_LIQUIDITY


# --- costs --------------------------------------------------------------------------------------------


def test_expected_cost_of_taking_is_half_the_spread_and_the_taker_fee() -> None:
    cost = expected_usd(planned(1.0), INVERSE, quote(), Rates(0.00015, 0.00035))
    assert cost == pytest.approx(100_000 * (0.00035 + 0.5 / 100_000))


def test_expected_cost_of_resting_is_the_maker_fee_less_half_the_spread() -> None:
    cost = expected_usd(planned(1.0, style=Style.CHASE), INVERSE, quote(), Rates(-0.0001, 0.00035))
    assert cost == pytest.approx(100_000 * (-0.0001 - 0.5 / 100_000))


def test_the_accounts_own_fees_come_before_the_listings() -> None:
    listed = market.perpetual(taker_commission=Decimal("0.0005"), maker_commission=Decimal("0.0002"))
    key = ("perpetual", "btc_usd")
    assert rates_of(listed, {}) == Rates(0.0002, 0.0005)
    assert rates_of(listed, {key: Rates(-0.0001, 0.0003)}) == Rates(-0.0001, 0.0003)
    assert rates_of(listed, {key: Rates(0.5, 0.5, relative=True)}) == Rates(0.0001, 0.00025)
    assert rates_of(listed, {("future", "btc_usd"): Rates(0.0, 0.0001)}) == Rates(0.0, 0.0001)
    assert rates_of(listed, {("perpetual", "eth_usd"): Rates(0.0, 0.0)}) == Rates(0.0002, 0.0005)


def test_an_inverse_purchase_above_the_mark_has_lost_coin() -> None:
    """100,000 USD bought at 100,100 and valued at 100,000: 0.000999 coin, ten basis points, and the fee."""
    parts = [(Decimal(100_000), Decimal(100_100))]
    cost = shortfall(INVERSE, Side.BUY, 100_000.0, parts, Decimal("0.0001"))
    assert cost.coin == pytest.approx(100_000 * (1 / 100_000 - 1 / 100_100) + 0.0001)
    assert cost.usd == pytest.approx(cost.coin * 100_000)
    assert cost.bps == pytest.approx(9.99 + 1.0, abs=0.01)
    assert (cost.filled, cost.fees_usd) == (Decimal(100_000), pytest.approx(10.0))


def test_a_sale_above_the_mark_has_gained() -> None:
    parts = [(Decimal(50_000), Decimal(100_100)), (Decimal(50_000), Decimal(100_000))]
    cost = shortfall(INVERSE, Side.SELL, 100_000.0, parts, Decimal(0))
    assert cost.coin == pytest.approx(-50_000 * (1 / 100_000 - 1 / 100_100))
    assert cost.average_price == pytest.approx(2 / (1 / 100_100 + 1 / 100_000)), "harmonic: USD amounts"


def test_a_linear_purchase_has_lost_dollars() -> None:
    parts = [(Decimal("0.5"), Decimal(100_100)), (Decimal("0.5"), Decimal(100_000))]
    cost = shortfall(LINEAR, Side.BUY, 100_000.0, parts, Decimal(35))
    assert cost.usd == pytest.approx(50 + 35)
    assert cost.average_price == pytest.approx(100_050)
    assert cost.bps == pytest.approx(8.5)


def test_what_never_traded_cost_nothing() -> None:
    assert shortfall(INVERSE, Side.BUY, 100_000.0, [(Decimal(0), Decimal(0))], Decimal(0)) == NOTHING
