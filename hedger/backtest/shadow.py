"""Shadows beside a recorded run: its own events, its own engine, and policies that were not there then.

The engine is fed the record from its first line, so that it knows all it knew then; the shadows begin at the
time asked for. They change nothing of what the engine asks for: where that differs from the record, the
engine is another one than recorded it, which is said.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from hedger.backtest.replay import Lines, engine_of, opened
from hedger.domain.errors import HedgerError
from hedger.domain.vocabulary import Mode
from hedger.engine.engine import Engine
from hedger.engine.events import Event, JournalLoaded, Now, SettingsApplied
from hedger.engine.recording import Gap, Header, RecordedStep, encode_effects
from hedger.engine.settings import BookSettings, EngineSettings
from hedger.engine.shadow.terms import ShadowSettings
from hedger.engine.views.shadow_view import ShadowView

Choose = Callable[[BookSettings], tuple[ShadowSettings, ...]]
"""The shadows to run beside a book, by its settings as they are at that moment of the record."""


class Period(msgspec.Struct, frozen=True):
    """Market time, `from_ms` included and `to_ms` not; None: all there is."""

    from_ms: int | None = None
    to_ms: int | None = None

    def begins(self, now: Now) -> bool:
        return self.from_ms is None or now.market_ms >= self.from_ms

    def ends(self, now: Now) -> bool:
        return self.to_ms is not None and now.market_ms >= self.to_ms


class BookCompared(msgspec.Struct, frozen=True):
    """A book, its live policy at the end, and its shadows."""

    book: str
    policy: str
    shadows: tuple[ShadowView, ...]


class Compared(msgspec.Struct, frozen=True):
    """What became of the shadows in one record. `steps` and `events` count the period alone."""

    path: str
    mode: Mode
    first_ms: int | None
    last_ms: int | None
    steps: int
    events: int
    books: tuple[BookCompared, ...]
    differs_at_step: int | None = None
    """The first step of the record, counted from 1, at which this engine asks for something else."""
    stopped: str = ""
    """Why the record was not read to the end of the period."""


def compare(
    path: Path, choose: Choose, period: Period, at_byte: Callable[[int], None] | None = None
) -> Compared:
    """Replay a record with shadows; `at_byte` is told how far. Raises RecordError for what is no record."""
    with opened(path) as lines:
        return _Comparison(path, lines, choose, period, at_byte).run()


class _Comparison:
    """One pass over a record."""

    def __init__(
        self,
        path: Path,
        lines: Lines,
        choose: Choose,
        period: Period,
        at_byte: Callable[[int], None] | None,
    ) -> None:
        self._path, self._lines, self._choose, self._period = path, lines, choose, period
        self._at_byte = at_byte
        header = lines.header()
        self._settings = header.settings  # as recorded, in force
        self._engine = engine_of(_without(header))
        self._number = self._steps = self._events = 0
        self._first: Now | None = None
        self._last: Now | None = None
        self._differs_at: int | None = None
        self._stopped = ""

    def run(self) -> Compared:
        for line in self._lines.steps():
            if isinstance(line, Gap):
                self._stopped = f"{line.steps} steps with {line.events} events were not kept ({line.reason})"
                break
            if self._period.ends(line.now) or not self._repeat(line):
                break
        if self._lines.truncated_line is not None:
            self._stopped = (
                f"line {self._lines.truncated_line} is not whole: still being written, or the process died"
            )
        return self._result()

    def _repeat(self, step: RecordedStep) -> bool:
        self._number += 1
        if self._first is None and self._period.begins(step.now):
            self._first = step.now
            self._engine.shade({book.name: self._choose(book) for book in self._settings.books})
        try:
            effects = self._engine.step(step.now, [self._told(event) for event in step.events])
        except HedgerError as error:
            self._stopped = f"the engine raised at step {self._number}: {type(error).__name__}: {error}"
            return False
        if self._differs_at is None and _other(encode_effects(effects), bytes(step.effects)):
            self._differs_at = self._number
        if self._first is not None:
            self._steps, self._events = self._steps + 1, self._events + len(step.events)
            self._last = step.now
        if self._at_byte is not None and self._number % 1_000 == 0:
            self._at_byte(self._lines.position)
        return True

    def _told(self, event: Event) -> Event:
        """New settings with the shadows of this comparison in the place of those recorded, which begin with
        its period, whatever shadows of their name came to before."""
        if type(event) is JournalLoaded:
            return msgspec.structs.replace(event, shadows=())
        if type(event) is not SettingsApplied:
            return event
        self._settings = event.settings
        choose = self._choose if self._first is not None else _none
        return msgspec.structs.replace(event, settings=_shaded(event.settings, choose))

    def _result(self) -> Compared:
        return Compared(
            path=str(self._path),
            mode=self._settings.mode,
            first_ms=None if self._first is None else self._first.market_ms,
            last_ms=None if self._last is None else self._last.market_ms,
            steps=self._steps,
            events=self._events,
            books=() if self._last is None else _books(self._engine, self._last),
            differs_at_step=self._differs_at,
            stopped=self._stopped,
        )


def _books(engine: Engine, now: Now) -> tuple[BookCompared, ...]:
    return tuple(BookCompared(book.name, book.policy, book.shadows) for book in engine.view(now).books)


def _without(header: Header) -> Header:
    return msgspec.structs.replace(header, settings=_shaded(header.settings, _none))


def _none(_book: BookSettings) -> tuple[ShadowSettings, ...]:
    return ()


def _shaded(settings: EngineSettings, choose: Choose) -> EngineSettings:
    return replace(settings, books=tuple(replace(book, shadows=choose(book)) for book in settings.books))


def _other(replayed: bytes, recorded: bytes) -> bool:
    """Judged by value: the same number may be written as 1 and as 1.0, and shadows are others."""
    return replayed != recorded and _unshaded(replayed) != _unshaded(recorded)


def _unshaded(effects: bytes) -> list[Any]:
    """Effects without what is written down of shadows, which rides in writes that leave without it, too."""
    read: list[Any] = msgspec.json.decode(effects)
    for effect in read:
        if "records" in effect:
            effect["records"] = [one for one in effect["records"] if one["type"] != "shadows_kept"]
    return read


def own_policy(book: BookSettings) -> ShadowSettings:
    """The live policy as a shadow: filled at the touch at once, whatever became of the live hedge."""
    return ShadowSettings(OWN, book.policy, dict(book.policy_params), book.partial)


OWN = "own"


def with_own(book: BookSettings, others: Sequence[ShadowSettings]) -> tuple[ShadowSettings, ...]:
    """The live policy's own shadow before the others, unless one has its name."""
    named = any(other.name == OWN for other in others)
    return (*others,) if named else (own_policy(book), *others)
