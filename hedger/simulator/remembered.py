"""Results that are worked out once for each state of what they follow from."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar, TypeVarTuple

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class Remembered:
    """Results of one state; all are forgotten as soon as the state is another.

    The state is compared by value at every look, so that nobody has to tell what changed. It must hold
    everything that the results follow from and that no argument gives; working one out must not change it.
    """

    def __init__(self, state: Callable[[], object]) -> None:
        self._state_now = state
        self._state: object = None
        self._results: dict[tuple[Hashable, ...], Any] = {}
        self._working = False

    def once(self, work_out: Callable[[*Ts], T], *arguments: *Ts) -> T:
        """What a function of the state and of hashable arguments gives; not to be changed by who gets it."""
        if not self._working:  # otherwise it is a part of another result, of the same state
            state = self._state_now()
            if state != self._state:
                self._state, self._results = state, {}
        asked = (work_out, *arguments)
        if asked not in self._results:
            self._results[asked] = self._work_out(work_out, *arguments)
        known: T = self._results[asked]
        return known

    def _work_out(self, work_out: Callable[[*Ts], T], *arguments: *Ts) -> T:
        outer, self._working = self._working, True
        try:
            return work_out(*arguments)
        finally:
            self._working = outer
