"""Round-trip time, clock skew and credits of a link, said every few seconds of wire time."""

from __future__ import annotations

from hedger.engine.events import Event, LinkHealth, Now
from hedger.venues.deribit.credits import Bucket


class Health:
    """Measures on every answer that tells the venue's time; asks for one when none came for a while."""

    def __init__(self, venue: str, every_s: float) -> None:
        self._venue, self._every_s = venue, every_s
        self._said_wire_s = float("-inf")
        self.probe_at_wire_s = 0.0

    def reset(self, now: Now) -> None:
        self._said_wire_s = float("-inf")
        self.probe_at_wire_s = now.wire_s + self._every_s

    def probe_due(self, now: Now) -> bool:
        return now.wire_s >= self.probe_at_wire_s

    def probed(self, now: Now) -> None:
        self.probe_at_wire_s = now.wire_s + self._every_s

    def measure(self, sent: Now, us_out: int, matching: Bucket, now: Now) -> list[Event]:
        """Skew: the venue's clock when it answered less ours midway in the round trip, market time."""
        if us_out <= 0 or now.wire_s < self._said_wire_s + self._every_s:
            return []
        self._said_wire_s = now.wire_s
        midway_ms = (sent.market_ms + now.market_ms) / 2
        return [
            LinkHealth(
                venue=self._venue,
                credits=matching.level(now.wire_s),
                clock_skew_ms=us_out / 1000 - midway_ms,
                round_trip_s=now.wire_s - sent.wire_s,
            )
        ]
