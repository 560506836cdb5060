"""Feeds that talked and fell silent while the rest of the connection is well (deribit.md 7, 8).

A feed is asked for anew first. An index or a future that stays silent after that costs the connection: what
is wrong may be this socket alone, and nothing can be hedged without them. An option that nobody trades may
be quiet for a while; it is only asked for anew.
"""

from __future__ import annotations

from collections.abc import Iterable

from hedger.domain.names import parse_name
from hedger.engine.events import Now
from hedger.venues.deribit import channels
from hedger.venues.deribit.link import Link

QUIET_S = 30.0  # wire time: an index or a future says something every second or so
OPTION_QUIET_S = 120.0
RENEWED_S = 30.0  # within which a feed that was asked for anew has to speak
LOOK_S = 3.0


class Quiet:
    """Watches the feeds that books are priced by, and no others."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._most_s: dict[str, float] = {}
        self._heard_wire_s: dict[str, float] = {}  # of those that have said anything yet
        self._renewed_wire_s: dict[str, float] = {}
        self.look_at_wire_s: float | None = None

    def watch(self, names: Iterable[str], now: Now) -> None:
        """The whole set from now on."""
        self._most_s = {name: _most_s(name) for name in names}
        for known in (self._heard_wire_s, self._renewed_wire_s):
            for name in [name for name in known if name not in self._most_s]:
                del known[name]
        self.look_at_wire_s = now.wire_s + LOOK_S if self._most_s else None

    def reset(self) -> None:
        """A new connection: nothing has been said on it yet."""
        self._heard_wire_s, self._renewed_wire_s = {}, {}

    def spoke(self, name: str, wire_s: float) -> None:
        """A message came; asked for every one of them, so it does next to nothing."""
        if name in self._most_s:
            self._heard_wire_s[name] = wire_s
            if self._renewed_wire_s:
                self._renewed_wire_s.pop(name, None)

    def found(self, now: Now) -> list[str]:
        """Feeds to be asked for anew; ends the connection where that was in vain."""
        if self.look_at_wire_s is None or now.wire_s < self.look_at_wire_s:
            return []
        self.look_at_wire_s = now.wire_s + LOOK_S
        for name, at in self._renewed_wire_s.items():
            if self._most_s[name] == QUIET_S and now.wire_s - at >= RENEWED_S:
                self._link.end(f"{name}: fell silent, and stayed so after it was subscribed anew")
        silent = [name for name, at in self._heard_wire_s.items() if now.wire_s - at >= self._most_s[name]]
        for name in silent:
            del self._heard_wire_s[name]
            self._renewed_wire_s[name] = now.wire_s
        return silent


def _most_s(channel: str) -> float:
    try:
        return OPTION_QUIET_S if parse_name(channels.subject(channel)).kind == "option" else QUIET_S
    except ValueError:
        return QUIET_S  # an index has no instrument's name
