"""One line where `hedger run` becomes a standby, and one where it takes over."""

from __future__ import annotations

from hedger.engine.effects import Effect
from hedger.engine.events import Event, JournalLoaded, LeaseAwaited, Now
from hedger.runtime.saying import say


class Standby:
    """A StepWatcher that says whom the daemon waits for."""

    def __init__(self) -> None:
        self._waits_for: dict[str, str] = {}

    def append(self, now: Now, events: list[Event], effects: list[Effect]) -> None:
        """Look at what a step was told."""
        for event in events:
            match event:
                case LeaseAwaited() if self._waits_for.get(event.venue) != event.holder:
                    self._waits_for[event.venue] = event.holder
                    say(f"hedger: standby for {event.venue}, held by {event.holder}")
                case JournalLoaded() if self._waits_for.pop(event.venue, None):
                    say(f"hedger: took {event.venue} over, epoch {event.epoch}")
                case _:
                    pass
