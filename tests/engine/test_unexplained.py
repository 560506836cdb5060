"""A future that moved without a trade: waited for, then taken for what it is."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from hedger.domain.order import Side
from hedger.domain.vocabulary import Action, Reason, Severity
from hedger.engine import effects as fx
from hedger.engine import events as ev
from hedger.engine.guard.unexplained import EXPLAIN_S
from tests.engine.guarded import GuardedRig
from tests.engine.rig import CALL, PERP


def stray(size: int = 50_000) -> GuardedRig:
    """The venue tells more perpetuals than trades have made."""
    rig = GuardedRig().hedged()
    rig.positions({CALL: "-10", PERP: str(rig.placed[0].signed_amount + size)})
    return rig


def test_a_position_no_trade_explains_blocks_at_once_and_says_so() -> None:
    rig = stray()

    assert (rig.last.action, rig.last.reason) == (Action.BLOCKED, Reason.UNEXPLAINED_POSITION)
    assert rig.guard.unexplained == f"{PERP} moved by 50000 and no trade tells why yet"
    rig.step(*rig.quotes(CALL))
    assert rig.alarms["unexplained_position"].severity is Severity.WARNING
    assert rig.guard.latch == ""


def test_unexplained_for_long_enough_it_latches() -> None:
    rig = stray()
    rig.quiet(EXPLAIN_S + 1)

    assert rig.guard.latch == f"{PERP} moved by 50000 without a trade"
    assert rig.last.reason is Reason.LIQUIDATION
    assert "unexplained_position" not in rig.alarms
    assert len(rig.placed) == 1


def test_meanwhile_the_venue_is_asked_for_its_trades_again() -> None:
    rig = stray()
    asked = len(rig.of(fx.RequestSnapshot))
    rig.quiet(EXPLAIN_S - 1)
    assert len(rig.of(fx.RequestSnapshot)) > asked


def test_a_trade_that_comes_late_explains_it() -> None:
    """A trade between a snapshot's trades and its positions is in these and not in those."""
    rig = GuardedRig().hedged()
    late = rig.fill(PERP, Side.BUY, Decimal(50_000), Decimal(100_000))
    rig.wait(0.1)
    rig.positions({CALL: "-10", PERP: str(rig.placed[0].signed_amount + 50_000)})
    rig.step(ev.Filled(late))

    assert rig.guard.unexplained == ""
    rig.quiet(EXPLAIN_S + 1)
    assert rig.guard.latch == ""


def test_a_trade_told_in_the_same_answer_explains_it() -> None:
    rig = GuardedRig().hedged()
    bought = rig.fill(PERP, Side.BUY, Decimal(50_000), Decimal(100_000))
    rig.positions({CALL: "-10", PERP: str(rig.placed[0].signed_amount + 50_000)}, fills=[bought])
    assert rig.guard.unexplained == ""


def test_a_trade_found_by_a_look_up_explains_the_next_snapshot() -> None:
    rig = GuardedRig().hedged()
    order = rig.placed[0]
    more = msgspec.structs.replace(rig.trade(order, Decimal(20), Decimal(100_000)), trade_id="late")
    rig.step(
        ev.LookedUp(venue=more.venue, label=order.label, server_ms=rig.market_ms, reports=(), fills=(more,))
    )
    rig.positions({CALL: "-10", PERP: str(order.signed_amount + more.signed_amount)})
    assert rig.guard.unexplained == ""


def test_half_an_explanation_is_none() -> None:
    rig = GuardedRig().hedged()
    bought = rig.fill(PERP, Side.BUY, Decimal(20_000), Decimal(100_000))
    rig.positions({CALL: "-10", PERP: str(rig.placed[0].signed_amount + 50_000)}, fills=[bought])
    assert rig.guard.unexplained == f"{PERP} moved by 30000 and no trade tells why yet"


def test_what_is_found_at_the_start_has_nothing_to_explain_it() -> None:
    rig = GuardedRig()
    rig.start({CALL: "-10", PERP: "350000"})
    rig.quiet(EXPLAIN_S + 1)
    assert rig.guard.latch == ""


def test_options_come_and_go_without_trades() -> None:
    """Exercise and delivery are no trades; the venue's word on them stands."""
    rig = GuardedRig().hedged()
    rig.positions({CALL: "-4", PERP: str(rig.placed[0].signed_amount)})
    assert rig.guard.unexplained == ""
