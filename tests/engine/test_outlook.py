"""The ladder of next orders, the grid, and the chain: what a trader reads before anything happens."""

from __future__ import annotations

import pytest

from hedger.domain.vocabulary import Neutral
from hedger.engine import effects as fx
from tests.engine.guarded import GuardedRig
from tests.engine.rig import CALL, PUT, Rig

BAND = {"lower": -0.1, "upper": 0.1, "hard_lower": -50.0, "hard_upper": 50.0}


def hedged(**keywords: float) -> Rig:
    rig = Rig(**{**BAND, **keywords})
    rig.start({CALL: "-10", PUT: "-10"})
    for order in rig.placed:
        rig.step(*rig.fill_of(order))
    return rig


def test_the_ladder_names_the_levels_at_which_the_next_orders_go() -> None:
    rig = hedged()
    told = rig.engine.outlook("btc", rig.now)

    above = [order for order in told.ladder if order.move_pct > 0]
    below = [order for order in told.ladder if order.move_pct < 0]
    assert above
    assert below
    assert [order.index_usd for order in told.ladder] == sorted(order.index_usd for order in told.ladder)
    assert all(order.amount_coin > 0 for order in above), "short gamma buys into a rise"
    assert all(order.amount_coin < 0 for order in below)


def test_the_first_rung_is_where_the_engine_really_trades() -> None:
    rig = hedged()
    first = next(order for order in rig.engine.outlook("btc", rig.now).ladder if order.move_pct > 0)
    before = len(rig.placed)

    rig.move(first.index_usd - 250.0, CALL, PUT)
    assert len(rig.placed) == before, "a level below the first rung needs no order"
    rig.move(first.index_usd, CALL, PUT)
    assert len(rig.placed) == before + 1
    assert float(rig.placed[-1].amount) / rig.index == pytest.approx(first.amount_coin, abs=2e-3)


def test_waiting_rules_do_not_hide_a_rung() -> None:
    rig = hedged(dwell_s=600.0, cooldown_s=600.0)
    assert rig.engine.outlook("btc", rig.now).ladder


def test_the_grid_shows_result_and_delta_before_any_hedge() -> None:
    rig = hedged()
    grid = {(c.move_pct, c.vol_shift_points): c for c in rig.engine.outlook("btc", rig.now).grid}
    here = grid[0.0, 0.0]
    assert (here.pnl_coin, here.pnl_usd) == (0.0, 0.0)
    assert here.delta_coin == pytest.approx(rig.delta)
    assert grid[5.0, 0.0].pnl_coin < 0.0
    assert grid[-5.0, 0.0].pnl_coin < 0.0
    assert grid[0.0, 10.0].pnl_coin < 0.0, "short vega"
    assert grid[5.0, 0.0].delta_coin < here.delta_coin < grid[-5.0, 0.0].delta_coin


def test_a_usd_book_moves_with_its_collateral() -> None:
    rig = Rig(neutral=Neutral.USD, **BAND)
    rig.start()
    grid = {(c.move_pct, c.vol_shift_points): c for c in rig.engine.outlook("btc", rig.now).grid}
    shown = rig.engine.view(rig.now).books[0]
    assert grid[0.0, 0.0].delta_coin == pytest.approx((shown.delta.used or 0.0) + shown.in_flight_coin)
    assert grid[1.0, 0.0].pnl_usd == pytest.approx(
        (10 + grid[1.0, 0.0].pnl_coin) * 101_000 - 10 * 100_000, rel=1e-9
    )


def test_the_grid_shows_what_margin_would_be_left() -> None:
    rig = GuardedRig()
    rig.start({CALL: "-10", PUT: "-10"})
    told = rig.engine.outlook("btc", rig.now)
    shown = rig.guard.margin
    grid = {(c.move_pct, c.vol_shift_points): c for c in told.grid}
    here, up = grid[0.0, 0.0], grid[20.0, 0.0]
    assert shown is not None
    assert told.margin_currency == "BTC"
    assert (here.margin_balance, here.maintenance_margin) == pytest.approx((shown.balance, shown.maintenance))
    assert up.maintenance_margin is not None
    assert here.maintenance_margin is not None
    assert up.maintenance_margin > here.maintenance_margin, "short calls cost more margin in a rise"


def test_before_the_book_is_known_there_is_no_outlook() -> None:
    rig = Rig(**BAND)
    told = rig.engine.outlook("btc", rig.now)
    assert (told.ladder, told.grid) == ((), ())


def test_an_outlook_changes_nothing() -> None:
    rig = hedged()
    before = rig.engine.view(rig.now)
    rig.engine.outlook("btc", rig.now)
    assert rig.engine.view(rig.now) == before
    assert not [e for e in rig.step() if isinstance(e, fx.Place)]


def test_the_chain_puts_puts_and_calls_side_by_side_by_expiry() -> None:
    rig = hedged()
    (expiry,) = rig.engine.chain("BTC", rig.now)
    assert expiry.expiry == "2026-01-30"
    assert [strike.strike_usd for strike in expiry.strikes] == [95_000.0, 105_000.0]
    put, call = expiry.strikes[0].put, expiry.strikes[1].call
    assert put is not None
    assert call is not None
    assert (put.instrument, put.size, call.size) == (PUT, "-10", "-10")
    assert expiry.strikes[0].call is None
    assert expiry.atm_iv == pytest.approx(rig.iv)
    assert rig.engine.chain("ETH", rig.now) == ()
