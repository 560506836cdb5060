"""A trade and a position of one moment: which came first is not known until the next position is told.

An answer carries the time it left the venue; its position was read up to that time. A trade in between has a
time no later than the position's and is not in it.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from hedger.domain.account import Fill
from hedger.domain.order import OrderIntent, Side
from hedger.domain.vocabulary import Action, Reason
from hedger.engine import effects as fx
from hedger.engine import events as ev
from hedger.engine.records import Snapshot
from tests.engine.guarded import GuardedRig
from tests.engine.rig import CALL, PERP, START_MS, VENUE

OPTIONS = {CALL: "-10"}


def tied() -> GuardedRig:
    """The first hedge fills; a look that was under way tells a position without it that left a ms later."""
    rig = GuardedRig()
    rig.start()
    order = rig.placed[0]
    fills = rig.fill_of(order)
    rig.wait(0.001)
    rig.step(answer(rig, OPTIONS))
    rig.step(*fills)
    return rig


def answer(
    rig: GuardedRig, positions: dict[str, str], *, before_ms: int = 50, fills: tuple[Fill, ...] = ()
) -> ev.SnapshotTaken:
    """Positions that left just now; trades and orders were told `before_ms` earlier."""
    plain = rig.snapshot(positions, fills=fills)
    return msgspec.structs.replace(plain, server_ms=rig.market_ms - before_ms, positions_ms=rig.market_ms)


def asked(rig: GuardedRig) -> int:
    return len(rig.of(fx.RequestSnapshot))


def hedge(rig: GuardedRig) -> OrderIntent:
    return rig.placed[0]


def held(rig: GuardedRig) -> Decimal:
    """The perpetual's position as the daemon shows it."""
    rows = rig.engine.view(rig.now).books[0].positions
    return next((Decimal(row.size) for row in rows if row.instrument == PERP), Decimal(0))


def test_until_the_next_position_is_told_nothing_is_hedged() -> None:
    rig = tied()
    before = asked(rig)
    rig.move(101_000.0)

    assert before == 2  # the start's, and one for the trade
    assert (rig.last.action, rig.last.reason) == (Action.WAIT, Reason.RECOVERING)
    assert len(rig.placed) == 1


def test_a_trade_the_position_did_not_hold_yet_explains_the_next_one() -> None:
    rig = tied()
    size = hedge(rig).signed_amount
    rig.wait(0.1)
    rig.step(answer(rig, {**OPTIONS, PERP: str(size)}), *rig.quotes(CALL))

    assert held(rig) == size
    assert rig.guard.unexplained == ""
    assert rig.last.action is Action.HOLD
    assert len(rig.placed) == 1


def test_a_trade_the_position_held_already_changes_nothing() -> None:
    """The first look of a first run has nothing to be held against: it may hold what is told afterwards."""
    rig = GuardedRig()
    late = rig.fill(PERP, Side.SELL, Decimal(10_000), Decimal(100_000))
    rig.start({**OPTIONS, PERP: "-10000"})
    rig.step(*rig.fill_of(hedge(rig), Decimal(0), state="rejected"))
    rig.step(ev.Filled(late))
    rig.wait(0.1)
    rig.step(answer(rig, {**OPTIONS, PERP: "-10000"}), *rig.quotes(CALL))

    assert held(rig) == -10_000
    assert rig.guard.unexplained == ""


def test_an_answer_that_may_be_as_old_as_the_trade_does_not_decide() -> None:
    """A third look was under way, too: its position is without the trade for the same reason."""
    rig = tied()
    size = hedge(rig).signed_amount
    rig.step(answer(rig, OPTIONS))
    assert rig.last.reason is Reason.RECOVERING
    assert asked(rig) == 3
    rig.wait(0.1)
    rig.step(answer(rig, {**OPTIONS, PERP: str(size)}), *rig.quotes(CALL))

    assert held(rig) == size
    assert rig.guard.unexplained == ""
    assert len(rig.placed) == 1


def test_of_two_trades_the_position_may_have_held_the_older_only() -> None:
    rig = GuardedRig()
    older = rig.fill(PERP, Side.SELL, Decimal(10_000), Decimal(100_000))
    rig.start({**OPTIONS, PERP: "-10000"})
    rig.step(*rig.fill_of(hedge(rig), Decimal(0), state="rejected"))
    newer = rig.fill(PERP, Side.SELL, Decimal(500), Decimal(100_000))
    rig.step(answer(rig, {**OPTIONS, PERP: "-10000"}), after_s=0.0)
    rig.step(ev.Filled(newer), ev.Filled(older))
    rig.wait(0.1)
    rig.step(answer(rig, {**OPTIONS, PERP: "-10500"}), *rig.quotes(CALL))

    assert held(rig) == -10_500
    assert rig.guard.unexplained == ""


def test_another_trade_in_the_deciding_position_is_waited_for_alone() -> None:
    """Somebody traded between the trades told and the position: with that explained, all of it is."""
    rig = tied()
    size = hedge(rig).signed_amount
    rig.wait(0.1)
    theirs = rig.fill(PERP, Side.BUY, Decimal(30_000), Decimal(100_000))
    both = {**OPTIONS, PERP: str(size + 30_000)}
    rig.step(answer(rig, both), *rig.quotes(CALL))
    assert rig.last.reason is Reason.UNEXPLAINED_POSITION

    rig.step(ev.Filled(theirs), *rig.quotes(CALL))

    assert rig.guard.unexplained == ""
    assert held(rig) == size + 30_000


def test_a_move_that_the_trade_does_not_come_to_is_unexplained() -> None:
    rig = tied()
    size = hedge(rig).signed_amount
    rig.wait(0.1)
    rig.step(answer(rig, {**OPTIONS, PERP: str(size + 30_000)}), *rig.quotes(CALL))

    assert (rig.last.action, rig.last.reason) == (Action.BLOCKED, Reason.UNEXPLAINED_POSITION)
    assert len(rig.placed) == 1


@pytest.mark.parametrize("in_it", [True, False])
def test_over_a_restart_the_first_look_decides(in_it: bool) -> None:
    """The last run wrote the position down and heard of the trade only afterwards."""
    rig = GuardedRig()
    trade = rig.fill(PERP, Side.SELL, Decimal(10_000), Decimal(100_000), "h-btc-1-1")
    after = -10_000
    told = str(after) if in_it else "0"
    left = Snapshot(START_MS, {CALL: "-10", PERP: told}, {"BTC": "10"}, VENUE, told_ms=START_MS + 1)
    rig.wait(60.0)
    rig.step(rig.listed(CALL), rig.link_up())
    rig.step(msgspec.structs.replace(rig.journal(fills=[trade], epoch=2), baseline=left))
    rig.step(answer(rig, {**OPTIONS, PERP: str(after)}), *rig.quotes(CALL))

    assert held(rig) == after
    assert rig.guard.unexplained == ""
