"""`hedger exchange` as a process: what it refuses, what it leaves on disk, and when it ends."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

HEDGER = (sys.executable, "-m", "hedger", "exchange")
DEADLINE_S = 30.0


def refused(*arguments: str) -> str:
    """What it says on ending with code 2, in one line."""
    done = subprocess.run([*HEDGER, *arguments], capture_output=True, text=True, timeout=DEADLINE_S)
    assert done.returncode == 2, done.stderr
    (line,) = done.stderr.splitlines()
    return line


def started(*arguments: str, ready: Path) -> subprocess.Popen[bytes]:
    """One that serves, with our end of its standard input."""
    process = subprocess.Popen(
        [*HEDGER, *arguments, "--ready-file", str(ready)], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    deadline = time.monotonic() + DEADLINE_S
    while not ready.exists():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return process


def test_a_day_that_is_none_is_named_with_the_form() -> None:
    assert "--from 'foo': must be a day like 2026-02-01" in refused("--replay", "x.parquet", "--from", "foo")


def test_without_pyarrow_the_extra_is_named_in_one_line() -> None:
    program = (
        "import sys; sys.modules['pyarrow.parquet'] = None; from hedger.cli.main import run;"
        "sys.argv = ['hedger', 'exchange', '--replay', 'x.parquet']; run()"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=DEADLINE_S)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "hedger[lab]" in line


def test_a_state_is_for_its_owner_only_and_refuses_options_that_contradict_it(tmp_path: Path) -> None:
    state = tmp_path / "state.sqlite"
    with started("--state", str(state), "--seed", "3", ready=tmp_path / "ready.json") as process:
        files = sorted(tmp_path.glob("state.sqlite*"))
        assert len(files) == 3
        assert all(path.stat().st_mode & 0o077 == 0 for path in files)
        process.terminate()
    line = refused("--state", str(state), "--seed", "4", "--equity", "BTC=12")
    assert "--seed is 3 there, not 4" in line
    assert "--equity is BTC=10 there, not BTC=12" in line


def test_a_file_that_is_no_state_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database, and long enough to be looked at" * 20)
    assert "not the state of an exchange" in refused("--state", str(path))


def test_with_its_parent_it_ends_when_standard_input_does(tmp_path: Path) -> None:
    """The pipe of a parent that was killed is closed by the system; nothing else would tell."""
    with started("--with-parent", ready=tmp_path / "ready.json") as process:
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(DEADLINE_S) == 0
