"""A hedge that rests at the touch: it follows the market, gives up in time, and is never doubled."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from hedger.domain.order import Order, OrderIntent, OrderState, Side, TimeInForce
from hedger.domain.vocabulary import Action, Reason
from hedger.engine import effects as fx
from hedger.engine import events as ev
from hedger.engine.settings import Timing
from hedger.execution.params import ExecutionParams, Style
from hedger.risk.envelope import Envelope
from tests.engine.rig import CALL, PUT, VENUE, Rig

WIDE = {"lower": -0.1, "upper": 0.1, "hard_lower": -50.0, "hard_upper": 50.0}
CHASE = ExecutionParams(style=Style.CHASE, chase_tries=3, chase_s=30.0, repeg_s=2.0)


def chasing(**changes: Any) -> tuple[Rig, OrderIntent]:
    """A book whose hedge rests: acknowledged, nothing filled."""
    rig = Rig(execution=CHASE, **{**WIDE, **changes})
    rig.start()
    (order,) = rig.placed
    rig.step(rig.report_of(order, "open"))
    return rig, order


def amended(rig: Rig) -> list[OrderIntent]:
    return [effect.approved.intent for effect in rig.of(fx.Amend)]


def after(rig: Rig, seconds: float, index: float | None = None) -> list[fx.Effect]:
    """Time passes, then the market ticks."""
    rig.wait(seconds)
    return rig.move(rig.index if index is None else index)


def stands_at(rig: Rig, intent: OrderIntent, filled: Decimal = Decimal(0)) -> ev.Reported:
    return rig.report_of(intent, "open", filled, Decimal(100_000) if filled else Decimal(0))


def cancelled(rig: Rig, intent: OrderIntent, filled: int = 0) -> list[ev.Event]:
    return rig.fill_of(intent, Decimal(filled), state="cancelled")


def state_of(rig: Rig, label: str) -> str:
    return next(row.state for row in rig.engine.view(rig.now).orders.recent if row.label == label)


# --- resting ------------------------------------------------------------------------------------------


def test_a_chase_begins_at_its_own_side_of_the_touch_and_never_takes() -> None:
    _, order = chasing()
    assert (order.side, order.price) == (Side.BUY, Decimal("99999.5"))
    assert order.post_only
    assert order.time_in_force is TimeInForce.GTC


def test_it_stays_where_it_is_while_the_touch_does() -> None:
    rig, order = chasing()
    for _ in range(8):
        after(rig, 2.5)
    assert not amended(rig)
    assert not rig.of(fx.Cancel)
    assert rig.last.reason is Reason.IN_FLIGHT
    assert [placed.label for placed in rig.placed] == [order.label]


def test_it_follows_a_touch_that_runs_away() -> None:
    rig, order = chasing()
    after(rig, 3.0, 100_010.0)

    (terms,) = amended(rig)
    assert (terms.label, terms.price) == (order.label, Decimal("100009.5"))
    assert terms.amount <= order.amount
    assert rig.market_ms < terms.valid_until_ms <= rig.market_ms + 5_000
    assert state_of(rig, order.label) == OrderState.AMENDING


def test_it_is_not_moved_more_often_than_it_may_be() -> None:
    rig, _ = chasing()
    after(rig, 1.0, 100_010.0)
    assert not amended(rig), "two seconds have not passed"
    after(rig, 1.5, 100_010.0)
    assert len(amended(rig)) == 1


def test_an_order_better_than_the_touch_is_left_there() -> None:
    """The market fell away from our bid: going down after it would give a fill away."""
    rig, order = chasing()
    after(rig, 3.0, 99_990.0)
    assert {terms.price for terms in amended(rig)} <= {order.price}
    assert not rig.of(fx.Cancel)


def test_new_terms_wait_for_the_journal_like_a_new_order() -> None:
    rig, _ = chasing()
    rig.journal_ok = False
    after(rig, 3.0, 100_010.0)
    assert not amended(rig)

    write = rig.of(fx.Write)[-1]
    rig.step(ev.Durable(write.sequence))
    assert len(amended(rig)) == 1


def test_less_is_wanted_the_order_is_made_smaller() -> None:
    rig, order = chasing()
    after(rig, 3.0, 99_500.0)  # the short calls lose delta

    (terms,) = amended(rig)
    assert terms.amount < order.amount
    assert terms.price == order.price


def test_more_is_wanted_the_order_is_not_made_larger() -> None:
    rig, order = chasing()
    after(rig, 3.0, 101_000.0)

    assert amended(rig)[0].amount == order.amount


def test_beyond_the_cap_nothing_rests() -> None:
    """The cap is theta-offset's hard limit: it is hedged at once, as beyond that of a band."""
    rig = Rig(policy="theta_offset", execution=CHASE)
    rig.start({CALL: "-10", PUT: "-10"})
    (first,) = rig.placed
    assert first.post_only
    rig.step(*rig.fill_of(first))
    rig.wait(60)
    rig.move(106_000.0, CALL, PUT)

    assert (rig.placed[-1].post_only, rig.placed[-1].time_in_force) == (False, TimeInForce.IOC)


