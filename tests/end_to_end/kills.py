"""Daemon, exchange and database killed with -9, in turn, at moments of a seed, while a person trades.

A trap is laid in the wire between the two before the victim of the last kill is started again, so that the
next kill strikes amid its login, its recovery, its first hedge, or at a commit of its journal. Every few
kills both are let live until the book is hedged, and the books of both are held against each other.
"""

from __future__ import annotations

import http.client
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

from tests.end_to_end.agreement import Audit
from tests.end_to_end.moments import (
    ANY,
    COMMIT,
    EXECUTED_LATE,
    LOOKING,
    RESTING,
    STARTING,
    TRADING,
    Moment,
    Trap,
)
from tests.end_to_end.relay import Relay, relayed_beside
from tests.end_to_end.sides import Daemon, Exchange
from tests.end_to_end.waiting import until
from tests.end_to_end.yard import BRISK, Yard
from tests.journal.places import Place
from tests.ports import lasting_port
from tests.postgres import Postgres, psql

SPEED = 60
TRADE_USD = 100_000  # what a person trades at a time, about a coin
LATE_S = 2.0  # after a restart, before the end of an order's validity
AGAIN_S = 2.0  # a person trades again when nothing came of the last trade
PATIENCE_S = 6.0  # a moment that does not come is not waited for any longer
EPOCH_S = WRITTEN_S = 60.0
KILLS_PER_CHECK = 4

SETTINGS = (
    *BRISK,
    "books.btc.band.to_centre=1",
    "books.btc.execution.validity_s=3.0",
    "timing.reconcile_s=2.0",
)


@dataclass
class Tally:
    """What a loop has done: kills by victim and moment, checks, and how much was traded."""

    seed: int
    kills: Counter[tuple[str, str]] = field(default_factory=Counter)
    began_s: float = field(default_factory=time.monotonic)

    def __str__(self) -> str:
        struck = "\n".join(f"  {count:4} {who} {when}" for (who, when), count in sorted(self.kills.items()))
        took_s = time.monotonic() - self.began_s
        return f"seed {self.seed}: {self.kills.total()} kills in {took_s:.0f} s\n{struck}"


@dataclass(frozen=True)
class Style:
    """How the daemon hedges, and which book."""

    settings: tuple[str, ...] = ()
    book: str = "strangle"
    rests: bool = False  # orders stand in the market although nothing is due


_WIDE = (
    "books.btc.execution.repeg_s=0.2",
    "books.btc.band.hard_lower=-50.0",
    "books.btc.band.hard_upper=50.0",
)
STYLES = {
    "taker": Style(),
    "chase": Style((*_WIDE, "books.btc.execution.style='chase'", "books.btc.execution.chase_s=1.5")),
    "edges": Style((*_WIDE, "books.btc.execution.resting=true"), book="long-straddle", rests=True),
}

Victim = Literal["daemon", "exchange", "database"]


@contextmanager
def kill_loop(yard: Yard, style: Style, seed: int, server: Postgres | None = None) -> Iterator[KillLoop]:
    """An exchange with a state file, a relay before it, and a daemon that has nothing left to hedge.

    Its journal is in a file or, where a server is given, in a new database there.
    """
    state = str(yard.folder / "exchange.db")
    words = ("--seed", "5", "--speed", str(SPEED), "--book", style.book, "--state", state)
    words += ("--port", str(lasting_port()))
    exchange = yard.exchange(*words)
    with relayed_beside(exchange.ready["ws_url"]) as relay:
        yield KillLoop(yard, words, exchange, relay, style, seed, server)


