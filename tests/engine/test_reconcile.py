"""What we believe is held against what the venue says: after every fill, on a timer, orders and money."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from hedger.domain.instrument import InstrumentState
from hedger.domain.order import Order, OrderState, OrderType, Purpose, Side
from hedger.domain.vocabulary import Action, Reason
from hedger.engine import effects as fx
from hedger.engine import events as ev
from hedger.engine.reconcile.equity import LASTS_S
from hedger.engine.settings import Timing
from tests.engine.guarded import GuardedRig
from tests.engine.rig import CALL, PERP, VENUE, Rig
from tests.engine.test_manual import CALM, OPTIONS, asked

CONFIRM = Timing(reconcile_s=1e9, position_confirm_s=2.0)
NEVER = Timing(reconcile_s=1e9, position_confirm_s=1e9)
REAL = Timing()


def snapshots(rig: Rig) -> int:
    return len(rig.of(fx.RequestSnapshot))


# -- after every fill ----------------------------------------------------------------------------------


def test_a_position_told_beside_its_fill_confirms_it() -> None:
    rig = GuardedRig(timing=CONFIRM)
    rig.start()
    size = str(rig.placed[0].signed_amount)
    rig.step(*rig.fill_of(rig.placed[0]), rig.position(PERP, size))
    asked = snapshots(rig)
    rig.quiet(10)
    assert snapshots(rig) == asked


def test_a_fill_whose_position_nobody_tells_is_held_against_a_snapshot() -> None:
    rig = GuardedRig(timing=CONFIRM).hedged()
    asked = snapshots(rig)
    rig.quiet(1)
    assert snapshots(rig) == asked
    rig.quiet(2)
    assert snapshots(rig) == asked + 1
    rig.step(rig.snapshot({CALL: "-10", PERP: str(rig.placed[0].signed_amount)}), *rig.quotes(CALL))
    rig.quiet(10)
    assert snapshots(rig) == asked + 1
    assert rig.last.reason is Reason.WITHIN_BAND


def test_a_position_that_says_otherwise_stops_the_book_with_both_figures() -> None:
    rig = GuardedRig(timing=CONFIRM).hedged()
    size = rig.placed[0].signed_amount
    rig.step(rig.position(PERP, str(size - 1000)), *rig.quotes(CALL))
    assert (rig.last.action, rig.last.reason) == (Action.BLOCKED, Reason.POSITION_MISMATCH)
    assert f"the venue says {size - 1000}, fills say {size}" in rig.last.detail
    assert rig.engine.view(rig.now).counters.mismatches == {VENUE: 1}
    assert snapshots(rig) == 2  # asked at once

    rig.step(rig.snapshot({CALL: "-10", PERP: str(size)}), *rig.quotes(CALL))
    assert rig.last.reason is Reason.WITHIN_BAND


@pytest.mark.parametrize("told", ["order", "position", "neither"])
def test_an_own_fill_that_is_not_told_never_leads_to_a_second_hedge(told: str) -> None:
    """The reply is lost and the trade is not told: whatever else is heard, the venue is asked first."""
    rig = GuardedRig(timing=REAL, execution=None)
    rig.start()
    order = rig.placed[0]
    report, filled = rig.fill_of(order)
    assert isinstance(filled, ev.Filled)
    heard: list[ev.Event] = {"order": [report], "position": [rig.position(PERP, str(order.amount))]}.get(
        told, []
    )
    rig.step(*heard, *rig.quotes(CALL))
    for _ in range(8):
        rig.step(*rig.quotes(CALL), after_s=1.0)
        assert len(rig.placed) == 1, rig.last
    held = {CALL: "-10", PERP: str(order.signed_amount)}
    for _ in range(3):  # the venue's whole truth, at last
        rig.step(
            ev.LookedUp(VENUE, order.label, rig.market_ms, (report.report,), (filled.fill,)),
            rig.snapshot(held, fills=[filled.fill]),
            *rig.quotes(CALL),
            after_s=0.2,
        )
    assert rig.last.reason is Reason.WITHIN_BAND
    assert len(rig.placed) == 1


# -- orders --------------------------------------------------------------------------------------------


def resting() -> GuardedRig:
    """An order by hand that rests."""
    rig = GuardedRig(timing=NEVER, **CALM)
    rig.start()
    rig.step(asked(), *rig.quotes(CALL))
    rig.step(rig.report_of(rig.placed[-1], "open"))
    return rig


def looked(rig: GuardedRig, *orders: Any) -> None:
    """The periodic look, and its answer: positions as we know them, and these orders."""
    held = {row.instrument: row.size for row in rig.engine.view(rig.now).books[0].positions}
    rig.step(rig.position(PERP, "10"), after_s=1.0)  # a reason to ask
    rig.step(rig.snapshot(held, open_orders=orders), *rig.quotes(CALL))


def test_an_order_we_think_open_that_is_not_there_is_looked_up() -> None:
    rig = resting()
    looked(rig)
    assert rig.engine.view(rig.now).orders.unknown == 1
    assert rig.of(fx.LookUp)[-1].label == rig.placed[-1].label


@pytest.mark.parametrize("end", ["cancelled", "filled"])
def test_an_order_we_think_ended_that_is_still_there_is_cancelled_and_blocks(end: str) -> None:
    rig = resting()
    order = rig.placed[-1]
    filled = order.amount if end == "filled" else Decimal(0)
    rig.step(*rig.fill_of(order, filled, state=end))
    still = rig.report_of(order, "open").report
    looked(rig, still)

    assert [cancel.label for cancel in rig.of(fx.Cancel)] == [order.label]
    assert (rig.last.action, rig.last.reason) == (Action.BLOCKED, Reason.UNKNOWN_ORDER)
    rig.step(rig.report_of(order, "cancelled"), *rig.quotes(CALL))
    assert rig.last.reason is not Reason.UNKNOWN_ORDER


def test_an_order_that_ended_after_the_question_was_asked_is_no_contradiction() -> None:
    rig = resting()
    order = rig.placed[-1]
    still = rig.report_of(order, "open").report
    rig.step(rig.position(PERP, "10"), after_s=1.0)
    rig.step(rig.report_of(order, "cancelled"))
    rig.step(rig.snapshot({CALL: "-10"}, open_orders=[still]), *rig.quotes(CALL))
    assert rig.of(fx.Cancel) == []


def test_an_instrument_delivered_while_an_order_rests_in_it_leaves_neither_behind() -> None:
    """The venue cancels what rests in what it delivers, and may say so of the instrument alone."""
    rig = GuardedRig(timing=NEVER, **{**CALM, "envelope": OPTIONS})
    rig.start()
    rig.step(asked(CALL, side=Side.SELL, amount=Decimal(1), price=Decimal("0.05")), *rig.quotes(CALL))
    order = rig.placed[-1]
    rig.step(rig.report_of(order, "open"))
    rig.step(ev.InstrumentStateChanged(venue=VENUE, instrument=CALL, state=InstrumentState.DELIVERED))
    assert snapshots(rig) == 2, "a delivery moves positions"
    rig.step(rig.snapshot({}))
    assert rig.engine.view(rig.now).orders.unknown == 1

    ended = rig.report_of(order, "cancelled").report
    rig.step(ev.LookedUp(VENUE, order.label, rig.market_ms, (ended,), ()), rig.indexed(), rig.perp_quote())
    view = rig.engine.view(rig.now)
    assert (view.orders.unknown, view.orders.open, view.books[0].positions) == (0, 0, ())
    assert rig.guard.unexplained == ""
    assert "unexplained_position" not in rig.alarms


# -- what was live when a run ended --------------------------------------------------------------------


def after_a_crash(purpose: Purpose, *, there: bool) -> GuardedRig:
    """A run that finds an order of the one before in the journal, open at the venue or not."""
    before = resting()
    kind = OrderType.LIMIT
    intent = msgspec.structs.replace(before.placed[-1], purpose=purpose, order_type=kind)
    rig = GuardedRig(timing=NEVER, **CALM)
    rig.market_ms = before.market_ms + 5_000
    report = rig.report_of(intent, "open").report
    order = Order(intent, state=OrderState.OPEN, order_id=report.order_id)
    rig.start(orders=[order], epoch=2, open_orders=[report] if there else [])
    return rig


@pytest.mark.parametrize("purpose", [Purpose.HEDGE, Purpose.RESTING])
def test_what_worked_or_rested_for_the_last_run_is_cancelled_before_anything_else(purpose: Purpose) -> None:
    """A child of a chase, an order at an edge of the band: its hedge is not this run's."""
    rig = after_a_crash(purpose, there=True)
    assert len(rig.of(fx.Cancel)) == 1
    assert rig.placed == []


