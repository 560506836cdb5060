"""Two daemons cannot share one journal; a dead one blocks nobody."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hedger.domain.errors import LeaseError
from hedger.journal.journal import Journal
from hedger.journal.lock import ProcessLock

HOLD = """
import sys, time
from pathlib import Path
from hedger.journal.lock import ProcessLock
lock = ProcessLock.acquire(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_process_is_told_the_pid_of_the_first_and_kill_releases_it(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(LeaseError, match=f"pid {holder.pid};"):
            ProcessLock.acquire(path)
        holder.kill()
        holder.wait()

    ProcessLock.acquire(path).release()


async def test_an_open_journal_cannot_be_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    async with await Journal.open(path):
        with pytest.raises(LeaseError, match=f"pid {os.getpid()};"):
            await Journal.open(path)
    await (await Journal.open(path)).close()
