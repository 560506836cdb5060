from __future__ import annotations

import dataclasses
import math
import random
from decimal import Decimal

import numpy as np
import pytest

from hedger.pricing.black76 import YEAR_MS, black76
from hedger.simulator.model import Expired, Listed, Listing, Market, World
from hedger.simulator.world import SeededWorld, bitcoin_world
from tests.simulator.world.test_ladder import on_option_tick
from tests.simulator.world.worlds import DAY_MS, HOUR_MS, MINUTE_MS, ORIGIN_MS, markets, utc_ms

EXPIRY_MS = utc_ms(2026, 1, 8, 8)


def world(seed: int = 5, origin_ms: int = ORIGIN_MS, **options: float) -> SeededWorld:
    return bitcoin_world(seed, origin_ms, **options)


def options_of(chain: World) -> list[tuple[Listing, Market]]:
    return [(row, chain.market(name)) for name, row in chain.listings().items() if row.is_option]


# --- determinism


def test_markets_do_not_depend_on_the_steps_in_which_time_passes() -> None:
    jumped, stepped, looked = world(), world(), world()
    random_steps = random.Random(1)
    end = ORIGIN_MS + 2 * DAY_MS + 4321
    passed: list[object] = []
    while stepped.now_ms < end:
        passed += stepped.advance(min(stepped.now_ms + random_steps.randint(1, 5 * HOUR_MS), end))
    for hour in range(1, 48):
        looked.advance(ORIGIN_MS + hour * HOUR_MS)
        markets(looked)
    looked.advance(end)
    assert passed == list(jumped.advance(end))
    assert markets(jumped) == markets(stepped) == markets(looked)
    assert list(jumped.listings().items()) == list(stepped.listings().items())


def test_another_seed_is_another_market() -> None:
    first, second = world(1), world(2)
    first.advance(ORIGIN_MS + HOUR_MS)
    second.advance(ORIGIN_MS + HOUR_MS)
    assert first.market("BTC-PERPETUAL").mark != second.market("BTC-PERPETUAL").mark
    assert first.market("BTC-PERPETUAL").bids != second.market("BTC-PERPETUAL").bids


def test_time_moves_only_forward() -> None:
    chain = world()
    chain.advance(ORIGIN_MS + HOUR_MS)
    with pytest.raises(ValueError, match="time only moves forward"):
        chain.advance(ORIGIN_MS)
    assert chain.advance(ORIGIN_MS + HOUR_MS) == ()


# --- what is listed


def test_the_first_chain_has_the_perpetual_a_future_per_expiry_and_about_three_hundred_contracts() -> None:
    listings = world().listings()
    assert next(iter(listings)) == "BTC-PERPETUAL"
    assert listings["BTC-PERPETUAL"].expiration_ms == 32_503_708_800_000
    assert 250 <= len(listings) <= 350
    futures = {row.expiration_ms for row in listings.values() if not row.is_option}
    assert all(row.expiration_ms in futures for row in listings.values())


def test_names_say_expiry_strike_and_type() -> None:
    listing = world().listings()["BTC-9JAN26-100000-C"]
    assert listing.expiration_ms == utc_ms(2026, 1, 9, 8)
    assert listing.strike == 100_000
    assert (listing.option_type, listing.settlement_period) == ("call", "week")


def test_contract_terms_are_those_of_inverse_bitcoin() -> None:
    listings = world().listings()
    perpetual, dated, option = (
        listings[name] for name in ("BTC-PERPETUAL", "BTC-9JAN26", "BTC-9JAN26-100000-P")
    )
    assert (perpetual.contract_size, perpetual.min_trade_amount, perpetual.tick_size) == (
        10,
        10,
        Decimal("0.5"),
    )
    assert (dated.contract_size, dated.tick_size, dated.quote_currency) == (10, Decimal("2.5"), "USD")
    assert (option.contract_size, option.min_trade_amount) == (1, Decimal("0.1"))
    assert option.tick_size_steps == ((Decimal("0.005"), Decimal("0.0005")),)
    assert (perpetual.maker_commission, perpetual.taker_commission) == (
        Decimal("0.00015"),
        Decimal("0.00035"),
    )
    assert option.taker_commission == Decimal("0.0003")


