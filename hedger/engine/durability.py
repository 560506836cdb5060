"""What follows for orders from how the journal stands: failed, silent for too long, or short of room.

Nothing may be traded that a restart would not find again: new orders are blocked by name, what rests is taken
back, ticks are read on, and it ends by itself when the journal is well.
"""

from __future__ import annotations

from hedger.domain.vocabulary import Severity
from hedger.engine import alarms, work
from hedger.engine.events import JournalFailed, JournalSpace
from hedger.engine.state import State, Step

DOWN, SPACE = "journal_down", "journal_space"


def failed(state: State, event: JournalFailed, step: Step) -> None:
    """The database refused, is away, or has not answered in time; what waits may still become durable."""
    closed = bool(state.journal_closed)
    state.journal_error = event.detail
    _close(state, closed, step)
    tell(state, step)


def restored(state: State, step: Step) -> None:
    """Everything that waited is durable."""
    state.journal_error = ""
    tell(state, step)


def space_told(state: State, event: JournalSpace, step: Step) -> None:
    """How much room there is: too little for comfort is an alarm, too little to write on closes the gate."""
    closed = bool(state.journal_closed)
    state.journal_space, state.journal_full = event.detail, event.critical
    _close(state, closed, step)
    tell(state, step)


def tell(state: State, step: Step) -> None:
    """The alarms as they stand now, repeated while they last."""
    alarms.tell(state, step, DOWN, state.journal_error, severity=Severity.CRITICAL)
    severity = Severity.CRITICAL if state.journal_full else Severity.ERROR
    alarms.tell(state, step, SPACE, state.journal_space, severity=severity)


def _close(state: State, was_closed: bool, step: Step) -> None:
    why = state.journal_closed
    if why and not was_closed:
        work.drop_held(state, lambda _approved: True, why, step)
        work.cancel_resting(state, step)
