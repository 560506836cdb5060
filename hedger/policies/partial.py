"""A hedge in parts: a share of it at once, the rest in slices over some hours, under any policy (theory
3.9).

What is still to come counts, for the policy underneath, as on its way: the policy rests once the first
part is done, and whatever it asks for anew cancels the slices. A slice is never more than what is missing
at that moment and never in the other direction: |delta - target| only falls. Measured, it costs 12 % less
for 2 % less risk, gains where moves revert and loses where they trend.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple

from hedger.domain.keys import Key, check_bounds
from hedger.policies.inputs import Inputs, Interval, at_delta
from hedger.policies.reasons import Reason

_SLICE = int(Reason.SLICE)

Kernel = Callable[[Any, Any, Inputs], tuple[Any, float, int]]
Shown = Callable[[Any, Any, Inputs], Interval]


@dataclass(frozen=True, slots=True)
class PartialParams:
    """How a hedge is divided."""

    first_share: Annotated[
        float, Key("of the hedge", "made at once; 1: all of it, no slices", above=0, most=1)
    ] = 1.0
    over_s: Annotated[float, Key("s", "market time over which the rest is spread", least=60, most=86_400)] = (
        10_800.0
    )
    slices: Annotated[int, Key("", "the rest is made in so many equal parts", least=1, most=24)] = 3

    def __post_init__(self) -> None:
        check_bounds(self)


class Memory(NamedTuple):
    """The policy's own memory, and what is still to come."""

    inner: Any
    target: float
    """Where the hedge under way is to end, coin."""
    rest: float
    """Signed coins still to come; 0: nothing."""
    slices: int
    next_s: float
    """Market time of the next slice."""


def initial(inner: Any) -> Memory:
    """Nothing is under way."""
    return Memory(inner, 0.0, 0.0, 0, math.inf)


def kernel(inner: Kernel, first_share: float, over_s: float, slices: int) -> Kernel:
    """The kernel of a policy hedged in parts; `inner` is the policy's own."""
    share, pause_s, most = first_share, over_s / slices, slices

    def decide(params: Any, memory: Memory, inputs: Inputs) -> tuple[Memory, float, int]:
        y, coming = inputs.delta_coin, inputs.delta_coin + memory.rest
        after, target, reason = inner(params, memory.inner, at_delta(inputs, coming))
        if target != coming:  # a new trigger cancels what was to come
            after, target, reason = inner(params, memory.inner, inputs)
            rest = (1.0 - share) * (target - y)
            return Memory(after, target, rest, most, inputs.now_s + pause_s), target - rest, reason
        if memory.slices == 0 or inputs.now_s < memory.next_s or inputs.blackout != 0.0:
            return Memory(after, memory.target, memory.rest, memory.slices, memory.next_s), y, reason
        part, gap = memory.rest / memory.slices, memory.target - y
        left = Memory(after, memory.target, memory.rest - part, memory.slices - 1, memory.next_s + pause_s)
        if gap * part <= 0.0:
            return left, y, reason
        return left, y + math.copysign(min(abs(part), abs(gap)), part), _SLICE

    return decide


def shown(inner: Shown) -> Shown:
    """The no-trade interval of the policy underneath, seen with the slices done."""

    def interval(params: Any, memory: Memory, inputs: Inputs) -> Interval:
        return inner(params, memory.inner, at_delta(inputs, inputs.delta_coin + memory.rest))

    return interval
