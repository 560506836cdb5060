"""The live driver: takes whatever has arrived, calls `Engine.step` once, performs the effects.

Natural batching: nothing is delayed when idle, and nothing queues when busy, since quotes conflate while a
step runs. The loop sleeps until an event arrives or the engine's next deadline.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, assert_never

from hedger.domain.errors import HaltedError, HedgerError, LeaseError
from hedger.domain.vocabulary import Severity
from hedger.engine.effects import (
    Amend,
    Cancel,
    Effect,
    Exit,
    LoadJournal,
    LookUp,
    Note,
    Place,
    RequestLog,
    RequestSnapshot,
    Watch,
    Write,
)
from hedger.engine.engine import Engine
from hedger.engine.events import (
    Durable,
    Event,
    JournalLoaded,
    Now,
    PlacementLost,
    PlacementRefused,
    PlacementUnsent,
    Reported,
)
from hedger.engine.inbox import Inbox
from hedger.engine.views.view import StatusView
from hedger.runtime.clock import Clock
from hedger.runtime.garbage import Garbage
from hedger.venues.protocol import Venue


class JournalPort(Protocol):
    """What the driver needs of the journal."""

    def submit(self, write: Write) -> None: ...

    async def load(self, request: LoadJournal, market_ms: int) -> JournalLoaded: ...


class StepWatcher(Protocol):
    """Sees every step after it: the flight recorder, the demo's observer."""

    def append(self, now: Now, events: list[Event], effects: list[Effect]) -> None: ...


class MetricsPort(Protocol):
    """What the driver observes: latencies in seconds, and how much waited for a step."""

    def observe_largest_step(self, events: int) -> None: ...

    def observe_decision(self, seconds: float) -> None: ...

    def observe_order_round_trip(self, seconds: float) -> None: ...

    def observe_journal_durable(self, seconds: float) -> None: ...


Render = Callable[[Note, Now], None]


class Stopwatch:
    """Times orders from the socket to their first evidence, and writes until they are durable."""

    def __init__(self, metrics: MetricsPort | None) -> None:
        self._metrics = metrics
        self._placed: dict[str, float] = {}
        self._written: dict[int, float] = {}

    def watch(self, now: Now, events: list[Event], effects: list[Effect]) -> None:
        """Stop what the events of a step end, start what its effects begin."""
        if self._metrics is None:
            return
        for event in events:
            self._stop(event, now.wire_s, self._metrics)
        for effect in effects:
            if isinstance(effect, Place):
                self._placed[effect.approved.intent.label] = now.wire_s
            elif isinstance(effect, Write):
                self._written[effect.sequence] = now.wire_s

    def _stop(self, event: Event, wire_s: float, metrics: MetricsPort) -> None:
        match event:
            case Reported() if event.report.label in self._placed:
                metrics.observe_order_round_trip(wire_s - self._placed.pop(event.report.label))
            case PlacementRefused() | PlacementLost() | PlacementUnsent():
                self._placed.pop(event.label, None)
            case Durable():
                for sequence in [s for s in self._written if s <= event.sequence]:
                    metrics.observe_journal_durable(wire_s - self._written.pop(sequence))
            case _:
                pass


