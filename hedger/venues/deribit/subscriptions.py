"""The channels we want against the channels the venue granted (deribit.md 7).

The venue says nothing about a channel it does not know: it is only missing in the acknowledgement. A missing
one is asked for again, at first quickly, then told by name and asked for at a slow pace for as long as it is
wanted: a release that refuses for a minute must not silence a ticker until the next connection. So is one
that was granted and never said a word: the first message of a ticker or an index follows its grant.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import msgspec

from hedger.engine.events import BadData, Event, Now
from hedger.venues.deribit import channels, encode
from hedger.venues.deribit.credits import Pool
from hedger.venues.deribit.decode import UNREADABLE
from hedger.venues.deribit.errors import CONNECTION_CLOSED
from hedger.venues.deribit.link import Link, earliest, ignored
from hedger.venues.deribit.rpc import Failure, Reply

QUICK_ATTEMPTS = 3  # after so many a channel is told as bad data
RETRY_S = 2.0  # times the attempt, while they are quick
SLOW_RETRY_S = 30.0
FIRST_MESSAGE_S = 15.0  # after the grant

_NAMES = msgspec.json.Decoder(list[str])


class Subscriptions:
    """Ordered sets are dicts: frames leave in the same order on every run."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._wanted: dict[str, None] = {}
        self.granted: dict[str, None] = {}
        self._asked: dict[str, None] = {}
        self._attempts: dict[str, int] = {}
        self._retry_at_wire_s: dict[str, float] = {}
        self.unheard: dict[str, float] = {}  # granted, and until when the first message must come: in order

    def reset(self) -> None:
        """A new connection knows no channel."""
        self.granted, self._asked, self._attempts, self._retry_at_wire_s = {}, {}, {}, {}
        self.unheard = {}

    def want(self, names: Iterable[str], now: Now) -> None:
        """The whole set wanted from now on."""
        self._wanted = dict.fromkeys(names)
        for name in [name for name in self._attempts if name not in self._wanted]:
            del self._attempts[name]
            self._retry_at_wire_s.pop(name, None)
        self._sync(now)

    def has(self, names: Iterable[str]) -> bool:
        return all(name in self.granted for name in names)

    def heard(self, name: str) -> None:
        """The first message of a channel came: all is well with it."""
        if self.unheard.pop(name, None) is not None:
            self._attempts.pop(name, None)

    def tick(self, now: Now) -> list[Event]:
        """Ask again for what was not granted, or was and stays silent."""
        silent = [name for name, until in self.unheard.items() if now.wire_s >= until]
        self._drop(silent, now)
        self._ask_again(now)
        return self._missing(silent, f"granted, then silent for {FIRST_MESSAGE_S:g} s", now)

    def renew(self, names: Iterable[str], now: Now) -> list[Event]:
        """Subscribe anew what was granted and has fallen silent; one already there tells nothing anew."""
        lost = [name for name in names if name in self.granted]
        self._drop(lost, now)
        return self._missing(lost, "fell silent", now)

    def _drop(self, names: list[str], now: Now) -> None:
        for name in names:
            del self.granted[name]
            self.unheard.pop(name, None)
        for chunk in channels.chunks(names):
            self._link.ask(encode.unsubscribe(chunk, private=False), now, ignored, ignored, Pool.SUBSCRIBE)

    def _ask_again(self, now: Now) -> None:
        due = [name for name, at in self._retry_at_wire_s.items() if now.wire_s >= at]
        for name in due:
            del self._retry_at_wire_s[name]
        if due:
            self._sync(now)

    def next_deadline(self) -> float | None:
        first = next(iter(self.unheard.values()), None)
        return earliest(min(self._retry_at_wire_s.values(), default=None), first)

    def _sync(self, now: Now) -> None:
        surplus = [name for name in self.granted if name not in self._wanted]
        missing = [name for name in self._wanted if self._is_due(name)]
        for private in (True, False):
            for chunk in channels.chunks(name for name in surplus if _is_private(name) is private):
                request = encode.unsubscribe(chunk, private=private)
                self._link.ask(request, now, ignored, ignored, Pool.SUBSCRIBE)
            for chunk in channels.chunks(name for name in missing if _is_private(name) is private):
                self._ask(chunk, private, now)
        for name in surplus:
            del self.granted[name]
            self.unheard.pop(name, None)

    def _is_due(self, name: str) -> bool:
        settled = name in self.granted or name in self._asked
        return not settled and name not in self._retry_at_wire_s

    def _ask(self, chunk: tuple[str, ...], private: bool, now: Now) -> None:
        self._asked.update(dict.fromkeys(chunk))
        request = encode.subscribe(chunk, private=private)
        self._link.ask(
            request, now, partial(self._answered, chunk), partial(self._refused, chunk), Pool.SUBSCRIBE
        )

    def _answered(self, chunk: tuple[str, ...], reply: Reply, now: Now) -> list[Event]:
        try:
            granted = dict.fromkeys(_NAMES.decode(reply.result))
        except UNREADABLE as error:
            return self._missing(chunk, f"acknowledgement: {error}", now)
        for name in chunk:
            if name in granted:
                self._settle(name, now)
                self.granted[name] = None
        events = self._missing([name for name in chunk if name not in granted], "not granted", now)
        if any(name not in self._wanted for name in chunk):
            self._sync(now)  # no longer wanted by the time it was granted
        return events

    def _refused(self, chunk: tuple[str, ...], failure: Failure, now: Now) -> list[Event]:
        if failure.code == CONNECTION_CLOSED:
            return []  # the next connection starts anew
        return self._missing(chunk, str(failure), now)

    def _missing(self, names: Iterable[str], why: str, now: Now) -> list[Event]:
        events: list[Event] = []
        for name in names:
            self._asked.pop(name, None)
            attempts = self._attempts[name] = self._attempts.get(name, 0) + 1
            quick = attempts < QUICK_ATTEMPTS
            self._retry_at_wire_s[name] = now.wire_s + (RETRY_S * attempts if quick else SLOW_RETRY_S)
            if attempts == QUICK_ATTEMPTS:
                events.append(self._bad(name, f"subscription failed {attempts} times: {why}"))
        return events

    def _bad(self, name: str, detail: str) -> BadData:
        return BadData(venue=self._link.venue, channel=name, instrument=channels.subject(name), detail=detail)

    def _settle(self, name: str, now: Now) -> None:
        self._asked.pop(name, None)
        self._retry_at_wire_s.pop(name, None)
        if channels.family(name) in (channels.TICKER, channels.INDEX):
            self.unheard[name] = now.wire_s + FIRST_MESSAGE_S
        else:
            self._attempts.pop(name, None)


def _is_private(name: str) -> bool:
    return name.startswith("user.")
