"""What moved delta, as the picture tells it: from when the book was flat, in steps that add up."""

from __future__ import annotations

import pytest

from hedger.portfolio.moved import Moved
from tests.engine.rig import CALL, Rig

STEPS = ("spot", "vol", "time", "trades", "hedges", "settlement", "other")


def moved(rig: Rig) -> Moved | None:
    return rig.engine.view(rig.now).books[0].moved


def test_positions_found_at_the_start_are_no_trades() -> None:
    """Looked at before the venue told its positions, a book is not flat but unknown."""
    rig = Rig(lower=-50.0, upper=50.0, hard_lower=-99.0, hard_upper=99.0)
    rig.step(rig.listed(CALL), rig.link_up())
    for _ in range(3):
        rig.wait(2.0)
        rig.step(*rig.quotes())
    assert moved(rig) is None

    rig.start({CALL: "-10"})
    rig.wait(2.0)
    rig.step(*rig.quotes(CALL))
    told = moved(rig)
    assert told is not None
    assert told.then_coin == pytest.approx(told.now_coin)
    assert told.now_coin < -1.0
    assert told.trades == 0.0


def test_the_steps_add_up_after_a_move_and_a_hedge() -> None:
    rig = Rig(lower=-0.1, upper=0.1, hard_lower=-50.0, hard_upper=50.0)
    rig.start({CALL: "-10"})
    rig.step(*rig.fill_of(rig.placed[-1]))
    rig.wait(2.0)
    rig.move(rig.index * 1.01, CALL)
    told = moved(rig)
    assert told is not None
    assert told.hedges > 1.0, "short calls are hedged by buying"
    assert told.then_coin + sum(getattr(told, step) for step in STEPS) == pytest.approx(told.now_coin)