class LiveDriver:
    """Owns the engine; everything else reaches it through `emit`."""

    def __init__(
        self,
        engine: Engine,
        clock: Clock,
        venues: Mapping[str, Venue],
        journal: JournalPort,
        render: Render,
        watchers: Sequence[StepWatcher] = (),
        metrics: MetricsPort | None = None,
    ) -> None:
        self.engine, self.clock, self.venues, self.journal = engine, clock, venues, journal
        self._render, self._watchers, self._metrics = render, tuple(watchers), metrics
        self._inbox = Inbox()
        self._wake = asyncio.Event()
        self._arrived_wire_s: float | None = None
        self._loads: set[asyncio.Task[None]] = set()
        self._stepped: list[tuple[asyncio.Future[None], Callable[[], bool]]] = []
        self._undurable: list[tuple[int, asyncio.Future[None]]] = []
        self._written = self._durable = self._largest_step = 0
        self._stopwatch = Stopwatch(metrics)
        self._garbage = Garbage()
        self.exit: Exit | None = None

    def emit(self, event: Event) -> None:
        """Hand an event to the next step; called from the event loop only."""
        self._inbox.put(event)
        if self._arrived_wire_s is None:
            self._arrived_wire_s = self.clock.wire_s()
        self._wake.set()

    def view(self) -> StatusView:
        """The frozen picture of this instant."""
        return self.engine.view(self.clock.now())

    @property
    def last_step_age_s(self) -> float:
        last = self.engine.last_step
        return float("inf") if last is None else self.clock.wire_s() - last.wire_s

    async def obeyed(self, event: Event, when: Callable[[], bool] = lambda: True) -> StatusView:
        """Hand in an event and wait until the step after which `when` holds is durable; the picture then."""
        stepped: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.emit(event)
        self._stepped.append((stepped, when))
        await stepped
        return self.view()

    async def run(self) -> Exit:
        """Step until the engine asks to exit; returns its Exit."""
        try:
            while self.exit is None:
                await self._wait()
                self._step()
                self._garbage.between_batches(self.clock.wire_s())
            return self.exit
        finally:
            for task in tuple(self._loads):
                task.cancel()
            self._garbage.restore()

    async def _wait(self) -> None:
        """Sleep until something arrives or a deadline passes; always yields once, so sockets are read."""
        if self._inbox:
            await asyncio.sleep(0)
            return
        deadline = self.engine.next_deadline()
        timer = asyncio.get_running_loop().call_at(deadline, self._wake.set)
        try:
            await self._wake.wait()
        finally:
            timer.cancel()

    def _step(self) -> None:
        self._wake.clear()
        batch = self._inbox.take()
        arrived, self._arrived_wire_s = self._arrived_wire_s, None
        now = self.clock.now()
        try:
            effects = self.engine.step(now, batch)
        except HedgerError:
            self._watch(now, batch, [])  # the step that broke is the one worth having on record
            raise
        if self._metrics is not None and arrived is not None:
            self._metrics.observe_decision(self.clock.wire_s() - arrived)
            if len(batch) > self._largest_step:
                self._largest_step = len(batch)
                self._metrics.observe_largest_step(len(batch))
        for effect in effects:
            self._perform(effect, now)
        self._stopwatch.watch(now, batch, effects)
        self._watch(now, batch, effects)
        self._tell_obeyed(batch)

    def _tell_obeyed(self, batch: list[Event]) -> None:
        """Whoever waits for a step is told when everything written up to it is on disk."""
        durable = max((event.sequence for event in batch if isinstance(event, Durable)), default=0)
        self._durable = max(self._durable, durable)
        self._stepped = [waiting for waiting in self._stepped if not waiting[0].done()]
        self._undurable += [(self._written, stepped) for stepped, when in self._stepped if when()]
        self._stepped = [waiting for waiting in self._stepped if not waiting[1]()]
        for sequence, stepped in self._undurable:
            if sequence <= self._durable and not stepped.done():
                stepped.set_result(None)
        self._undurable = [waiting for waiting in self._undurable if not waiting[1].done()]

    def _watch(self, now: Now, batch: list[Event], effects: list[Effect]) -> None:
        for watcher in self._watchers:
            watcher.append(now, batch, effects)

    def _perform(self, effect: Effect, now: Now) -> None:
        match effect:
            case Place() | Amend():
                self.venues[effect.approved.intent.venue].perform(effect)
            case Cancel() | Watch() | RequestSnapshot() | RequestLog() | LookUp():
                self.venues[effect.venue].perform(effect)
            case Write():
                self._written = effect.sequence
                self.journal.submit(effect)
            case LoadJournal():
                self._load(effect)
            case Note():
                self._render(effect, now)
            case Exit():
                self.exit = effect
            case _:
                assert_never(effect)

    def _load(self, request: LoadJournal) -> None:
        async def load() -> None:
            self.emit(await self.journal.load(request, self.clock.market_ms()))

        task = asyncio.get_running_loop().create_task(load(), name="journal load")
        self._loads.add(task)
        task.add_done_callback(self._loaded)

    def _loaded(self, task: asyncio.Task[None]) -> None:
        self._loads.discard(task)
        if task.cancelled() or task.exception() is None:
            return
        error = task.exception()
        if isinstance(error, LeaseError):
            self.exit = Exit(code=error.exit_code, reason=str(error))
            self._wake.set()
            return
        detail = str(error)
        self._render(
            Note(severity=Severity.CRITICAL, name="journal_load_failed", fields={"detail": detail}),
            self.clock.now(),
        )
        self.exit = Exit(code=HaltedError.exit_code, reason=f"the journal could not be loaded: {detail}")
        self._wake.set()
