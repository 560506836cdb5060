"""A hedge in parts: a share of it at once, the rest in slices over some hours, under any policy (theory
3.9).

What is still to come counts, for the policy underneath, as on its way: the policy rests once the first
part is done, and whatever it asks for anew cancels the slices. A slice is never more than what is missing
at that moment and never in the other direction: |delta - target| only falls. Measured, it costs 12 % less
for 2 % less risk, gains where moves revert and loses where they trend.

What lies beyond a cap or a hard limit, slices to come or not, is hedged whole and at once. Delta that was
born (a trade, an expiry, new settings) ends the slices: they were parts of another book's hedge.
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
_NOT_FINITE = int(Reason.NOT_FINITE)
_CAP = int(Reason.CAP)
_HARD_TO_EDGE = int(Reason.HARD_LIMIT_TO_EDGE)
_HARD_TO_CENTRE = int(Reason.HARD_LIMIT_TO_CENTRE)

Kernel = Callable[[Any, Any, Inputs], tuple[Any, float, int]]
Shown = Callable[[Any, Any, Inputs], Interval]


@dataclass(frozen=True, slots=True)
class PartialParams:
    """How a hedge is divided."""

    first_share: Annotated[
        float,
        Key(
            "of the hedge",
            "made at once; 1: all, no slices. With band: to_centre = 1, at an edge the rest is due at once",
            above=0,
            most=1,
        ),
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
    book_epoch: float
    """Of the book whose hedge is under way."""


def initial(inner: Any) -> Memory:
    """Nothing is under way."""
    return nothing_under_way(inner, math.nan)


def nothing_under_way(inner: Any, book_epoch: float) -> Memory:
    return Memory(inner, 0.0, 0.0, 0, math.inf, book_epoch)


def coming_coin(memory: Memory, inputs: Inputs) -> float:
    """Delta with the slices done that are still to come."""
    return inputs.delta_coin + (memory.rest if memory.book_epoch == inputs.book_epoch else 0.0)


def at_once(reason: int) -> bool:
    """Whether a hedge may not be divided."""
    return reason == _CAP or reason == _HARD_TO_EDGE or reason == _HARD_TO_CENTRE  # numba knows no set


def kernel(inner: Kernel, first_share: float, over_s: float, slices: int) -> Kernel:
    """The kernel of a policy hedged in parts; `inner` is the policy's own."""
    share, pause_s, most = first_share, over_s / slices, slices

    def decide(params: Any, memory: Memory, inputs: Inputs) -> tuple[Memory, float, int]:
        y, epoch, coming = inputs.delta_coin, inputs.book_epoch, coming_coin(memory, inputs)
        after, target, reason = inner(params, memory.inner, at_delta(inputs, coming))
        if reason == _NOT_FINITE:
            return memory, y, reason
        if target != coming or coming != y:
            now, whole, why = inner(params, memory.inner, inputs)
            if at_once(why):
                return nothing_under_way(now, epoch), whole, why
            if target != coming:  # a new trigger cancels what was to come
                rest = (1.0 - share) * (whole - y)
                return Memory(now, whole, rest, most, inputs.now_s + pause_s, epoch), whole - rest, why
        if memory.book_epoch != epoch:
            return nothing_under_way(after, epoch), y, reason
        if memory.slices == 0 or inputs.now_s < memory.next_s or inputs.blackout != 0.0:
            return Memory(after, memory.target, memory.rest, memory.slices, memory.next_s, epoch), y, reason
        part, gap = memory.rest / memory.slices, memory.target - y
        next_s = memory.next_s + pause_s
        left = Memory(after, memory.target, memory.rest - part, memory.slices - 1, next_s, epoch)
        if gap * part <= 0.0:
            return left, y, reason
        return left, y + math.copysign(min(abs(part), abs(gap)), part), _SLICE

    return decide


def shown(inner: Shown) -> Shown:
    """The no-trade interval of the policy underneath, seen with the slices done."""

    def interval(params: Any, memory: Memory, inputs: Inputs) -> Interval:
        return inner(params, memory.inner, at_delta(inputs, coming_coin(memory, inputs)))

    return interval
