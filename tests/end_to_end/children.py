"""Two ways to start `python -m hedger`: an interpreter of its own, or a fork of one that has imported it all.

Both are processes with a pid, a folder, an environment and files of their own that run the same entry point.
A fork is there in a hundredth of a second; imports take more than one, and most tests start three of them.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol


class Child(Protocol):
    """A started process."""

    @property
    def pid(self) -> int: ...

    def code(self, within_s: float) -> int | None:
        """Its exit code, minus the signal that killed it; None when it has not ended by then."""
        ...


Start = Callable[[list[str], Path, Mapping[str, str], Path, Path], Child]
"""Of words after `hedger`, a folder, an environment, and files for what it says and what it complains of."""


class _Cold:
    def __init__(self, popen: subprocess.Popen[bytes]) -> None:
        self._popen, self.pid = popen, popen.pid

    def code(self, within_s: float) -> int | None:
        try:
            return self._popen.wait(within_s)
        except subprocess.TimeoutExpired:
            return None


def cold(words: list[str], folder: Path, environ: Mapping[str, str], out: Path, err: Path) -> Child:
    """An interpreter of its own."""
    with out.open("ab") as said, err.open("ab") as complained:
        command = [sys.executable, "-m", "hedger", *words]
        return _Cold(
            subprocess.Popen(
                command,
                cwd=folder,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=complained,
            )
        )


class _Warm:
    def __init__(self, process: multiprocessing.process.BaseProcess) -> None:
        assert process.pid is not None
        self._process, self.pid = process, process.pid

    def code(self, within_s: float) -> int | None:
        self._process.join(within_s)
        return self._process.exitcode


def warm(words: list[str], folder: Path, environ: Mapping[str, str], out: Path, err: Path) -> Child:
    """A fork of the interpreter that has imported everything."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.end_to_end.imported"])
    process = context.Process(target=_hedger, args=(words, folder, dict(environ), out, err))
    process.start()
    return _Warm(process)


def _hedger(words: list[str], folder: Path, environ: dict[str, str], out: Path, err: Path) -> None:
    """In the fork: become what an interpreter started with these words would be, and run."""
    from hedger.cli import main

    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environ)
    for number, path, flags in (
        (0, Path(os.devnull), os.O_RDONLY),
        (1, out, os.O_WRONLY | os.O_CREAT | os.O_APPEND),
        (2, err, os.O_WRONLY | os.O_CREAT | os.O_APPEND),
    ):
        file = os.open(path, flags, 0o666)
        os.dup2(file, number)
        os.close(file)
    sys.argv = ["hedger", *words]
    main.run()