# --- its end ------------------------------------------------------------------------------------------


def test_filled_it_is_a_hedge_like_any_other() -> None:
    rig, order = chasing()
    rig.step(*rig.fill_of(order), *rig.quotes(CALL))

    assert -0.1 <= rig.delta < -0.0998
    assert rig.engine.view(rig.now).books[0].working.hedges_done == 1


def test_after_its_time_it_is_cancelled_and_only_then_the_rest_is_taken() -> None:
    rig, order = chasing()
    after(rig, 31.0)
    assert [cancel.label for cancel in rig.of(fx.Cancel)] == [order.label]
    assert len(rig.placed) == 1, "a cancel that was sent is no evidence"

    rig.step(*cancelled(rig, order, 100_000), *rig.quotes(CALL))
    _, crossing = rig.placed
    assert (crossing.time_in_force, crossing.post_only) == (TimeInForce.IOC, False)
    assert crossing.amount == order.amount - 100_000


def test_after_its_tries_it_crosses() -> None:
    rig, order = chasing()
    for step in range(1, 4):
        after(rig, 3.0, 100_000.0 + 10 * step)
        if terms := amended(rig)[-1:]:
            rig.step(stands_at(rig, terms[0]))
    assert len(amended(rig)) == 2, "with the placement these are three tries"
    assert [cancel.label for cancel in rig.of(fx.Cancel)] == [order.label]


def test_a_fill_that_overtakes_the_cancel_leaves_nothing_to_take() -> None:
    rig, order = chasing()
    after(rig, 31.0)
    rig.step(*rig.fill_of(order), *rig.quotes(CALL))

    assert len(rig.placed) == 1


def test_a_cancel_nobody_answers_is_looked_up_and_nothing_follows_before_the_answer() -> None:
    rig, order = chasing()
    after(rig, 31.0)
    for _ in range(6):
        after(rig, 1.0)
    assert state_of(rig, order.label) == OrderState.UNKNOWN
    assert rig.of(fx.LookUp)
    assert len(rig.placed) == 1

    found = ev.LookedUp(VENUE, order.label, rig.market_ms, (stands_at(rig, order).report,), ())
    rig.step(found, *rig.quotes(CALL))
    assert len(rig.of(fx.Cancel)) == 2, "it stands there: cancelled again"
    assert len(rig.placed) == 1


def test_the_hard_limit_does_not_wait_for_a_fill() -> None:
    rig, order = chasing(hard_lower=-4.0, hard_upper=4.0)
    after(rig, 1.0, 103_000.0)
    assert [cancel.label for cancel in rig.of(fx.Cancel)] == [order.label]
    rig.step(*cancelled(rig, order), *rig.quotes(CALL))

    assert rig.placed[1].time_in_force is TimeInForce.IOC


def test_beyond_the_hard_limit_nothing_rests_in_the_first_place() -> None:
    rig = Rig(execution=CHASE, **{**WIDE, "hard_lower": -1.0, "hard_upper": 1.0})
    rig.start()
    assert rig.placed[0].time_in_force is TimeInForce.IOC


