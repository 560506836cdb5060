"""Somebody's trade waits for its other legs, and a person who legs in is left alone: but never a market."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from hedger.domain.order import Side
from hedger.domain.vocabulary import Action, Reason
from hedger.engine import effects as fx
from hedger.engine import events as ev
from hedger.engine.ownership.scope import Scope
from hedger.engine.records import HoldSet
from tests.engine.rig import CALL, PERP, VENUE, Rig

BAND = {"lower": -0.1, "upper": 0.1, "hard_lower": -1.0, "hard_upper": 1.0}


def flat(scope: Scope | None = None) -> Rig:
    """A rig without delta that knows its options."""
    rig = Rig(scope=scope or Scope(adopt=(PERP,)), **BAND)
    rig.start({CALL: "0"})
    return rig


def person(rig: Rig, side: Side, amount: str, name: str = CALL, **ids: str) -> ev.Filled:
    """A trade by hand."""
    price = Decimal("0.05") if name == CALL else Decimal(100_000)
    fill = rig.fill(name, side, Decimal(amount), price)
    return ev.Filled(msgspec.structs.replace(fill, order_id=f"order-{fill.trade_id}", **ids))


def verdict(rig: Rig) -> tuple[Action, Reason]:
    return rig.last.action, rig.last.reason


def pass_s(rig: Rig, seconds: float) -> None:
    rig.wait(seconds)
    rig.step(*rig.quotes(CALL))


def test_delta_of_a_persons_trade_waits_for_settle_s_and_is_then_hedged() -> None:
    rig = flat()
    rig.step(person(rig, Side.SELL, "2"))
    assert verdict(rig) == (Action.WAIT, Reason.SETTLING_TRADE)
    pass_s(rig, 1.9)
    assert verdict(rig) == (Action.WAIT, Reason.SETTLING_TRADE)
    pass_s(rig, 0.1)
    assert len(rig.placed) == 1


def test_the_engine_wakes_when_the_wait_ends() -> None:
    rig = flat(Scope(settle_s=0.3))
    rig.step(person(rig, Side.SELL, "2"))
    assert rig.engine.next_deadline() == pytest.approx(rig.wire_s + 0.3)


def test_further_fills_of_the_same_order_do_not_prolong_its_wait() -> None:
    rig = flat()
    first = person(rig, Side.SELL, "1")
    again = person(rig, Side.SELL, "1")
    rig.step(first)
    pass_s(rig, 1.5)
    rig.step(ev.Filled(msgspec.structs.replace(again.fill, order_id=first.fill.order_id)))
    pass_s(rig, 0.5)
    assert len(rig.placed) == 1


def test_a_persons_trade_in_the_hedge_instrument_restarts_the_wait() -> None:
    rig = flat()
    rig.step(person(rig, Side.SELL, "2"))
    pass_s(rig, 1.5)
    rig.step(person(rig, Side.BUY, "36000", PERP))
    pass_s(rig, 1.5)
    assert verdict(rig) == (Action.WAIT, Reason.SETTLING_TRADE)
    pass_s(rig, 0.6)
    assert len(rig.placed) == 1
    assert rig.placed[0].amount < 36_000  # the rest of it only


def test_delta_beyond_the_hard_limit_ends_every_wait() -> None:
    rig = flat()
    rig.step(ev.HoldAsked(book="", seconds=60, by="ana", reason="legging in"))
    rig.step(person(rig, Side.SELL, "10"))
    assert len(rig.placed) == 1


def test_a_block_waits_for_a_snapshot_after_its_last_leg_and_no_longer() -> None:
    rig = flat()
    rig.step(person(rig, Side.SELL, "2", block_trade_id="B1"))
    assert verdict(rig) == (Action.WAIT, Reason.SETTLING_TRADE)
    assert rig.of(fx.RequestSnapshot)
    leg = person(rig, Side.BUY, "73000", PERP, block_trade_id="B1")
    rig.step(rig.snapshot({CALL: "-2", PERP: "73000"}, fills=[leg.fill]))
    assert verdict(rig) == (Action.HOLD, Reason.WITHIN_BAND)
    rig.step(leg)  # told once more
    pass_s(rig, 3.0)
    assert not rig.placed


def test_a_leg_told_after_the_snapshot_that_holds_it_moves_nothing() -> None:
    rig = flat()
    rig.step(person(rig, Side.SELL, "2", block_trade_id="B1"))
    leg = person(rig, Side.BUY, "73000", PERP, block_trade_id="B1")
    rig.step(rig.snapshot({CALL: "-2", PERP: "73000"}))
    rig.step(leg)
    pass_s(rig, 2.1)
    rig.step(rig.snapshot({CALL: "-2", PERP: "73000"}))
    assert verdict(rig) == (Action.HOLD, Reason.WITHIN_BAND)
    assert not rig.placed


def test_a_leg_that_overtakes_the_snapshot_asks_for_another() -> None:
    rig = flat()
    rig.step(person(rig, Side.SELL, "2", combo_id="BTC-FS-1"))
    rig.step(person(rig, Side.BUY, "73000", PERP, combo_id="BTC-FS-1"))
    asked = len(rig.of(fx.RequestSnapshot))
    rig.step(rig.snapshot({CALL: "-2"}))  # as it was before the second leg
    assert len(rig.of(fx.RequestSnapshot)) == asked + 1
    rig.step(rig.snapshot({CALL: "-2", PERP: "73000"}))
    assert verdict(rig) == (Action.HOLD, Reason.WITHIN_BAND)


def test_a_hold_lapses_by_itself() -> None:
    rig = flat(Scope(settle_s=0.0))
    rig.step(ev.HoldAsked(book="btc", seconds=60, by="ana", reason="legging in"))
    rig.step(person(rig, Side.SELL, "2"))
    assert verdict(rig) == (Action.WAIT, Reason.HOLD)
    assert "ana trades by hand until 00:01:00 UTC" in rig.last.detail
    pass_s(rig, 60.0)
    assert len(rig.placed) == 1


def test_a_hold_is_ended_by_the_person_who_asked_for_it() -> None:
    rig = flat(Scope(settle_s=0.0))
    rig.step(ev.HoldAsked(book="", seconds=60, by="ana", reason="legging in"))
    rig.step(person(rig, Side.SELL, "2"))
    rig.step(ev.HoldAsked(book="", seconds=0, by="ana", reason="done"))
    assert len(rig.placed) == 1
    assert rig.engine.view(rig.now).books[0].ownership.hold_until_ms == 0


def test_a_hold_survives_a_restart() -> None:
    rig = flat()
    rig.step(ev.HoldAsked(book="btc", seconds=60, by="ana", reason="legging in"))
    (kept,) = (
        record for write in rig.of(fx.Write) for record in write.records if isinstance(record, HoldSet)
    )

    after = Rig(scope=Scope(settle_s=0.0), **BAND)
    after.step(after.listed(CALL), after.link_up())
    after.step(msgspec.structs.replace(after.journal(), holds=(kept,)))
    after.step(after.snapshot({CALL: "-2"}))
    after.step(*after.quotes(CALL))
    assert verdict(after) == (Action.WAIT, Reason.HOLD)


@pytest.mark.parametrize("seconds", [-1.0, 3601.0, float("nan"), float("inf")])
def test_a_hold_nobody_can_mean_is_refused(seconds: float) -> None:
    rig = flat()
    rig.step(ev.HoldAsked(book="", seconds=seconds, by="ana", reason="?"))
    assert "command_refused" in rig.notes()
    assert rig.engine.view(rig.now).books[0].ownership.hold_until_ms == 0


def test_a_hold_of_no_book_there_is_is_refused() -> None:
    rig = flat()
    rig.step(ev.HoldAsked(book="eth", seconds=60, by="ana", reason="?"))
    assert "command_refused" in rig.notes()


def test_delta_that_was_there_before_waits_for_nothing() -> None:
    """A snapshot's trades are old: only what is told while we run may have legs to come."""
    rig = Rig(scope=Scope(), **BAND)
    rig.step(rig.listed(CALL), rig.link_up())
    rig.step(rig.journal())
    old = rig.fill(CALL, Side.SELL, Decimal(10), Decimal("0.05"))
    rig.step(rig.snapshot({CALL: "-10"}, fills=[old]))
    rig.step(*rig.quotes(CALL))
    assert len(rig.placed) == 1
    assert rig.placed[0].venue == VENUE
