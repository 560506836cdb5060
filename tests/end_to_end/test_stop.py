"""SIGTERM: what rests is cancelled, evidence waited for, the journal flushed; the code says how that went."""

from __future__ import annotations

import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from tests.end_to_end.pair import holder_and_standby
from tests.end_to_end.sides import Daemon, Exchange
from tests.end_to_end.waiting import until
from tests.end_to_end.yard import BRISK, Yard

PATIENCE_S = 10.0  # of a daemon that waits for the venue
FLUSH_S = 5.0  # of one that waits for its journal
SLACK_S = 6.0  # of a busy machine


def quiet(yard: Yard) -> tuple[Exchange, Daemon]:
    exchange = yard.exchange("--seed", "3", "--speed", "1", "--book", "strangle")
    daemon = yard.daemon(exchange, overrides=BRISK)
    daemon.until_quiet()
    return exchange, daemon


def in_flight(exchange: Exchange, daemon: Daemon) -> None:
    """An order the exchange has heard of and will not answer for a long time."""
    exchange.fault("slow_engine", delay_s=60.0)
    exchange.trade("buy", 100_000)
    until(lambda: daemon.status()["orders"]["unknown"], "an order nobody has answered")


@contextmanager
def frozen(exchange: Exchange) -> Iterator[None]:
    """The exchange neither answers nor closes anything."""
    exchange.process.send(signal.SIGSTOP)
    try:
        yield
    finally:
        exchange.process.send(signal.SIGCONT)


def test_an_order_whose_absence_the_venue_proves_in_time_leaves_a_clean_end(yard: Yard) -> None:
    exchange, daemon = quiet(yard)
    in_flight(exchange, daemon)
    assert daemon.process.stop() == 0, daemon.process.complained()


def test_a_venue_that_does_not_answer_ends_the_wait_with_a_code_that_says_so(yard: Yard) -> None:
    exchange, daemon = quiet(yard)
    in_flight(exchange, daemon)
    with frozen(exchange):
        began_s = time.monotonic()
        daemon.process.send(signal.SIGTERM)
        assert daemon.process.wait(PATIENCE_S + SLACK_S) == 4
        assert time.monotonic() - began_s > PATIENCE_S / 2
    assert "outcome unknown, resolved at the next start: ['h-btc-1-" in daemon.process.complained()

    exchange.fault("clear")
    again = yard.daemon(exchange, overrides=BRISK)
    again.until_quiet()
    assert again.status()["epoch"] == 2


def test_a_second_signal_forces(yard: Yard) -> None:
    exchange, daemon = quiet(yard)
    in_flight(exchange, daemon)
    with frozen(exchange):
        daemon.process.send(signal.SIGTERM)
        until(lambda: daemon.status()["state"] == "stopping", "the first signal obeyed")
        daemon.process.send(signal.SIGTERM)
        assert daemon.process.wait(SLACK_S) == 1


def test_a_journal_that_does_not_answer_is_waited_for_and_then_named(yard: Yard) -> None:
    exchange, daemon = quiet(yard)
    with closing(sqlite3.connect(daemon.journal, isolation_level=None)) as database:
        database.execute("begin immediate")  # another program holds the file
        exchange.trade("buy", 100_000)
        until(lambda: not daemon.status()["journal_ok"], "the journal's failure noticed")
        assert daemon.reason() == "journal_down"
        daemon.process.send(signal.SIGTERM)
        assert daemon.process.wait(FLUSH_S + SLACK_S) == 4
        assert "the journal did not take its last records" in daemon.process.complained()
        database.execute("rollback")

    again = yard.daemon(exchange, overrides=BRISK)
    again.until_quiet()


def test_a_link_that_is_down_keeps_nobody_waiting(yard: Yard) -> None:
    exchange, daemon = quiet(yard)
    exchange.process.kill()
    until(lambda: not daemon.status()["venues"][0]["connected"], "the loss of the link noticed")
    daemon.process.send(signal.SIGTERM)
    assert daemon.process.wait(SLACK_S) == 0, daemon.process.complained()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_standby_stops_at_once_and_the_holder_does_not_mind(yard: Yard, number: signal.Signals) -> None:
    exchange = yard.exchange("--seed", "3", "--speed", "1", "--book", "strangle")
    first, second = holder_and_standby(yard, exchange)
    second.process.send(number)
    assert second.process.wait(SLACK_S) == 0, second.process.complained()
    first.until_quiet()
    assert first.status()["epoch"] == 1
