from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedger.simulator.world.ladder import (
    Depth,
    TickGrid,
    asks,
    bids,
    tick_grid,
)
from hedger.simulator.world.terms import BTC

OPTION_TICKS = tick_grid(BTC.option_tick, BTC.option_steps)
PERPETUAL_TICKS = tick_grid(BTC.perpetual_tick, ())
DATED_TICKS = tick_grid(BTC.future_tick, ())
DEPTH = Depth(levels=6, mean_lots=40.0, lot=Decimal("0.1"), gap_ticks=3)


@pytest.mark.parametrize(
    ("price", "below", "above"),
    [
        (0.00123, "0.0012", "0.0013"),
        (0.0050, "0.0050", "0.0050"),
        (0.0051, "0.0050", "0.0055"),
        (0.0463, "0.0460", "0.0465"),
    ],
)
def test_option_prices_are_multiples_of_the_coarse_tick_above_its_threshold(
    price: float, below: str, above: str
) -> None:
    assert OPTION_TICKS.price(OPTION_TICKS.floor(price)) == Decimal(below)
    assert OPTION_TICKS.price(OPTION_TICKS.ceil(price)) == Decimal(above)


def test_walking_over_the_threshold_keeps_to_valid_ticks() -> None:
    assert OPTION_TICKS.below(55) == 50
    assert OPTION_TICKS.below(50) == 49
    assert OPTION_TICKS.above(50) == 55
    assert OPTION_TICKS.above(49) == 50


@given(
    price=st.floats(min_value=0.0, max_value=1.0),
    half=st.floats(min_value=1e-5, max_value=0.05),
    bits=st.integers(min_value=0, max_value=2**64 - 1),
)
def test_no_ladder_is_crossed_off_tick_or_empty_in_size(price: float, half: float, bits: int) -> None:
    below, above = (
        bids(OPTION_TICKS, price - half, DEPTH, bits),
        asks(OPTION_TICKS, price + half, DEPTH, bits),
    )
    assert above
    prices = [level[0] for level in (*reversed(below), *above)]
    assert prices == sorted(set(prices))
    assert all(on_option_tick(value) and value > 0 for value in prices)
    assert all(amount > 0 and amount % Decimal("0.1") == 0 for _, amount in (*below, *above))


def on_option_tick(price: Decimal) -> bool:
    return price % (Decimal("0.0005") if price > Decimal("0.005") else Decimal("0.0001")) == 0


def test_a_worthless_option_has_no_bids() -> None:
    assert bids(OPTION_TICKS, 0.00004, DEPTH, 7) == ()


def test_no_level_lies_beyond_the_price_limits() -> None:
    assert min(price for price, _ in bids(OPTION_TICKS, 0.0043, DEPTH, 7, lowest=40)) >= Decimal("0.0040")
    assert max(price for price, _ in asks(OPTION_TICKS, 0.0043, DEPTH, 7, highest=46)) <= Decimal("0.0046")


@pytest.mark.parametrize(("grid", "tick"), [(PERPETUAL_TICKS, "0.5"), (DATED_TICKS, "2.5")])
def test_futures_have_one_tick(grid: TickGrid, tick: str) -> None:
    levels = asks(grid, 95_001.3, DEPTH, 11)
    assert all(price % Decimal(tick) == 0 for price, _ in levels)
    assert levels[0][0] >= Decimal("95001.3")
