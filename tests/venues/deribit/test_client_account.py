"""The client through what happens to an account: margin models, liquidation, deleveraging, blocks, money."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest

from hedger.engine import events as ev
from hedger.engine.effects import RequestSnapshot
from hedger.simulator import sim_account
from hedger.simulator.options import Options
from hedger.simulator.requirements import MARGIN_MODELS
from hedger.simulator.server import running_exchange
from tests.venues.deribit.server import running
from tests.venues.deribit.test_client_exchange import PERPETUAL, WATCH, connect_to, market_order


@pytest.mark.parametrize("model", MARGIN_MODELS)
async def test_every_margin_model_s_summary_is_read(model: str) -> None:
    options = Options(book="strangle", margin=model, equity={"BTC": Decimal(20)})
    async with running_exchange(options) as exchange:
        venue = connect_to(exchange)
        async with running(venue) as (listener, _):
            await listener.until(ev.LinkUp)
            venue.perform(RequestSnapshot(venue="deribit", since_ms=0))
            taken = await listener.until(ev.SnapshotTaken)
            account = next(row for row in taken.accounts if row.currency == "BTC")
            assert account.margin_model == model
            assert 0 < account.maintenance_margin < account.initial_margin
            assert listener.all(ev.BadData) == []


async def test_a_liquidation_is_told_in_refusals_reports_and_fills() -> None:
    """The lock refuses our order; the engine's own fill bears no label of ours, and its position is seen."""
    async with running_exchange(Options(book="strangle", margin="segregated_pm", speed=20)) as exchange:
        venue = connect_to(exchange)
        async with running(venue) as (listener, _):
            await listener.until(ev.LinkUp)
            venue.perform(WATCH)
            await listener.until(ev.Quoted)
            sim_account.liquidate(exchange.exchange, {"rounds": 30}, time.time())
            venue.perform(market_order(exchange))
            assert (await listener.until(ev.PlacementRefused)).code == 11098
            fill = (await listener.until(ev.Filled)).fill
            assert not fill.label
            held = (await listener.until(ev.PositionReported)).position
            assert held.instrument == fill.instrument
            assert listener.all(ev.BadData) == []


async def test_block_legs_and_a_deleveraged_part_arrive_as_fills_of_nobody() -> None:
    async with running_exchange(Options(book="strangle")) as exchange:
        venue = connect_to(exchange)
        async with running(venue) as (listener, _):
            await listener.until(ev.LinkUp)
            rows = exchange.exchange.account.open_positions()
            legs = [{"instrument": row.listing.name, "side": "buy", "amount": 1} for row in rows]
            legs.append({"instrument": PERPETUAL, "side": "sell", "amount": 50_000, "label": "another"})
            sim_account.block(exchange.exchange, {"legs": legs, "gap_ms": 50}, time.time())
            await listener.until(ev.Filled, 3)
            body = {"instrument": PERPETUAL, "amount": 20_000}
            sim_account.deleverage_position(exchange.exchange, body, time.time())
            await listener.until(ev.Filled, 4)
            fills = [event.fill for event in listener.all(ev.Filled)]
            assert [row.label for row in fills] == ["", "", "another", ""]
            sizes = {row.position.instrument: row.position.size for row in listener.all(ev.PositionReported)}
            assert sizes[PERPETUAL] == -30_000
            assert listener.all(ev.BadData) == []


async def test_a_deposit_is_seen_in_the_account_without_a_fill() -> None:
    async with running_exchange() as exchange, running(connect_to(exchange)) as (listener, _):
        await listener.until(ev.LinkUp)
        already = len(listener.all(ev.AccountReported))
        body = {"currency": "BTC", "amount": 5, "type": "deposit"}
        sim_account.move_money(exchange.exchange, body, time.time())
        account = (await listener.until(ev.AccountReported, already + 1)).account
        while account.currency != "BTC" or account.balance != 15:
            already += 1
            account = (await listener.until(ev.AccountReported, already + 1)).account
        assert account.equity == 15
        assert listener.all(ev.Filled) == []
