"""One order for both legs: whole contracts, the right side, and never dearer than the legs' own books."""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedger.domain.instrument import Kind
from hedger.domain.order import OrderType, Side, TimeInForce
from hedger.domain.vocabulary import Reason
from hedger.execution.params import ExecutionParams
from hedger.execution.plan import NoPlan, Planned
from hedger.execution.spread import Book, change_coin, plan_spread
from tests.portfolio import market

SPREAD = "BTC-FS-21OCT26_PERP"
PARAMS = ExecutionParams()


def book(name: str, bid: float | None, ask: float | None, mark: float | None = None, **changes: Any) -> Book:
    kind = {market.PERPETUAL: Kind.PERPETUAL, market.FUTURE: Kind.FUTURE}.get(name, Kind.FUTURE_COMBO)
    listed = market.perpetual(name, kind=kind)
    middle = mark if mark is not None else ((bid or 0.0) + (ask or 0.0)) / 2.0
    band = {"min_price": None, "max_price": None}
    shown = {"bid_amount": 1e6, "ask_amount": 1e6}
    fields = {"instrument": name, "bid": bid, "ask": ask, "mark": middle, **band, **shown, **changes}
    return Book(listed, msgspec.structs.replace(market.future_quote(), **fields))


FUTURE = book(market.FUTURE, 100_999.0, 101_001.0)
PERP = book(market.PERPETUAL, 99_999.5, 100_000.5)  # crossing both: buy at 1,001.5, sell at 998.5


def planned(side: Side = Side.BUY, most: float = 10_000.0, **changes: Any) -> Planned | NoPlan:
    params = changes.pop("params", PARAMS)
    spread = book(SPREAD, **{"bid": 999.0, "ask": 1_000.5, "mark": 1_000.0, **changes})
    return plan_spread(side, most, spread, FUTURE, PERP, params)


def plan(*args: Any, **changes: Any) -> Planned:
    made = planned(*args, **changes)
    assert isinstance(made, Planned), made
    return made


def refused(*args: Any, **changes: Any) -> NoPlan:
    made = planned(*args, **changes)
    assert isinstance(made, NoPlan), made
    return made


@pytest.mark.parametrize(("side", "price"), [(Side.BUY, "1001.5"), (Side.SELL, "998.5")])
def test_the_limit_is_what_crossing_both_legs_would_cost(side: Side, price: str) -> None:
    made = plan(side)
    assert (made.side, made.price, made.amount) == (side, Decimal(price), 10_000)
    assert (made.order_type, made.time_in_force) == (OrderType.LIMIT, TimeInForce.IOC)
    assert (made.contracts, made.usd) == (1_000, 10_000)


@pytest.mark.parametrize(("side", "touch"), [(Side.BUY, {"ask": 1_002.0}), (Side.SELL, {"bid": 998.0})])
def test_dearer_than_its_legs_it_is_left_alone(side: Side, touch: dict[str, float]) -> None:
    made = refused(side, **touch)
    assert made.reason is Reason.NO_LIQUIDITY
    assert "dearer than its legs" in made.detail


@pytest.mark.parametrize("most", [10_009.99, 10_000.0, 9_999.9999999])
def test_contracts_are_whole_and_noise_costs_none(most: float) -> None:
    assert plan(most=most).amount == 10_000


def test_less_than_a_contract_is_no_order() -> None:
    assert refused(most=9.5).reason is Reason.MIN_LOT


def test_no_more_is_taken_than_its_share_of_what_is_shown() -> None:
    thin = {"ask_amount": 4_000.0}
    assert plan(**thin).amount == 4_000
    assert plan(params=replace(PARAMS, depth_share=0.5), **thin).amount == 2_000
    assert plan(params=replace(PARAMS, depth_share=0.0), **thin).amount == 10_000
    assert plan(Side.SELL, **thin).amount == 10_000
    assert plan(ask_amount=3.0).amount == 10  # at least a contract, as every clip


