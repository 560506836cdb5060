"""A wire that is cut, held, slowed and half closed at random, from a seed, while a person trades."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.end_to_end.agreement import Audit
from tests.end_to_end.kills import SETTINGS, SPEED, STYLES, TRADE_USD
from tests.end_to_end.sides import Daemon, Exchange
from tests.end_to_end.wire import Wire, wired
from tests.end_to_end.yard import Yard

FAULTS_PER_CHECK = 4
LONGEST_S = 3.0  # of one fault: longer than the daemon's patience with a connection
IMPATIENT = (
    "venues.deribit.health_s=0.5",
    "venues.deribit.request_timeout_s=1.0",
    "venues.deribit.connect_timeout_s=2.0",
    "books.btc.execution.validity_s=2.0",
)

FAULTS: dict[str, Callable[[Wire], None]] = {
    "reset": lambda wire: wire.cut(),
    "reset and refused": lambda wire: (wire.refuse(), wire.cut()),
    "requests held": lambda wire: wire.hold("up"),
    "replies held": lambda wire: wire.hold("down"),
    "everything held": lambda wire: wire.hold("up", "down"),
    "requests of this connection held": lambda wire: wire.hold("up", new=False),
    "everything of this connection held": lambda wire: wire.hold("up", "down", new=False),
    "late by 0.4 s": lambda wire: wire.slow(delay_s=0.4),
    "50 kB/s": lambda wire: wire.slow(bytes_per_s=50_000),
    "half closed towards the exchange": lambda wire: wire.half_close("up"),
    "half closed towards the daemon": lambda wire: wire.half_close("down"),
}


class Storm:
    """`run(faults)` raises AssertionError for whatever does not agree."""

    def __init__(self, exchange: Exchange, daemon: Daemon, wire: Wire, audit: Audit, seed: int) -> None:
        self.exchange, self.daemon, self.wire, self.audit = exchange, daemon, wire, audit
        self._chance, self._seed = random.Random(seed), seed
        self.done: Counter[str] = Counter()
        self.audit.check(exchange, daemon)

    @classmethod
    @contextmanager
    def over(cls, yard: Yard, style: str, seed: int) -> Iterator[Storm]:
        """Over an exchange and a daemon of their own."""
        how = STYLES[style]
        exchange = yard.exchange("--seed", "5", "--speed", str(SPEED), "--book", how.book)
        port = int(exchange.ready["ws_url"].split(":")[2].split("/")[0])
        with wired(port) as wire:
            behind = yard.behind(exchange, wire.url)
            daemon = yard.daemon(behind, overrides=(*SETTINGS, *IMPATIENT, *how.settings))
            yield cls(exchange, daemon, wire, Audit(rests=how.rests), seed)

    def run(self, faults: int) -> str:
        """What was done, in words."""
        began_s = time.monotonic()
        for number in range(faults):
            self._one()
            if number % FAULTS_PER_CHECK == FAULTS_PER_CHECK - 1:
                self._check()
        self._check()
        rows = "\n".join(f"  {count:4} {name}" for name, count in sorted(self.done.items()))
        return (
            f"seed {self._seed}: {faults} faults in {time.monotonic() - began_s:.0f} s, "
            f"{self.wire.connections} connections, {self.audit.hedges} hedge orders, "
            f"{self.audit.checks} checks\n{rows}"
        )

    def _one(self) -> None:
        """A fault and a trade, either first; then another trade amid it."""
        name = self._chance.choice(list(FAULTS))
        acts = [lambda: FAULTS[name](self.wire), self._trade]
        self._chance.shuffle(acts)
        for act in acts:
            act()
            self._wait(self._chance.uniform(0.0, 0.1))
        self._trade()
        self._wait(self._chance.uniform(0.1, LONGEST_S))
        if self._chance.random() < 0.5:  # else the next fault finds what this one left
            self.wire.heal()
        self.done[name] += 1

    def _trade(self) -> None:
        self.exchange.trade(self._chance.choice(("buy", "sell")), TRADE_USD)

    def _wait(self, seconds: float) -> None:
        assert self.daemon.process.lives_for(seconds), self.daemon.process.complained()

    def _check(self) -> None:
        self.wire.heal()
        self.audit.check(self.exchange, self.daemon)
