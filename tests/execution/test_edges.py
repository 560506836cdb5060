"""Where orders rest at the edges of a long-gamma band, and where none does."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedger.domain.order import Side
from hedger.execution.edges import Band, Edge, edges, moved, outgrown
from tests.portfolio import market

PERPETUAL = market.perpetual()
BAND = Band(
    delta_coin=0.05,
    target_coin=0.0,
    lower_coin=-0.2,
    upper_coin=0.2,
    gamma_coin_per_usd=0.0003,
    index_usd=100_000.0,
)


def made(mark: float = 100_000.0, **changes: Any) -> tuple[Edge, ...]:
    quote = market.future_quote(mark=mark, bid=mark - 0.5, ask=mark + 0.5)
    return edges(BAND._replace(**changes), PERPETUAL, quote)


def test_each_stands_where_delta_meets_its_edge() -> None:
    """0.25 coin below, at 0.0003 coin per USD, is 833 USD away; 0.15 above is 500."""
    buy, sell = made()
    assert (buy.side, sell.side) == (Side.BUY, Side.SELL)
    assert buy.price == pytest.approx(Decimal("99166.5"), abs=Decimal(1))
    assert sell.price == Decimal(100_500)


def test_each_filled_whole_leads_to_the_target_and_not_beyond() -> None:
    buy, sell = made()
    assert float(sell.amount) / float(sell.price) == pytest.approx(0.2, abs=1e-4)
    assert float(sell.amount) / float(sell.price) <= 0.2
    assert float(buy.amount) / float(buy.price) <= 0.2


def test_the_hedge_instrument_keeps_its_basis() -> None:
    _, sell = made(mark=101_000.0)
    assert sell.price == Decimal(101_505)


@pytest.mark.parametrize(
    "changes",
    [
        {"gamma_coin_per_usd": -0.0003},
        {"gamma_coin_per_usd": 0.0},
        {"gamma_coin_per_usd": math.nan},
        {"delta_coin": 0.21},
        {"delta_coin": -0.2},
        {"lower_coin": -math.inf},
        {"index_usd": math.nan},
    ],
)
def test_short_or_unknown_gamma_and_a_delta_outside_rest_nothing(changes: dict[str, float]) -> None:
    assert made(**changes) == ()


def test_an_edge_that_would_take_does_not_rest() -> None:
    """The book is bid beyond where the sale would stand: the policy hedges there, at once."""
    quote = market.future_quote(mark=100_000.0, bid=100_020.0, ask=100_020.5)
    found = edges(BAND._replace(delta_coin=0.199), PERPETUAL, quote)
    assert [edge.side for edge in found] == [Side.BUY]


@pytest.mark.parametrize("gamma", [1e-6, 1e-300])
def test_an_edge_beyond_any_price_does_not_rest(gamma: float) -> None:
    assert made(gamma_coin_per_usd=gamma) == ()


def test_a_band_of_less_than_a_lot_rests_nothing() -> None:
    assert made(lower_coin=-0.00005, upper_coin=0.00005, delta_coin=0.0) == ()


@given(
    delta=st.floats(-0.3, 0.3),
    gamma=st.floats(-0.01, 0.01),
    target=st.floats(-0.1, 0.1),
    mark=st.floats(1_000.0, 200_000.0),
)
def test_what_rests_is_legal_passive_and_on_its_own_side(
    delta: float, gamma: float, target: float, mark: float
) -> None:
    found = made(mark=mark, delta_coin=delta, gamma_coin_per_usd=gamma, target_coin=target)
    assert len({edge.side for edge in found}) == len(found)
    for edge in found:
        assert gamma > 0
        assert PERPETUAL.legal_price(edge.price)
        assert PERPETUAL.legal_amount(edge.amount)
        assert float(edge.price) < mark + 0.5 if edge.side is Side.BUY else float(edge.price) > mark - 0.5


def test_small_moves_wait_and_too_much_never_does() -> None:
    edge = Edge(Side.SELL, Decimal(100_500), Decimal(20_000))
    assert not moved(edge, Decimal(100_480), Decimal(20_000), 0.0005)
    assert moved(edge, Decimal(100_400), Decimal(20_000), 0.0005)
    assert moved(edge, Decimal(100_500), Decimal(20_010), 0.0005)
    assert not outgrown(edge, Decimal(10_000))
    assert outgrown(edge, Decimal(9_990))
