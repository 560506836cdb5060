"""The account by itself: delivery fees, margin, and marks inside the settlement window."""

from __future__ import annotations

from decimal import Decimal

import pytest

from hedger.backtest.assumptions import Assumptions
from hedger.backtest.bridge import Bridge
from hedger.backtest.chain import Opening
from hedger.backtest.holdings import Holdings
from hedger.backtest.ledger import Kind
from hedger.backtest.listings import Listings
from hedger.backtest.market import Market
from hedger.backtest.run import run
from hedger.pricing.settlement import averaging_one
from tests.backtest.markets import EXPIRIES_MS, STEP_MS, STRANGLE, book, chain

MARKET = chain(36)
BEFORE_MS, AFTER_MS = EXPIRIES_MS[0] - 4 * 3_600_000, EXPIRIES_MS[0] + 2 * 3_600_000  # 04:00 and 10:00


def held(*options: tuple[str, int], future_usd: int = 0) -> tuple[Market, Holdings]:
    """An account with these options at the last instant before the first delivery."""
    first = next(each for each in MARKET.instants if each.market_ms == BEFORE_MS)
    assumed = Assumptions()
    market = Market(Listings("BTC", assumed), assumed, first)
    holdings = Holdings(market, assumed)
    for name, _ in options:
        market.list_option(name)
    sizes = tuple((name, Decimal(size)) for name, size in options)
    holdings.take_over(Opening(Decimal(10), sizes, Decimal(future_usd)))
    return market, holdings


def name_of(strike: int, kind: str) -> str:
    return f"BTC-9JAN26-{strike}-{kind}"


def test_delivery_costs_a_fee_on_what_is_worth_something_capped_by_its_value() -> None:
    index = MARKET.instants[0].index_usd
    deep, out = name_of(70_000, "C"), name_of(110_000, "C")
    market, holdings = held((deep, -4), (out, -4))
    before = market.instant
    market.pass_to(next(each for each in MARKET.instants if each.market_ms == AFTER_MS))
    assert sorted(holdings.carry(before)) == sorted((deep, out))
    assert index > 80_000  # the one ends far in the money, the other far out of it
    assert holdings.ledger.sum(Kind.DELIVERY_FEE) == -4 * Decimal("0.00015")
    assert holdings.ledger.sum(Kind.DELIVERY) < -4 * Decimal("0.1")
    assert holdings.ledger.options == {}
    assert holdings.options_coin == 0.0


def test_what_an_account_takes_over_is_worth_what_it_was_told() -> None:
    _, holdings = held((name_of(90_000, "C"), -7), (name_of(80_000, "P"), 3), future_usd=120_000)
    assert holdings.equity_coin == pytest.approx(10.0, abs=1e-12)
    assert holdings.ledger.future_usd == 120_000


def test_margin_is_of_every_position_by_itself() -> None:
    call = name_of(96_000, "C")
    market, holdings = held((call, -5), (name_of(80_000, "P"), 5), future_usd=-450_000)
    row, perpetual = market.instant.row(call), market.instant.perpetual_usd
    assert row is not None
    out_of_the_money = max(96_000 - row.forward_usd, 0.0) / row.forward_usd
    options = 5 * (max(0.15 - out_of_the_money, 0.10) + row.mark)
    coin = 450_000 / perpetual
    assert holdings.margin().initial == pytest.approx(options + coin * (1 / 50 + 5e-5 * coin))
    assert 0.0 < holdings.margin().maintenance < holdings.margin().initial


def test_a_modelled_mark_inside_the_window_is_of_the_average() -> None:
    name = name_of(90_000, "C")
    market, _ = held((name, -1))
    bridge = MARKET.between(BEFORE_MS, AFTER_MS + 1).filled(Bridge(300_000, 1))
    last = next(each for each in bridge if each.market_ms == EXPIRIES_MS[0] - 600_000)
    for instant in bridge:
        if BEFORE_MS < instant.market_ms <= last.market_ms:
            market.pass_to(instant)
    plain, row = last.row(name), market.row(name)
    assert plain is not None
    assert row is not None
    fixing = market.path.fixing(EXPIRIES_MS[0])
    assert fixing.elapsed == pytest.approx(2 / 3)
    value = averaging_one(plain.forward_usd, 90_000.0, EXPIRIES_MS[0], last.market_ms, plain.iv, 1.0, fixing)
    assert row.mark == value.price_usd / plain.forward_usd
    assert row.mark != plain.mark


def test_an_unhedged_book_is_not_hedged_in_a_settlement_window_either() -> None:
    window = MARKET.between(EXPIRIES_MS[0] - 6 * 86_400_000, EXPIRIES_MS[0] + STEP_MS).filled(
        Bridge(600_000, 1)
    )
    never = book("band", lower=-1e6, upper=1e6)
    assert run(window, STRANGLE, never, hedged=False).hedges == ()
    assert run(window, STRANGLE, book("band", lower=-0.01, upper=0.01), hedged=False).hedges == ()
