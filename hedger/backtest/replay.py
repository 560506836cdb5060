"""Exact replay: a fresh engine is fed the recorded steps and must ask for exactly the recorded effects."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from hedger.domain.errors import HedgerError
from hedger.engine.engine import Engine
from hedger.engine.events import Now
from hedger.engine.recording import (
    Gap,
    Header,
    RecordedStep,
    RecordError,
    decode_header,
    decode_line,
    encode_effects,
)
from hedger.engine.views.view import StatusView


class Difference(msgspec.Struct, frozen=True):
    """The first step (counted from 1) whose effects are not the recorded ones, both as plain data."""

    step: int
    now: Now
    recorded: list[Any]
    replayed: list[Any]
    raised: str = ""  # the error the engine raised instead of answering

    @property
    def index(self) -> int:
        """Place of the first effect that differs, counted from 0; one side may have ended there."""
        same = (a == b for a, b in zip(self.recorded, self.replayed, strict=False))
        return next((at for at, equal in enumerate(same) if not equal), self._common)

    @property
    def _common(self) -> int:
        return min(len(self.recorded), len(self.replayed))


class ReplayResult(msgspec.Struct, frozen=True):
    """What was repeated. `digest` is the SHA-256 of the replayed effects; `effects` counts them.

    `gap` and `truncated_line` say where the record is incomplete; a replay ends there, since what
    the engine heard afterwards is not all known.
    """

    steps: int
    events: int
    effects: int
    digest: str
    first_difference: Difference | None = None
    gap: Gap | None = None
    truncated_line: int | None = None

    @property
    def exact(self) -> bool:
        return self.first_difference is None


def replay(path: Path, limit: int | None = None) -> ReplayResult:
    """Repeat a record up to its end, its first difference, its first gap, or `limit` steps.

    Raises RecordError for a file that cannot be read, naming the line.
    """
    with opened(path) as lines:
        return _Replay(lines).run(limit)


def ended(path: Path) -> StatusView:
    """The daemon as the record leaves it, up to its end or its first gap. Raises RecordError."""
    now: Now | None = None
    with opened(path) as lines:
        engine = engine_of(lines.header())
        for number, line in enumerate(lines.steps(), start=1):
            if isinstance(line, Gap):
                break
            try:
                engine.step(line.now, line.events)
            except HedgerError as error:
                told = f"{type(error).__name__}: {error}"
                raise RecordError(f"the engine raised at step {number}: {told}") from error
            now = line.now
        if now is None:
            raise RecordError("holds no step")
    return engine.view(now)


@contextmanager
def opened(path: Path) -> Iterator[Lines]:
    """The lines of a record. Whatever cannot be read of it becomes a RecordError that names the file."""
    try:
        with path.open("rb") as file:
            yield Lines(file)
    except OSError as error:
        raise RecordError(f"{path}: {error.strerror or error}") from error
    except RecordError as error:
        raise RecordError(f"{path}: {error}") from error


class Lines:
    """The lines of a record; a last one that was cut off when the process died is remembered."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.truncated_line: int | None = None

    @property
    def position(self) -> int:
        """Bytes read so far."""
        return self._file.tell()

    def header(self) -> Header:
        """To be read first. Raises RecordError."""
        return decode_header(self._file.readline())

    def steps(self) -> Iterator[RecordedStep | Gap]:
        """What follows the header. Raises RecordError."""
        for number, line in enumerate(self._file, start=2):
            try:
                decoded = decode_line(line, number)
            except RecordError:
                if line.endswith(b"\n"):
                    raise
                self.truncated_line = number
                return
            yield decoded


class _Replay:
    """One pass over a record."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._engine = engine_of(lines.header())
        self._digest = hashlib.sha256()
        self._steps = self._events = self._effects = 0

    def run(self, limit: int | None) -> ReplayResult:
        steps = self._lines.steps()
        while limit is None or self._steps < limit:
            line = next(steps, None)
            if line is None:
                break
            if isinstance(line, Gap):
                return self._result(gap=line)
            difference = self._repeat(line)
            if difference is not None:
                return self._result(difference)
        return self._result()

    def _repeat(self, step: RecordedStep) -> Difference | None:
        self._steps += 1
        self._events += len(step.events)
        try:
            effects = self._engine.step(step.now, step.events)
        except HedgerError as error:
            return self._difference(step, b"[]", f"{type(error).__name__}: {error}")
        replayed = encode_effects(effects)
        self._effects += len(effects)
        self._digest.update(replayed)
        return None if replayed == bytes(step.effects) else self._difference(step, replayed)

    def _difference(self, step: RecordedStep, replayed: bytes, raised: str = "") -> Difference | None:
        """Judged by value: the same number may be written as 1 and as 1.0."""
        before, after = msgspec.json.decode(step.effects), msgspec.json.decode(replayed)
        if before == after and not raised:
            return None
        return Difference(self._steps, step.now, before, after, raised)

    def _result(self, difference: Difference | None = None, gap: Gap | None = None) -> ReplayResult:
        return ReplayResult(
            steps=self._steps,
            events=self._events,
            effects=self._effects,
            digest=self._digest.hexdigest(),
            first_difference=difference,
            gap=gap,
            truncated_line=self._lines.truncated_line,
        )


def engine_of(header: Header) -> Engine:
    """The engine as it was before its first step. Raises RecordError."""
    try:
        return Engine(header.settings, header.started)
    except (KeyError, ValueError) as error:
        raise RecordError(f"line 1: settings this engine does not accept: {error}") from error
