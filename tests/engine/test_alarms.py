"""Alarms are heard when they begin, while they last, and when they end: silence means nothing is wrong."""

from __future__ import annotations

from hedger.domain.vocabulary import Severity
from hedger.engine import alarms
from hedger.engine.effects import Note
from hedger.engine.events import Now
from hedger.engine.state import State, Step
from tests.engine.rig import settings

STARTED = Now(1_000_000, 50.0)


def told(state: State, detail: str, at_s: float, severity: Severity = Severity.ERROR) -> list[Note]:
    """What one look at a condition makes the engine say."""
    step = Step(state, Now(STARTED.market_ms + int(at_s * 1000), STARTED.wire_s + at_s))
    alarms.tell(state, step, "sources_differ", detail, book="btc", severity=severity)
    return [effect for effect in step.effects if isinstance(effect, Note)]


def test_an_alarm_is_said_when_it_begins_and_repeated_while_it_lasts() -> None:
    state = State(settings(), STARTED)

    (first,) = told(state, "exchange 1.0, model 2.0", 0.0)
    assert (first.name, first.severity, first.fields["alarm"]) == ("alarm", Severity.ERROR, "sources_differ")
    assert told(state, "exchange 1.0, model 2.1", 59.0) == []
    (again,) = told(state, "exchange 1.0, model 2.2", 60.0)
    assert again.fields["detail"] == "exchange 1.0, model 2.2"
    assert again.fields["since_ms"] == STARTED.market_ms


def test_the_newest_detail_is_shown_even_when_it_is_not_said() -> None:
    state = State(settings(), STARTED)
    told(state, "first", 0.0)
    told(state, "second", 1.0)

    (view,) = alarms.views(state)
    assert (view.detail, view.book, view.since_ms) == ("second", "btc", STARTED.market_ms)


def test_an_alarm_that_becomes_worse_is_said_at_once() -> None:
    state = State(settings(), STARTED)
    told(state, "margin is thin", 0.0)

    (page,) = told(state, "margin is gone", 1.0, Severity.CRITICAL)
    assert page.severity is Severity.CRITICAL


def test_the_end_is_said_once() -> None:
    state = State(settings(), STARTED)
    assert told(state, "", 0.0) == []
    told(state, "it holds", 1.0)

    (ended,) = told(state, "", 2.0)
    assert ended.name == "alarm_ended"
    assert told(state, "", 3.0) == []
    assert alarms.views(state) == ()
