"""A clock that steps. Market time is our wall clock's: a person, NTP or a machine that slept may move it.

Wire time is monotonic, so the two part by the size of the step. From then on nobody knows which of the times
was right: no order leaves, and nothing that market time decides (windows, days, overrides) is taken over,
until the venue's own time has been measured after the step. If it agrees, the new time stands; if not, the
gate on clock skew says by how much the clock is off.
"""

from __future__ import annotations

from hedger.domain.vocabulary import Severity
from hedger.engine.state import BookState, State, Step

JUMP_S = 1.0  # wire seconds by which the two times may part between two steps


def look(state: State, step: Step) -> None:
    """Note a step of market time against wire time."""
    last, now = state.last_step, step.now
    if last is None:
        return
    jumped_s = (now.market_ms - last.market_ms) / 1000 / state.settings.market_speed
    jumped_s -= now.wire_s - last.wire_s
    if abs(jumped_s) <= JUMP_S:
        return
    for venue in state.venues.values():
        if venue.clock_skew_ms is not None:  # what was measured before the step says nothing any more
            venue.jumped_s, venue.jumped_wire_s = jumped_s, now.wire_s
    step.note(Severity.WARNING, "clock_jumped", by_s=round(jumped_s, 3))


def doubted(state: State, book: BookState) -> bool:
    """Whether market time is in doubt."""
    return state.venues[book.settings.venue].jumped_wire_s is not None


def measured(state: State, venue_name: str, round_trip_s: float, step: Step) -> bool:
    """Whether a measurement counts: one that began before the step measured half of it."""
    venue = state.venues[venue_name]
    if venue.jumped_wire_s is None:
        return True
    if step.now.wire_s - round_trip_s <= venue.jumped_wire_s:
        return False
    venue.jumped_wire_s = None
    step.note(Severity.INFO, "clock_measured", venue=venue_name)
    return True