def test_the_policy_wants_nothing_any_more_the_order_is_taken_back() -> None:
    rig, order = chasing(lower=-3.0, upper=3.0)
    after(rig, 1.0, 90_000.0)

    assert [cancel.label for cancel in rig.of(fx.Cancel)] == [order.label]
    rig.step(*cancelled(rig, order), *rig.quotes(CALL))
    assert len(rig.placed) == 1


@pytest.mark.parametrize("command", ["pause", "halt"])
def test_a_stopped_book_rests_no_hedge(command: str) -> None:
    rig, order = chasing()
    rig.step(ev.CommandGiven(command=command, book="", by="me", reason="drill"))
    assert {cancel.label for cancel in rig.of(fx.Cancel)} == {order.label}


def test_a_stale_market_takes_the_order_back() -> None:
    rig, order = chasing()
    rig.wait(6.0)
    rig.step(rig.indexed(), rig.option_quote(CALL))
    assert [cancel.label for cancel in rig.of(fx.Cancel)] == [order.label]


def test_a_stop_cancels_it_and_waits_for_the_evidence() -> None:
    rig, order = chasing()
    rig.step(ev.StopRequested("test"))
    assert [cancel.label for cancel in rig.of(fx.Cancel)] == [order.label]
    assert not rig.of(fx.Exit)
    rig.step(*cancelled(rig, order))
    assert [effect.code for effect in rig.of(fx.Exit)] == [0]


# --- rejects ------------------------------------------------------------------------------------------


def test_a_post_only_reject_is_tried_again_at_the_new_touch_after_a_short_pause() -> None:
    rig = Rig(execution=CHASE, **WIDE)
    rig.start()
    rig.step(ev.PlacementRefused(VENUE, rig.placed[0].label, 11054, "post_only_reject"), *rig.quotes(CALL))
    assert len(rig.placed) == 1
    assert rig.last.reason is Reason.NO_LIQUIDITY
    after(rig, 2.1, 100_010.0)

    assert [order.price for order in rig.placed] == [Decimal("99999.5"), Decimal("100009.5")]


def test_beyond_the_hard_limit_no_pause_after_a_post_only_reject_is_kept() -> None:
    """The pause is for what rests; a hedge that is urgent crosses, and crosses at once."""
    rig = Rig(execution=CHASE, **{**WIDE, "hard_lower": -5.0})
    rig.start()
    rig.step(ev.PlacementRefused(VENUE, rig.placed[0].label, 11054, "post_only_reject"), *rig.quotes(CALL))
    assert rig.last.reason is Reason.NO_LIQUIDITY
    rig.move(110_000.0)

    assert [order.time_in_force for order in rig.placed] == [TimeInForce.GTC, TimeInForce.IOC]


def test_new_terms_that_would_have_taken_end_the_order_and_another_follows() -> None:
    rig, order = chasing()
    after(rig, 3.0, 100_010.0)
    report = rig.report_of(order, "cancelled").report
    ended = msgspec.structs.replace(report, cancel_reason="edit_post_only_reject")
    rig.step(ev.Reported(ended), *rig.quotes(CALL))
    assert len(rig.placed) == 1
    after(rig, 2.1)
    assert rig.placed[1].post_only


def test_refused_terms_leave_the_order_at_the_old_ones() -> None:
    rig, order = chasing()
    after(rig, 3.0, 100_010.0)
    rig.step(ev.AmendRefused(VENUE, order.label, 10043, "price_wrong_tick"))

    assert state_of(rig, order.label) == OrderState.OPEN
    assert len(rig.placed) == 1


# --- terms nobody answers -----------------------------------------------------------------------------


@pytest.mark.parametrize("told", [True, False])
def test_terms_that_got_lost_are_looked_up_and_not_sent_again(told: bool) -> None:
    rig, order = chasing()
    after(rig, 3.0, 100_010.0)
    if told:
        rig.step(ev.AmendLost(VENUE, order.label, "11044 not_open_order"))
    else:
        for _ in range(4):
            after(rig, 1.0)
    assert state_of(rig, order.label) == OrderState.UNKNOWN
    for _ in range(3):
        after(rig, 1.0)

    assert len(amended(rig)) == 1
    assert rig.of(fx.LookUp)[0].label == order.label
    assert (rig.last.action, rig.last.reason) == (Action.BLOCKED, Reason.UNKNOWN_ORDER)


