"""One writer per account: what a standby does and does not, and how orders end with the lease."""

from __future__ import annotations

import math
from dataclasses import replace

import msgspec
import pytest

from hedger.domain.errors import LeaseError
from hedger.domain.vocabulary import Action, BreakerState, Reason, Severity, State
from hedger.engine import effects as fx
from hedger.engine import events as ev
from hedger.engine.records import Decided
from hedger.execution.params import ExecutionParams, Style
from tests.engine.rig import CALL, PERP, VENUE, Rig, settings

WIDE = {"lower": -0.1, "upper": 0.1, "hard_lower": -50.0, "hard_upper": 50.0}
MARGIN_S = 2.0
HOLDER = "desk1:4242:7f3a"


def held(rig: Rig, left_s: float = 10.0, epoch: int = 1) -> ev.JournalLoaded:
    """The journal, with a lease that ends in so many seconds."""
    return msgspec.structs.replace(rig.journal(epoch=epoch), lease_until_wire_s=rig.wire_s + left_s)


def started(rig: Rig, left_s: float = 10.0) -> Rig:
    """Holding a short call, before the first quotes."""
    rig.step(rig.listed(CALL), rig.link_up())
    rig.step(held(rig, left_s))
    rig.step(rig.snapshot({CALL: "-10"}))
    return rig


def standby(rig: Rig) -> Rig:
    """Connected while another run holds the account; the venue's picture and quotes are there."""
    rig.step(rig.listed(CALL), rig.link_up())
    rig.step(awaited(rig))
    rig.step(rig.snapshot({CALL: "-10"}))
    rig.step(*rig.quotes(CALL))
    rig.wait(1.0)
    rig.step(*rig.quotes(CALL))
    return rig


def awaited(rig: Rig, left_s: float = 10.0) -> ev.LeaseAwaited:
    return ev.LeaseAwaited(venue=VENUE, holder=HOLDER, until_wire_s=rig.wire_s + left_s)


# --- while we hold it ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("left_s", "valid_s"), [(60.0, 5.0), (10.0, 5.0), (5.0, 3.0), (math.inf, 5.0)])
def test_an_order_may_be_executed_for_its_validity_but_not_beyond_the_lease(
    left_s: float, valid_s: float
) -> None:
    rig = started(Rig(**WIDE), left_s + 0.02)
    rig.step(*rig.quotes(CALL))

    (order,) = rig.placed
    assert order.valid_until_ms - order.created_ms == pytest.approx(valid_s * 1000, abs=20)


def test_market_time_that_runs_fast_counts_in_the_lease_too() -> None:
    fast = replace(settings(**WIDE), market_speed=60.0)
    rig = started(Rig(fast), 5.02)
    rig.step(*rig.quotes(CALL))

    (order,) = rig.placed
    assert order.valid_until_ms - order.created_ms == pytest.approx(3.0 * 60 * 1000, abs=20 * 60)


def test_a_clock_too_far_behind_is_named_as_what_leaves_nothing_of_the_lease() -> None:
    rig = started(Rig(**WIDE))
    rig.step(ev.LinkHealth(venue=VENUE, credits=1.0, clock_skew_ms=-60_000.0, round_trip_s=0.01))
    rig.step(*rig.quotes(CALL))

    assert not rig.placed
    assert rig.last.reason is Reason.LEASE
    assert "margin 2 s, and the venue's clock is 60.0 s behind ours" in rig.last.detail


def test_a_venue_whose_clock_is_behind_ours_is_given_less() -> None:
    """It would take an order for executable two tenths longer than we mean."""
    rig = Rig(**WIDE)
    rig.step(rig.listed(CALL), rig.link_up())
    rig.step(ev.LinkHealth(venue=VENUE, credits=1.0, clock_skew_ms=-200.0, round_trip_s=0.01))
    rig.step(held(rig, 5.02))
    rig.step(rig.snapshot({CALL: "-10"}))
    rig.step(*rig.quotes(CALL))

    (order,) = rig.placed
    assert order.valid_until_ms - order.created_ms == pytest.approx(2_800, abs=20)


def test_with_too_little_of_the_lease_left_nothing_is_sent_until_it_is_renewed() -> None:
    rig = started(Rig(**WIDE), MARGIN_S + 0.2)
    rig.step(*rig.quotes(CALL))
    assert rig.placed == []
    assert (rig.last.action, rig.last.reason) == (Action.BLOCKED, Reason.LEASE)
    (alarm,) = rig.engine.view(rig.now).alarms
    assert (alarm.name, alarm.book, alarm.severity) == ("lease", VENUE, Severity.CRITICAL)

    rig.step(ev.LeaseRenewed(venue=VENUE, until_wire_s=rig.wire_s + 10.0), *rig.quotes(CALL))
    assert len(rig.placed) == 1
    assert rig.engine.view(rig.now).alarms == ()


