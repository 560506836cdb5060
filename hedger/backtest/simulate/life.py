"""One seed from start to agreement: everything goes wrong, then there is peace, and the books must agree."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import ClassVar

from hedger.backtest.simulate.agreement import agree
from hedger.backtest.simulate.checks import Checks
from hedger.backtest.simulate.disk import Shelf, Store, Weather
from hedger.backtest.simulate.heap import Heap
from hedger.backtest.simulate.incidents import EXCHANGE, Incident
from hedger.backtest.simulate.people import People
from hedger.backtest.simulate.plan import FAULTS_END_S, LIFE_S, Plan, draw
from hedger.backtest.simulate.process import Machine, Process
from hedger.backtest.simulate.tally import Tally, Violation
from hedger.backtest.simulate.venue import Venue
from hedger.domain.errors import LeaseError

LEAST_EVENTS, LONGER_S = 5_000, 10.0
SETTLES_S = 60.0


@dataclass(frozen=True, slots=True)
class Result:
    """How a life ended; without a violation all of it held."""

    seed: int
    tally: Tally
    digest: str
    virtual_s: float
    violation: str = ""
    detail: str = ""


class Life:
    """The whole of one seed."""

    def __init__(self, plan: Plan, shelf: Shelf, trace: Callable[[str], None] | None = None) -> None:
        self.plan, self.heap = plan, Heap()
        self.processes: list[Process] = []
        self._chance = random.Random(f"{plan.seed}:life")
        self.checks = Checks(plan, lambda: self.heap.now_s, trace)
        self.store = Store(shelf)
        self.weather = Weather()
        self.venue = Venue(
            self.heap,
            plan.seed,
            origin_ms=plan.origin_ms,
            speed=plan.speed,
            underlyings=plan.underlyings,
            markets=plan.markets,
            positions=plan.positions,
            tick_s=plan.tick_s,
            margin=plan.margin,
            changed=self._ticked,
        )
        self.checks.attend(self.venue, self.store)
        self.checks.on_end = self._ended
        self.machine = Machine(
            self.heap,
            self.venue,
            self.store,
            self.weather,
            self.checks,
            plan.seed,
            plan.currencies,
            plan.same_host,
            plan.heartbeat_s,
            plan.busy_s,
            plan.idle_s,
            plan.lease_s,
        )
        self.people = People(self)

    @property
    def process(self) -> Process:
        """The daemon that holds the account; while none does, the one that was started last."""
        alive = [one for one in self.processes if one.alive]
        return next((one for one in alive if one.tenancy.holds), (alive or self.processes)[-1])

    def run(self) -> None:
        """Live. Raises Violation."""
        self.start()
        for incident in self.plan.incidents:
            self.heap.at(incident.at_s, lambda incident=incident: self._happen(incident))  # type: ignore[misc]
        self.heap.at(FAULTS_END_S, self._peace)
        self.heap.run_until(LIFE_S)
        while self.heap.events < LEAST_EVENTS:  # where little happened, peace lasts longer
            self.heap.run_until(self.heap.now_s + LONGER_S)
        self.checks.tally.events = max(self.checks.tally.events, self.heap.events)
        agree(self)

    @property
    def settles(self) -> bool:
        """Whether options run out or have just been delivered: nobody has to agree amid that."""
        return self.venue.settles(after_s=SETTLES_S)

    def start(self) -> None:
        """Start a daemon, unless one lives."""
        if not any(one.alive for one in self.processes):
            self._start_another()

    def _start_another(self) -> None:
        """As the only one, or beside one that runs: then it stands by."""
        self.checks.tally.restarts += bool(self.processes)
        self.processes.append(Process(self.machine, len(self.processes) + 1, self.plan.settings))
        self.checks.say(f"{self.process.number} starts")

    def _ended(self, process: Process, why: str) -> None:
        """Who has lost the account is started again by its service manager."""
        if why.startswith(f"exit {LeaseError.exit_code}"):
            self.heap.after(2.0, self.start)

    def _ticked(self) -> None:
        if self.processes:
            self.checks.market(self.process)

    # -- incidents ----------------------------------------------------------------------------------

    def _happen(self, incident: Incident) -> None:
        self.checks.tally.incidents[incident.kind] += 1
        self.checks.say(f"incident: {incident.kind} {incident.told} {incident.seconds:.1f} s")
        if incident.kind in EXCHANGE:
            self.venue.fault(incident.told)
        elif incident.kind in self._OWN:
            self._OWN[incident.kind](self, incident.seconds)
        else:
            self.people.do(incident.kind, incident.seconds, incident.about)

    def _cut(self, seconds: float) -> None:
        self.venue.cut()

    def _stall_up(self, seconds: float) -> None:
        self.venue.network.up_stalled_until_s = self.heap.now_s + seconds

    def _stall_down(self, seconds: float) -> None:
        self.venue.network.down_stalled_until_s = self.heap.now_s + seconds

    def _stall_both(self, seconds: float) -> None:
        self._stall_up(seconds)
        self._stall_down(seconds)

    def _slow_network(self, seconds: float) -> None:
        network = self.venue.network
        network.latency_s, network.jitter_s = self._chance.choice(((0.2, 0.2), (0.8, 1.0), (2.5, 1.0)))
        self.heap.after(seconds, network.normal)

    def _no_route(self, seconds: float) -> None:
        self.venue.cut()
        self.venue.network.refuses_until_s = self.heap.now_s + seconds

    def _slow_disk(self, seconds: float) -> None:
        self.weather.slow_until_s = self.heap.now_s + seconds
        self.weather.slow_sync_s = self._chance.choice((0.3, 1.5, 5.0))

    def _full_disk(self, seconds: float) -> None:
        self.weather.full_until_s = self.heap.now_s + seconds

    def _hung_disk(self, seconds: float) -> None:
        self.weather.slow_until_s = self.heap.now_s + 0.5
        self.weather.slow_sync_s = seconds

    def _crash(self, seconds: float) -> None:
        self.process.kill()
        self.heap.after(self._chance.choice((0.1, 1.0, seconds)), self.start)

    def _stop(self, seconds: float) -> None:
        self.process.stop()
        self.heap.after(15.0 + seconds, self.start)

    def _freeze(self, seconds: float) -> None:
        self.process.freeze(seconds)

    def _standby(self, seconds: float) -> None:
        if sum(one.alive for one in self.processes) < 2:
            self._start_another()

    def _clock_jump(self, seconds: float) -> None:
        jump_ms = self._chance.choice((-60_000, -4_000, -1_000, 1_000, 4_000, 60_000))
        process = self.process
        process.skew_ms = int(jump_ms * self.plan.speed)

        def back() -> None:
            process.skew_ms = 0

        self.heap.after(seconds, back)

    _OWN: ClassVar[dict[str, Callable[[Life, float], None]]] = {
        "cut": _cut,
        "stall_up": _stall_up,
        "stall_down": _stall_down,
        "stall_both": _stall_both,
        "slow_network": _slow_network,
        "no_route": _no_route,
        "slow_disk": _slow_disk,
        "full_disk": _full_disk,
        "hung_disk": _hung_disk,
        "crash": _crash,
        "stop": _stop,
        "freeze": _freeze,
        "clock_jump": _clock_jump,
        "standby": _standby,
    }

    def _peace(self) -> None:
        """Everything works again; an operator looks after what waits for a person."""
        self.checks.say("peace")
        self.venue.calm()
        self.weather.calm()
        for process in self.processes:
            process.skew_ms = 0
        self.start()
        self.people.look_after()


def live(seed: int, trace: Callable[[str], None] | None = None, shelf: Shelf | None = None) -> Result:
    """One seed, whatever comes of it; `shelf` may be any, and is free again afterwards."""
    with ExitStack() as stack:
        life = Life(draw(seed), shelf or stack.enter_context(Shelf()), trace)
        stack.callback(life.store.close)
        violation = detail = ""
        try:
            life.run()
        except Violation as broken:
            violation, detail = broken.name, broken.detail
        except Exception as error:  # whatever is raised ends this life and no other
            violation, detail = "raised", f"{type(error).__name__}: {error}"
        return Result(seed, life.checks.tally, life.checks.digest, life.heap.now_s, violation, detail)
