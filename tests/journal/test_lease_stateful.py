"""Two hosts with clocks of their own, requests and answers as late as can be: never two live holders."""

from __future__ import annotations

import asyncio
import heapq
import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import StaticPool

from hedger.journal import lease
from hedger.journal.errors import LeaseHeld
from hedger.journal.schema import Scope, metadata
from hedger.journal.sqlite import SqliteStore

LEASE_S = 10.0
SCOPE = Scope("deribit", "local", "1")
EPOCH_DAYS = 2440587.5  # julian day of the Unix epoch

SECONDS = st.floats(0.0, 1.5 * LEASE_S)
LATE_S = st.floats(0.0, LEASE_S)
HOSTS = st.sampled_from((0, 1))


@dataclass
class Host:
    """A process on a host; `until_s` and `asked_s` by its own monotonic clock."""

    name: str
    offset_s: float
    until_s: float = -math.inf
    epoch: int = 0
    asked_s: float | None = None
    answer: int | None = None

    def clock_s(self, true_s: float) -> float:
        return self.offset_s + true_s


class Hosts(RuleBasedStateMachine):
    """The row is real, in SQLite; `true_s` is nobody's clock."""

    @initialize(offsets=st.tuples(*[st.floats(-1e6, 1e6)] * 3))
    def begin(self, offsets: tuple[float, float, float]) -> None:
        self.true_s, self.born, self.number = 0.0, 0, 0
        self.due: list[tuple[float, int, Callable[[], None]]] = []
        self.database_s = 1.8e9 + offsets[2]
        self.runner = asyncio.Runner()
        self.engine = self._database()
        self.hosts = [self._born(offset) for offset in offsets[:2]]
        self.dead = ""
        self.epochs: list[int] = []

    def _born(self, offset_s: float) -> Host:
        self.born += 1
        return Host(f"process {self.born}", offset_s)

    def _database(self) -> AsyncEngine:
        engine = create_async_engine("sqlite+aiosqlite://", poolclass=StaticPool)

        @event.listens_for(engine.sync_engine, "connect")
        def _clock(connection: object, _record: object) -> None:
            connection.create_function(  # type: ignore[attr-defined]
                "julianday", 1, lambda _now: EPOCH_DAYS + (self.database_s + self.true_s) / 86_400
            )

        async def create() -> None:
            async with engine.begin() as connection:
                await connection.run_sync(metadata.create_all)

        self.runner.run(create())
        return engine

    # --- what happens ---------------------------------------------------------------------------------

    @rule(seconds=SECONDS)
    def time_passes(self, seconds: float) -> None:
        until_s = self.true_s + seconds
        while self.due and self.due[0][0] <= until_s:
            self.true_s, _, happens = heapq.heappop(self.due)
            happens()
            self.never_two_live_holders()
        self.true_s = until_s

    @rule(number=HOSTS, there_s=LATE_S, back_s=LATE_S)
    def asks(self, number: int, there_s: float, back_s: float) -> None:
        """Takes the lease or renews it; request and answer are under way for as long as they like."""
        host = self.hosts[number]
        if host.asked_s is None:
            host.asked_s = host.clock_s(self.true_s)
            self._later(there_s, lambda: self._is_served(host, back_s))

    def _is_served(self, host: Host, back_s: float) -> None:
        host.answer = self.runner.run(self._serve(host))
        self._later(back_s, lambda: self._hears(host))

    def _hears(self, host: Host) -> None:
        """The end is reckoned from before the question."""
        assert host.asked_s is not None
        host.epoch = host.answer or 0
        host.until_s = host.asked_s + LEASE_S if host.answer else -math.inf
        host.asked_s = None

    def _later(self, seconds: float, happens: Callable[[], None]) -> None:
        self.number += 1
        heapq.heappush(self.due, (self.true_s + seconds, self.number, happens))

    @rule(number=HOSTS)
    def stops(self, number: int) -> None:
        """Nothing of it may leave any more, then it gives the lease back."""
        host = self.hosts[number]
        if host.epoch and host.asked_s is None:
            self.runner.run(self._release(host))
            self.hosts[number] = self._born(host.offset_s)

    @precondition(lambda self: not self.dead)
    @rule(number=HOSTS)
    def is_killed(self, number: int) -> None:
        """The lock file tells the others that it is dead, once nothing it asked for is under way."""
        host = self.hosts[number]
        if host.asked_s is None:
            self.dead, self.hosts[number] = host.name, self._born(host.offset_s)

    async def _serve(self, host: Host) -> int | None:
        async with self.engine.begin() as connection:
            with suppress(LeaseHeld):
                if host.epoch:
                    await lease.renew(connection, SCOPE, host.name, host.epoch, int(LEASE_S * 1000))
                    return host.epoch
                epoch = await lease.acquire(
                    connection, SqliteStore.inserts, SCOPE, host.name, int(LEASE_S * 1000), 0, (self.dead,)
                )
                self.epochs.append(epoch)
                self.dead = ""
                return epoch
        return None

    async def _release(self, host: Host) -> None:
        async with self.engine.begin() as connection:
            await lease.release(connection, SCOPE, host.name, host.epoch)

    async def _may_write(self, host: Host) -> bool:
        async with self.engine.begin() as connection:
            return await lease.moved_on(connection, {SCOPE: host.epoch}) is None

    # --- what must hold -------------------------------------------------------------------------------

    @invariant()
    def never_two_live_holders(self) -> None:
        live = [host for host in self.hosts if host.until_s > host.clock_s(self.true_s)]
        assert len(live) <= 1, [host.name for host in live]

    @invariant()
    def every_epoch_is_higher_than_all_before(self) -> None:
        assert self.epochs == sorted(set(self.epochs))

    @invariant()
    def the_store_takes_nothing_of_a_run_that_was_overtaken(self) -> None:
        for host in self.hosts:
            if host.epoch:
                assert self.runner.run(self._may_write(host)) is (host.epoch == self.epochs[-1])

    def teardown(self) -> None:
        self.runner.run(self.engine.dispose())
        self.runner.close()


TestHosts = Hosts.TestCase
TestHosts.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