def test_ids_are_unique_and_calls_come_with_puts() -> None:
    chain = world()
    chain.advance(ORIGIN_MS + 3 * DAY_MS)
    listings = chain.listings()
    assert len({row.instrument_id for row in listings.values()}) == len(listings)
    calls = {name[:-2] for name in listings if name.endswith("-C")}
    assert calls == {name[:-2] for name in listings if name.endswith("-P")}


def test_nothing_is_listed_after_now_or_expires_before() -> None:
    chain = world()
    chain.advance(ORIGIN_MS + 3 * DAY_MS)
    assert all(row.creation_ms <= chain.now_ms < row.expiration_ms for row in chain.listings().values())


def test_events_come_in_time_order_and_explain_every_change_of_the_list() -> None:
    chain = world(seed=11)
    known = set(chain.listings())
    events = chain.advance(ORIGIN_MS + 9 * DAY_MS)
    assert [event.market_ms for event in events] == sorted(event.market_ms for event in events)
    for event in events:
        if isinstance(event, Listed):
            assert event.listing.name not in known
            known.add(event.listing.name)
        else:
            known.remove(event.name)
    assert known == set(chain.listings())


def test_new_expiries_and_strikes_appear_as_time_passes() -> None:
    chain = world()
    listed = [event.listing for event in chain.advance(ORIGIN_MS + 9 * DAY_MS) if isinstance(event, Listed)]
    assert "BTC-12JAN26" in {row.name for row in listed}
    at_origin = {row.expiration_ms for row in world().listings().values()}
    assert any(row.is_option and row.expiration_ms in at_origin for row in listed)
    assert all(row.creation_ms > ORIGIN_MS for row in listed)


# --- expiry


def test_an_expiry_delivers_at_the_average_of_the_last_half_hour_options_before_their_future() -> None:
    chain, watched = world(), world()
    samples = []
    for market_ms in range(EXPIRY_MS - 30 * MINUTE_MS + 4000, EXPIRY_MS + 1, 4000):
        watched.advance(market_ms)
        samples.append(watched.index_price("btc_usd"))
    expired = [event for event in chain.advance(EXPIRY_MS) if isinstance(event, Expired)]
    assert {event.market_ms for event in expired} == {EXPIRY_MS}
    assert expired[-1].name == "BTC-8JAN26"
    assert all(event.name.startswith("BTC-8JAN26-") for event in expired[:-1])
    assert {event.delivery_price for event in expired} == {expired[0].delivery_price}
    assert expired[0].delivery_price == pytest.approx(sum(samples) / len(samples), rel=1e-12)


def test_an_expired_name_is_unknown() -> None:
    chain = world()
    chain.advance(EXPIRY_MS)
    with pytest.raises(KeyError, match="BTC-8JAN26"):
        chain.market("BTC-8JAN26")


def test_in_the_last_half_hour_deltas_fall_linearly_to_zero() -> None:
    """Rule: factor 1 - m/30; frozen prices show it alone."""
    chain = world(vol=0.0)
    name = "BTC-8JAN26-98000-C"
    chain.advance(EXPIRY_MS - 31 * MINUTE_MS)
    assert chain.market(name).delta_decay == 1.0
    for left, factor in ((30, 1.0), (15, 0.5), (3, 0.1)):
        chain.advance(EXPIRY_MS - left * MINUTE_MS)
        market = chain.market(name)
        assert market.greeks is not None
        assert market.delta_decay == chain.market("BTC-8JAN26").delta_decay == pytest.approx(factor)
        assert market.greeks.delta == pytest.approx(factor, abs=1e-3)
        assert chain.market("BTC-9JAN26").delta_decay == 1.0
    assert chain.market("BTC-PERPETUAL").delta_decay == 1.0


