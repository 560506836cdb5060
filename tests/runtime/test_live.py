"""The live driver: what arrives is stepped once, what is asked for is performed, and the loop never spins."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from hedger.domain.errors import HaltedError, VenueError
from hedger.engine import effects as fx
from hedger.engine import events as ev
from hedger.runtime.clock import Clock
from hedger.runtime.live import LiveDriver
from hedger.venues.protocol import Emit
from tests.engine.rig import CALL, START_MS, VENUE, Rig

BAND = {"lower": -0.1, "upper": 0.1, "hard_lower": -50.0, "hard_upper": 50.0}


class PatientJournal:
    """Durable when the test says so."""

    def __init__(self) -> None:
        self.written: list[int] = []
        self.error: Exception | None = None

    def submit(self, write: fx.Write) -> None:
        self.written.append(write.sequence)

    async def load(self, request: fx.LoadJournal, market_ms: int) -> ev.JournalLoaded:
        if self.error is not None:
            raise self.error
        return Rig().journal()


class NotingVenue:
    """Keeps what it was asked to do."""

    def __init__(self) -> None:
        self.name = VENUE
        self.asked: list[fx.VenueEffect] = []

    async def run(self, emit: Emit) -> None:
        await asyncio.Event().wait()

    def perform(self, effect: fx.VenueEffect) -> None:
        self.asked.append(effect)


class Times:
    """Latencies and sizes as the metrics would get them."""

    def __init__(self) -> None:
        self.largest: list[int] = []
        self.decisions: list[float] = []
        self.trips: list[float] = []
        self.durable: list[float] = []

    def observe_decision(self, seconds: float) -> None:
        self.decisions.append(seconds)

    def observe_largest_step(self, events: int) -> None:
        self.largest.append(events)

    def observe_order_round_trip(self, seconds: float) -> None:
        self.trips.append(seconds)

    def observe_journal_durable(self, seconds: float) -> None:
        self.durable.append(seconds)


class Watcher:
    def __init__(self) -> None:
        self.seen: list[tuple[list[ev.Event], list[fx.Effect]]] = []

    def append(self, now: ev.Now, events: list[ev.Event], effects: list[fx.Effect]) -> None:
        self.seen.append((list(events), list(effects)))


class Desk:
    """A driver on a real clock, with everything around it scripted."""

    def __init__(self) -> None:
        self.rig = Rig(**BAND)
        self.clock = Clock(START_MS, Clock.unix_ms())
        self.venue, self.journal = NotingVenue(), PatientJournal()
        self.times, self.watcher = Times(), Watcher()
        self.notes: list[str] = []
        self.driver = LiveDriver(
            self.rig.engine,
            self.clock,
            {VENUE: self.venue},
            self.journal,
            lambda note, _now: self.notes.append(note.name),
            [self.watcher],
            self.times,
        )

    def tick(self) -> Rig:
        """The rig at the clock's time."""
        self.rig.market_ms, self.rig.wire_s = self.clock.market_ms(), self.clock.wire_s()
        return self.rig

    def emit(self, *events: ev.Event) -> None:
        for event in events:
            self.driver.emit(event)

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not holds():
                await asyncio.sleep(0)

    async def hedge(self) -> None:
        """Everything up to an order that waits for the journal."""
        self.emit(self.tick().listed(CALL), self.rig.link_up())
        await self.until(lambda: any(isinstance(e, fx.RequestSnapshot) for e in self.venue.asked))
        self.emit(self.tick().snapshot({CALL: "-10"}))
        self.emit(*self.tick().quotes(CALL))
        await self.until(lambda: bool(self.driver.view().orders.open))


@asynccontextmanager
async def desk() -> AsyncIterator[tuple[Desk, asyncio.Task[fx.Exit]]]:
    made = Desk()
    running = asyncio.create_task(made.driver.run())
    try:
        yield made, running
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_an_order_reaches_the_venue_only_after_the_journal_has_it() -> None:
    async with desk() as (made, _):
        await made.hedge()
        assert not any(isinstance(effect, fx.Place) for effect in made.venue.asked)
        made.emit(ev.Durable(sequence=made.journal.written[-1]))
        await made.until(lambda: any(isinstance(effect, fx.Place) for effect in made.venue.asked))

        assert made.times.decisions
        assert made.times.durable


