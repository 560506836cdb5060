"""One connection between a daemon and the exchange, with the faults of a network between them.

Frames arrive in the order in which they were sent, each direction by itself, as TCP delivers them. A network
may be slow, stop for a while and then deliver everything at once, or break: then each side learns of it by
itself and what was under way is lost.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from hedger.backtest.simulate.heap import Heap


@dataclass(slots=True)
class Network:
    """How the network is now; times are wire time."""

    latency_s: float = 0.01
    jitter_s: float = 0.005
    up_stalled_until_s: float = 0.0
    """Frames to the exchange arrive no earlier than this."""
    down_stalled_until_s: float = 0.0
    """Frames to the daemon arrive no earlier than this."""
    refuses_until_s: float = 0.0
    """New connections fail until then."""

    def normal(self) -> None:
        """As quick as it was."""
        self.latency_s, self.jitter_s = 0.01, 0.005

    def calm(self) -> None:
        """No stall lasts longer than now, and nobody is refused."""
        self.up_stalled_until_s = self.down_stalled_until_s = self.refuses_until_s = 0.0
        self.normal()


class Side(Protocol):
    """Who is at an end of a wire."""

    def heard(self, wire: Wire, frame: str) -> None: ...

    def hung_up(self, wire: Wire, reason: str) -> None: ...


class _Direction:
    """One way of a connection: first in, first out."""

    def __init__(self, stalled_until_s: Callable[[], float]) -> None:
        self.stalled_until_s = stalled_until_s
        self.last_s = 0.0
        self.broken = False


class Wire:
    """A connection from its opening to its end. `daemon` and `exchange` are the two sides."""

    def __init__(
        self, heap: Heap, chance: random.Random, network: Network, daemon: Side, exchange: Side
    ) -> None:
        self._heap, self._chance, self._network = heap, chance, network
        self._daemon, self._exchange = daemon, exchange
        self._up = _Direction(lambda: network.up_stalled_until_s)
        self._down = _Direction(lambda: network.down_stalled_until_s)
        self.daemon_open = self.exchange_open = True

    def up(self, frame: str) -> None:
        """A frame of the daemon."""
        if self.daemon_open:
            self._carry(self._up, self._heap.now_s, lambda: self._arrive_up(frame))

    def down(self, frame: str, not_before_s: float, *, apart: bool = False) -> None:
        """A frame of the exchange; one `apart` is overtaken by what comes later."""
        if self.exchange_open:
            self._carry(self._down, not_before_s, lambda: self._arrive_down(frame), apart=apart)

    def _carry(
        self, way: _Direction, from_s: float, arrive: Callable[[], None], *, apart: bool = False
    ) -> None:
        latency_s = self._network.latency_s + self._chance.random() * self._network.jitter_s
        at_s = max(max(from_s, self._heap.now_s) + latency_s, way.stalled_until_s())
        if not apart:
            at_s = way.last_s = max(at_s, way.last_s)

        def deliver() -> None:
            if not way.broken:
                arrive()

        self._heap.at(at_s, deliver)

    def _arrive_up(self, frame: str) -> None:
        if self.exchange_open:
            self._exchange.heard(self, frame)

    def _arrive_down(self, frame: str) -> None:
        if self.daemon_open:
            self._daemon.heard(self, frame)

    # -- the end ------------------------------------------------------------------------------------

    def close_by_daemon(self, reason: str) -> None:
        """The daemon closes in order: what it sent before still arrives."""
        if self.daemon_open:
            self.daemon_open = False
            self._carry(self._up, self._heap.now_s, lambda: self._exchange_learns(reason))

    def close_by_exchange(self, reason: str) -> None:
        """The exchange closes in order: what it sent before still arrives."""
        if self.exchange_open:
            self._carry(self._down, self._heap.now_s, lambda: self._daemon_learns(reason))
            self._exchange_learns(reason)

    def die(self, *, flushes: bool) -> None:
        """The daemon's machine is gone; what its kernel held still leaves, or not."""
        self.daemon_open = False
        self._up.broken = not flushes
        self._heap.after(self._network.latency_s, lambda: self._exchange_learns("connection reset"))

    def cut(self, daemon_after_s: float, exchange_after_s: float) -> None:
        """The network breaks this connection: what is under way is lost, each side learns in its own time."""
        self._up.broken = self._down.broken = True
        self._heap.after(daemon_after_s, lambda: self._daemon_learns("connection lost"))
        self._heap.after(exchange_after_s, lambda: self._exchange_learns("connection lost"))

    def _daemon_learns(self, reason: str) -> None:
        if self.daemon_open:
            self.daemon_open = False
            self._daemon.hung_up(self, reason)

    def _exchange_learns(self, reason: str) -> None:
        if self.exchange_open:
            self.exchange_open = False
            self._exchange.hung_up(self, reason)