def test_the_expiring_mark_runs_into_the_delivery_price() -> None:
    """Without that the averaging would be an arbitrage against the mark."""
    chain = world(seed=21)
    chain.advance(EXPIRY_MS - 1)
    last = chain.market("BTC-8JAN26")
    delivered = next(event for event in chain.advance(EXPIRY_MS) if isinstance(event, Expired))
    assert last.mark == pytest.approx(delivered.delivery_price, rel=1e-5)
    assert last.estimated_delivery_price == pytest.approx(delivered.delivery_price, rel=1e-5)


# --- marks and greeks


def test_an_option_mark_is_the_black_price_over_its_forward() -> None:
    chain = world()
    chain.advance(ORIGIN_MS + 5 * HOUR_MS)
    for listing, market in options_of(chain):
        assert market.underlying is not None
        assert market.iv is not None
        tau_years = (listing.expiration_ms - market.market_ms) / YEAR_MS
        sign = 1.0 if listing.option_type == "call" else -1.0
        value = black76(market.underlying, float(listing.strike or 0), tau_years, market.iv, sign)
        assert market.mark == pytest.approx(float(value.price_usd) / market.underlying, abs=1e-12)
        assert market.greeks is not None
        assert market.greeks.delta == round(float(value.delta), 5)
        assert market.greeks.vega == pytest.approx(float(value.vega_usd) / 100, abs=1e-5)


def test_put_call_parity_holds_in_coin() -> None:
    chain = world()
    for listing, call in options_of(chain):
        if listing.option_type == "call":
            put = chain.market(listing.name[:-1] + "P")
            forward = call.underlying
            assert forward is not None
            assert call.mark - put.mark == pytest.approx(1 - float(listing.strike or 0) / forward, abs=1e-12)


def test_the_underlying_of_an_option_is_its_future() -> None:
    chain = world()
    for _, market in options_of(chain):
        assert market.underlying_name is not None
        assert chain.market(market.underlying_name).mark == market.underlying


def test_theta_is_never_more_than_the_option_is_worth_or_than_the_life_left() -> None:
    chain = world()
    chain.advance(EXPIRY_MS - 2 * HOUR_MS)
    for _, market in options_of(chain):
        assert market.greeks is not None
        assert market.underlying is not None
        assert -market.mark * market.underlying - 1e-5 <= market.greeks.theta <= 0.0


def test_the_perpetual_carries_funding_of_its_premium() -> None:
    chain = world()
    chain.advance(ORIGIN_MS + HOUR_MS)
    market = chain.market("BTC-PERPETUAL")
    assert market.funding is not None
    premium = market.mark / market.index - 1.0
    expected = max(0.00025, premium) + min(-0.00025, premium)
    assert market.funding.current == pytest.approx(expected, abs=5e-6)


def test_funding_paid_does_not_depend_on_the_steps() -> None:
    stepped, jumped = world(), world()
    paid = 0.0
    before = funding_coin(stepped)
    for minute in range(1, 61):
        stepped.advance(ORIGIN_MS + minute * MINUTE_MS)
        paid += funding_coin(stepped) - before
        before = funding_coin(stepped)
    start = funding_coin(jumped)
    jumped.advance(ORIGIN_MS + HOUR_MS)
    assert paid == pytest.approx(funding_coin(jumped) - start, abs=1e-18)


def funding_coin(chain: World) -> float:
    funding = chain.market("BTC-PERPETUAL").funding
    assert funding is not None
    return funding.paid_per_unit


def test_a_frozen_world_keeps_index_and_volatility() -> None:
    chain = world(vol=0.0, start_usd=90_000.0, implied_vol=0.4)
    before = chain.market("BTC-25DEC26-90000-C")
    chain.advance(ORIGIN_MS + 10 * MINUTE_MS)
    after = chain.market("BTC-25DEC26-90000-C")
    assert before.index == after.index == 90_000.0
    assert before.iv == pytest.approx(after.iv, rel=1e-3)


# --- books and statistics


