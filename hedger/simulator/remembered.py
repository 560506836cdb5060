"""Results that are worked out once for each state of what they follow from."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar, TypeVarTuple

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class Remembered:
    """Results of one state; all are forgotten as soon as the state is another.

    The state is compared by value at every look, so that nobody has to tell what changed. It must hold
    everything that the results follow from and that no argument gives.
    """

    def __init__(self, state: Callable[[], object]) -> None:
        self._state_now = state
        self._state: object = None
        self._results: dict[tuple[Hashable, ...], Any] = {}

    def once(self, work_out: Callable[[*Ts], T], *arguments: *Ts) -> T:
        """What a function of the state and of hashable arguments gives; not to be changed by who gets it."""
        state = self._state_now()
        if state != self._state:
            self._state, self._results = state, {}
        results, asked = self._results, (work_out, *arguments)
        if asked not in results:
            results[asked] = work_out(*arguments)
        known: T = results[asked]
        return known
