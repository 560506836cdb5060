"""Conditions a person must know of: said when they begin, repeated while they last, said when they end.

WARNING is shown, ERROR is an alarm, CRITICAL pages a person. An alarm is no gate: what must not trade is
blocked by its own gate, under its own reason, whether or not anybody reads the alarm.
"""

from __future__ import annotations

from dataclasses import dataclass

from hedger.domain.vocabulary import Severity
from hedger.engine.state import State, Step
from hedger.engine.views.view import AlarmView

REPEAT_S = 60.0  # wire time after which an alarm that lasts is said again


@dataclass(slots=True)
class Alarm:
    """One condition of one book ("" for the daemon) that holds now."""

    book: str
    name: str
    severity: Severity
    detail: str
    since_ms: int
    said_wire_s: float


def tell(
    state: State, step: Step, name: str, detail: str, *, book: str = "", severity: Severity = Severity.ERROR
) -> None:
    """Whether the condition `name` holds: `detail` says how, an empty one that it does not (any more).

    To be called at every look at the condition. Said when it begins, when its severity rises, and every
    REPEAT_S of wire time while it lasts; the detail shown is always the newest.
    """
    known = state.alarms.get((book, name))
    if not detail:
        if known is not None:
            del state.alarms[book, name]
            step.note(Severity.INFO, "alarm_ended", book=book, alarm=name, since_ms=known.since_ms)
        return
    wire_s = step.now.wire_s
    if known is None:
        known = state.alarms[book, name] = Alarm(book, name, severity, detail, step.now.market_ms, wire_s)
    else:
        rose, known.severity, known.detail = known.severity is not severity, severity, detail
        if not rose and wire_s - known.said_wire_s < REPEAT_S:
            return
        known.said_wire_s = wire_s
    step.note(severity, "alarm", book=book, alarm=name, detail=detail, since_ms=known.since_ms)


def views(state: State) -> tuple[AlarmView, ...]:
    """What holds now, the oldest first."""
    held = sorted(state.alarms.values(), key=lambda alarm: (alarm.since_ms, alarm.book, alarm.name))
    return tuple(
        AlarmView(
            name=alarm.name,
            book=alarm.book,
            severity=alarm.severity,
            detail=alarm.detail,
            since_ms=alarm.since_ms,
        )
        for alarm in held
    )
