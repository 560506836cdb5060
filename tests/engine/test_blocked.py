"""A book that is out and cannot trade says so once, for as long as it lasts."""

from __future__ import annotations

from hedger.domain.vocabulary import Action, Reason, Severity
from hedger.engine.effects import Note
from hedger.engine.hedging.blocked import ALARM
from hedger.engine.settings import Timing
from hedger.risk.envelope import Envelope
from tests.engine.rig import CALL, Rig


def said(rig: Rig) -> list[str]:
    """Beginnings and ends of the alarm since the last question."""
    notes = [note for note in rig.of(Note) if note.fields.get("alarm") == ALARM]
    rig.effects.clear()
    return [note.name for note in notes]


def blocked() -> Rig:
    """A book far out whose turnover budget is spent, looking at the venue every 5 s."""
    rig = Rig(
        envelope=Envelope(max_order_usd=2_000_000.0, max_turnover_hour_usd=5.0, max_quote_age_s=60.0),
        timing=Timing(reconcile_s=5.0, hedge_stale_s=60.0, index_stale_s=60.0),
        lower=-0.1,
        upper=0.1,
        hard_lower=-0.3,
        hard_upper=0.3,
    )
    rig.start()
    assert rig.last.reason is Reason.TURNOVER_HOUR
    return rig


def severity(rig: Rig) -> Severity:
    """Of the alarm that holds now."""
    return next(alarm.severity for alarm in rig.engine.view(rig.now).alarms if alarm.name == ALARM)


def test_what_lasts_for_a_minute_pages_a_person() -> None:
    """Whatever blocks it, and through every look at the venue meanwhile."""
    rig = blocked()
    told = []
    for _ in range(12):
        rig.step(after_s=5.0)
        rig.step(*rig.quotes(CALL), rig.snapshot({CALL: "-10"}))
        told.append(severity(rig))
    assert told == [Severity.ERROR] * 11 + [Severity.CRITICAL]


def test_a_look_at_the_venue_does_not_end_the_alarm() -> None:
    """Once a minute positions are compared with the venue's; while that lasts nobody need be paged again."""
    rig = blocked()
    assert said(rig) == ["alarm"]

    rig.step(after_s=6.0)
    assert (rig.last.action, rig.last.reason) == (Action.WAIT, Reason.RECOVERING)
    rig.step(rig.snapshot({CALL: "-10"}))
    assert rig.last.reason is Reason.TURNOVER_HOUR
    assert said(rig) == []
