"""Two daemons for one account and one journal: the holder and its standby."""

from __future__ import annotations

import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from tests.end_to_end.sides import Daemon, Exchange
from tests.end_to_end.waiting import until
from tests.end_to_end.yard import BRISK, Yard

LEASE_S = 2.0
BRIEF = (*BRISK, f"lease.duration_s={LEASE_S}", "lease.margin_s=0.4")


def holder_and_standby(
    yard: Yard, exchange: Exchange, *settings: str, first_ready: Path | None = None
) -> tuple[Daemon, Daemon]:
    """The first trades, the second has seen that it does and waits.

    `first_ready` is the ready file of the first, where it reaches the exchange by a way of its own.
    """
    by_way = Exchange(exchange.process, first_ready or exchange.ready_file, exchange.ready)
    first = yard.daemon(by_way, overrides=(*BRIEF, *settings))
    first.until_quiet()
    second = yard.daemon(exchange, overrides=(*BRIEF, *settings))
    until_standby(second)
    return first, second


def until_standby(daemon: Daemon) -> None:
    def waits() -> bool:
        status = daemon.status()
        return status["state"] == "standby" and status["books"][0]["delta"]["used"] is not None

    until(waits, "a standby that shows the account")


def until_taken_over(daemon: Daemon, epoch: int) -> float:
    """Wait until the standby trades; the wire seconds it took from here."""
    began_s = time.monotonic()
    until(
        lambda: (status := daemon.status())["epoch"] == epoch and status["state"] == "running", "a takeover"
    )
    return time.monotonic() - began_s


def freeze(daemon: Daemon) -> None:
    """SIGSTOP, not in the middle of a write: a process stopped there keeps the file locked."""

    def stopped() -> bool:
        daemon.process.send(signal.SIGSTOP)
        if writable(daemon.journal):
            return True
        daemon.process.send(signal.SIGCONT)
        return False

    until(stopped, "the daemon stopped between two writes")


def writable(journal: Path) -> bool:
    with closing(sqlite3.connect(journal, timeout=0.2, isolation_level=None)) as database:
        try:
            database.execute("begin immediate")
        except sqlite3.OperationalError:
            return False
        database.execute("rollback")
        return True


def epoch_of(label: str) -> int:
    return int(label.split("-")[2])


def began_ms(journal: Path, epoch: int) -> int:
    """Market time at which a run took the account."""
    with closing(sqlite3.connect(journal)) as database:
        ((market_ms,),) = database.execute(
            "select market_ms from epochs where epoch = ?", (epoch,)
        ).fetchall()
    return int(market_ms)
