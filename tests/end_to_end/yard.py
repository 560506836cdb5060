"""Real processes of `python -m hedger`, each in a folder of the test, each ended by its pid."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.end_to_end.children import Start, cold, warm
from tests.end_to_end.sides import Daemon, Exchange
from tests.end_to_end.waiting import until

ROOT = Path(__file__).resolve().parent.parent.parent
DEMO_CONFIG = ROOT / "config" / "demo.toml"
START_S = 60.0  # on a machine that has other things to do
STOP_S = 30.0  # twice what a daemon takes at most, on the same machine
TOLD_LINES = 15

# Deadlines short enough for a test: what takes seconds of waiting on a real venue takes tenths here.
BRISK = (
    "books.btc.scope.settle_s=0.0",
    "timing.ack_timeout_s=0.5",
    "timing.lookup_interval_s=0.1",
    "timing.hedge_stale_s=1.0",
    "timing.index_stale_s=1.0",
    "venues.deribit.backoff_min_s=0.05",
    "venues.deribit.backoff_max_s=0.5",
)


class Process:
    """One started process; what it says goes to files."""

    def __init__(
        self, start: Start, words: list[str], folder: Path, name: str, environ: dict[str, str]
    ) -> None:
        self.out, self.err = folder / f"{name}.out", folder / f"{name}.err"
        self.out.touch()
        self.err.touch()
        self._child = start(words, folder, {**_clean_environ(), **environ}, self.out, self.err)

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def running(self) -> bool:
        return self._child.code(0.0) is None

    def send(self, number: signal.Signals) -> None:
        if self.running:
            os.kill(self.pid, number)

    def wait(self, within_s: float = STOP_S) -> int:
        """The exit code of a process that ends by itself; minus the signal that killed it."""
        code = self._child.code(within_s)
        if code is None:
            raise TimeoutError(f"process {self.pid} runs after {within_s:g} s: {self.complained()}")
        return code

    def lives_for(self, seconds: float) -> bool:
        """Let it run for a while; False when it ended before."""
        return self._child.code(seconds) is None

    def stop(self) -> int:
        """SIGTERM, and its exit code."""
        self.send(signal.SIGTERM)
        return self.wait()

    def kill(self) -> None:
        """kill -9, of this process and of what it started."""
        for pid in [*_children(self.pid), self.pid] if self.running else []:
            os.kill(pid, signal.SIGKILL)
        self.wait()

    def said(self) -> str:
        return self.out.read_text()

    def complained(self) -> str:
        return self.err.read_text()


class Yard:
    """Starts processes in one folder and ends them all.

    `warm`: daemons and exchanges are forked from a process that has imported what they import; everything
    else is an interpreter of its own.
    """

    def __init__(self, folder: Path, *, warm: bool = True) -> None:
        self.folder = folder
        self._warm = warm
        self._started: list[Process] = []

    def start(self, *words: str, environ: dict[str, str] | None = None) -> Process:
        """`python -m hedger WORDS` in the yard's folder."""
        name = f"{len(self._started)}-{words[0]}"
        start = warm if self._warm and words[0] in ("run", "exchange") else cold
        process = Process(start, list(words), self.folder, name, environ or {})
        self._started.append(process)
        return process

    def run(self, *words: str, environ: dict[str, str] | None = None, within_s: float = 30.0) -> Process:
        """The same, ended by itself."""
        process = self.start(*words, environ=environ)
        process.wait(within_s)
        return process

    def exchange(self, *words: str, ready: str = "ready.json") -> Exchange:
        """A local exchange that serves; its ready file is `ready` in the folder."""
        path = self.folder / ready
        path.unlink(missing_ok=True)
        process = self.start("exchange", "--ready-file", str(path), *words)
        until(lambda: path.exists() or not process.running, "a ready file", START_S)
        assert path.exists(), process.complained()
        return Exchange(process, path, json.loads(path.read_text()))

    def daemon(
        self,
        exchange: Exchange,
        *words: str,
        config: Path = DEMO_CONFIG,
        state: str = "state",
        overrides: tuple[str, ...] = BRISK,
        environ: dict[str, str] | None = None,
        database: str = "",
    ) -> Daemon:
        """A daemon whose API is served; it may not have connected yet. `database`: URL of its journal."""
        state_dir = self.folder / state
        settings = [f"state_dir={str(state_dir)!r}", f"journal.url={database!r}", *overrides]
        process = self.start(
            *("run", "-c", str(config), "--exchange", str(exchange.ready_file), "--port", "0"),
            *as_words(*settings),
            *words,
            environ=environ,
        )
        until(lambda: process.said().endswith("\n") or not process.running, "the daemon's address", START_S)
        assert process.said(), process.complained()
        journal = database or state_dir / "journal.sqlite"
        return Daemon(process, process.said().split()[1], state_dir, journal)

    def behind(self, exchange: Exchange, url: str) -> Exchange:
        """The same exchange, whose websocket a daemon reaches at `url`."""
        path = self.folder / "behind.json"
        path.write_text(json.dumps({**exchange.ready, "ws_url": url}))
        return Exchange(exchange.process, path, exchange.ready)

    def files(self) -> list[Path]:
        """Every file in the folder, in order."""
        return sorted(path for path in self.folder.rglob("*") if path.is_file())

    def close(self) -> None:
        """End what still runs, the last first, and tell how everything ended."""
        for process in reversed(self._started):
            process.kill()
        for process in self._started:
            lines = process.complained().splitlines()
            print(f"--- {process.err.name}", *lines[-TOLD_LINES:], sep="\n")


@contextmanager
def yard_in(folder: Path, *, warm: bool = True) -> Iterator[Yard]:
    """A yard whose processes are gone when the block ends, however it ends."""
    yard = Yard(folder, warm=warm)
    try:
        yield yard
    finally:
        yard.close()


def _clean_environ() -> dict[str, str]:
    """The environment without settings of a person's own daemon."""
    return {name: value for name, value in os.environ.items() if not name.startswith("HEDGER_")}


def _children(pid: int) -> list[int]:
    """Processes that `pid` started; none where the system does not tell."""
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def as_words(*settings: str) -> list[str]:
    """`--set` words of KEY=VALUE settings."""
    return [word for setting in settings for word in ("--set", setting)]
