"""What the driver needs of a venue; few methods, so that paper, simulated and real venues are alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from hedger.engine.effects import VenueEffect
from hedger.engine.events import Event

Emit = Callable[[Event], None]


class Venue(Protocol):
    """A connection that turns the venue's frames into events and effects into the venue's frames."""

    name: str

    async def run(self, emit: Emit) -> None:
        """Stay connected until cancelled; reconnects by itself with back-off.

        Raises AuthError when the venue says key, secret or environment are wrong (never retried).
        """

    def perform(self, effect: VenueEffect) -> None:
        """Queue an effect for the wire; never blocks, never raises for a closed link (it emits an event)."""
