"""A lock file tells whether the process that signed it lives, however that ended."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from hedger.journal.lock import ProcessLock

HOLD = """
import sys
from pathlib import Path
from hedger.journal.lock import ProcessLock
lock = ProcessLock.attempt(Path(sys.argv[1]))
lock.sign("first:holder")
print("held", flush=True)
sys.stdin.read()
"""


def test_a_lock_is_refused_while_its_holder_lives_and_names_it_once_it_was_killed(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        assert ProcessLock.attempt(path) is None
        holder.kill()
        holder.wait()

    lock = ProcessLock.attempt(path)
    assert lock is not None
    assert lock.signed() == ("first:holder",)
    lock.sign("second", "first:holder")
    assert lock.signed() == ("second", "first:holder")
    lock.sign("second")
    assert lock.signed() == ("second",), "a shorter text leaves nothing of the longer one"
    lock.release()


def test_a_lock_nobody_signed_names_nobody(tmp_path: Path) -> None:
    lock = ProcessLock.attempt(tmp_path / "lock")
    assert lock is not None
    assert lock.signed() == ()
    lock.release()