async def test_the_round_trip_of_an_order_is_timed_until_its_first_evidence() -> None:
    async with desk() as (made, _):
        await made.hedge()
        made.emit(ev.Durable(sequence=made.journal.written[-1]))
        await made.until(lambda: any(isinstance(effect, fx.Place) for effect in made.venue.asked))
        (place,) = [effect for effect in made.venue.asked if isinstance(effect, fx.Place)]
        made.emit(*made.tick().fill_of(place.approved.intent))
        await made.until(lambda: len(made.times.trips) == 1)


async def test_whoever_gives_a_command_is_answered_when_it_is_durable() -> None:
    async with desk() as (made, _):
        command = ev.CommandGiven(command="halt", book="", by="test", reason="drill")
        answer = asyncio.create_task(made.driver.obeyed(command))
        await made.until(lambda: bool(made.journal.written))
        assert not answer.done()
        made.emit(ev.Durable(sequence=made.journal.written[-1]))

        assert (await asyncio.wait_for(answer, 10)).breaker.value == "halted"


async def test_an_event_that_writes_nothing_is_answered_after_its_step() -> None:
    async with desk() as (made, _):
        made.emit(ev.SettingsRefused(detail="the first step writes its decision"))
        await made.until(lambda: bool(made.journal.written))
        made.emit(ev.Durable(sequence=made.journal.written[-1]))
        refused = ev.SettingsRefused(detail="odd")
        view = await asyncio.wait_for(made.driver.obeyed(refused), 10)

        assert view.settings_error == "odd"


async def test_the_most_that_ever_waited_for_a_step_is_told() -> None:
    async with desk() as (made, _):
        made.emit(*(ev.SettingsRefused(detail=f"{number}") for number in range(7)))
        await made.until(lambda: bool(made.times.largest))
        made.emit(ev.SettingsRefused(detail="fewer"))
        await made.until(lambda: len(made.watcher.seen) > 1)

        assert made.times.largest == [7]


async def test_the_engines_exit_ends_the_loop() -> None:
    async with desk() as (made, running):
        made.emit(ev.StopRequested(reason="enough"))

        assert (await asyncio.wait_for(running, 10)).reason == "enough"


async def test_a_journal_that_cannot_be_loaded_ends_the_daemon_loudly() -> None:
    async with desk() as (made, running):
        made.journal.error = HaltedError("row 7 is unreadable")
        made.emit(made.tick().listed(CALL), made.rig.link_up())
        left = await asyncio.wait_for(running, 10)

        assert left.code == 5
        assert "row 7" in left.reason
        assert "journal_load_failed" in made.notes


async def test_a_step_that_breaks_is_on_record(monkeypatch: pytest.MonkeyPatch) -> None:
    async with desk() as (made, running):

        def broken(now: ev.Now, events: list[ev.Event]) -> list[fx.Effect]:
            raise VenueError("impossible")

        monkeypatch.setattr(made.rig.engine, "step", broken)
        made.emit(ev.SettingsRefused(detail="the last event"))
        with pytest.raises(VenueError, match="impossible"):
            await asyncio.wait_for(running, 10)

        assert made.watcher.seen[-1] == ([ev.SettingsRefused(detail="the last event")], [])


async def test_every_step_is_seen_by_the_watchers_with_its_effects() -> None:
    async with desk() as (made, _):
        await made.hedge()

        effects = [type(effect) for _events, effects in made.watcher.seen for effect in effects]
        assert fx.LoadJournal in effects
        assert fx.Write in effects


def test_the_age_of_the_last_step_is_infinite_before_the_first() -> None:
    async def age() -> float:
        return Desk().driver.last_step_age_s

    assert asyncio.run(age()) == float("inf")
