"""SIGTERM: what rests is cancelled, evidence waited for, the journal flushed; the code says how that went.

One exchange and one journal for all: each test starts with what the one before left behind, and recovers.
"""

from __future__ import annotations

import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from tests.end_to_end.pair import until_standby
from tests.end_to_end.sides import Daemon, Exchange
from tests.end_to_end.waiting import until
from tests.end_to_end.yard import BRISK, Yard, yard_in

PATIENCE_S = 10.0  # of a daemon that waits for the venue
FLUSH_S = 5.0  # of one that waits for its journal
SLACK_S = 10.0  # of a busy machine
ONE_COIN_USD = 100_000


class Desk:
    """The yard and the exchange of all tests."""

    def __init__(self, yard: Yard) -> None:
        self.yard = yard
        self.exchange = yard.exchange("--seed", "3", "--speed", "1", "--book", "strangle")

    def daemon(self) -> Daemon:
        """The next run on the one journal, delta inside its band."""
        self.exchange.fault("clear")
        daemon = self.yard.daemon(self.exchange, overrides=BRISK)
        daemon.until_quiet()
        return daemon


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with yard_in(tmp_path_factory.mktemp("stop")) as yard:
        yield Desk(yard)


def in_flight(exchange: Exchange, daemon: Daemon) -> None:
    """An order the exchange has heard of and will not answer for a long time."""
    exchange.fault("slow_engine", delay_s=60.0)
    exchange.trade("buy", ONE_COIN_USD)
    until(lambda: daemon.status()["orders"]["unknown"], "an order nobody has answered")


@contextmanager
def frozen(exchange: Exchange) -> Iterator[None]:
    """The exchange neither answers nor closes anything."""
    exchange.process.send(signal.SIGSTOP)
    try:
        yield
    finally:
        exchange.process.send(signal.SIGCONT)


def test_an_order_whose_absence_the_venue_proves_in_time_leaves_a_clean_end(desk: Desk) -> None:
    daemon = desk.daemon()
    in_flight(desk.exchange, daemon)
    assert daemon.process.stop() == 0, daemon.process.complained()


def test_a_venue_that_does_not_answer_ends_the_wait_with_a_code_that_says_so(desk: Desk) -> None:
    daemon = desk.daemon()
    in_flight(desk.exchange, daemon)
    with frozen(desk.exchange):
        began_s = time.monotonic()
        daemon.process.send(signal.SIGTERM)
        assert daemon.process.wait(PATIENCE_S + SLACK_S) == 4
        assert time.monotonic() - began_s > PATIENCE_S / 2
    assert "outcome unknown, resolved at the next start: ['h-btc-" in daemon.process.complained()


def test_a_second_signal_forces(desk: Desk) -> None:
    daemon = desk.daemon()
    in_flight(desk.exchange, daemon)
    with frozen(desk.exchange):
        daemon.process.send(signal.SIGTERM)
        until(lambda: daemon.status()["state"] == "stopping", "the first signal obeyed")
        daemon.process.send(signal.SIGTERM)
        assert daemon.process.wait(SLACK_S) == 1


def test_a_journal_that_does_not_answer_is_waited_for_and_then_named(desk: Desk) -> None:
    daemon = desk.daemon()
    with closing(sqlite3.connect(daemon.journal, isolation_level=None)) as database:
        database.execute("begin immediate")  # another program holds the file
        desk.exchange.trade("sell", ONE_COIN_USD)
        until(lambda: not daemon.status()["journal_ok"], "the journal's failure noticed")
        assert daemon.reason() == "journal_down"
        _halted_all_the_same(desk, daemon)
        daemon.process.send(signal.SIGTERM)
        assert daemon.process.wait(FLUSH_S + SLACK_S) == 4
        assert "the journal did not take its last records" in daemon.process.complained()
        database.execute("rollback")


def _halted_all_the_same(desk: Desk, daemon: Daemon) -> None:
    """At once; that a crash would forget it is told."""
    words = ("pause", "--url", daemon.url, "--state-dir", str(daemon.state_dir))
    command = desk.yard.run(*words)
    assert "the command pause: taken in and in force, but not written down" in command.complained()
    assert daemon.reason() == "paused"
    assert desk.yard.start("resume", *words[1:], "--yes").wait() == 4


def test_a_standby_stops_at_once_and_the_holder_does_not_mind(desk: Desk) -> None:
    holder = desk.daemon()
    standby = desk.yard.daemon(desk.exchange, overrides=BRISK)
    until_standby(standby)
    standby.process.send(signal.SIGINT)
    assert standby.process.wait(SLACK_S) == 0, standby.process.complained()

    before = len(desk.exchange.hedges())
    desk.exchange.trade("sell", ONE_COIN_USD)
    until(lambda: len(desk.exchange.hedges()) > before, "the holder hedges on")
    assert holder.process.stop() == 0


def test_a_link_that_is_down_keeps_nobody_waiting(yard: Yard) -> None:
    exchange = yard.exchange("--seed", "3", "--speed", "1", "--book", "strangle")
    daemon = yard.daemon(exchange, overrides=BRISK)
    daemon.until_quiet()
    exchange.process.kill()
    until(lambda: not daemon.status()["venues"][0]["connected"], "the loss of the link noticed")
    daemon.process.send(signal.SIGTERM)
    assert daemon.process.wait(SLACK_S) == 0, daemon.process.complained()