@pytest.mark.parametrize("hours", [0, 5, 70])
def test_every_book_is_uncrossed_on_ticks_and_inside_the_price_limits(hours: int) -> None:
    chain = world(seed=8)
    chain.advance(ORIGIN_MS + hours * HOUR_MS)
    for name, listing in chain.listings().items():
        market = chain.market(name)
        prices = [price for price, _ in (*reversed(market.bids), *market.asks)]
        assert prices == sorted(set(prices)), name
        assert all(market.min_price <= price <= market.max_price for price in prices), name
        assert all(on_tick(listing, price) for price in (*prices, market.min_price, market.max_price)), name
        assert all(amount % listing.min_trade_amount == 0 for _, amount in (*market.bids, *market.asks)), name


def on_tick(listing: Listing, price: Decimal) -> bool:
    return on_option_tick(price) if listing.is_option else price % listing.tick_size == 0


def test_most_options_are_quoted_on_both_sides_and_some_lack_one() -> None:
    quotes = [(bool(market.bids), bool(market.asks)) for _, market in options_of(world())]
    assert sum(both == (True, True) for both in quotes) > 0.6 * len(quotes)
    assert any(both != (True, True) for both in quotes)


def test_futures_are_always_quoted_on_both_sides() -> None:
    chain = world()
    for name, listing in chain.listings().items():
        if not listing.is_option:
            assert len(chain.market(name).bids) >= 5
            assert len(chain.market(name).asks) >= 5


def test_quote_volatilities_enclose_the_mark_volatility() -> None:
    for _, market in options_of(world()):
        assert market.iv is not None
        assert market.bid_iv is not None
        assert market.ask_iv is not None
        assert market.bid_iv <= market.iv + 1e-6
        assert market.ask_iv == 0.0 or market.ask_iv >= market.iv - 1e-6


def test_a_book_holds_within_its_second_and_changes_with_the_next() -> None:
    chain = world(vol=0.0)
    second = (ORIGIN_MS // 1000 + 5) * 1000
    chain.advance(second)
    first = chain.market("BTC-PERPETUAL")
    chain.advance(second + 999)
    assert chain.market("BTC-PERPETUAL").bids == first.bids
    chain.advance(second + 1000)
    assert chain.market("BTC-PERPETUAL").bids != first.bids


def test_the_settlement_price_is_the_mark_of_the_last_eight_oclock() -> None:
    chain = world()
    chain.advance(EXPIRY_MS)
    marks = {name: market.mark for name, market in markets(chain).items()}
    chain.advance(EXPIRY_MS + 5 * HOUR_MS)
    for name, market in markets(chain).items():
        if name in marks:
            assert market.settlement_price == pytest.approx(marks[name], rel=1e-12)


def test_the_day_range_holds_the_last_trade() -> None:
    for market in markets(world()).values():
        if market.last_price is not None:
            assert market.low_24h is not None
            assert market.high_24h is not None
            assert market.low_24h <= float(market.last_price) <= market.high_24h


@pytest.mark.parametrize("offset_ms", [0, EXPIRY_MS - 1 - ORIGIN_MS, EXPIRY_MS - ORIGIN_MS, 40 * DAY_MS])
def test_every_number_of_every_market_is_finite(offset_ms: int) -> None:
    chain = world(seed=3)
    chain.advance(ORIGIN_MS + offset_ms)
    for market in markets(chain).values():
        assert_finite(market)


def assert_finite(market: Market) -> None:
    for field in dataclasses.fields(market):
        value = getattr(market, field.name)
        parts = dataclasses.astuple(value) if dataclasses.is_dataclass(value) else (value,)  # type: ignore[arg-type]
        assert all(math.isfinite(part) for part in parts if isinstance(part, float | Decimal)), market
    assert not np.isnan(market.open_interest)


def test_only_the_bitcoin_index_is_known() -> None:
    chain = world()
    assert chain.index_price("btc_usd") == 100_000.0
    with pytest.raises(KeyError, match="eth_usd"):
        chain.index_price("eth_usd")


def test_a_senseless_volatility_is_refused() -> None:
    with pytest.raises(ValueError, match="implied_vol"):
        world(implied_vol=-0.1)
