"""An edit of the file is obeyed while the daemon runs, or refused whole."""

from __future__ import annotations

import os
import signal
import time
from decimal import Decimal
from pathlib import Path

import pytest

from tests.end_to_end.sides import Daemon
from tests.end_to_end.waiting import until
from tests.end_to_end.yard import DEMO_CONFIG, Yard

SOON_S = 3.0  # a second is promised; the rest is for a machine that is busy with other tests


@pytest.fixture
def config(yard: Yard) -> Path:
    path = yard.folder / "hedger.toml"
    path.write_text(DEMO_CONFIG.read_text())
    return path


@pytest.fixture
def daemon(yard: Yard, config: Path) -> Daemon:
    daemon = yard.daemon(yard.exchange("--seed", "3", "--book", "strangle"), config=config)
    daemon.until_quiet()
    return daemon


def test_an_edited_threshold_is_in_the_status_and_obeyed(config: Path, daemon: Daemon) -> None:
    before, hedges = daemon.status()["config_hash"], daemon.book()["hedges_24h"]
    edited_s = time.monotonic()
    _edit(config, "upper = 0.1", "upper = 0.15")
    _until_upper(daemon, "0.15")
    print(f"the edit took {time.monotonic() - edited_s:.2f} s to show")
    assert daemon.status()["config_hash"] != before
    assert daemon.status()["settings_error"] == ""

    _edit(config, "lower = -0.1\nupper = 0.15", "lower = -0.01\nupper = 0.01")
    until(lambda: daemon.book()["hedges_24h"] > hedges, "a hedge to the tighter band")
    daemon.until_quiet()


def test_a_broken_edit_changes_nothing_and_a_signal_reads_anew(config: Path, daemon: Daemon) -> None:
    good = config.read_text()
    before = daemon.status()["config_hash"]
    for old, new, told in (
        ("upper = 0.1", "upper = -0.3", "upper"),
        ("upper = 0.1", "uper = 0.1", "uper"),
        ("[books.btc.band]", "[books.btc.band", "hedger.toml"),
        ('mode = "live"', 'mode = "observe"', "mode"),
    ):
        config.write_text(good.replace(old, new, 1))
        until(lambda: told in daemon.status()["settings_error"], f"a refusal of {new}", SOON_S)  # noqa: B023
        assert daemon.status()["config_hash"] == before
        assert daemon.book()["band"]["upper"] == Decimal("0.1")
        assert daemon.status()["mode"] == "live"

    config.write_text(good)
    until(lambda: daemon.status()["settings_error"] == "", "the good file again", SOON_S)
    _sighup_reads_a_file_that_looks_the_same(config, daemon)


def _sighup_reads_a_file_that_looks_the_same(config: Path, daemon: Daemon) -> None:
    """Same inode, size and time: only the signal says that it is another."""
    known = config.stat()
    _edit(config, "upper = 0.1", "upper = 0.2")
    os.utime(config, ns=(known.st_atime_ns, known.st_mtime_ns))
    daemon.process.send(signal.SIGHUP)

    _until_upper(daemon, "0.2")


def _edit(config: Path, old: str, new: str) -> None:
    text = config.read_text()
    assert old in text
    config.write_text(text.replace(old, new, 1))


def _until_upper(daemon: Daemon, upper: str) -> None:
    until(lambda: daemon.book()["band"]["upper"] == Decimal(upper), f"an upper edge of {upper}", SOON_S)
