"""How long a book could not trade, by reason, and the alarm where its delta is out meanwhile.

An error at once, since whoever looks must see it; a page for a person where it has lasted for PAGES_S.
"""

from __future__ import annotations

from hedger.domain.vocabulary import Action, Reason, Severity
from hedger.engine import alarms
from hedger.engine.sight import Sight, interval_of
from hedger.engine.state import BookState, State, Step
from hedger.engine.verdict import Verdict

ALARM = "blocked_beyond_hard_limit"
PAGES_S = 60.0  # wire time it may last: what ends by itself pages nobody
_HAVE_THEIR_OWN = (Reason.PAUSED, Reason.HALTED, Reason.STOPPING)  # a person's doing, alarmed as such


def watch(state: State, book: BookState, verdict: Verdict, sight: Sight, step: Step) -> None:
    """Count the time since the last look to what held then; alarm where delta is out and nothing may go."""
    since_wire_s, book.blocked_wire_s = book.blocked_wire_s, step.now.wire_s
    if book.blocked_by is not None:
        spent_s = book.blocked_s.get(book.blocked_by, 0.0)
        book.blocked_s[book.blocked_by] = spent_s + max(0.0, step.now.wire_s - since_wire_s)
    book.blocked_by = verdict.reason if verdict.action is Action.BLOCKED else None
    detail = _detail(book, verdict, sight)
    if book.out_wire_s is not None and not detail and verdict.reason is Reason.RECOVERING:
        return  # a look at the venue, which may tell that nothing has changed
    if not detail:
        book.out_wire_s = None
    elif book.out_wire_s is None:
        book.out_wire_s = step.now.wire_s
    pages = book.out_wire_s is not None and step.now.wire_s - book.out_wire_s >= PAGES_S
    severity = Severity.CRITICAL if pages else Severity.ERROR
    alarms.tell(state, step, ALARM, detail, book=book.name, severity=severity)


def _detail(book: BookState, verdict: Verdict, sight: Sight) -> str:
    """Empty while the book may trade, or its delta is within the hard limit as far as that is known."""
    interval = interval_of(book, sight.inputs)
    out = verdict.action is Action.BLOCKED and verdict.reason not in _HAVE_THEIR_OWN
    if not out or interval is None or sight.inputs is None:
        return ""
    y = sight.inputs.delta_coin
    if interval.hard_lower <= y <= interval.hard_upper:
        return ""
    limit = f"hard limit {interval.hard_lower:+.4f} to {interval.hard_upper:+.4f}"
    coin = book.settings.underlying
    return f"delta {y:+.4f} {coin}, {limit}, and no order may go: {verdict.reason}: {verdict.detail}"
