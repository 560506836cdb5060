"""Paper mode: live quotes and real positions of a venue, fills of our own making.

No placement and no cancel ever reaches the wrapped venue.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import assert_never

from hedger.engine.effects import (
    Amend,
    Cancel,
    LookUp,
    Place,
    RequestLog,
    RequestSnapshot,
    VenueEffect,
    Watch,
)
from hedger.engine.events import Event, Now
from hedger.venues.paper_account import PaperAccount
from hedger.venues.protocol import Emit, Venue


class PaperVenue:
    """A Venue around a Venue; `now` gives market and wire time."""

    def __init__(self, inner: Venue, now: Callable[[], Now]) -> None:
        self.name = inner.name
        self._inner, self._now = inner, now
        self._account = PaperAccount(inner.name)
        self._emit: Emit = _nobody

    def adopt(self, positions: Mapping[str, Decimal]) -> None:
        """What earlier runs hold on paper: signed amounts by instrument, part of every position from now on.

        To be called before the first order and the first snapshot of this run; it replaces, it does not add.
        """
        self._account.adopt(positions)

    async def run(self, emit: Emit) -> None:
        """Run the wrapped venue; its events pass with our paper positions added. Raises what it raises."""
        self._emit = emit
        await self._inner.run(self._seen)

    def _seen(self, event: Event) -> None:
        self._emit(self._account.seen(event))
        for made in self._account.matched(event, self._now()):
            self._emit(made)

    def perform(self, effect: VenueEffect) -> None:
        """Market data and snapshots from the venue, everything about orders from paper."""
        for event in self._performed(effect):
            self._emit(event)

    def _performed(self, effect: VenueEffect) -> list[Event]:
        match effect:
            case Place():
                return self._account.place(effect, self._now())
            case Cancel():
                return self._account.cancel(effect, self._now())
            case Amend():
                return self._account.amend(effect, self._now())
            case LookUp():
                return self._account.look_up(effect, self._now())
            case Watch() | RequestSnapshot() | RequestLog():
                self._inner.perform(effect)
                return []
            case _:
                assert_never(effect)


def _nobody(event: Event) -> None:
    """Before `run` there is nobody to tell."""
