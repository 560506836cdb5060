"""A round trip before an order where nothing has been heard for a while.

A socket may be dead for seconds before TCP or the heartbeat tell; an order sent into it is unknown until it
is proved absent. `public/test` costs one round trip: the order leaves behind its answer, or provably never.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from hedger.engine.events import Event, Now
from hedger.venues.deribit import encode
from hedger.venues.deribit.link import Link
from hedger.venues.deribit.rpc import Call

PATIENCE_S = 1.0  # wire time; an answer later than this is no proof of a link to trade on


class _Held(NamedTuple):
    label: str
    send: Callable[[Now], list[Event]]
    unsent: Callable[[str, Now], list[Event]]


class Probe:
    """Holds orders while a probe is under way, in their order."""

    def __init__(self, link: Link, after_s: float) -> None:
        self._link, self._after_s = link, after_s
        self._held: deque[_Held] = deque()
        self._asked = 0
        self.due_wire_s: float | None = None

    def needed(self, now: Now) -> bool:
        """Nothing was heard for too long, or something is held already that must leave first."""
        return bool(self._held) or now.wire_s - self._link.heard_wire_s >= self._after_s

    def hold(
        self,
        label: str,
        send: Callable[[Now], list[Event]],
        unsent: Callable[[str, Now], list[Event]],
        now: Now,
    ) -> list[Event]:
        """Ask the venue for a word, ahead of every queue, and send behind its answer."""
        self._held.append(_Held(label, send, unsent))
        if self.due_wire_s is None:
            self._asked += 1
            self.due_wire_s = now.wire_s + PATIENCE_S
            request, number = encode.test(), self._asked
            self._link.calls.ask_unmetered(
                Call(
                    request.method,
                    request.params,
                    lambda reply, at: self._answered(number, at),
                    lambda failure, at: self._failed(number, str(failure), at),
                ),
                now,
            )
        return []

    def withdraw(self, label: str, why: str, now: Now) -> list[Event]:
        """What is held of an order will not be sent; nothing where nothing is."""
        gone = [one for one in self._held if one.label == label]
        self._held = deque(one for one in self._held if one.label != label)
        return [event for one in gone for event in one.unsent(why, now)]

    def tick(self, now: Now) -> list[Event]:
        """A probe that is not answered: nothing was sent, and the connection is given up."""
        if self.due_wire_s is None or now.wire_s < self.due_wire_s:
            return []
        why = f"public/test before an order: no answer within {PATIENCE_S:g} s"
        self._link.end(why)
        return self._failed(self._asked, why, now)

    def _answered(self, number: int, now: Now) -> list[Event]:
        held = self._take(number)
        return [event for one in held for event in one.send(now)]

    def _failed(self, number: int, why: str, now: Now) -> list[Event]:
        return [event for one in self._take(number) for event in one.unsent(why, now)]

    def _take(self, number: int) -> list[_Held]:
        """What waits for this probe; an answer to an earlier one sends nothing."""
        if number != self._asked or self.due_wire_s is None:
            return []
        held, self._held, self.due_wire_s = list(self._held), deque(), None
        return held
