"""An account change that could not be read may have held a fill: the whole truth is asked for instead.

At a bounded rate, and never forgotten: what cannot be asked for now is due later.
"""

from __future__ import annotations

import math

from hedger.domain.time_units import HOUR_MS
from hedger.engine.effects import RequestSnapshot
from hedger.engine.events import Event, Now
from hedger.venues.deribit.enquiries import Enquiries
from hedger.venues.deribit.link import Link

RESYNC_SPAN_MS = HOUR_MS  # market time looked back
RESYNC_PAUSE_S = 10.0


class Resync:
    """Asks for a snapshot by itself; `at_wire_s` is when the next one is due, if one is."""

    def __init__(self, link: Link, enquiries: Enquiries) -> None:
        self._link, self._enquiries = link, enquiries
        self._asked_wire_s = -math.inf
        self.at_wire_s: float | None = None

    def reset(self) -> None:
        """A new connection begins with a snapshot of the engine's own."""
        self.at_wire_s = None

    def needed(self, now: Now) -> list[Event]:
        """Something was lost. Before LinkUp nothing is due: the snapshot that follows it holds everything."""
        if not self._link.usable:
            return []
        self._due()
        return self.tick(now)

    def tick(self, now: Now) -> list[Event]:
        """Ask for what is due."""
        if self.at_wire_s is None or now.wire_s < self.at_wire_s or not self._link.usable:
            return []
        self.at_wire_s, self._asked_wire_s = None, now.wire_s
        asked = RequestSnapshot(venue=self._link.venue, since_ms=now.market_ms - RESYNC_SPAN_MS)
        return self._enquiries.snapshot(asked, now, self._due)

    def _due(self) -> None:
        self.at_wire_s = self._asked_wire_s + RESYNC_PAUSE_S
