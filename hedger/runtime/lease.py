"""Keeps the lease of each account: waits for it before the journal is read, renews it until the end.

keeper = LeaseKeeper(port, journal, clock, wait=True)       # the driver's journal
task = group.create_task(keeper.run(driver.emit, reload))
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import msgspec

from hedger.domain.errors import LeaseError
from hedger.engine.effects import LoadJournal, Write
from hedger.engine.events import (
    Event,
    JournalLoaded,
    LeaseAwaited,
    LeaseLost,
    LeaseRenewed,
    LeaseUnrenewed,
)
from hedger.journal.errors import JournalError, LeaseHeld
from hedger.journal.journal import Journal
from hedger.journal.lease import AGAIN_AT, POLL_S, RENEWED_AT
from hedger.runtime.clock import Clock
from hedger.runtime.live import JournalPort

Emit = Callable[[Event], None]
Reload = Callable[[], Awaitable[None]]


class LeaseKeeper:
    """The driver's journal port, behind the lease. Ends are reckoned from before each request was sent."""

    def __init__(self, port: JournalPort, journal: Journal, clock: Clock, *, wait: bool) -> None:
        self._port, self._journal, self._clock, self._wait = port, journal, clock, wait
        self._held: list[str] = []
        self._emit: Emit | None = None
        self._reload: Reload | None = None
        self._runs = asyncio.Event()

    def submit(self, write: Write) -> None:
        """Queue a write. Raises HaltedError when the queue is full."""
        self._port.submit(write)

    async def load(self, request: LoadJournal, market_ms: int) -> JournalLoaded:
        """Wait until the account is ours, as a standby where another run holds it, and read its journal.

        A standby takes over with the newest settings: keys may have been set at the holder meanwhile. A store
        that does not answer is asked again. Raises LeaseError at once where nobody is to wait.
        """
        await self._runs.wait()
        waited, told = False, LeaseAwaited(venue=request.venue, holder="", until_wire_s=0.0)
        while True:
            asked_wire_s = self._clock.wire_s()
            try:
                loaded = await self._port.load(request, market_ms)
                break
            except LeaseHeld as held:
                waited, told = True, self._told(held, asked_wire_s, told)
            except JournalError as error:  # as a failure of the journal the writer tells it
                if waited:
                    self._tell(LeaseUnrenewed(venue=request.venue, detail=str(error)))
            await asyncio.sleep(POLL_S)
            market_ms = self._clock.market_ms()
        if waited and self._reload is not None:
            await self._reload()
        self._held.append(request.venue)
        return msgspec.structs.replace(loaded, lease_until_wire_s=asked_wire_s + self._journal.lease_s)

    def _told(self, held: LeaseHeld, asked_wire_s: float, before: LeaseAwaited) -> LeaseAwaited:
        """Tell the engine whom it waits for, at the first look and at each renewal."""
        if not self._wait:
            raise LeaseError(f"{held}; stop that one, or leave out --no-standby to wait for it") from held
        until_wire_s = asked_wire_s + held.left_s
        if held.holder == before.holder and until_wire_s - before.until_wire_s < POLL_S:
            return before
        event = LeaseAwaited(venue=held.venue, holder=held.holder, until_wire_s=until_wire_s)
        self._tell(event)
        return event

    def _tell(self, event: Event) -> None:
        assert self._emit is not None
        self._emit(event)

    async def run(self, emit: Emit, reload: Reload | None = None) -> None:
        """Renew what is held until cancelled; `reload` reads the settings anew before a takeover."""
        self._emit, self._reload = emit, reload
        self._runs.set()
        while True:
            renewed = [await self._renew(venue) for venue in self._held]
            await asyncio.sleep(self._journal.lease_s * (RENEWED_AT if all(renewed) else AGAIN_AT))

    async def _renew(self, venue: str) -> bool:
        asked_wire_s = self._clock.wire_s()
        try:
            async with asyncio.timeout(self._journal.lease_s * RENEWED_AT):
                await self._journal.renew(venue)
        except LeaseHeld as held:
            self._held = []
            self._tell(LeaseLost(venue=venue, holder=held.holder, detail=str(held)))
            return True
        except (JournalError, TimeoutError) as error:
            self._tell(LeaseUnrenewed(venue=venue, detail=str(error) or "the store does not answer"))
            return False
        self._tell(LeaseRenewed(venue=venue, until_wire_s=asked_wire_s + self._journal.lease_s))
        return True
