"""A fixed market holds still, moves when told, and gives back the figures of the worked example."""

from __future__ import annotations

from decimal import Decimal

import pytest

from hedger.simulator.model import Expired, Market
from hedger.simulator.world.fixed import FixedMarket, FixedWorld, FixedWorlds, Move
from tests.simulator.world.worlds import DAY_MS, HOUR_MS, MINUTE_MS, utc_ms

ORIGIN_MS = utc_ms(2026, 9, 1, 8)
EXPIRY_MS = utc_ms(2026, 10, 1, 8)
CALL, PUT = "BTC-1OCT26-105000-C", "BTC-1OCT26-105000-P"
HELD = FixedMarket("BTC", 100_000.0, 0.55, hold_expiry=True, instruments=(CALL, PUT))


def market_of(market: FixedMarket, name: str = CALL, after_ms: int = 0) -> Market:
    world = FixedWorld(ORIGIN_MS, market)
    world.advance(ORIGIN_MS + after_ms)
    return world.market(name)


def test_the_worked_example_has_its_price_and_greeks() -> None:
    """Theory: p .0424631834, D .4088186315 for the call; p .0924631834, D -.5911813685 for the put."""
    call, put = market_of(HELD), market_of(HELD, PUT)
    assert (call.mark, put.mark) == (
        pytest.approx(0.0424631834, abs=5e-11),
        pytest.approx(0.0924631834, abs=5e-11),
    )
    assert call.greeks is not None
    assert put.greeks is not None
    assert (call.greeks.delta, put.greeks.delta) == (0.40882, -0.59118)
    assert (call.greeks.vega, call.greeks.theta) == (111.37268, -102.09162)


def test_a_held_option_does_not_age_and_another_does() -> None:
    aged = FixedMarket("BTC", 100_000.0, 0.55, instruments=(CALL,))
    assert market_of(HELD, after_ms=5 * DAY_MS).mark == market_of(HELD).mark
    assert market_of(aged, after_ms=5 * DAY_MS).mark < market_of(aged).mark


def test_moves_come_at_their_instant_and_stay() -> None:
    moves = (Move(ORIGIN_MS + HOUR_MS, 99_000.0), Move(ORIGIN_MS + 2 * HOUR_MS, None, 0.6))
    moving = FixedMarket("BTC", 100_000.0, 0.55, instruments=(CALL,), moves=moves)
    levels = [
        (at.index, at.mark, option.iv)
        for after_ms in (HOUR_MS - 1, HOUR_MS, 2 * HOUR_MS, DAY_MS)
        for at, option in [
            (market_of(moving, "BTC-PERPETUAL", after_ms), market_of(moving, CALL, after_ms)),
        ]
    ]
    assert levels == [
        (100_000.0, 100_000.0, 0.55),
        (99_000.0, 99_000.0, 0.55),
        (99_000.0, 99_000.0, 0.6),
        (99_000.0, 99_000.0, 0.6),
    ]


def test_a_move_now_is_seen_at_once() -> None:
    world = FixedWorld(ORIGIN_MS, HELD)
    world.advance(ORIGIN_MS + 1_000)
    assert world.market(CALL).index == 100_000.0
    world.move(Move(world.now_ms, 95_000.0))
    assert (world.market(CALL).index, world.market("BTC-1OCT26").mark) == (95_000.0, 95_000.0)


def test_forward_and_perpetual_keep_their_ratio_to_the_index() -> None:
    based = FixedMarket("BTC", 100_000.0, 0.55, 101_000.0, 100_050.0, instruments=(CALL,))
    world = FixedWorld(ORIGIN_MS, based)
    world.move(Move(ORIGIN_MS, 50_000.0))
    assert world.market("BTC-1OCT26").mark == pytest.approx(50_500.0)
    assert world.market(CALL).underlying == pytest.approx(50_500.0)
    assert world.market("BTC-PERPETUAL").mark == pytest.approx(50_025.0)