def test_an_order_by_hand_is_left_where_it_is() -> None:
    rig = after_a_crash(Purpose.MANUAL, there=True)
    assert rig.of(fx.Cancel) == []
    assert rig.engine.view(rig.now).orders.open == 1


@pytest.mark.parametrize("purpose", list(Purpose))
def test_what_is_not_there_any_more_is_looked_up_and_nothing_is_hedged_before(purpose: Purpose) -> None:
    rig = after_a_crash(purpose, there=False)
    assert len(rig.of(fx.LookUp)) == 1
    assert rig.last.reason is Reason.UNKNOWN_ORDER
    assert rig.placed == []


# -- money ---------------------------------------------------------------------------------------------


def wallet(rig: GuardedRig, **changes: str) -> ev.AccountReported:
    told = rig.account().account
    return ev.AccountReported(msgspec.structs.replace(told, **{k: Decimal(v) for k, v in changes.items()}))


def test_an_equity_that_no_longer_adds_up_stops_the_book_until_it_does() -> None:
    rig = GuardedRig().hedged()
    for _ in range(int(LASTS_S) + 2):
        rig.step(wallet(rig, equity="11"), *rig.quotes(CALL), after_s=1.0)
    assert (rig.last.action, rig.last.reason) == (Action.BLOCKED, Reason.EQUITY_MISMATCH)
    assert rig.last.detail == "BTC: equity is 11, cash, session and options come to 10"
    assert "equity_mismatch" in rig.alarms
    assert rig.engine.view(rig.now).counters.mismatches == {VENUE: 1}

    rig.step(wallet(rig, equity="11", session_rpl="0.4", options_value="0.6"), *rig.quotes(CALL))
    rig.step(*rig.quotes(CALL))
    assert rig.last.reason is not Reason.EQUITY_MISMATCH
    assert "equity_mismatch" not in rig.alarms


