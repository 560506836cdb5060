"""The flight recorder: every step as a line of a file, so that a run can be repeated exactly.

A step is encoded where it happened (1-2 µs), so that nothing later can change what is kept; a thread
writes. The event loop never waits for the disk: what does not fit is counted and left out, and
a gap line stands in its place.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from hedger.engine.effects import Effect
from hedger.engine.events import Event, Now
from hedger.engine.recording import Gap, RecordError, encode_gap, encode_header, encode_step
from hedger.engine.settings import EngineSettings

WRITE_EVERY_S = 0.1  # a killed process loses at most this much of its record
CLOSE_S = 5.0
QUEUE_BYTES = 64 * 1024 * 1024
FILE_BYTES = 8 * 1024 * 1024 * 1024


class Recorder:
    """Owns one file, mode 0600. The record of the run before is kept beside it as `<name>.1`.

    Raises RecordError when the file cannot be created. A later failure of the disk ends the record, not
    the daemon: `failure` says what happened. `dropped_steps` counts the steps that are not in the file.
    """

    def __init__(
        self,
        path: Path,
        settings: EngineSettings,
        started: Now,
        queue_bytes: int = QUEUE_BYTES,
        file_bytes: int = FILE_BYTES,
    ) -> None:
        self.path = path
        self.failure = ""
        self.dropped_steps = 0
        self._queue_bytes, self._file_bytes = queue_bytes, file_bytes
        self._lines: deque[bytes] = deque()
        self._queued = self._written = 0  # bytes; one thread each, so that no lock is needed
        self._gap: Gap | None = None
        self._closing = threading.Event()
        self._descriptor = _create(path)
        self._enqueue(encode_header(settings, started))
        self._thread = threading.Thread(target=self._work, name="flight recorder", daemon=True)
        self._thread.start()

    def append(self, now: Now, events: Sequence[Event], effects: Sequence[Effect]) -> None:
        """Keep one step, or count it where there is no room. Never waits. After `close` nothing is kept."""
        line = encode_step(now, events, effects)
        why = self._no_room(len(line))
        if why:
            self._drop(why, now, len(events))
            return
        self._mark_gap()
        self._enqueue(line)

    def close(self) -> None:
        """Write what is waiting and close the file; waits at most 5 s for the disk. May be repeated."""
        if self._closing.is_set():
            return
        self._mark_gap()
        self._closing.set()
        self._thread.join(CLOSE_S)
        if self._thread.is_alive():
            self.failure = f"{self.path}: not written within {CLOSE_S:g} s of closing"

    def _no_room(self, size: int) -> str:
        if self._queued + size > self._file_bytes:
            return "file_full"
        if self.failure or self._closing.is_set() or self._queued - self._written + size > self._queue_bytes:
            return "queue_full"
        return ""

    def _drop(self, why: str, now: Now, events: int) -> None:
        self.dropped_steps += 1
        gap = self._gap
        if gap is None:
            self._gap = Gap(reason=why, steps=1, events=events, first=now, last=now)
        else:
            self._gap = Gap(gap.reason, gap.steps + 1, gap.events + events, gap.first, now)

    def _mark_gap(self) -> None:
        if self._gap is not None:
            self._enqueue(encode_gap(self._gap))
            self._gap = None

    def _enqueue(self, line: bytes) -> None:
        self._lines.append(line)
        self._queued += len(line)

    # --- the thread -----------------------------------------------------------------------------------

    def _work(self) -> None:
        """Write in batches: a thread woken by every step would take the interpreter from the event loop."""
        try:
            with os.fdopen(self._descriptor, "wb") as file:
                while not self._closing.wait(WRITE_EVERY_S):
                    self._drain(file)
                    file.flush()
                self._drain(file)
        except OSError as error:
            self.failure = f"{self.path}: {error.strerror or error}"
            self._lines.clear()

    def _drain(self, file: BinaryIO) -> None:
        batch = b"".join([self._lines.popleft() for _ in range(len(self._lines))])
        file.write(batch)
        self._written += len(batch)


def _create(path: Path) -> int:
    """A new file of mode 0600, the one before renamed: a restart must not destroy the record of a crash."""
    try:
        if path.is_file():
            os.replace(path, path.with_name(f"{path.name}.1"))
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise RecordError(f"flight record {path}: {error.strerror or error}") from error
