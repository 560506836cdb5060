"""A book settled in dollars: amounts in coin, so that what an order is worth follows from its price."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import msgspec
import pytest

from hedger.domain.instrument import Instrument, Payoff
from hedger.domain.order import Purpose, Side
from hedger.domain.vocabulary import Legs
from hedger.engine import events as ev
from hedger.engine.settings import EngineSettings
from hedger.execution.params import ExecutionParams, Style
from hedger.risk.envelope import Envelope
from tests.engine.rig import VENUE, Rig, option, perpetual, settings

PERP = "BTC_USDC-PERPETUAL"
CALL = "BTC_USDC-30JAN26-105000-C"
BUDGET_USD = 200_000.0


def listed() -> tuple[Instrument, ...]:
    hedge = msgspec.structs.replace(
        perpetual(PERP),
        payoff=Payoff.LINEAR,
        quote_currency="USDC",
        settlement_currency="USDC",
        price_index="btc_usdc",
        contract_size=Decimal("0.0001"),
        min_trade_amount=Decimal("0.0001"),
    )
    return hedge, msgspec.structs.replace(option(CALL), price_index="btc_usdc")


def of_dollars(execution: ExecutionParams, **limits: float) -> EngineSettings:
    plain = settings(lower=-0.1, upper=0.1, hard_lower=-5.0, hard_upper=5.0, execution=execution)
    envelope = Envelope(max_order_usd=2e6, max_order_coin=50.0)
    book = replace(
        plain.books[0], hedge_instrument=PERP, legs=Legs.LINEAR, envelope=replace(envelope, **limits)
    )
    return replace(plain, books=(book,))


def started(engine_settings: EngineSettings, calls: str, perpetuals: str = "0") -> Rig:
    """A rig that holds so many calls and perpetuals of coin, quoted."""
    rig = Rig(engine_settings)
    rig.step(ev.InstrumentsListed(venue=VENUE, instruments=listed(), complete=True), rig.link_up())
    rig.step(rig.journal())
    told = rig.snapshot({CALL: calls, PERP: perpetuals})
    dollars = msgspec.structs.replace(told.accounts[0], currency="USDC", equity=Decimal(5_000_000))
    rig.step(msgspec.structs.replace(told, accounts=(dollars,)))
    index = msgspec.structs.replace(rig.indexed().index, index="btc_usdc")
    rig.step(ev.Indexed(index), rig.perp_quote(instrument=PERP), rig.option_quote(CALL))
    return rig


@pytest.mark.parametrize("style", Style)
@pytest.mark.parametrize("calls", ["10", "-10"])
@pytest.mark.parametrize("limit", ["max_turnover_hour_usd", "max_turnover_day_usd", "max_order_usd"])
def test_a_limit_in_usd_holds_at_the_price_the_order_may_trade_at(
    style: Style, calls: str, limit: str
) -> None:
    """Short calls are bought back above the mark; a post-only sale rests above it and trades there."""
    rig = started(of_dollars(ExecutionParams(style=style), **{limit: BUDGET_USD}), calls)
    (order,) = rig.placed
    quote = rig.perp_quote().quote
    dearest_usd = float(order.price or max(quote.ask or 0.0, quote.mark))
    assert 0.99 * BUDGET_USD < float(order.amount) * max(dearest_usd, quote.mark) <= BUDGET_USD


def test_an_order_at_the_band_s_edge_keeps_a_limit_in_usd_at_its_own_price() -> None:
    """It rests where the market has yet to come: a sale above the mark is worth more than at the mark."""
    probe = started(of_dollars(ExecutionParams(resting=True)), "10")
    (hedge,) = probe.placed
    execution = ExecutionParams(resting=True)
    rig = started(of_dollars(execution, max_order_usd=5_000.0), "10", f"-{hedge.amount}")
    sales = [order for order in rig.placed if order.purpose is Purpose.RESTING and order.side is Side.SELL]
    assert sales
    for order in sales:
        assert order.price is not None
        assert float(order.price) > rig.index
        assert 4_900.0 < float(order.amount * order.price) <= 5_000.0