def test_the_wallets_are_asked_for_while_they_do_not_add_up() -> None:
    """A summary is told when something changes, which may be long after."""
    rig = GuardedRig().hedged()
    asked = snapshots(rig)
    rig.step(wallet(rig, equity="11"))
    rig.quiet(10)
    assert snapshots(rig) == asked + 1
    rig.step(rig.snapshot({CALL: "-10", PERP: str(rig.placed[0].signed_amount)}), *rig.quotes(CALL))
    rig.quiet(3)
    assert rig.last.reason is Reason.WITHIN_BAND


def test_one_summary_out_of_order_and_the_rounding_of_its_parts_are_no_mismatch() -> None:
    rig = GuardedRig().hedged()
    rig.step(wallet(rig, equity="11"), *rig.quotes(CALL))
    rig.step(wallet(rig), *rig.quotes(CALL), after_s=1.0)
    rig.step(wallet(rig, equity="10.000004"), *rig.quotes(CALL), after_s=LASTS_S + 1)
    rig.quiet(3)
    assert rig.last.reason is Reason.WITHIN_BAND


def test_where_the_parts_never_added_up_nothing_is_concluded() -> None:
    rig = GuardedRig(told={"session_rpl": Decimal(-1)})
    rig.start()
    rig.step(*rig.fill_of(rig.placed[0]))
    rig.quiet(5)
    assert rig.last.reason is Reason.WITHIN_BAND
