"""Lives under faults in which the standing part of the hedge moves between perpetual and dated futures.

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
from hedger.domain.order import Purpose
from hedger.engine.settings import SettlementParams
from hedger.execution.by_expiry_params import ByExpiryParams, Use

MORE = int(os.environ.get("HEDGER_LIVES_THAT_MOVE", "0"))
SEEDS = (4, 7, 11, *range(12, 12 + MORE))  # the first three move much


def moving(seed: int) -> Plan:
    """The drawn life with futures one per cent over the index, or under it, and a book that moves there."""
    plan = draw(seed)
    book = plan.settings.books[0]
    eager = ByExpiryParams(
        use=Use.MOVE, pace_s=5.0 * plan.speed, min_saving_fraction=0.0, standing_half_life_h=1.0
    )
    wide = replace(book.envelope, max_turnover_hour_usd=1e9, max_turnover_day_usd=1e9)
    execution = replace(book.execution, resting=False)
    book = replace(book, by_expiry=eager, envelope=wide, execution=execution, settlement=SettlementParams())
    forward_usd = plan.market.index_usd * (1.01 if seed % 2 else 0.99)
    market = replace(plan.market, forward_usd=forward_usd)
    return replace(plan, market=market, settings=replace(plan.settings, books=(book,)))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_life_that_moves_ends_in_agreement(seed: int) -> None:
    with Shelf() as shelf:
        life = Life(moving(seed), shelf)
        with closing(life.store):
            life.run()  # raises Violation
    legs = [each.intent for each in life.checks.asked.values() if each.intent.purpose is Purpose.MOVE]
    if seed in SEEDS[:3]:
        assert len({leg.instrument for leg in legs}) > 1
        assert len(legs) >= 8
