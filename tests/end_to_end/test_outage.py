"""The journal goes away under a daemon that works a hedge: nothing new is sent, and it comes back by itself.

Ticks are read all the time, what rests is taken back, and the status says why.
"""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.kills import STYLES
from tests.end_to_end.ledgers import assert_ledgers_agree
from tests.end_to_end.sides import Daemon, Exchange
from tests.end_to_end.waiting import until
from tests.end_to_end.yard import BRISK, Yard, yard_in
from tests.postgres import binaries, running_postgres

DISK_MB = 8
ROUNDS = 2
HALF_A_COIN_USD = 50_000
NOT_TAKEN = "the journal did not take its last records"
SETTINGS = (
    *BRISK,
    *STYLES["chase"].settings,
    "books.btc.execution.chase_s=60.0",  # it rests until it fills: something is open when the journal goes
    "journal.free_warn_mb=0.0",
    "journal.free_critical_mb=0.0",  # the write itself must fail
)


def the_journal_goes_and_comes_back(
    exchange: Exchange, daemon: Daemon, go: Callable[[], object], come_back: Callable[[], object]
) -> None:
    daemon.until_quiet()
    for _ in range(ROUNDS):
        exchange.trade("buy", HALF_A_COIN_USD)
        until(lambda: _resting(exchange), "an order that rests")
        go()
        exchange.trade("buy", HALF_A_COIN_USD)  # something to write, and something to hedge
        _assert_nothing_is_sent(exchange, daemon)
        come_back()
        until(lambda: daemon.status()["journal_ok"], "the journal noticed")
        daemon.until_quiet()
    assert daemon.status()["breaker"] == "running"
    assert_ledgers_agree(exchange, daemon)


def _assert_nothing_is_sent(exchange: Exchange, daemon: Daemon) -> None:
    daemon.until_reason("journal_down")
    assert not daemon.status()["journal_ok"]
    until(lambda: not _resting(exchange), "what rested taken back")
    known = len(exchange.hedges())
    _until_the_market_was_read(daemon, 5)
    assert len(exchange.hedges()) == known
    assert daemon.reason() == "journal_down"


def _until_the_market_was_read(daemon: Daemon, times: int) -> None:
    """New prices arrive, one after the other."""
    for _ in range(times):
        before = daemon.book()["index_usd"]
        until(lambda: daemon.book()["index_usd"] != before, "a new index")  # noqa: B023


def _resting(exchange: Exchange) -> list[dict[str, Any]]:
    return [order for order in exchange.hedges() if order["order_state"] == "open"]


@pytest.mark.skipif(binaries() is None, reason="no PostgreSQL server here: apt-get install postgresql")
def test_a_database_that_is_killed_under_the_daemon(yard: Yard) -> None:
    exchange = yard.exchange("--seed", "3", "--speed", "60", "--book", "strangle")
    with running_postgres(fsync=True) as server:
        daemon = yard.daemon(exchange, overrides=SETTINGS, database=server.new_database())
        the_journal_goes_and_comes_back(exchange, daemon, lambda: server.stop(signal.SIGQUIT), server.start)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a few megabytes where the daemon keeps its state."""
    folder = tmp_path / "state"
    folder.mkdir(mode=0o700)
    options = f"size={DISK_MB}m,mode=0700"
    words = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(words, capture_output=True).returncode:
        pytest.skip("no file system can be mounted here: it takes root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_disk_that_is_full_under_the_daemon(small_disk: Path, yard: Yard) -> None:
    """Its journal is there and its log: neither can be written, and neither ends it."""
    exchange = yard.exchange("--seed", "3", "--speed", "60", "--book", "strangle")
    with yard_in(small_disk) as beside:
        daemon = beside.daemon(exchange, overrides=SETTINGS)
        ballast = small_disk / "ballast"

        def fill() -> None:
            _fill(ballast)
            _fill(daemon.process.err)  # its last page: the next line finds no place

        the_journal_goes_and_comes_back(exchange, daemon, fill, ballast.unlink)
        assert "log_lines_lost" in daemon.process.complained()


@pytest.fixture
def disk_that_hangs(tmp_path: Path) -> Iterator[Path]:
    """A file system that can be made to hang: every write waits, without an end and without an error."""
    image, folder = tmp_path / "image", tmp_path / "disk"
    folder.mkdir()
    image.write_bytes(bytes(DISK_MB * 1_000_000))
    made = (["mkfs.ext4", "-q", str(image)], ["mount", "-o", "loop", str(image), str(folder)])
    needed = os.geteuid() == 0 and all(map(shutil.which, ("mkfs.ext4", "fsfreeze")))
    if not needed or any(subprocess.run(words, capture_output=True).returncode for words in made):
        pytest.skip("no file system can be made and frozen here: it takes root, mkfs.ext4 and fsfreeze")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def _hanging(disk: Path) -> Iterator[None]:
    subprocess.run(["fsfreeze", "--freeze", str(disk)], check=True)
    try:
        yield
    finally:
        subprocess.run(["fsfreeze", "--unfreeze", str(disk)], check=True)


def test_a_disk_that_hangs_under_the_daemon_holds_up_no_stop(disk_that_hangs: Path, yard: Yard) -> None:
    """The process tells its end while the disk still hangs; the kernel lets it go when that is over."""
    exchange = yard.exchange("--seed", "3", "--speed", "60", "--book", "strangle")
    state = str(disk_that_hangs.relative_to(yard.folder) / "state")
    daemon = yard.daemon(exchange, overrides=SETTINGS, state=state)
    daemon.until_quiet()
    with _hanging(disk_that_hangs):
        exchange.trade("buy", HALF_A_COIN_USD)
        daemon.until_reason("journal_down")
        daemon.process.send(signal.SIGTERM)
        until(lambda: NOT_TAKEN in daemon.process.complained(), "the end told")
    assert daemon.process.wait() == 4


def _fill(path: Path) -> None:
    """Append empty lines until nothing fits any more."""
    with path.open("ab", buffering=0) as file:
        try:
            while True:
                file.write(b"\n" * 4096)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
