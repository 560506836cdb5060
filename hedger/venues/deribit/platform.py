"""Whether the venue trades at all: platform_state, public/status, and errors that say so."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from hedger.engine.events import Event, Now, PlatformLocked
from hedger.venues.deribit import encode, wire
from hedger.venues.deribit.decode import UNREADABLE
from hedger.venues.deribit.link import Link
from hedger.venues.deribit.rpc import Failure, Reply

POLL_S = 5.0  # while anything is locked: the end of a maintenance is announced by nothing

_STATUS = msgspec.json.Decoder(wire.Status)


class Platform:
    """Locks by index; "" is the whole platform."""

    def __init__(self, link: Link, indices: Callable[[], Iterable[str]]) -> None:
        self._link, self._indices = link, indices
        self._locked: dict[str, None] = {}
        self.poll_at_wire_s: float | None = None

    def reset(self) -> None:
        """A new connection asks by itself, once it is logged in."""
        self.poll_at_wire_s = None

    def ask(self, now: Now) -> None:
        self.poll_at_wire_s = None
        self._link.ask(encode.status(), now, self._told, self._not_told)

    def tick(self, now: Now) -> None:
        if self.poll_at_wire_s is not None and now.wire_s >= self.poll_at_wire_s:
            self.ask(now)

    def heard(self, event: PlatformLocked, now: Now) -> list[Event]:
        """Pass on what changes something: a subscription begins with one message per index."""
        if event.locked and self.poll_at_wire_s is None:
            self.poll_at_wire_s = now.wire_s + POLL_S
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
        locked = _locks(status, tuple(self._indices()))
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


def _locks(status: wire.Status, known: tuple[str, ...]) -> dict[str, None]:
    """`locked` is "true" | "partial" | "false" on the wire, a boolean in older documents."""
    if status.locked in (True, "true"):
        return {"": None}
    if status.locked == "partial":
        by_currency = [index for one in status.locked_currencies for index in _indices_of(one, known)]
        return dict.fromkeys([*status.locked_indices, *by_currency] or [""])
    return {}


def _indices_of(currency: str, known: tuple[str, ...]) -> list[str]:
    """The price indices that a locked currency locks, "btc_usd" and "btc_usdc" for "BTC".

    Before anything is listed that is the whole platform; a currency of none of our indices stays as told.
    """
    if not known:
        return [""]
    return [index for index in known if currency.lower() in index.split("_")] or [currency]
