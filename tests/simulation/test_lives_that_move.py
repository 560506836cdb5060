"""Lives under faults in which the standing part of the hedge moves between perpetual and dated futures.

Through spreads where the exchange lists them, in two legs where it does not.
More of them: HEDGER_LIVES_THAT_MOVE=200.
"""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import replace

import pytest

from hedger.backtest.simulate.disk import Shelf
from hedger.backtest.simulate.life import Life
from hedger.backtest.simulate.plan import Plan, draw
from hedger.domain.order import OrderIntent, Purpose
from hedger.engine.settings import BookSettings, SettlementParams
from hedger.execution.by_expiry_params import ByExpiryParams, Use
from hedger.simulator.spreads import SPREAD

MORE = int(os.environ.get("HEDGER_LIVES_THAT_MOVE", "0"))
FURTHER = range(1_000, 1_000 + MORE)
LEGS = (4, 11, 34)  # these move much in two legs; 34 in two books
SPREADS = (22, 27, 202)  # and these through spreads: an ETH book, a linear one, a BTC one


def moving(seed: int) -> Plan:
    """The drawn life with futures one per cent over the index, or under it, and books that move there."""
    plan, over = draw(seed), 1.01 if seed % 2 else 0.99
    eager = ByExpiryParams(
        use=Use.MOVE, pace_s=5.0 * plan.speed, min_saving_fraction=0.0, standing_half_life_h=1.0
    )
    books = tuple(roaming(book, eager) for book in plan.settings.books)
    markets = tuple(replace(market, forward_usd=market.index_usd * over) for market in plan.markets)
    return replace(plan, markets=markets, settings=replace(plan.settings, books=books))


def roaming(book: BookSettings, eager: ByExpiryParams) -> BookSettings:
    """With no budget in its way, and nothing that rests or is held."""
    wide = replace(book.envelope, max_turnover_hour_usd=1e9, max_turnover_day_usd=1e9)
    execution = replace(book.execution, resting=False)
    return replace(book, by_expiry=eager, envelope=wide, execution=execution, settlement=SettlementParams())


def lived(seed: int, *, spreads: bool) -> tuple[Life, list[OrderIntent]]:
    """A whole life, and the moves it asked for. Raises Violation."""
    with Shelf() as shelf:
        life = Life(moving(seed), shelf)
        life.venue.exchange.markets.lists_spreads = spreads
        with closing(life.store):
            life.run()
    asked = life.checks.asked.values()
    return life, [each.intent for each in asked if each.intent.purpose is Purpose.MOVE]


@pytest.mark.parametrize("seed", [*LEGS, *FURTHER])
def test_a_life_that_moves_in_two_legs_ends_in_agreement(seed: int) -> None:
    _, moves = lived(seed, spreads=False)
    assert not [move for move in moves if len(move.legs) > 1]
    if seed in LEGS:
        assert len({move.instrument for move in moves}) > 1
        assert len(moves) >= 8


@pytest.mark.parametrize("seed", [*SPREADS, *FURTHER])
def test_a_life_that_moves_through_spreads_ends_in_agreement(seed: int) -> None:
    life, moves = lived(seed, spreads=True)
    trades = life.venue.exchange.desk.trades
    traded = {trade.trade_id for trade in trades if trade.kind == SPREAD}
    legs = [trade for trade in trades if trade.provenance.combo_trade_id in traded]
    assert len(legs) == 2 * len(traded)
    if seed in SPREADS:
        assert len([move for move in moves if len(move.legs) > 1]) >= 8
        assert len(traded) >= 8
