"""Nothing trades that a restart would not find again: a journal that fails, hangs or has no room left."""

from __future__ import annotations

from hedger.domain.vocabulary import Action, Reason, Severity
from hedger.engine import effects as fx
from hedger.engine import events as ev
from hedger.engine.views.view import AlarmView
from tests.engine.rig import CALL, PERP, Rig

TIGHT = {"lower": -0.1, "upper": 0.1, "hard_lower": -50.0, "hard_upper": 50.0}


def trading() -> Rig:
    """A hedge is on its way and may rest at the venue."""
    rig = Rig(**TIGHT)
    rig.start()
    assert len(rig.placed) == 1
    return rig


def alarm(rig: Rig, name: str) -> AlarmView | None:
    return next((each for each in rig.engine.view(rig.now).alarms if each.name == name), None)


def test_what_may_rest_is_taken_back_while_ticks_are_still_read() -> None:
    rig = trading()
    rig.step(ev.JournalFailed(detail="no answer for 2 s"))
    assert [cancel.label for cancel in rig.of(fx.Cancel)] == [rig.placed[0].label]

    rig.move(101_000.0)
    assert (rig.last.action, rig.last.reason) == (Action.BLOCKED, Reason.JOURNAL_DOWN)
    assert rig.last.detail == "the journal cannot be written: no answer for 2 s"
    assert rig.engine.view(rig.now).books[0].index_usd == 101_000.0
    assert len(rig.placed) == 1


def test_an_order_that_waits_for_the_journal_never_leaves_once_it_has_failed() -> None:
    rig = Rig(**TIGHT)
    rig.journal_ok = False
    rig.start()
    rig.step(ev.JournalFailed(detail="disk full"), ev.Durable(sequence=99))
    rig.step(ev.Durable(sequence=99))
    assert rig.placed == []
    assert rig.engine.view(rig.now).counters.orders["dropped"] == 1


def test_a_person_is_paged_and_told_the_end() -> None:
    rig = trading()
    rig.step(ev.JournalFailed(detail="disk full"))
    told = alarm(rig, "journal_down")
    assert told is not None
    assert (told.severity, told.detail) == (Severity.CRITICAL, "disk full")

    rig.wait(61.0)
    rig.step(*rig.quotes(CALL))
    assert rig.notes().count("alarm") == 2, "it is said again while it lasts"
    rig.step(ev.JournalRestored())
    assert alarm(rig, "journal_down") is None
    assert "alarm_ended" in rig.notes()


def test_another_cause_is_shown_and_nothing_is_cancelled_again_for_it() -> None:
    rig = trading()
    rig.step(ev.JournalFailed(detail="no answer for 2 s"))
    rig.step(ev.JournalFailed(detail="connection refused"))
    told = alarm(rig, "journal_down")
    assert told is not None
    assert told.detail == "connection refused"
    assert len(rig.of(fx.Cancel)) == 1


def test_little_room_is_an_alarm_and_stops_nothing() -> None:
    rig = Rig(**TIGHT)
    rig.step(ev.JournalSpace(detail="400 MB free", critical=False))
    rig.start()
    assert len(rig.placed) == 1
    told = alarm(rig, "journal_space")
    assert told is not None
    assert told.severity is Severity.ERROR


def test_no_room_closes_the_gate_before_a_write_fails_and_room_opens_it() -> None:
    rig = trading()
    rig.step(*rig.fill_of(rig.placed[0]))
    rig.step(ev.JournalSpace(detail="12 MB free", critical=True))
    rig.move(120_000.0)
    assert (rig.last.reason, rig.last.detail) == (Reason.JOURNAL_DOWN, "no room for the journal: 12 MB free")
    assert not rig.engine.view(rig.now).journal_ok
    told = alarm(rig, "journal_space")
    assert told is not None
    assert told.severity is Severity.CRITICAL

    rig.step(ev.JournalSpace(detail="", critical=False))
    rig.move(120_100.0)
    assert [order.instrument for order in rig.placed] == [PERP, PERP]
    assert alarm(rig, "journal_space") is None


def test_a_failure_that_ends_while_there_is_no_room_opens_nothing() -> None:
    rig = Rig(**TIGHT)
    rig.step(ev.JournalFailed(detail="disk full"), ev.JournalSpace(detail="0 MB free", critical=True))
    rig.start()
    rig.step(ev.JournalRestored())
    rig.move(100_500.0)
    assert rig.placed == []
    assert rig.last.detail == "no room for the journal: 0 MB free"
