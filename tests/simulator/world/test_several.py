"""Several underlyings from one seed: correlated, each with terms of its own, moved together."""

from __future__ import annotations

import random

import numpy as np
import pytest

from hedger.pricing.black76 import YEAR_MS, black76
from hedger.simulator.world import SeveralWorlds, bitcoin_world, seeded_world
from hedger.simulator.world.terms import BTC_USDC
from tests.simulator.world.worlds import DAY_MS, HOUR_MS, MINUTE_MS, ORIGIN_MS, markets

INDICES = ("btc_usd", "eth_usd", "btc_usdc")


def world(seed: int = 5, **options: float) -> SeveralWorlds:
    return seeded_world(seed, ORIGIN_MS, **options)


def walked(days: int, step_ms: int = HOUR_MS) -> np.ndarray:
    chain, rows = world(), []
    for number in range(1, days * DAY_MS // step_ms):
        chain.advance(ORIGIN_MS + number * step_ms)
        rows.append([chain.index_price(name) for name in INDICES])
    return np.diff(np.log(np.array(rows)), axis=0)


def test_bitcoin_is_the_same_with_and_without_the_others() -> None:
    alone, among = bitcoin_world(5, ORIGIN_MS), world()
    for chain in (alone, among):
        chain.advance(ORIGIN_MS + 3 * HOUR_MS)
    assert markets(alone) == {name: among.market(name) for name in alone.listings()}


def test_markets_do_not_depend_on_the_steps_in_which_time_passes() -> None:
    jumped, stepped, steps = world(), world(), random.Random(1)
    end = ORIGIN_MS + 4 * DAY_MS + 4321
    passed: list[object] = []
    while stepped.now_ms < end:
        passed += stepped.advance(min(stepped.now_ms + steps.randint(1, 9 * HOUR_MS), end))
    assert sorted(map(str, passed)) == sorted(map(str, jumped.advance(end)))
    assert markets(jumped) == markets(stepped)


def test_ether_moves_with_bitcoin_and_a_little_on_its_own() -> None:
    moves = walked(20)
    correlation = np.corrcoef(moves.T)
    assert 0.7 < correlation[0, 1] < 0.98
    assert moves[:, 1].std() > moves[:, 0].std()


def test_the_linear_index_stays_at_a_peg() -> None:
    chain = world()
    for hour in range(1, 100):
        chain.advance(ORIGIN_MS + hour * HOUR_MS)
        assert chain.index_price("btc_usdc") == pytest.approx(chain.index_price("btc_usd"), rel=0.0015)
    assert np.corrcoef(walked(10).T)[0, 2] > 0.99


def test_names_belong_to_one_of_them_and_ids_are_unique() -> None:
    rows = list(world().listings().values())
    assert len({row.name for row in rows}) == len({row.instrument_id for row in rows}) == len(rows)
    assert {row.price_index for row in rows} == set(INDICES)


def test_an_unknown_index_is_named() -> None:
    with pytest.raises(KeyError, match="sol_usdc"):
        world().index_price("sol_usdc")


def test_a_linear_option_is_worth_its_black_price_in_dollars() -> None:
    chain = world()
    chain.advance(ORIGIN_MS + 5 * HOUR_MS)
    for listing in chain.listings().values():
        if not listing.is_option or not listing.is_linear:
            continue
        market = chain.market(listing.name)
        assert market.underlying is not None
        assert market.iv is not None
        tau_years = (listing.expiration_ms - market.market_ms) / YEAR_MS
        sign = 1.0 if listing.option_type == "call" else -1.0
        value = black76(market.underlying, float(listing.strike or 0), tau_years, market.iv, sign)
        assert market.mark == pytest.approx(float(value.price_usd), abs=1e-8)
        assert market.greeks is not None
        assert market.greeks.delta == round(float(value.delta), 5)


def test_every_book_is_uncrossed_on_ticks_and_inside_the_price_limits() -> None:
    chain = world()
    chain.advance(ORIGIN_MS + 7 * HOUR_MS)
    for name, market in markets(chain).items():
        listing = chain.listings()[name]
        for price, amount in (*market.bids, *market.asks):
            assert price % listing.tick_size == 0
            assert amount % listing.min_trade_amount == 0
            assert market.min_price <= price <= market.max_price
        if market.bids and market.asks:
            assert market.bids[0][0] < market.asks[0][0]


def test_without_volatility_nothing_of_any_of_them_moves() -> None:
    chain = world(vol=0.0)
    before = [chain.index_price(name) for name in INDICES]
    chain.advance(ORIGIN_MS + 2 * DAY_MS)
    assert [chain.index_price(name) for name in INDICES] == before == [100_000.0, 3_000.0, 100_000.0]


def test_the_cap_of_funding_is_that_of_the_underlying() -> None:
    assert BTC_USDC.funding_cap == 0.05
    chain = world()
    chain.advance(ORIGIN_MS + 30 * MINUTE_MS)
    for name in ("BTC-PERPETUAL", "ETH-PERPETUAL", "BTC_USDC-PERPETUAL"):
        market = chain.market(name)
        assert market.funding is not None
        premium = market.mark / market.index - 1.0
        expected = max(0.00025, premium) + min(-0.00025, premium)
        assert market.funding.current == pytest.approx(expected, abs=2e-5)


def test_worlds_of_different_times_do_not_go_together() -> None:
    other = bitcoin_world(5, ORIGIN_MS + 1)
    with pytest.raises(ValueError, match="begin and end together"):
        SeveralWorlds([bitcoin_world(5, ORIGIN_MS), other])
