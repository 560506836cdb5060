"""A run that hedges once: it stops when every book has done what there is to do, and says how that went."""

from __future__ import annotations

import asyncio

from hedger.domain.errors import HaltedError, VenueError
from hedger.engine.effects import Effect
from hedger.engine.engine import Engine
from hedger.engine.events import Event, Now
from hedger.engine.hedging.once import Rest
from hedger.runtime.daemon import Started
from hedger.runtime.saying import say


class Once:
    """A StepWatcher that knows when to stop; `watch` is the daemon's companion."""

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._engine: Engine | None = None
        self._rested = asyncio.Event()
        self._rest: Rest | None = None
        self._timed_out = False

    def append(self, now: Now, events: list[Event], effects: list[Effect]) -> None:
        """Look at the engine after a step."""
        if self._engine is None or self._rest is not None:
            return
        self._rest = self._engine.at_rest()
        if self._rest is not None:
            self._rested.set()

    async def watch(self, started: Started) -> None:
        """Wait for the end, or for the time to be over, and stop the daemon."""
        self._engine = started.daemon.driver.engine
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._rested.wait()
        except TimeoutError:
            self._timed_out = True
        told = self._late() if self._rest is None else self._rest.detail
        started.daemon.stop(f"hedged once: {told}")
        say(f"hedger: {told}")

    def _late(self) -> str:
        held = "" if self._engine is None else self._engine.holding_up()
        return f"not done within {self._timeout_s:g} s ({held})"

    def code(self, code: int) -> int:
        """What the daemon ended with, else 5 where a person is waited for and 4 when time was up."""
        if code:
            return code
        if self._rest is not None and self._rest.stopped:
            return HaltedError.exit_code
        return VenueError.exit_code if self._timed_out else 0
