"""The flight recorder: all that happened is in the file, and the event loop never waits for the disk."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from hedger.backtest.replay import replay
from hedger.engine import events as ev
from hedger.engine.recording import Gap, RecordError, decode_line
from hedger.runtime.recorder import Recorder
from tests.backtest.recorded import EVENTFUL, STARTED, eventful

ROOT = Path(__file__).resolve().parents[2]
QUIET = ev.Now(STARTED.market_ms + 1, STARTED.wire_s + 0.001)


def eventually(condition: Callable[[], bool], deadline_s: float = 10.0) -> None:
    """Ask again until it is so; fails after the deadline."""
    until = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < until, "it never came to be"
        time.sleep(0.001)


def test_a_recorded_run_is_in_the_file_byte_by_byte_and_replays_exactly(tmp_path: Path) -> None:
    """A line says what was so at its step, whatever became of the orders in it afterwards."""
    recorder = Recorder(tmp_path / "flight.jsonl", EVENTFUL, STARTED)
    rig = eventful(recorder.append)
    recorder.close()

    assert recorder.path.read_bytes() == b"".join(rig.recorded.lines)
    assert replay(recorder.path).exact
    assert (recorder.dropped_steps, recorder.failure) == (0, "")


def test_a_running_record_reaches_the_file_without_being_closed(tmp_path: Path) -> None:
    """What a killed process leaves behind is the reason to have a recorder."""
    recorder = Recorder(tmp_path / "flight.jsonl", EVENTFUL, STARTED)
    recorder.append(QUIET, [], [])
    eventually(lambda: recorder.path.read_bytes().count(b"\n") == 2)

    assert replay(recorder.path).steps == 1
    recorder.close()


def test_only_the_owner_may_read_it_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        recorder = Recorder(tmp_path / "flight.jsonl", EVENTFUL, STARTED)
    finally:
        os.umask(before)
    recorder.close()

    assert stat.S_IMODE(recorder.path.stat().st_mode) == 0o600


def test_a_restart_keeps_the_record_of_the_run_that_died(tmp_path: Path) -> None:
    path = tmp_path / "flight.jsonl"
    first = Recorder(path, EVENTFUL, STARTED)
    first.append(QUIET, [], [])
    first.close()
    Recorder(path, EVENTFUL, STARTED).close()

    assert replay(tmp_path / "flight.jsonl.1").steps == 1
    assert replay(path).steps == 0


def test_a_file_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"missing/flight\.jsonl: No such file or directory"):
        Recorder(tmp_path / "missing" / "flight.jsonl", EVENTFUL, STARTED)
    with pytest.raises(RecordError, match="File exists"):
        Recorder(tmp_path, EVENTFUL, STARTED)


def test_steps_the_queue_has_no_room_for_are_counted_and_a_gap_stands_in_their_place(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "flight.jsonl", EVENTFUL, STARTED, queue_bytes=0)
    for _ in range(3):
        recorder.append(QUIET, [ev.JournalRestored()], [])
    recorder.close()

    gap = replay(recorder.path).gap
    assert gap is not None
    assert (gap.reason, gap.steps, gap.events, gap.first, gap.last) == ("queue_full", 3, 3, QUIET, QUIET)
    assert recorder.dropped_steps == 3


def test_recording_goes_on_behind_a_gap_once_the_disk_has_caught_up(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "flight.jsonl", EVENTFUL, STARTED, queue_bytes=100)

    def dropped() -> bool:
        recorder.append(QUIET, [], [])
        return recorder.dropped_steps > 0

    def resumed() -> bool:
        recorder.append(QUIET, [], [])
        return b'{"gap":' in recorder.path.read_bytes()

    eventually(dropped)
    eventually(resumed)
    recorder.close()

    kept = recorder.path.read_bytes().splitlines()
    gap_at = next(n for n, line in enumerate(kept) if line.startswith(b'{"gap":'))
    assert kept[gap_at + 1].startswith(b'{"now":')


def test_a_file_has_a_limit_and_ends_with_a_gap_that_says_so(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "flight.jsonl", EVENTFUL, STARTED, file_bytes=3000)
    for _ in range(200):
        recorder.append(QUIET, [], [])
    recorder.close()

    kept = recorder.path.read_bytes().splitlines()
    gap = decode_line(kept[-1], len(kept))
    assert isinstance(gap, Gap)
    assert (gap.reason, gap.steps) == ("file_full", recorder.dropped_steps)
    assert recorder.path.stat().st_size < 3300


def test_after_closing_nothing_is_kept_and_closing_again_is_harmless(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "flight.jsonl", EVENTFUL, STARTED)
    recorder.close()
    recorder.append(QUIET, [], [])
    recorder.close()

    assert replay(recorder.path).steps == 0
    assert recorder.dropped_steps == 1


FULL_DISK = """
import resource, sys, pathlib
from tests.runtime.test_recorder import *
resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))
recorder = Recorder(pathlib.Path(sys.argv[1]), EVENTFUL, STARTED)
def failed():
    recorder.append(QUIET, [], [])
    return bool(recorder.failure)
eventually(failed)
recorder.close()
print(recorder.failure)
"""


def test_a_full_disk_ends_the_record_and_not_the_daemon(tmp_path: Path) -> None:
    path = tmp_path / "flight.jsonl"
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert done.stdout.strip() == f"{path}: File too large"
    assert path.stat().st_size <= 4000
    assert replay(path, limit=1).steps == 1
