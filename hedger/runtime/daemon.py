"""The supervisor: start order, one TaskGroup, signals, reload, and a shutdown with a deadline.

journal -> engine -> lease and venues -> web -> reload
SIGTERM, SIGINT: stop deciding, cancel what rests, wait for evidence, flush, exit; a second one forces.
SIGHUP: reload now.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, TextIO, cast

from hedger import __version__
from hedger.domain.errors import ConfigError, HaltedError, HedgerError, LeaseError, VenueError
from hedger.domain.vocabulary import Mode, Severity
from hedger.engine.decision import Decision
from hedger.engine.effects import Exit, Note
from hedger.engine.engine import Engine
from hedger.engine.events import (
    AcceptGiven,
    CancelGiven,
    CommandGiven,
    HoldAsked,
    OrderGiven,
    OverrideCleared,
    OverrideGiven,
    SettingChange,
    StopRequested,
)
from hedger.engine.hedging.manual_order import OrderAnswered, OrderAsked
from hedger.engine.settings import Edit
from hedger.engine.views.chain import Expiry
from hedger.engine.views.outlook import Outlook
from hedger.engine.views.view import StatusView
from hedger.journal.journal import Journal
from hedger.journal.keeping import Keeping, Terms
from hedger.journal.retention import Keep
from hedger.journal.writer import JournalWriter
from hedger.runtime.clock import Clock
from hedger.runtime.journal_metrics import JournalCollector
from hedger.runtime.last_resort import LastResort
from hedger.runtime.lease import LeaseKeeper
from hedger.runtime.live import JournalPort, LiveDriver, StepWatcher
from hedger.runtime.log import NoteLog
from hedger.runtime.metrics import Metrics
from hedger.runtime.paper import PaperJournal
from hedger.runtime.recorder import Recorder
from hedger.runtime.reload import ReloadWatcher
from hedger.runtime.saying import Saying
from hedger.runtime.service import ServiceManager
from hedger.runtime.start import Source, require_keys
from hedger.runtime.watchdog import Watchdog
from hedger.settings.load import Loaded
from hedger.settings.tables import JournalSettings
from hedger.venues.deribit.client import DeribitVenue
from hedger.venues.paper import PaperVenue
from hedger.venues.protocol import Venue

FLUSH_S = 5.0  # how long the journal may take to write what is left at the end
FORCED = 1  # exit code of a second signal


@dataclass(frozen=True, slots=True)
class Started:
    """A running daemon, for whoever started it in this process."""

    daemon: Daemon
    url: str  # of the page and the API; empty without a web surface


Surface = Callable[["Daemon"], AbstractAsyncContextManager[str]]
Companion = Callable[[Started], Coroutine[Any, Any, None]]


class Daemon:
    """The driver as the web surface sees it (its `DaemonPort`)."""

    def __init__(
        self,
        driver: LiveDriver,
        journal: Journal,
        metrics: Metrics,
        token: str,
        watcher: ReloadWatcher | None = None,
    ) -> None:
        self.driver, self._journal, self._metrics, self.token = driver, journal, metrics, token
        self._watcher = watcher

    @property
    def step_age_s(self) -> float:
        return self.driver.last_step_age_s

    def view(self) -> StatusView:
        return self.driver.view()

    def plan(self, book: str, *, resumed: bool = False) -> Decision:
        return self.driver.engine.plan(book, self.driver.clock.now(), resumed=resumed)

    def objection(self, given: CommandGiven) -> str:
        return self.driver.engine.objection(given, self.driver.clock.now())

    async def order(self, asked: OrderAsked) -> OrderAnswered:
        """Answered when it is durable, or refused."""
        engine = self.driver.engine

        def told() -> bool:
            return engine.manual_answer(asked.book, asked.number) is not None

        await self.driver.obeyed(OrderGiven(asked=asked), told)
        answer = engine.manual_answer(asked.book, asked.number)
        assert answer is not None
        return OrderAnswered(answer.label, answer.detail)

    async def cancel(self, given: CancelGiven) -> StatusView:
        return await self.driver.obeyed(given)

    def outlook(self, book: str) -> Outlook:
        return self.driver.engine.outlook(book, self.driver.clock.now())

    def chain(self, underlying: str) -> Sequence[Expiry]:
        return self.driver.engine.chain(underlying, self.driver.clock.now())

    async def decisions(self, limit: int, book: str, before_ms: int | None) -> Sequence[Decision]:
        return await self._journal.decisions(limit, book, before_ms)

    async def command(self, given: CommandGiven) -> StatusView:
        """Obeyed, and latched: whoever was told of a halt finds it after a crash, too."""
        return await self.driver.obeyed(given)

    async def override(self, told: OverrideGiven | OverrideCleared) -> StatusView:
        """Obeyed, and journalled: it is found again after a restart."""
        return await self.driver.obeyed(told)

    async def set_key(self, key: str, value: str, by: str, reason: str) -> SettingChange:
        """Set a key above file and environment; an empty value clears it. Raises ConfigError."""
        if self._watcher is None:
            raise ConfigError(f"{key}: this daemon was not started from a file; nothing can be set")
        edit = Edit(key=key, value=value, since_ms=self.driver.clock.market_ms(), by=by)
        return await self._watcher.change(edit, reason, self.driver.obeyed)

    async def hold(self, asked: HoldAsked) -> StatusView:
        """Taken, and kept: a restart while somebody legs in finds it."""
        return await self.driver.obeyed(asked)

    def accept_objection(self, given: AcceptGiven) -> str:
        return self.driver.engine.accept_objection(given)

    async def accept(self, given: AcceptGiven) -> StatusView:
        """Taken, and kept with its reason: a restart finds it."""
        return await self.driver.obeyed(given)

    def metrics(self) -> bytes:
        return self._metrics.render()

    def stop(self, reason: str) -> None:
        """Ask for an orderly stop."""
        self.driver.emit(StopRequested(reason=reason))


async def run_daemon(
    loaded: Loaded,
    source: Source | None = None,
    *,
    token: str = "",
    surface: Surface | None = None,
    companion: Companion | None = None,
    watchers: Sequence[StepWatcher] = (),
    wait: bool = True,
) -> int:
    """Run until stopped; returns the exit code. Raises the HedgerError that ended it.

    Where another daemon holds an account this one is its standby; without `wait` it ends with LeaseError.

    `source` is where the configuration is loaded anew when its file changes; `surface` serves the daemon to
    people and machines, whose commands carry `token`. `companion` is a coroutine that lives as long
    as the daemon does; returning early ends nothing.
    """
    require_keys(loaded)
    last = LastResort()
    async with AsyncExitStack() as stack:
        stack.callback(last.over)
        journal = await Journal.open(
            loaded.journal_place, loaded.journal.password, lease_s=loaded.lease.duration_s
        )
        stack.push_async_callback(journal.close)
        clock = Clock(loaded.clock.origin_ms, loaded.clock.started_unix_ms, loaded.clock.speed)
        keeping = Keeping(journal, _terms(loaded.journal), clock.market_ms)
        stream = Saying(sys.stderr.fileno())
        stack.callback(stream.close)
        as_json, level = loaded.log.format == "json", loaded.log.level
        log = NoteLog(cast(TextIO, stream), Clock.unix_ms, as_json, level, loaded.secrets, stream.left_out)
        log.take_over_standard_logging()
        log.redactor.register(token)
        driver, keeper, metrics = _driver(loaded, clock, journal, keeping, log, watchers, stack, wait)
        watcher = None
        if source is not None:
            watcher = ReloadWatcher(source.config, loaded, source.load, driver.emit)
        daemon = Daemon(driver, journal, metrics, token, watcher)
        url = await stack.enter_async_context(surface(daemon)) if surface is not None else ""
        manager = ServiceManager(os.environ)
        stack.enter_context(_signals(daemon, manager))
        say = partial(_say, log, driver)
        tasks = {
            "journal": keeping.run(driver.emit),
            "lease": keeper.run(driver.emit, None if watcher is None else watcher.refresh),
            "watchdog": Watchdog(loaded.watchdog, manager, driver.view, say).run(),
            **{f"venue {name}": venue.run(driver.emit) for name, venue in driver.venues.items()},
        }
        if watcher is not None:
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, watcher.poke)
            tasks["reload"] = watcher.run()
        if companion is not None:
            tasks["companion"] = companion(Started(daemon, url))
        return await _supervise(driver, keeping.writer, tasks, last)


async def _supervise(
    driver: LiveDriver,
    writer: JournalWriter,
    tasks: Mapping[str, Coroutine[Any, Any, None]],
    last: LastResort,
) -> int:
    """One TaskGroup for everything that lives as long as the daemon; the driver's end is its end."""
    failure: HedgerError | None = None
    try:
        async with asyncio.TaskGroup() as group:
            beside = [group.create_task(task, name=name) for name, task in tasks.items()]
            try:
                exit_ = await driver.run()
                failure = _failure(exit_, await _flush(writer))
            except BaseException as error:
                last.begin(getattr(error, "exit_code", FORCED), str(error) or "stopped")
                raise
            last.begin(0 if failure is None else failure.exit_code, str(failure or exit_.reason))
            for task in beside:
                task.cancel()
    except BaseExceptionGroup as group:  # not except*, which early 3.11 lets raise groups only
        told, others = group.split(HedgerError)
        if told is None or others is not None:
            raise
        raise _first(told) from None
    if failure is not None:
        raise failure
    return 0