class KillLoop:
    """`run(kills)` raises AssertionError for whatever does not agree."""

    def __init__(
        self,
        yard: Yard,
        words: tuple[str, ...],
        exchange: Exchange,
        relay: Relay,
        style: Style,
        seed: int,
        server: Postgres | None,
    ) -> None:
        self.yard, self.style, self.relay, self._words = yard, style, relay, words
        self._server, self._database = server, "" if server is None else server.new_database()
        self._victims: tuple[Victim, ...] = ("daemon", "exchange")
        if server is not None:
            self._victims = ("daemon", "exchange", "database", "exchange")
        self.tally, self._chance = Tally(seed), random.Random(seed)
        self.exchange = exchange
        self.daemon = self._started_daemon()
        self._dead: Victim | None = None
        self.audit = Audit(rests=style.rests)
        self._check()

    def run(self, kills: int) -> str:
        """What was done, in words."""
        for number in range(kills):
            self._strike(self._victims[number % len(self._victims)])
            if number % KILLS_PER_CHECK == KILLS_PER_CHECK - 1:
                self._check()
        self._check()
        return f"{self.tally}\n  {self.audit.hedges} hedge orders, {self.audit.checks} checks"

    def _strike(self, who: Victim) -> None:
        """Let the one killed before live again, and kill `who` at a moment that follows."""
        moment = self._chance.choice(self._moments(who))
        kill = self._killer(who)
        if isinstance(moment, Moment):
            struck = self._spring(Trap(moment, kill))
        elif moment == COMMIT:
            struck = self._at_a_commit()
        else:
            self._revive()
            self._trade()
            struck = ANY
            self._alive_for(self._chance.uniform(0.0, 1.0))
        kill()
        self._dead = who
        self.tally.kills[who, struck] += 1

    def _killer(self, who: Victim) -> Callable[[], None]:
        """What kills it, once or more often."""
        if who == "database":
            assert self._server is not None
            return partial(self._server.stop, signal.SIGQUIT)  # `pg_ctl stop -m immediate`
        return (self.daemon if who == "daemon" else self.exchange).process.kill

    def _moments(self, who: Victim) -> tuple[Moment | str, ...]:
        starting = STARTING if self._dead is not None else ()
        resting = RESTING if self.style.settings else ()
        of_the_daemon = (*EXECUTED_LATE, COMMIT) if who == "daemon" else ()
        return (*starting, *LOOKING, *TRADING, *resting, *of_the_daemon, ANY)

    def _spring(self, trap: Trap) -> str:
        self.relay.watch = trap
        try:
            self._revive()
            with self._killed_meanwhile(trap):
                self._prepare(trap.moment)
            deadline = time.monotonic() + PATIENCE_S
            while time.monotonic() < deadline:
                self._trade(trap)
                if trap.sprung.wait(AGAIN_S):
                    return trap.moment.name
                self._assert_alive(trap)
            return f"{ANY}, no moment {trap.moment.name} having come"
        finally:
            self.relay.watch = lambda _stage, _what: True

    def _at_a_commit(self) -> str:
        """As soon as the journal is written to after a trade; what is written may be durable or not."""
        self._revive()
        until(lambda: self.daemon.status()["epoch"], "the daemon's epoch", EPOCH_S)
        before = _written(self.daemon.journal)
        self._trade()
        deadline = time.monotonic() + WRITTEN_S
        while _written(self.daemon.journal) == before:  # no pause: the moment is short
            assert time.monotonic() < deadline, "nothing was written to the journal"
        self._alive_for(self._chance.uniform(0.0, 0.005))
        return COMMIT

    def _revive(self) -> None:
        if self._dead == "exchange":
            self.exchange = self.yard.exchange(*self._words)
        elif self._dead == "daemon":
            self.daemon = self._started_daemon()
        elif self._dead == "database" and self._server is not None:
            self._server.start()
        self._dead = None

    def _started_daemon(self) -> Daemon:
        """It reaches the exchange through the relay."""
        behind = self.yard.behind(self.exchange, self.relay.url)
        settings = (*SETTINGS, *self.style.settings)
        return self.yard.daemon(behind, overrides=settings, database=self._database)

    def _trade(self, trap: Trap | None = None) -> None:
        """A person trades; where the exchange was killed meanwhile, its own books tell if that was done."""
        with self._killed_meanwhile(trap):
            self.exchange.trade(self._chance.choice(("buy", "sell")), TRADE_USD)

    @contextmanager
    def _killed_meanwhile(self, trap: Trap | None) -> Iterator[None]:
        """The exchange may not answer, but only because the trap has killed it."""
        try:
            yield
        except (OSError, http.client.HTTPException):
            if trap is None or not trap.sprung.wait(AGAIN_S) or self.exchange.process.running:
                raise

    def _prepare(self, moment: Moment) -> None:
        """Make an order unknown to the daemon, which must ask for it."""
        if moment.silent:
            self.exchange.fault("lost_reply")
            self.exchange.fault("silence", channel="user.", duration_s=2.0)
        if moment.late:
            self.exchange.fault("slow_engine", delay_s=LATE_S, duration_s=2 * LATE_S)

    def _alive_for(self, seconds: float) -> None:
        assert self.daemon.process.lives_for(seconds), self.daemon.process.complained()
        assert self.exchange.process.running, self.exchange.process.complained()

    def _assert_alive(self, trap: Trap) -> None:
        for process in (self.daemon.process, self.exchange.process):
            assert process.running or trap.closing, f"{process.err.name} {process.complained()}"

    def _check(self) -> None:
        """Both live until the book is hedged: nothing was sent twice, nothing done twice, nothing lost."""
        self._revive()
        self._alive_for(0.0)
        self.audit.check(self.exchange, self.daemon)
        assert self.relay.repeated_labels() == {}


def _written(journal: Place) -> object:
    """Changes with everything that is written to the journal's log."""
    if isinstance(journal, str):
        return psql(journal, "select pg_current_wal_insert_lsn()")
    log = journal.with_name(journal.name + "-wal").stat()
    return log.st_size, log.st_mtime_ns