def test_a_wide_market_is_capped_by_the_slippage() -> None:
    """Half a basis point of 100,000 is 5 dollars from the mark."""
    tight = replace(PARAMS, max_slippage_fraction=0.000005)
    assert plan(params=tight).price == Decimal("1000.5")
    assert "beyond the cap" in refused(params=tight, ask=1_001.0).detail


def test_the_venues_band_is_kept() -> None:
    assert plan(max_price=1_001.0).price == Decimal(1_001)
    assert "beyond the cap" in refused(max_price=1_000.0).detail


@pytest.mark.parametrize("side", list(Side))
def test_a_difference_may_be_below_zero(side: Side) -> None:
    future = book(market.FUTURE, 98_999.0, 99_001.0)
    spread = book(SPREAD, -1_001.0, -999.5, mark=-1_000.0)
    made = plan_spread(side, 500.0, spread, future, PERP, PARAMS)
    assert isinstance(made, Planned)
    assert made.price == (Decimal("-998.5") if side is Side.BUY else Decimal("-1001.5"))


@pytest.mark.parametrize("missing", [{"ask": None}, {"ask": math.nan}])
def test_an_empty_or_senseless_book_is_none(missing: dict[str, Any]) -> None:
    assert isinstance(planned(**missing), NoPlan)


def test_a_leg_without_a_side_gives_no_price() -> None:
    spread = book(SPREAD, 999.0, 1_000.5)
    hollow = Book(FUTURE.listed, msgspec.structs.replace(FUTURE.quote, ask=None))
    assert isinstance(plan_spread(Side.BUY, 100.0, spread, hollow, PERP, PARAMS), NoPlan)
    assert isinstance(plan_spread(Side.SELL, 100.0, spread, hollow, PERP, PARAMS), Planned)


def test_legs_that_are_counted_otherwise_are_no_spread() -> None:
    spread = book(SPREAD, 999.0, 1_000.5)
    other = Book(msgspec.structs.replace(FUTURE.listed, contract_size=Decimal(30)), FUTURE.quote)
    assert plan_spread(Side.BUY, 100.0, spread, other, PERP, PARAMS) == NoPlan(
        Reason.BAD_INPUT, f"{SPREAD} is not counted as its legs are"
    )


def test_delta_moves_by_the_basis_alone() -> None:
    """10,000 USD are 0.1 coin at 100,000 and 1 % less at 101,000."""
    moved = change_coin(plan(), FUTURE, PERP)
    assert moved == pytest.approx(10_000 / 101_000 - 0.1)
    assert change_coin(plan(Side.SELL), FUTURE, PERP) == pytest.approx(-moved)


@given(
    side=st.sampled_from(Side),
    most=st.floats(10.0, 1e6),
    future=st.floats(90_000.0, 110_000.0),
    widths=st.tuples(*[st.floats(0.5, 50.0)] * 3),
    off=st.floats(-50.0, 50.0),
)
def test_whatever_the_books_the_limit_is_legal_and_no_worse_than_two_legs(
    side: Side, most: float, future: float, widths: tuple[float, float, float], off: float
) -> None:
    far = book(market.FUTURE, future - widths[0], future + widths[0])
    near = book(market.PERPETUAL, 100_000.0 - widths[1], 100_000.0 + widths[1])
    mark = future - 100_000.0
    spread = book(SPREAD, mark + off - widths[2], mark + off + widths[2], mark=mark)
    made = plan_spread(side, most, spread, far, near, PARAMS)
    if isinstance(made, NoPlan):
        return
    assert made.price is not None
    assert made.price % Decimal("0.5") == 0
    assert made.amount % 10 == 0
    assert made.amount <= Decimal(repr(most)) + Decimal("1e-6")
    legs = (future + widths[0]) - (100_000.0 - widths[1])
    if side is Side.SELL:
        legs = (future - widths[0]) - (100_000.0 + widths[1])
    assert side.sign * (float(made.price) - legs) <= 1e-6
