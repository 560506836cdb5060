"""One daemon of a life: the very session, inbox, engine and record encoding that trade, without asyncio.

It does in virtual time what `runtime/live.py` and `venues/deribit/client.py` do in real time: take whatever
has arrived, step once, perform the effects, send what the session has to say; reconnect with back-off.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Protocol, assert_never

from hedger.backtest.simulate.disk import VENUE, Disk, Store, Weather
from hedger.backtest.simulate.heap import Heap
from hedger.backtest.simulate.tenancy import Tenancy
from hedger.backtest.simulate.venue import KEYS, Venue
from hedger.backtest.simulate.wire import Wire
from hedger.domain.errors import HedgerError
from hedger.domain.vocabulary import Environment
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
    Event,
    Now,
    StopRequested,
)
from hedger.engine.inbox import Inbox
from hedger.engine.settings import EngineSettings
from hedger.journal.lease import LEASE_S
from hedger.venues.deribit.backoff import STABLE_S, jittered, pauses
from hedger.venues.deribit.params import DeribitParams
from hedger.venues.deribit.session import DeribitSession

PARAMS = DeribitParams(
    url="ws://127.0.0.1:1/ws/api/v2",
    client_id=KEYS.client_id,
    client_secret=KEYS.client_secret,
    health_s=20.0,
)
TURN_S = 1e-4  # a turn of the loop takes time; also where a deadline is rounded to just before itself
LATE_S = 1.0  # a thread may go on this much later than another after a freeze


class Watcher(Protocol):
    """Who sees what a process does."""

    def stepped(self, process: Process, now: Now, events: list[Event], effects: list[Effect]) -> None: ...

    def sent(self, process: Process, frame: str) -> None: ...

    def heard(self, process: Process, frame: str) -> None: ...

    def took(self, process: Process, epoch: int, before: Process | None) -> None: ...

    def ended(self, process: Process, why: str) -> None: ...


@dataclass(slots=True)
class Machine:
    """What processes share: time, the exchange, the journal's store, and how the disk is."""

    heap: Heap
    venue: Venue
    store: Store
    weather: Weather
    watcher: Watcher
    seed: int
    currencies: tuple[str, ...] = PARAMS.currencies
    same_host: bool = True
    """Whether a successor can know that a process has died; else it waits for the lease's end."""
    heartbeat_s: int = PARAMS.heartbeat_s
    busy_s: float = 0.0
    """What a turn of the loop takes: frames that arrive within it are taken together."""
    idle_s: float = 1.0
    """The engine is stepped at least this often."""
    lease_s: float = LEASE_S
    processes: dict[int, Process] = field(default_factory=dict)  # by number


