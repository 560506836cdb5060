"""Virtual time: events in order of their time, ties in the order in which they were asked for."""

from __future__ import annotations

import heapq
from collections.abc import Callable

Do = Callable[[], None]


class Heap:
    """`now_s` is wire time in seconds since the start of the life; it moves only when an event happens."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.events = 0
        self._asked = 0
        self._queue: list[tuple[float, int, Do]] = []

    def at(self, wire_s: float, do: Do) -> None:
        """Do it then; what is due already happens next, after what was asked for before it."""
        self._asked += 1
        heapq.heappush(self._queue, (max(wire_s, self.now_s), self._asked, do))

    def after(self, seconds: float, do: Do) -> None:
        self.at(self.now_s + seconds, do)

    def run_until(self, wire_s: float) -> None:
        """Let everything happen that is due by then."""
        queue = self._queue
        while queue and queue[0][0] <= wire_s:
            self.now_s, _, do = heapq.heappop(queue)
            self.events += 1
            do()
        self.now_s = wire_s
