"""A clock that steps: no order, no new day, no window, until the venue's time has been measured anew."""

from __future__ import annotations

import pytest

from hedger.domain.vocabulary import Action, Reason
from hedger.engine import effects as fx
from hedger.engine import events as ev
from hedger.engine.records import LossReferenced
from tests.engine.guarded import GuardedRig
from tests.engine.rig import CALL, START_MS, VENUE

DAY_MS = 86_400_000


def health(skew_ms: float = 5.0, round_trip_s: float = 0.02) -> ev.LinkHealth:
    return ev.LinkHealth(venue=VENUE, credits=20.0, clock_skew_ms=skew_ms, round_trip_s=round_trip_s)


def stepped(seconds: float) -> GuardedRig:
    """A hedged book whose clock has been measured, and then stepped while the market moved."""
    rig = GuardedRig().hedged()
    rig.step(health())
    rig.market_ms += int(seconds * 1000)
    rig.move(104_000.0)
    return rig


@pytest.mark.parametrize("seconds", [3600.0, 5.0, -5.0, -3600.0])
def test_after_a_step_in_either_direction_nothing_is_ordered(seconds: float) -> None:
    rig = stepped(seconds)
    assert (rig.last.action, rig.last.reason) == (Action.BLOCKED, Reason.CLOCK_SKEW)
    assert f"our clock stepped by {seconds:+.1f} s" in rig.last.detail
    assert "clock_jumped" in rig.notes()
    assert len(rig.placed) == 1


def test_when_the_venues_time_agrees_hedging_goes_on() -> None:
    """A machine that slept: its new time is the right one."""
    rig = stepped(3600.0)
    rig.step(health(5.0), *rig.quotes(CALL), after_s=0.1)
    assert len(rig.placed) == 2


def test_when_it_does_not_agree_the_gate_says_by_how_much() -> None:
    rig = stepped(3600.0)
    rig.step(health(-3_600_000.0), *rig.quotes(CALL), after_s=0.1)
    assert rig.last.reason is Reason.CLOCK_SKEW
    assert "our clock is -3600.0 s off the venue's" in rig.last.detail
    assert len(rig.placed) == 1


def test_a_round_trip_that_began_before_the_step_measures_nothing() -> None:
    rig = stepped(8.0)
    rig.step(health(-4_000.0, round_trip_s=0.5), *rig.quotes(CALL), after_s=0.1)
    assert "stepped" in rig.last.detail
    assert rig.engine.view(rig.now).venues[0].clock_skew_ms == 5.0


def test_time_that_flows_is_no_step() -> None:
    rig = GuardedRig().hedged()
    rig.step(health())
    rig.step(*rig.quotes(CALL), after_s=3600.0)
    rig.market_ms += 900  # a slow correction of the clock
    rig.step(*rig.quotes(CALL), after_s=0.1)
    assert "clock_jumped" not in rig.notes()


def test_an_order_that_waits_for_the_journal_does_not_leave_on_a_clock_that_stepped() -> None:
    rig = GuardedRig().hedged()
    rig.step(health())
    rig.journal_ok = False
    rig.move(104_000.0)
    waiting = rig.of(fx.Write)[-1].sequence
    rig.market_ms -= 60_000
    rig.step(ev.Durable(sequence=waiting))
    assert len(rig.placed) == 1


def test_a_step_into_another_day_and_back_does_not_forget_the_days_loss() -> None:
    rig = GuardedRig().hedged()
    rig.step(health())
    known = len(rig.records(LossReferenced))
    for way in (DAY_MS, -DAY_MS):
        rig.market_ms += way
        rig.quiet(3)
    rig.step(health(), after_s=0.1)
    rig.quiet(2)
    assert len(rig.records(LossReferenced)) == known
    assert rig.market_ms - START_MS < DAY_MS


def test_each_venues_first_measurement_is_waited_for_by_nobody() -> None:
    """Without one there is nothing to doubt: validity is judged by the venue alone."""
    rig = GuardedRig().hedged()
    rig.market_ms += 3_600_000
    rig.move(104_000.0)
    assert len(rig.placed) == 2