def test_it_pays_no_funding_and_has_the_ticks_and_fees_it_is_given() -> None:
    cheap = FixedMarket(
        "BTC", 100_000.0, 0.55, tick_usd=Decimal("0.01"), future_fee=Decimal(0), option_fee=Decimal(0)
    )
    world = FixedWorld(ORIGIN_MS, cheap)
    listing, market = world.listings()["BTC-PERPETUAL"], world.market("BTC-PERPETUAL")
    assert (listing.tick_size, listing.maker_commission, listing.taker_commission) == (Decimal("0.01"), 0, 0)
    assert market.funding is not None
    assert (market.funding.current, market.funding.paid_per_unit) == (0.0, 0.0)


def test_what_it_lists_is_what_it_is_told_with_the_futures_that_belong() -> None:
    assert list(FixedWorld(ORIGIN_MS, HELD).listings()) == ["BTC-PERPETUAL", "BTC-1OCT26", CALL, PUT]


@pytest.mark.parametrize(
    ("name", "told"), [("ETH-1OCT26", "no instrument of BTC"), ("BTC-1AUG26-1000-C", "has expired")]
)
def test_an_instrument_that_cannot_be_listed_is_named(name: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        FixedWorld(ORIGIN_MS, FixedMarket("BTC", 100_000.0, 0.55, instruments=(name,)))


def test_its_options_expire_at_the_average_of_what_the_index_was() -> None:
    """The index halves a quarter of an hour before the end: the average lies half way."""
    moves = (Move(EXPIRY_MS - 15 * MINUTE_MS, 50_000.0),)
    world = FixedWorld(ORIGIN_MS, FixedMarket("BTC", 100_000.0, 0.55, instruments=(CALL,), moves=moves))
    world.advance(EXPIRY_MS - 15 * MINUTE_MS - 1)
    assert world.market(CALL).estimated_delivery_price == 100_000.0
    events = world.advance(EXPIRY_MS)
    prices = {event.name: event.delivery_price for event in events if isinstance(event, Expired)}
    assert prices == {CALL: pytest.approx(75_000.0, rel=0.003), "BTC-1OCT26": prices[CALL]}


def test_in_the_averaging_the_ticker_shows_the_decayed_delta_at_the_forward_and_the_mark_knows_better() -> (
    None
):
    """Theory 1.7: average 100,000, forward 101,000, strike 100,600, half time, 50 %: .466 and not .0498."""
    at_ms = EXPIRY_MS - 15 * MINUTE_MS + 1
    name = "BTC-1OCT26-100600-C"
    moving = FixedMarket(
        "BTC", 100_000.0, 0.5, instruments=(name,), moves=(Move(at_ms, 101_000.0),), option_spread_coin=1e-4
    )
    world = FixedWorld(ORIGIN_MS, moving)
    world.advance(at_ms)
    market = world.market(name)
    assert market.greeks is not None
    assert market.greeks.delta == pytest.approx(0.466, abs=5e-4)
    assert (market.underlying, market.estimated_delivery_price) == (101_000.0, 100_000.0)
    assert world.market("BTC-1OCT26").mark == pytest.approx(100_500.0, abs=0.1)
    # The option on the average: F* - K = -100 at a deviation of about 80 USD, 5 USD of value and not 400.
    assert 2.0 < market.mark * 100_500.0 < 20.0


def test_several_stand_side_by_side_and_move_alone() -> None:
    linear = FixedMarket("BTC_USDC", 100_000.0, 0.55, moves=(Move(HOUR_MS, 90_000.0),))
    worlds = FixedWorlds(ORIGIN_MS, (HELD, linear))
    worlds.advance(ORIGIN_MS + HOUR_MS)
    assert (worlds.index_price("btc_usd"), worlds.index_price("btc_usdc")) == (100_000.0, 90_000.0)
    worlds.move("BTC", Move(worlds.now_ms, 80_000.0))
    assert (worlds.index_price("btc_usd"), worlds.index_price("btc_usdc")) == (80_000.0, 90_000.0)
