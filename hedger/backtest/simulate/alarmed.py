"""Whoever cannot hedge what is beyond the hard limit says so within a second: kept from notes, by process."""

from __future__ import annotations

from hedger.domain.vocabulary import Action, Reason
from hedger.engine.decision import Decision
from hedger.engine.effects import Note

WITHIN_S = 1.0
QUIETLY = (Reason.PAUSED, Reason.HALTED, Reason.STOPPING, Reason.STANDBY)
"""A person's doing, or another run's account: alarmed as such, or by that run."""


class Alarmed:
    """What one process says holds of a book, and since when that is blocked beyond the limit in silence."""

    def __init__(self, hard_coin: float) -> None:
        self._hard_coin = hard_coin
        self.alarms: set[str] = set()
        self._silent_since_s: float | None = None

    def noted(self, note: Note) -> None:
        """An alarm begins or ends."""
        if note.name == "alarm":
            self.alarms.add(str(note.fields["alarm"]))
        elif note.name == "alarm_ended":
            self.alarms.discard(str(note.fields["alarm"]))

    def silent_s(self, decision: Decision | None, now_s: float) -> float:
        """For how long a decision as this one has stood without its alarm; 0 where none is due."""
        if not _due(decision, self._hard_coin) or "blocked_beyond_hard_limit" in self.alarms:
            self._silent_since_s = None
            return 0.0
        if self._silent_since_s is None:
            self._silent_since_s = now_s
        return now_s - self._silent_since_s


def _due(decision: Decision | None, hard_coin: float) -> bool:
    if decision is None or decision.action is not Action.BLOCKED or decision.reason in QUIETLY:
        return False
    if decision.delta_coin is None or decision.lower_coin is None:
        return False  # before the first ticker there are no limits in coin
    return abs(decision.delta_coin) > hard_coin