def test_why_the_lease_is_not_renewed_is_said_where_it_blocks() -> None:
    rig = started(Rig(**WIDE), MARGIN_S + 0.2)
    rig.step(ev.LeaseUnrenewed(venue=VENUE, detail="disk I/O error"), *rig.quotes(CALL))

    assert "disk I/O error" in rig.last.detail
    assert "lease_not_renewed" in rig.notes()


def test_an_order_that_waited_for_the_journal_across_the_lease_never_leaves() -> None:
    rig = started(Rig(**WIDE), MARGIN_S + 1.0)
    rig.journal_ok = False
    rig.step(*rig.quotes(CALL))
    (write,) = [w for w in rig.of(fx.Write) if any(r.__class__.__name__ == "Intended" for r in w.records)]
    rig.wait(1.0)
    rig.step(ev.Durable(sequence=write.sequence))

    assert rig.placed == []
    assert "order_dropped" in rig.notes()


def test_what_rests_is_taken_back_while_the_lease_runs_out() -> None:
    """We may still ask for that: the labels are of our own epoch."""
    rig = started(Rig(**WIDE, execution=ExecutionParams(style=Style.CHASE)), 10.0)
    rig.step(*rig.quotes(CALL))
    (order,) = rig.placed
    rig.step(rig.report_of(order, "open"))
    while not rig.of(fx.Cancel):
        rig.wait(0.5)
        rig.step(*rig.quotes(CALL))

    assert [cancel.label for cancel in rig.of(fx.Cancel)] == [order.label]
    assert rig.wire_s < 1000.0 + 10.0, "before the lease has ended"


def test_a_lease_that_was_lost_ends_the_process_and_cancels_nothing() -> None:
    """What rests is the successor's to take back, and nothing is latched: a restart makes a standby."""
    rig = started(Rig(**WIDE, execution=ExecutionParams(style=Style.CHASE)), 10.0)
    rig.step(*rig.quotes(CALL))
    rig.step(rig.report_of(rig.placed[0], "open"))
    made = rig.step(ev.LeaseLost(venue=VENUE, holder=HOLDER, detail=f"held by {HOLDER}"))

    (end,) = [effect for effect in made if isinstance(effect, fx.Exit)]
    assert end.code == LeaseError.exit_code == 6
    assert rig.of(fx.Cancel) == []
    assert rig.engine.view(rig.now).breaker is BreakerState.RUNNING
    after = rig.move(120_000.0)
    assert not [effect for effect in after if isinstance(effect, fx.Place | fx.Amend | fx.Cancel | fx.Exit)]


# --- while another run holds it -----------------------------------------------------------------------


def test_a_standby_shows_the_account_and_says_whom_it_waits_for() -> None:
    rig = standby(Rig(**WIDE))
    view = rig.engine.view(rig.now)

    assert view.state is State.STANDBY
    assert (view.venues[0].standby_of, view.venues[0].lease_left_s) == (HOLDER, None)
    assert rig.delta == pytest.approx(-3.65, abs=0.01)
    assert (rig.last.action, rig.last.reason) == (Action.BLOCKED, Reason.STANDBY)
    assert HOLDER in rig.last.detail


def test_a_standby_whose_store_does_not_answer_says_so() -> None:
    rig = standby(Rig(**WIDE))
    rig.step(ev.LeaseUnrenewed(venue=VENUE, detail="connection refused"))
    rig.wait(1.0)
    rig.step()
    assert "connection refused" in rig.last.detail
    rig.step(awaited(rig))
    rig.wait(1.0)
    rig.step()
    assert "connection refused" not in rig.last.detail


def test_a_standby_writes_and_sends_nothing_but_questions() -> None:
    rig = standby(Rig(**WIDE))
    asked = (fx.Watch, fx.RequestSnapshot, fx.LoadJournal, fx.Note)
    rig.step(ev.SettingsApplied(settings=rig.settings))
    rig.step(ev.CommandGiven(command="halt", book="", by="me", reason="a test"))
    for index in (90_000.0, 120_000.0):
        rig.wait(5.0)
        rig.move(index)

    before = next(n for n, effect in enumerate(rig.effects) if isinstance(effect, fx.RequestSnapshot))
    assert [effect for effect in rig.effects[before:] if not isinstance(effect, asked)] == []
    assert rig.engine.view(rig.now).breaker is BreakerState.RUNNING
    assert "command_refused" in rig.notes()


