"""Whether the venue trades at all: platform_state, public/status, and errors that say so."""

from __future__ import annotations

import msgspec

from hedger.engine.events import Event, Now, PlatformLocked
from hedger.venues.deribit import encode, wire
from hedger.venues.deribit.decode import UNREADABLE
from hedger.venues.deribit.link import Link
from hedger.venues.deribit.rpc import Failure, Reply

POLL_S = 5.0  # while an error told us of a lock, which no channel announces the end of

_STATUS = msgspec.json.Decoder(wire.Status)


class Platform:
    """Locks by index; "" is the whole platform."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._locked: dict[str, None] = {}
        self.poll_at_wire_s: float | None = None

    def ask(self, now: Now) -> None:
        self.poll_at_wire_s = None
        self._link.ask(encode.status(), now, self._told, self._not_told)

    def tick(self, now: Now) -> None:
        if self.poll_at_wire_s is not None and now.wire_s >= self.poll_at_wire_s:
            self.ask(now)

    def heard(self, event: PlatformLocked) -> list[Event]:
        """Pass on what changes something: a subscription begins with one message per index."""
        return self._set(event.index, event.locked, event.detail)

    def refused(self, failure: Failure, now: Now) -> list[Event]:
        """An error said that nothing can be traded now; ask until the venue says otherwise."""
        self.poll_at_wire_s = now.wire_s + POLL_S
        return self._set("", True, str(failure))

    def _told(self, reply: Reply, now: Now) -> list[Event]:
        try:
            status = _STATUS.decode(reply.result)
        except UNREADABLE as error:
            return self._not_told(Failure(0, str(error)), now)
        locked = _locks(status)
        if locked:
            self.poll_at_wire_s = now.wire_s + POLL_S
        gone = [index for index in self._locked if index not in locked]
        events = [event for index in gone for event in self._set(index, False, "status")]
        return events + [event for index in locked for event in self._set(index, True, "status")]

    def _not_told(self, failure: Failure, now: Now) -> list[Event]:
        self.poll_at_wire_s = now.wire_s + POLL_S
        return []

    def _set(self, index: str, locked: bool, detail: str) -> list[Event]:
        if locked == (index in self._locked):
            return []
        if locked:
            self._locked[index] = None
        else:
            del self._locked[index]
        return [PlatformLocked(venue=self._link.venue, index=index, locked=locked, detail=detail)]


def _locks(status: wire.Status) -> dict[str, None]:
    """`locked` is "true" | "partial" | "false" on the wire, a boolean in older documents."""
    if status.locked in (True, "true"):
        return {"": None}
    if status.locked == "partial":
        return dict.fromkeys(status.locked_indices or status.locked_currencies or [""])
    return {}
