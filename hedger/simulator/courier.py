"""Notifications on their way: legs of a block are told one by one, though they were traded at once."""

from __future__ import annotations

from collections.abc import Sequence

from hedger.simulator.desk import Change


class Courier:
    """Changes that are booked already and wait to be told, in order of their wire time."""

    def __init__(self) -> None:
        self._waiting: list[tuple[float, Change]] = []

    def send(self, changes: Sequence[Change], gap_s: float, wire_s: float) -> None:
        """Tell the first now, every other one `gap_s` of wire time after the one before."""
        self._waiting += [(wire_s + place * gap_s, change) for place, change in enumerate(changes)]
        self._waiting.sort(key=lambda row: row[0])

    def due(self, wire_s: float) -> list[Change]:
        """What is to be told by now."""
        ready = [change for due_s, change in self._waiting if due_s <= wire_s]
        self._waiting = [row for row in self._waiting if row[0] > wire_s]
        return ready
