"""Restart is recovery: unknown is a state, the venue is the truth, nothing is sent twice."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from hedger.domain.order import Order, OrderState, Side
from hedger.domain.vocabulary import Action, BreakerState, Environment, Reason, State
from hedger.engine import effects as fx
from hedger.engine import events as ev
from hedger.engine.records import OrderChanged, Snapshot, Traded
from hedger.execution.table import TOLD_LATE_MS
from tests.engine.rig import CALL, PERP, PUT, VENUE, Rig

WIDE = {"lower": -0.1, "upper": 0.1, "hard_lower": -50.0, "hard_upper": 50.0}


def unanswered() -> Rig:
    """A rig whose first order got no answer until it timed out."""
    rig = Rig(**WIDE)
    rig.start()
    rig.wait(3.1)
    rig.step(*rig.quotes(CALL))
    return rig


def empty_lookup(rig: Rig, server_ms: int) -> ev.LookedUp:
    return ev.LookedUp(venue=VENUE, label=rig.placed[0].label, server_ms=server_ms, reports=(), fills=())


def test_an_order_nobody_answered_is_unknown_and_looked_up_never_sent_again() -> None:
    rig = unanswered()

    assert len(rig.placed) == 1
    assert rig.of(fx.LookUp)[-1].label == rig.placed[0].label
    assert (rig.last.action, rig.last.reason) == (Action.BLOCKED, Reason.UNKNOWN_ORDER)
    assert rig.engine.view(rig.now).orders.unknown == 1


def test_an_unknown_order_is_asked_about_once_per_interval() -> None:
    rig = unanswered()
    asked = len(rig.of(fx.LookUp))
    for _ in range(3):
        rig.wait(1.0)
        rig.step()

    assert len(rig.of(fx.LookUp)) == asked + 3


def test_an_empty_look_up_before_valid_until_proves_nothing() -> None:
    rig = unanswered()
    rig.step(empty_lookup(rig, rig.placed[0].valid_until_ms + TOLD_LATE_MS))

    assert rig.engine.view(rig.now).orders.unknown == 1
    assert len(rig.placed) == 1


def test_an_empty_look_up_after_valid_until_proves_absence_and_the_hedge_is_made_anew() -> None:
    rig = unanswered()
    rig.wait(2.5)
    rig.step(empty_lookup(rig, rig.placed[0].valid_until_ms + TOLD_LATE_MS + 1), *rig.quotes(CALL))
    assert rig.last.reason is Reason.VENUE_REFUSED  # it ended with nothing: a moment's pause
    rig.wait(0.6)
    rig.step(*rig.quotes(CALL))

    assert [order.label for order in rig.placed] == ["h-btc-1-1", "h-btc-1-2"]
    assert rig.engine.view(rig.now).counters.orders["absent"] == 1


def test_a_look_up_that_finds_the_fill_moves_the_position_once() -> None:
    rig = unanswered()
    order = rig.placed[0]
    report, filled = rig.fill_of(order)
    assert isinstance(report, ev.Reported)
    assert isinstance(filled, ev.Filled)
    found = ev.LookedUp(
        venue=VENUE,
        label=order.label,
        server_ms=rig.market_ms,
        reports=(report.report,),
        fills=(filled.fill,),
    )
    rig.step(found, *rig.quotes(CALL))
    assert (rig.last.action, rig.last.reason) == (Action.WAIT, Reason.RECOVERING)
    rig.step(rig.snapshot({CALL: "-10", PERP: str(order.amount)}, fills=[filled.fill]), *rig.quotes(CALL))
    rig.step(report, filled)  # the notification arrives late

    assert -0.1 <= rig.delta < -0.0998
    assert len(rig.placed) == 1


def test_a_lost_reply_is_unknown_and_late_evidence_settles_it() -> None:
    rig = Rig(**WIDE)
    rig.start()
    order = rig.placed[0]
    rig.step(ev.PlacementLost(venue=VENUE, label=order.label, reason="reply lost"))
    assert rig.engine.view(rig.now).orders.unknown == 1

    rig.step(*rig.fill_of(order))
    assert rig.engine.view(rig.now).orders.unknown == 0
    assert len(rig.placed) == 1


def test_a_venue_that_cannot_be_reached_is_told_with_the_reason_of_the_last_attempt() -> None:
    """A wrong address is seen in status and `why`, not in the log alone."""
    rig = Rig(**WIDE)
    refused = "handshake refused: server rejected WebSocket connection: HTTP 404"
    rig.step(rig.listed(CALL), ev.LinkDown(venue=VENUE, reason=refused))
    assert rig.last.detail == f"{VENUE} is not connected: {refused}"


def test_a_disconnect_makes_what_was_in_flight_unknown() -> None:
    rig = Rig(**WIDE)
    rig.start()
    rig.step(ev.LinkDown(venue=VENUE, reason="closed 1006"))
    assert rig.engine.view(rig.now).orders.unknown == 1
    assert rig.last.reason is Reason.LINK_DOWN

    rig.step(rig.link_up())
    rig.step(rig.snapshot({CALL: "-10"}))
    rig.step(*rig.quotes(CALL))
    assert len(rig.placed) == 1  # the snapshot is earlier than valid_until: still unknown


def test_a_reconnect_asks_for_a_snapshot_and_watches_again() -> None:
    rig = Rig(**WIDE)
    rig.start()
    rig.step(*rig.fill_of(rig.placed[0]))
    rig.step(ev.LinkDown(venue=VENUE, reason="closed"))
    made = rig.step(rig.link_up())
    assert [type(effect) for effect in made if isinstance(effect, fx.RequestSnapshot)]

    made = rig.step(rig.snapshot({CALL: "-10", PERP: str(rig.placed[0].amount)}))
    assert any(isinstance(effect, fx.Watch) for effect in made)


def test_a_restart_takes_up_an_order_without_an_end_as_unknown() -> None:
    before = Rig(**WIDE)
    before.start()
    order = Order(before.placed[0], state=OrderState.IN_FLIGHT)

    rig = Rig(**WIDE)
    rig.start(orders=[order], epoch=2)
    assert not rig.placed
    assert rig.of(fx.LookUp)[0].label == order.intent.label
    assert rig.last.reason is Reason.UNKNOWN_ORDER


def test_a_draft_of_a_crashed_run_may_have_left_and_is_looked_up_too() -> None:
    before = Rig(**WIDE)
    before.start()
    order = Order(before.placed[0], state=OrderState.DRAFT)

    rig = Rig(**WIDE)
    rig.start(orders=[order], epoch=2)
    assert rig.engine.view(rig.now).orders.unknown == 1


def test_a_hedge_filled_while_the_daemon_was_dead_is_found_and_not_repeated() -> None:
    before = Rig(**WIDE)
    before.start()
    intent = before.placed[0]
    _report, filled = before.fill_of(intent)
    assert isinstance(filled, ev.Filled)

    rig = Rig(**WIDE)
    order = Order(intent, state=OrderState.IN_FLIGHT)
    rig.step(rig.listed(CALL), rig.link_up())
    rig.step(rig.journal([order], epoch=2))
    held = {CALL: "-10", PERP: str(intent.amount)}
    rig.step(rig.snapshot(held, fills=[filled.fill]))
    rig.step(*rig.quotes(CALL))

    assert not rig.placed
    assert -0.1 <= rig.delta < -0.0998
    traded = [r for w in rig.of(fx.Write) for r in w.records if isinstance(r, Traded)]
    assert [record.fill.label for record in traded] == [intent.label]


def test_labels_of_a_new_run_cannot_repeat_an_earlier_one() -> None:
    rig = Rig(**WIDE)
    rig.start(epoch=7)

    assert rig.placed[0].label == "h-btc-7-1"


def test_an_open_order_of_ours_that_the_journal_does_not_know_is_cancelled() -> None:
    other = Rig(**WIDE)
    other.start()
    report = other.report_of(other.placed[0], "open").report

    rig = Rig(**WIDE)
    rig.start(open_orders=[msgspec.structs.replace(report, label="h-btc-1-77")], epoch=2)
    assert [cancel.label for cancel in rig.of(fx.Cancel)] == ["h-btc-1-77"]


def test_a_foreign_open_order_is_shown_and_left_alone() -> None:
    other = Rig(**WIDE)
    other.start()
    report = msgspec.structs.replace(other.report_of(other.placed[0], "open").report, label="mine")

    rig = Rig(**WIDE)
    rig.start(open_orders=[report])
    assert not rig.of(fx.Cancel)
    assert rig.engine.view(rig.now).orders.foreign_open == 1
    rig.step(ev.Reported(report=msgspec.structs.replace(report, state="cancelled")))
    assert rig.engine.view(rig.now).orders.foreign_open == 0


def test_nothing_is_decided_before_link_journal_and_snapshot() -> None:
    rig = Rig(**WIDE)
    rig.step(rig.listed(CALL))
    assert rig.last.reason is Reason.CONNECTING
    rig.step(rig.link_up())
    assert rig.last.reason is Reason.RECOVERING
    assert [type(effect) for effect in rig.effects if isinstance(effect, fx.LoadJournal)]
    rig.step(rig.journal())
    assert rig.last.reason is Reason.RECOVERING
    rig.step(rig.snapshot({CALL: "-10"}))
    assert not rig.placed
    assert rig.engine.view(rig.now).state is State.WARMING_UP
    rig.step(*rig.quotes(CALL))
    assert rig.placed


def test_the_warm_up_names_what_it_waits_for() -> None:
    rig = Rig(**WIDE)
    rig.start({CALL: "-10", PUT: "-10"}, quotes=False)
    rig.step(*rig.quotes(CALL))

    assert (rig.last.action, rig.last.reason) == (Action.BLOCKED, Reason.WARM_UP)
    assert PUT in rig.last.detail
    assert any(PUT in item for item in rig.engine.view(rig.now).missing)


def test_a_snapshot_that_fails_or_never_comes_is_asked_for_again() -> None:
    rig = Rig(**WIDE)
    rig.step(rig.listed(CALL), rig.link_up())
    rig.step(rig.journal())
    rig.step(ev.SnapshotFailed(venue=VENUE, reason="timed out"))
    rig.wait(1.1)
    rig.step()
    assert len(rig.of(fx.RequestSnapshot)) == 2
    rig.wait(10.1)
    rig.step()
    assert len(rig.of(fx.RequestSnapshot)) == 3


def test_an_older_questions_answer_is_not_the_newer_ones() -> None:
    rig = Rig(**WIDE)
    rig.step(rig.listed(CALL), rig.link_up())
    rig.step(rig.journal())
    older = msgspec.structs.replace(rig.snapshot({CALL: "-10"}), asked_wire_s=rig.wire_s)
    rig.wait(10.1)
    rig.step()
    assert len(rig.of(fx.RequestSnapshot)) == 2
    rig.step(older)
    assert rig.last.reason is Reason.RECOVERING
    rig.step(msgspec.structs.replace(rig.snapshot({CALL: "-7"}), asked_wire_s=rig.wire_s))
    assert rig.last.reason is Reason.WARM_UP
    rig.step(older)
    sizes = {row.instrument: row.size for row in rig.engine.view(rig.now).books[0].positions}
    assert sizes[CALL] == "-7"


def test_an_answer_of_an_hour_is_not_ours_and_has_ours_asked_once_more() -> None:
    """The session asks by itself where something could not be read, perhaps after our question."""
    rig = Rig(**WIDE)
    rig.step(rig.listed(CALL), rig.link_up())
    rig.step(rig.journal())
    asked = rig.wire_s
    rig.wait(1.0)
    an_hour_ms = rig.market_ms - 3_600_000
    rig.step(
        msgspec.structs.replace(rig.snapshot({CALL: "-10"}), asked_wire_s=rig.wire_s, since_ms=an_hour_ms)
    )
    assert rig.last.reason is Reason.RECOVERING
    rig.step(msgspec.structs.replace(rig.snapshot({CALL: "-10"}), asked_wire_s=asked))
    assert rig.last.reason is Reason.RECOVERING
    assert len(rig.of(fx.RequestSnapshot)) == 2
    rig.step(msgspec.structs.replace(rig.snapshot({CALL: "-10"}), asked_wire_s=rig.wire_s))
    assert rig.last.reason is Reason.WARM_UP


def test_the_snapshot_outranks_what_fills_had_led_us_to_believe() -> None:
    rig = Rig(**WIDE)
    rig.start()
    rig.step(*rig.fill_of(rig.placed[0]))
    rig.step(ev.LinkDown(venue=VENUE, reason="closed"))
    rig.step(rig.link_up())
    rig.step(rig.snapshot({}))

    view = rig.engine.view(rig.now).books[0]
    assert not view.positions
    assert rig.last.reason is Reason.UNEXPLAINED_POSITION
    snapshots = [r for w in rig.of(fx.Write) for r in w.records if isinstance(r, Snapshot)]
    assert len(snapshots) == 1  # one that nothing explains is no start for the next run


def test_a_different_account_behind_the_same_venue_halts() -> None:
    rig = Rig(**WIDE)
    rig.start()
    rig.step(rig.link_up(account_id="2"))

    assert rig.engine.view(rig.now).state is not State.RUNNING
    assert "halted" in rig.notes()


def test_another_environment_than_configured_halts() -> None:
    rig = Rig(**WIDE)
    rig.step(ev.LinkUp(venue=VENUE, environment=Environment.PRODUCTION, account_id="1"))

    assert "halted" in rig.notes()


def test_a_latched_breaker_survives_the_restart() -> None:
    rig = Rig(**WIDE)
    rig.start(breakers={"btc": BreakerState.PAUSED})
    assert rig.last.reason is Reason.PAUSED

    daemon = Rig(**WIDE)
    daemon.start(breakers={"": BreakerState.HALTED})
    assert daemon.last.reason is Reason.HALTED
    assert not rig.placed + daemon.placed


def test_turnover_of_the_last_day_is_remembered_across_the_restart() -> None:
    before = Rig(**WIDE)
    before.start()
    filled = before.fill_of(before.placed[0])[1]
    assert isinstance(filled, ev.Filled)

    rig = Rig(**WIDE)
    rig.start({CALL: "-10", PERP: str(before.placed[0].amount)}, fills=[filled.fill], epoch=2)
    view = rig.engine.view(rig.now).books[0]
    assert view.turnover_usd_24h == pytest.approx(float(before.placed[0].amount), rel=1e-3)


def test_a_duplicated_fill_is_counted_once() -> None:
    rig = Rig(**WIDE)
    rig.start()
    events = rig.fill_of(rig.placed[0])
    rig.step(*events)
    rig.step(*events)

    assert -0.1 <= rig.delta < -0.0998
    assert rig.engine.view(rig.now).counters.orders["filled"] == 1


def test_a_fill_before_its_acknowledgement_is_a_fill() -> None:
    rig = Rig(**WIDE)
    rig.start()
    report, filled = rig.fill_of(rig.placed[0])
    rig.step(filled)
    rig.step(report)

    assert rig.engine.view(rig.now).orders.open == 0
    assert -0.1 <= rig.delta < -0.0998


def test_a_person_trading_the_hedge_instrument_is_respected() -> None:
    rig = Rig(**WIDE)
    rig.start()
    rig.step(*rig.fill_of(rig.placed[0]))
    rig.step(ev.Filled(rig.fill(PERP, Side.SELL, Decimal(50_000), Decimal(100_000))))

    assert rig.placed[1].side is Side.BUY
    assert rig.placed[1].amount == pytest.approx(Decimal(50_000), abs=20)


def test_every_change_of_an_order_is_journalled() -> None:
    rig = Rig(**WIDE)
    rig.start()
    rig.step(*rig.fill_of(rig.placed[0]))

    changes = [r.order.state for w in rig.of(fx.Write) for r in w.records if isinstance(r, OrderChanged)]
    assert changes[-1] is OrderState.FILLED


def test_a_report_of_a_fill_whose_trades_are_late_still_counts_in_flight() -> None:
    """Otherwise the delta looks unhedged for a moment and would be hedged twice."""
    rig = Rig(**WIDE)
    rig.start()
    report, filled = rig.fill_of(rig.placed[0])
    rig.step(report)
    assert len(rig.placed) == 1
    assert (rig.last.action, rig.last.reason) == (Action.WAIT, Reason.IN_FLIGHT)
    assert rig.engine.view(rig.now).books[0].in_flight_coin > 3

    rig.step(filled)
    assert rig.last.reason is Reason.WITHIN_BAND
    assert rig.engine.view(rig.now).books[0].in_flight_coin == 0


def test_trades_that_never_come_are_fetched_with_a_snapshot() -> None:
    rig = Rig(**WIDE)
    rig.start()
    order = rig.placed[0]
    report, filled = rig.fill_of(order)
    assert isinstance(filled, ev.Filled)
    rig.step(report)
    asked = len(rig.of(fx.RequestSnapshot))
    rig.wait(3.1)
    rig.step(*rig.quotes(CALL))
    assert len(rig.of(fx.RequestSnapshot)) == asked + 1

    held = {CALL: "-10", PERP: str(order.amount)}
    rig.step(rig.snapshot(held, fills=[filled.fill]), *rig.quotes(CALL))
    assert rig.last.reason is Reason.WITHIN_BAND
    assert len(rig.placed) == 1


def test_fills_alone_end_an_order_and_are_journalled() -> None:
    rig = Rig(**WIDE)
    rig.start()
    rig.step(rig.fill_of(rig.placed[0])[1])

    changes = [r.order.state for w in rig.of(fx.Write) for r in w.records if isinstance(r, OrderChanged)]
    assert changes[-1] is OrderState.FILLED
    assert rig.engine.view(rig.now).counters.orders["filled"] == 1


def test_an_order_the_venue_has_forgotten_is_not_unknown_for_ever() -> None:
    rig = Rig(**WIDE)
    rig.start()
    order = rig.placed[0]
    rig.step(rig.report_of(order, "open"))
    rig.step(ev.PlacementLost(venue=VENUE, label=order.label, reason="disconnect"))
    rig.wait(10)
    rig.step(empty_lookup(rig, order.valid_until_ms + 1))

    assert rig.engine.view(rig.now).orders.unknown == 0
