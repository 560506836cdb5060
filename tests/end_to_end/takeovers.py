"""Two daemons on one account and one journal: the one that trades is killed or frozen, the other takes over.

When the other trades, the frozen one is thawed and must end without a word to the exchange; a new standby is
started, and the books are held against each other.
"""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.end_to_end.agreement import Audit
from tests.end_to_end.kills import AGAIN_S, PATIENCE_S, SETTINGS, SPEED, STYLES, TRADE_USD, Style
from tests.end_to_end.moments import ANY, LOOKING, RESTING, TRADING, Moment, Trap
from tests.end_to_end.pair import LEASE_S, epoch_of, freeze, until_standby, until_taken_over
from tests.end_to_end.relay import Relay, relayed_beside
from tests.end_to_end.sides import Daemon, Exchange
from tests.end_to_end.yard import Yard

LEASE = (f"lease.duration_s={LEASE_S}", "lease.margin_s=0.4")
OVERTAKEN = 6  # exit code of a daemon whose account another one trades now
OF_THE_HOLDER = tuple(moment for moment in (*TRADING, *LOOKING) if moment.methods != ("user",))


class Takeovers:
    """`run(blows)` raises AssertionError for whatever does not agree."""

    def __init__(
        self, yard: Yard, exchange: Exchange, relay: Relay, style: Style, seed: int, database: str
    ) -> None:
        self._yard, self.exchange, self._relay, self._style = yard, exchange, relay, style
        self._database, self._chance, self._seed = database, random.Random(seed), seed
        self._moments = (*OF_THE_HOLDER, *(RESTING if style.settings else ()), ANY)
        self.audit, self.took_s, self.blows = Audit(rests=style.rests), [], []
        self.holder = self._started()
        self.audit.check(exchange, self.holder)
        self.standby = self._started()
        until_standby(self.standby)

    def run(self, blows: int) -> str:
        """What was done, in words."""
        began_s = time.monotonic()
        for _ in range(blows):
            self._one()
            self._check()
        slowest, mean = max(self.took_s), sum(self.took_s) / len(self.took_s)
        struck = "\n".join(f"  {count:4} {blow}" for blow, count in sorted(self._counted().items()))
        took_s = time.monotonic() - began_s
        return (
            f"seed {self._seed}: {blows} takeovers in {took_s:.0f} s, {self.audit.hedges} hedge orders\n"
            f"  from the blow to trading: {mean:.2f} s on average, at most {slowest:.2f} s, "
            f"with a lease of {LEASE_S:g} s\n{struck}"
        )

    def _counted(self) -> dict[str, int]:
        return {blow: self.blows.count(blow) for blow in self.blows}

    def _one(self) -> None:
        frozen = self._chance.random() < 0.5
        strike = self._freeze if frozen else self.holder.process.kill
        epoch = self.holder.status()["epoch"]
        moment = self._strike(self._chance.choice(self._moments), strike)
        self._trade()
        self.took_s.append(until_taken_over(self.standby, epoch + 1))
        if frozen:
            self.holder.process.send(signal.SIGCONT)
            assert self.holder.process.wait() == OVERTAKEN, self.holder.process.complained()
        self.blows.append(f"{'frozen' if frozen else 'killed'} {moment}")
        self.holder, self.standby = self.standby, self._started()
        until_standby(self.standby)

    def _freeze(self) -> None:
        """On a database at any time: a server tells the locks of a frozen client from those of a live one."""
        if self._database:
            self.holder.process.send(signal.SIGSTOP)
        else:
            freeze(self.holder)

    def _strike(self, moment: Moment | str, strike: Callable[[], None]) -> str:
        """At the moment, or at any time where it does not come."""
        trap = Trap(moment, strike) if isinstance(moment, Moment) else None
        if trap is None:
            self._trade()
            assert self.holder.process.lives_for(self._chance.uniform(0.0, 1.0))
            strike()
            return ANY
        self._relay.watch = trap
        try:
            deadline = time.monotonic() + PATIENCE_S
            while time.monotonic() < deadline:
                if trap.moment.silent:
                    self.exchange.fault("lost_reply")
                    self.exchange.fault("silence", channel="user.", duration_s=2.0)
                self._trade()
                if trap.sprung.wait(AGAIN_S):
                    return trap.moment.name
        finally:
            self._relay.watch = lambda _stage, _what: True
        strike()
        return f"{ANY}, no moment {trap.moment.name} having come"

    def _check(self) -> None:
        self.audit.check(self.exchange, self.holder)
        assert self._relay.repeated_labels() == {}
        epochs = [epoch_of(order["label"]) for order in self.exchange.hedges()]
        assert epochs == sorted(epochs), "an order of an earlier run after one of a later"

    def _started(self) -> Daemon:
        behind = self._yard.behind(self.exchange, self._relay.url)
        settings = (*SETTINGS, *LEASE, *self._style.settings)
        return self._yard.daemon(behind, overrides=settings, database=self._database)

    def _trade(self) -> None:
        self.exchange.trade(self._chance.choice(("buy", "sell")), TRADE_USD)


@contextmanager
def takeovers(yard: Yard, style: str, seed: int, database: str = "") -> Iterator[Takeovers]:
    """An exchange, a relay before it, a daemon that trades and one that waits."""
    how = STYLES[style]
    exchange = yard.exchange("--seed", "5", "--speed", str(SPEED), "--book", how.book)
    with relayed_beside(exchange.ready["ws_url"]) as relay:
        yield Takeovers(yard, exchange, relay, how, seed, database)