class Process:
    """Alive from its start until it is killed or exits; `skew_ms`: what its clock is off, market time."""

    def __init__(self, machine: Machine, number: int, settings: EngineSettings) -> None:
        self.machine, self.number = machine, number
        machine.processes[number] = self
        self._heap = machine.heap
        self._chance = random.Random(f"{machine.seed}:process:{number}")
        self.boot_s = self._chance.uniform(1_000.0, 100_000.0)  # where its monotonic clock stood
        self._nonces = count()
        self.skew_ms = 0
        self.alive, self.frozen_until_s = True, 0.0
        self.inbox = Inbox()
        params = replace(PARAMS, heartbeat_s=machine.heartbeat_s, currencies=machine.currencies)
        self.session = DeribitSession(VENUE, Environment.LOCAL, params, trading=True, version="simulation")
        self.engine = Engine(settings, self.now(), idle_s=machine.idle_s)
        self.disk = Disk(self._heap, self._chance, machine.store, machine.weather, self.emit)
        self.tenancy = Tenancy(self, machine.store.lease, self._heap)
        self.account_id = ""
        self.stopped_why = ""
        self._wire: Wire | None = None
        self._waits = pauses(PARAMS.backoff_min_s, PARAMS.backoff_max_s)
        self._connected_s = 0.0
        self._due_s: float | None = None
        self._session_due_s = -math.inf  # when its timers are due; at once after anything has happened to it
        self._step_due_s = 0.0  # when the engine is to be stepped even if nothing has arrived
        self._heap.after(0.0, self._connect)
        self._wake_by(self._heap.now_s)

    # -- time ---------------------------------------------------------------------------------------

    def now(self) -> Now:
        return Now(self.machine.venue.market_ms(self.skew_ms), self.boot_s + self._heap.now_s)

    def _wake_by(self, at_s: float) -> None:
        """Be woken then, unless that happens earlier anyway."""
        at_s = max(at_s, self._heap.now_s)
        if self._due_s is None or at_s < self._due_s:
            self._due_s = at_s
            self._heap.at(at_s, lambda: self._woken(at_s))

    def _woken(self, at_s: float) -> None:
        if self._due_s != at_s or not self.alive:
            return
        self._due_s = None
        if self._heap.now_s < self.frozen_until_s:
            self._wake_by(self.frozen_until_s)
            return
        self._tick()

    def _tick(self) -> None:
        """One turn of the loop: timers of the session, a step where one is due, frames out."""
        if self._heap.now_s >= self._session_due_s:
            self._take(self.session.tick(self.now()))
            self._session_due_s = -math.inf
        if len(self.inbox) or self._heap.now_s >= self._step_due_s:
            self._step()
        if not self.alive:
            return
        if self._session_due_s == -math.inf:
            self._flush()
            deadline = self.session.next_deadline(self.now())
            self._session_due_s = math.inf if deadline is None else deadline - self.boot_s
        due_s = self._heap.now_s if len(self.inbox) else min(self._step_due_s, self._session_due_s)
        self._wake_by(max(due_s, self._heap.now_s + TURN_S))

    # -- events and effects -------------------------------------------------------------------------

    def emit(self, event: Event) -> None:
        """Hand an event to the next step."""
        if self.alive:
            self.inbox.put(event)
            self._wake_by(self._heap.now_s)

    def when_running(self, do: Callable[[], None]) -> bool:
        """False, and `do` later, while the process is frozen; False for ever once it is dead."""
        if self.alive and self._heap.now_s < self.frozen_until_s:
            self._heap.at(self.frozen_until_s + self._chance.random() * LATE_S, do)
            return False
        return self.alive

    def _take(self, events: list[Event]) -> None:
        for event in events:
            self.inbox.put(event)

    def _step(self) -> None:
        now, batch = self.now(), self.inbox.take()
        try:
            effects = self.engine.step(now, batch)
        except HedgerError as error:
            self.machine.watcher.stepped(self, now, batch, [])
            self._end(f"{type(error).__name__}: {error}")
            return
        self.machine.watcher.stepped(self, now, batch, effects)
        for effect in effects:
            self._perform(effect)
        self._step_due_s = self.engine.next_deadline() - self.boot_s

    def _perform(self, effect: Effect) -> None:
        match effect:
            case Place() | Amend() | Cancel() | Watch() | RequestSnapshot() | RequestLog() | LookUp():
                self._session_due_s = -math.inf
                self._take(self.session.perform(effect, self.now()))
            case Write():
                self.disk.submit(effect)
            case LoadJournal():
                self.account_id = effect.account_id
                self.tenancy.ask(effect)
            case Note():
                pass
            case Exit():
                self._end(f"exit {effect.code}: {effect.reason}", orderly=True)
            case _:
                assert_never(effect)

    # -- the connection -----------------------------------------------------------------------------

    def _connect(self) -> None:
        if not self.alive:
            return
        self._wire = self.machine.venue.connect(self)
        self._connected_s = self._heap.now_s
        if self._wire is None:
            self._closed("connection refused")
            return
        now = self.now()
        self._session_due_s = -math.inf
        self.session.opened(now, now.market_ms, f"nonce-{self.number}-{next(self._nonces)}")
        self._wake_by(self._heap.now_s)

    def heard(self, wire: Wire, frame: str) -> None:
        """A frame of the exchange; one that a frozen process has not read yet waits in its socket."""
        if not self.alive or wire is not self._wire:
            return
        if self._heap.now_s < self.frozen_until_s:
            self._heap.at(self.frozen_until_s, lambda: self.heard(wire, frame))
            return
        if self.session.ending is None:
            self.machine.watcher.heard(self, frame)
            self._session_due_s = -math.inf
            self._take(self.session.receive(frame, self.now()))
            self._wake_by(self._heap.now_s + self.machine.busy_s)

    def hung_up(self, wire: Wire, reason: str) -> None:
        """The exchange or the network ended the connection."""
        if self.alive and wire is self._wire:
            if self._heap.now_s < self.frozen_until_s:
                self._heap.at(self.frozen_until_s, lambda: self.hung_up(wire, reason))
                return
            self._closed(reason)

    def _flush(self) -> None:
        """Frames to the socket; a connection that the session gives up is closed."""
        for frame in self.session.to_send():
            if self._wire is not None:
                self.machine.watcher.sent(self, frame)
                self._wire.up(frame)
        ending = self.session.ending
        if ending is not None and self._wire is not None:
            if ending.error is not None:
                self._end(f"{type(ending.error).__name__}: {ending.error}")
                return
            self._wire.close_by_daemon(ending.reason)
            self._closed(ending.reason, ending.wait_s)

    def _closed(self, reason: str, wait_s: float = 0.0) -> None:
        """The connection is over; the next one follows after a pause."""
        self._wire = None
        self._session_due_s = -math.inf
        self._take(self.session.closed(reason, self.now()))
        if self._heap.now_s - self._connected_s >= STABLE_S:
            self._waits = pauses(PARAMS.backoff_min_s, PARAMS.backoff_max_s)
        pause_s = max(jittered(next(self._waits), self._chance.random()), wait_s)
        self._heap.after(pause_s, self._connect)
        self._wake_by(self._heap.now_s)

    # -- the end ------------------------------------------------------------------------------------

    def stop(self) -> None:
        """SIGTERM."""
        self.emit(StopRequested(reason="SIGTERM"))

    def freeze(self, seconds: float) -> None:
        """SIGSTOP, and SIGCONT after a while: nothing is lost, everything is late."""
        self.frozen_until_s = self._heap.now_s + seconds

    def kill(self) -> None:
        """kill -9, or the machine's end: what was not synced is lost."""
        if self.alive:
            self._end("killed")

    def _end(self, why: str, *, orderly: bool = False) -> None:
        self.alive, self.stopped_why = False, why
        if orderly and self.tenancy.holds:
            self.machine.store.lease.release()
        if self._wire is not None:
            for frame in self.session.to_send() if orderly else ():
                self._wire.up(frame)
            self._wire.die(flushes=orderly or self._chance.random() < 0.5)
            self._wire = None
        self.disk.die()
        self.machine.watcher.ended(self, why)