def _say(log: NoteLog, driver: LiveDriver, note: Note) -> None:
    log.render(note, driver.clock.now())


async def _flush(writer: JournalWriter) -> bool:
    """Make the last records durable; what was sent was durable before it left."""
    try:
        async with asyncio.timeout(FLUSH_S):
            await writer.drained()
    except TimeoutError:
        return False
    return True


def _failure(exit_: Exit, flushed: bool) -> HedgerError | None:
    """The error that carries the engine's code: 4 outcome unknown, 5 halted, 6 taken over; None: all well."""
    for error in (VenueError, HaltedError, LeaseError):
        if exit_.code == error.exit_code:
            return error(exit_.reason)
    if not flushed:
        return VenueError(f"stopped, but the journal did not take its last records within {FLUSH_S:g} s")
    return None


def _first(errors: BaseExceptionGroup[HedgerError]) -> HedgerError:
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, HedgerError)
    return error


def _terms(keep: JournalSettings) -> Terms:
    return Terms(
        slow_s=keep.slow_s,
        free_warn_mb=keep.free_warn_mb,
        free_critical_mb=keep.free_critical_mb,
        keep=Keep(keep.keep_days, keep.keep_orders_days),
    )


def _driver(
    loaded: Loaded,
    clock: Clock,
    journal: Journal,
    keeping: Keeping,
    log: NoteLog,
    watchers: Sequence[StepWatcher],
    stack: AsyncExitStack,
    wait: bool,
) -> tuple[LiveDriver, LeaseKeeper, Metrics]:
    started = clock.now()
    engine = Engine(loaded.engine, started)
    metrics = Metrics(lambda: engine.view(clock.now()), lambda: Clock.unix_ms() / 1000)
    if loaded.recorder_path is not None:
        recorder = Recorder(loaded.recorder_path, loaded.engine, started)
        stack.callback(_close_recorder, recorder, log, clock)
        watchers = (*watchers, recorder)
    venues = _venues(loaded, clock)
    keeping.writer.observe_commit = metrics.observe_journal_commit
    metrics.add(JournalCollector(keeping.writer, keeping.space))
    keeper = LeaseKeeper(_journal_of(venues, journal, keeping.writer), journal, clock, wait=wait)
    return LiveDriver(engine, clock, venues, keeper, log.render, watchers, metrics), keeper, metrics