@pytest.mark.parametrize("arrived", [True, False])
def test_the_look_up_says_which_terms_hold(arrived: bool) -> None:
    rig, order = chasing()
    after(rig, 3.0, 100_010.0)
    (terms,) = amended(rig)
    rig.step(ev.AmendLost(VENUE, order.label, "lost"))
    report = stands_at(rig, terms if arrived else order).report
    rig.step(ev.LookedUp(VENUE, order.label, rig.market_ms, (report,), ()))

    assert state_of(rig, order.label) == OrderState.OPEN
    after(rig, 3.0)
    assert len(amended(rig)) == (1 if arrived else 2), "at the old terms it is behind the touch still"


def test_a_fill_in_the_middle_of_an_amendment_is_counted_once() -> None:
    rig, order = chasing()
    after(rig, 3.0, 100_010.0)
    (terms,) = amended(rig)
    rig.step(ev.Filled(rig.trade(order, Decimal(100_000), Decimal("99999.5"))))
    rig.step(stands_at(rig, terms, Decimal(100_000)), *rig.quotes(CALL))

    view = rig.engine.view(rig.now).books[0]
    assert view.hedge_position.usd == 100_000
    left = float(terms.amount - 100_000) / 100_010
    assert view.in_flight_coin == pytest.approx(left, rel=1e-6)


def test_a_disconnect_makes_it_unknown_and_the_next_hedge_waits_for_its_end() -> None:
    rig, order = chasing()
    rig.step(ev.LinkDown(VENUE, "cut"))
    rig.step(rig.link_up())
    rig.step(rig.snapshot({CALL: "-10"}), *rig.quotes(CALL))
    assert rig.last.reason is Reason.UNKNOWN_ORDER
    gone = rig.report_of(order, "cancelled").report
    rig.step(ev.LookedUp(VENUE, order.label, rig.market_ms, (gone,), ()), *rig.quotes(CALL))

    assert len(rig.placed) == 2


def test_an_order_of_an_earlier_run_that_still_rests_is_cancelled() -> None:
    before, order = chasing()
    row = Order(order, state=OrderState.OPEN, order_id=f"id-{order.label}")
    rig = Rig(execution=CHASE, **WIDE)
    rig.start(orders=[row], epoch=2, open_orders=[stands_at(before, order).report])

    assert [cancel.label for cancel in rig.of(fx.Cancel)] == [order.label]
    assert not rig.placed
    rig.step(*cancelled(rig, order), *rig.quotes(CALL))
    assert [placed.label for placed in rig.placed] == ["h-btc-2-1"]


def test_an_order_that_is_not_among_the_open_ones_any_more_is_looked_up() -> None:
    """Its end was told in a message that never came; the regular look at the venue notices."""
    rig, order = chasing(timing=Timing(reconcile_s=10.0))
    after(rig, 3.0)
    after(rig, 8.0)
    assert not rig.of(fx.Cancel), "a look at the venue is no reason to take the order back"
    rig.step(rig.snapshot({CALL: "-10"}), *rig.quotes(CALL))

    assert state_of(rig, order.label) == OrderState.UNKNOWN


def test_an_order_among_the_open_ones_stays() -> None:
    rig, order = chasing(timing=Timing(reconcile_s=10.0))
    after(rig, 3.0)
    after(rig, 8.0)
    report = stands_at(rig, order).report
    rig.step(rig.snapshot({CALL: "-10"}, open_orders=[report]), *rig.quotes(CALL))

    assert state_of(rig, order.label) == OrderState.OPEN


def test_it_stays_in_its_budget_of_turnover_by_itself() -> None:
    """It is judged again while it rests, and is not in its own way."""
    wide = {"max_order_usd": 1e7, "max_order_coin": 100.0, "max_hedge_position_coin": 100.0}
    _, first = chasing()
    budget_usd = 1.5 * float(first.amount)
    rig, intent = chasing(envelope=Envelope(**wide, max_turnover_hour_usd=budget_usd))  # type: ignore[arg-type]
    after(rig, 3.0)
    assert rig.of(fx.Cancel) == []
    assert state_of(rig, intent.label) == "open"