def test_a_standby_leaves_the_holders_orders_and_trades_alone() -> None:
    """A label of ours that no journal of ours knows would be cancelled by a run that holds the account."""
    holder = started(Rig(**WIDE), 10.0)
    holder.step(*holder.quotes(CALL))
    (order,) = holder.placed
    rig = standby(Rig(**WIDE))
    rig.step(holder.report_of(order, "open"), *holder.fill_of(order))
    rig.step(rig.snapshot({CALL: "-10"}, open_orders=(holder.report_of(order, "open").report,)))

    assert rig.of(fx.Cancel) == []
    assert not rig.of(fx.Write) or all(isinstance(r, Decided) for w in rig.of(fx.Write) for r in w.records)


def test_a_standby_follows_positions_as_the_venue_tells_them() -> None:
    rig = standby(Rig(**WIDE))
    before = rig.delta
    rig.step(rig.position(PERP, "100000"))
    rig.wait(1.0)
    rig.step(*rig.quotes(CALL, PERP))

    assert rig.delta == pytest.approx(before + 1.0, abs=0.01)


def test_a_takeover_is_a_start_reconciled_anew_with_quotes_that_are_warm_already() -> None:
    rig = standby(Rig(**WIDE))
    made = rig.step(held(rig, epoch=7))
    assert [type(effect) for effect in made if isinstance(effect, fx.RequestSnapshot | fx.Place)] == [
        fx.RequestSnapshot
    ]
    rig.step(rig.snapshot({CALL: "-10"}))

    (order,) = rig.placed
    assert order.label.startswith("h-btc-7-")
    assert rig.engine.view(rig.now).venues[0].takeovers == 1
    assert rig.engine.view(rig.now).counters.orders["placed"] == 1


def test_the_answer_to_a_standbys_question_is_no_reconciliation() -> None:
    """It asked for no trades: what the holder traded last would be missed."""
    rig = Rig(**WIDE)
    rig.step(rig.listed(CALL), rig.link_up())
    rig.step(awaited(rig))
    rig.step(held(rig, epoch=2))
    rig.step(*rig.quotes(CALL))
    made = rig.step(rig.snapshot({CALL: "-10"}))

    assert rig.placed == []
    assert [type(effect) for effect in made if isinstance(effect, fx.RequestSnapshot)] == [fx.RequestSnapshot]
    rig.step(rig.snapshot({CALL: "-10"}), *rig.quotes(CALL))
    assert len(rig.placed) == 1


@pytest.mark.parametrize("switch", [state for state in BreakerState if state is not BreakerState.RUNNING])
@pytest.mark.parametrize("book", ["", "btc"])
def test_every_latched_switch_is_found_by_the_successor(switch: BreakerState, book: str) -> None:
    rig = standby(Rig(**WIDE))
    rig.step(msgspec.structs.replace(held(rig, epoch=2), breakers={book: switch}))

    view = rig.engine.view(rig.now)
    assert view.books[0].state is switch
    assert view.breaker is (BreakerState.RUNNING if book else switch)


def test_a_halted_successor_reconciles_and_sends_nothing() -> None:
    rig = standby(Rig(**WIDE))
    rig.step(msgspec.structs.replace(held(rig, epoch=2), breakers={"": BreakerState.HALTED}))
    rig.step(rig.snapshot({CALL: "-10"}), *rig.quotes(CALL))

    assert rig.placed == []
    assert rig.last.reason is Reason.HALTED


def test_a_standby_whose_link_flaps_stands_by_again() -> None:
    rig = standby(Rig(**WIDE))
    rig.step(ev.LinkDown(venue=VENUE, reason="a test"))
    assert rig.engine.view(rig.now).state is State.CONNECTING
    rig.step(rig.link_up())

    assert rig.engine.view(rig.now).state is State.STANDBY
    assert len(rig.of(fx.LoadJournal)) == 1


def test_a_standby_stops_at_once() -> None:
    rig = standby(Rig(**WIDE))
    made = rig.step(ev.StopRequested(reason="SIGTERM"))
    assert [effect.code for effect in made if isinstance(effect, fx.Exit)] == [0]


def test_a_standby_asks_for_no_log_and_accepts_nothing() -> None:
    """What is unexplained is for the run to judge that follows the trades."""
    rig = standby(Rig(**WIDE))
    rig.step(rig.snapshot({CALL: "-10", PERP: "5000"}), rig.position(PERP, "7000"))
    given = ev.AcceptGiven(book="btc", by="me", reason="a test")
    assert HOLDER in rig.engine.accept_objection(given)
    rig.step(given)
    rig.wait(60.0)

    assert rig.of(fx.RequestLog) == []
    assert not rig.of(fx.Write) or all(isinstance(r, Decided) for w in rig.of(fx.Write) for r in w.records)
    assert "command_refused" in rig.notes()