def _journal_of(venues: dict[str, Venue], journal: Journal, writer: JournalWriter) -> JournalPort:
    """The writer itself; in paper mode one that gives the venues their paper positions back."""
    papers = {name: venue for name, venue in venues.items() if isinstance(venue, PaperVenue)}
    return PaperJournal(journal, writer, papers) if papers else writer


def _close_recorder(recorder: Recorder, log: NoteLog, clock: Clock) -> None:
    """Flush the record, and say so where it is not whole."""
    recorder.close()
    if recorder.failure or recorder.dropped_steps:
        fields: dict[str, str | int | float | bool | None] = {
            "detail": recorder.failure,
            "dropped_steps": recorder.dropped_steps,
        }
        log.render(Note(severity=Severity.ERROR, name="recording_incomplete", fields=fields), clock.now())


def _venues(loaded: Loaded, clock: Clock) -> dict[str, Venue]:
    """Each venue by its name; in paper mode behind a venue that fills locally and lets no order through."""
    mode = loaded.engine.mode
    venues: dict[str, Venue] = {}
    for name, (environment, params) in loaded.venues.items():
        real = DeribitVenue(
            name,
            environment,
            params,
            trading=mode is Mode.LIVE,
            now=clock.now,
            unix_ms=clock.unix_ms,
            version=__version__,
        )
        venues[name] = PaperVenue(real, clock.now) if mode is Mode.PAPER else real
    return venues


@contextmanager
def _signals(daemon: Daemon, manager: ServiceManager) -> Iterator[None]:
    """The first SIGTERM or SIGINT stops in order, the second at once."""
    loop = asyncio.get_running_loop()
    asked: list[signal.Signals] = []

    def stop(number: signal.Signals) -> None:
        if asked:
            os._exit(FORCED)
        asked.append(number)
        manager.stopping()
        daemon.stop(number.name)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop, number)
    try:
        yield
    finally:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.remove_signal_handler(number)
