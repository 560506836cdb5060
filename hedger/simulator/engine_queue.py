"""Requests that a slow matching engine has not come to yet (a fault).

They are executed when they are due, whatever has happened meanwhile: the market may have moved, the order
may be filled, `valid_until` may have passed, the connection may be gone. A second edit of the same order
replaces the first, which is answered with 13777.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from hedger.simulator.connection import Connection
from hedger.simulator.rpc import Request


@dataclass(frozen=True, slots=True)
class Waiting:
    """A request of a connection, to be executed at an instant of wire time."""

    due_s: float
    connection: Connection
    request: Request

    @property
    def order(self) -> object:
        """What names the order of an edit; None for other requests."""
        params = self.request.params
        if self.request.method == "private/edit":
            return params.get("order_id")
        if self.request.method == "private/edit_by_label":
            return params.get("instrument_name"), params.get("label")
        return None


@dataclass(slots=True)
class EngineQueue:
    """First in, first out."""

    _waiting: list[Waiting] = field(default_factory=list)

    def put(self, entry: Waiting) -> Waiting | None:
        """Add a request; returns the edit that it replaces."""
        same = (row for row in self._waiting if row.order is not None and row.order == entry.order)
        replaced = next(same, None)
        if replaced is not None:
            self._waiting.remove(replaced)
        self._waiting.append(entry)
        return replaced

    def take_due(self, wire_s: float) -> list[Waiting]:
        """Requests whose time has come, in their order."""
        due = [row for row in self._waiting if row.due_s <= wire_s]
        self._waiting = [row for row in self._waiting if row.due_s > wire_s]
        return due
