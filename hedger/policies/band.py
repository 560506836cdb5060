"""The band: leave delta alone inside two thresholds, hedge back to the edge (or to the target) outside.

With proportional cost only, hedging to the edge is optimal; a fixed cost per trade argues for a jump inside
(theory 3.2). Everything that makes a hedge wait (dwell, cooldown, a realised move not yet made, a blackout, a
minimum trade) ends at the hard limit. With `step_coin` set the band is target +- step and the hedge goes to
the target: the rule of the FMZ Deribit delta hedger.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from hedger.policies.band_params import Params
from hedger.policies.due import near_coin
from hedger.policies.inputs import Inputs, Interval
from hedger.policies.levels import index_levels
from hedger.policies.reasons import Reason
from hedger.policies.rounding import Rounding
from hedger.policies.thresholds import edges

_WITHIN_BAND = int(Reason.WITHIN_BAND)
_TO_EDGE = int(Reason.OUTSIDE_BAND_TO_EDGE)
_TO_CENTRE = int(Reason.OUTSIDE_BAND_TO_CENTRE)
_BY_RATIO = int(Reason.OUTSIDE_BAND_BY_RATIO)
_HARD_TO_EDGE = int(Reason.HARD_LIMIT_TO_EDGE)
_HARD_TO_CENTRE = int(Reason.HARD_LIMIT_TO_CENTRE)
_STEP = int(Reason.STEP)
_DWELL = int(Reason.DWELL)
_COOLDOWN = int(Reason.COOLDOWN)
_MIN_TRADE = int(Reason.MIN_TRADE)
_MIN_MOVE = int(Reason.MIN_MOVE)
_MAX_INTERVAL = int(Reason.MAX_INTERVAL)
_CENTRE_BEFORE = int(Reason.CENTRE_BEFORE)
_BLACKOUT = int(Reason.BLACKOUT)
_NOT_FINITE = int(Reason.NOT_FINITE)


class Memory(NamedTuple):
    """What the rules count from. Market times in s."""

    outside_since_s: float
    """Since when delta has been outside the band without a break; NaN inside."""
    interval_s: float
    """The maximum interval counts from here: the last time delta was hedged to the target or found there."""
    hedge_s: float
    """The last own hedge that was seen; minus infinity: none."""
    ref_s: float
    """The realised move counts from here; NaN before the first look."""
    ref_index_usd: float
    centred_s: float
    """The announced event before which delta has been at its target; 0: none yet."""


INITIAL_MEMORY = Memory(math.nan, math.nan, -math.inf, math.nan, math.nan, 0.0)


DUST_COIN = 1e-9
"""A delta this near an edge lies on it: the dust of sums in floating point is no reason for another lot."""


def decide(params: Params, memory: Memory, inputs: Inputs) -> tuple[Memory, float, int]:
    """The kernel: where delta should be now, and why."""
    y = inputs.delta_coin
    lower, upper, hard_lower, hard_upper = edges(params, inputs)
    index = inputs.index_usd if params.min_move_pct > 0.0 else 0.0
    if not math.isfinite(y + inputs.target_delta_coin + inputs.now_s + lower + upper + index):
        return memory, y, _NOT_FINITE
    inside = lower - DUST_COIN <= y <= upper + DUST_COIN
    if inside and nothing_begins(params, memory, inputs):
        return memory, y, _WITHIN_BAND
    centre = min(max(inputs.target_delta_coin, lower), upper)
    seen = observed(params, memory, inputs, not inside, centre)
    if y < hard_lower or y > hard_upper:
        return seen, landing(params, y, lower, upper, centre, True), hard_reason(params)
    reason = rule(params, seen, inputs, lower, upper, centre)
    if reason in (_MAX_INTERVAL, _CENTRE_BEFORE):
        return seen, centre, reason
    if reason in (_TO_EDGE, _TO_CENTRE, _STEP, _BY_RATIO):
        return seen, landing(params, y, lower, upper, centre, False), reason
    return seen, y, reason


def nothing_begins(params: Params, memory: Memory, inputs: Inputs) -> bool:
    """Whether a look at a delta inside the band leaves the memory as it is: nearly every look."""
    if params.max_interval_s > 0.0 or params.min_move_pct > 0.0 or inputs.centre_s > 0.0:
        return False
    known = math.isnan(memory.outside_since_s) and not math.isnan(memory.ref_s)
    never = memory.hedge_s == -math.inf and math.isnan(inputs.last_hedge_s)
    return known and (never or inputs.last_hedge_s == memory.hedge_s)


def observed(params: Params, memory: Memory, inputs: Inputs, outside: bool, centre: float) -> Memory:
    """The memory after this look: what began, what ended, what is counted anew."""
    now_s = inputs.now_s
    hedge_s = inputs.last_hedge_s if math.isfinite(inputs.last_hedge_s) else -math.inf
    hedged, first = hedge_s != memory.hedge_s, math.isnan(memory.ref_s)
    outside_since_s = math.nan
    if outside:
        outside_since_s = now_s if math.isnan(memory.outside_since_s) else memory.outside_since_s
    there = at_centre(params, inputs, centre)
    interval_s = memory.interval_s
    if first:
        interval_s = now_s if hedge_s == -math.inf else hedge_s
    elif there and (hedged or now_s - interval_s >= params.max_interval_s):
        interval_s = now_s
    ref_s, ref_index_usd = memory.ref_s, memory.ref_index_usd
    if first or hedged or window_ended(params, memory, now_s):
        ref_s, ref_index_usd = now_s, inputs.index_usd
    centred_s = inputs.centre_s if inputs.centre_s > 0.0 and there else memory.centred_s
    return Memory(outside_since_s, interval_s, hedge_s, ref_s, ref_index_usd, centred_s)


def at_centre(params: Params, inputs: Inputs, centre: float) -> bool:
    """Whether what is missing to the target is too small to be traded, or no more than a hedge leaves."""
    return abs(inputs.delta_coin - centre) < max(near_coin(inputs), params.min_trade_coin)


def window_ended(params: Params, memory: Memory, now_s: float) -> bool:
    """Whether a window of the realised move, aligned to 00:00 UTC of 1970, has ended since the reference."""
    window_s = params.move_window_s
    return window_s > 0.0 and now_s // window_s != memory.ref_s // window_s


def rule(params: Params, memory: Memory, inputs: Inputs, lower: float, upper: float, centre: float) -> int:
    """The one rule that decides inside the hard limit."""
    outside = not math.isnan(memory.outside_since_s)
    announced = inputs.centre_s > 0.0 and memory.centred_s != inputs.centre_s
    overdue = params.max_interval_s > 0.0 and inputs.now_s - memory.interval_s >= params.max_interval_s
    to_target = (announced or overdue) and not at_centre(params, inputs, centre)
    if not (outside or to_target):
        return _WITHIN_BAND
    if inputs.blackout != 0.0:
        return _BLACKOUT
    if to_target:
        return _CENTRE_BEFORE if announced else _MAX_INTERVAL
    return outside_rule(params, memory, inputs, centre)


def outside_rule(params: Params, memory: Memory, inputs: Inputs, centre: float) -> int:
    """Delta left the band: what makes it wait, or how it goes back."""
    if inputs.now_s - memory.outside_since_s < params.dwell_s:
        return _DWELL
    if params.cooldown_s > 0.0 and inputs.now_s - inputs.last_hedge_s < params.cooldown_s:
        return _COOLDOWN
    if params.min_move_pct > 0.0 and moved_pct(memory, inputs) < params.min_move_pct:
        return _MIN_MOVE
    if abs(inputs.delta_coin - centre) < params.min_trade_coin:
        return _MIN_TRADE
    if params.hedge_ratio != 1.0:
        return _BY_RATIO
    if params.step_coin > 0.0:
        return _STEP
    return _TO_CENTRE if params.to_centre == 1 else _TO_EDGE


def moved_pct(memory: Memory, inputs: Inputs) -> float:
    """How far the index stands from where the realised move counts from, in per cent."""
    return abs(inputs.index_usd / memory.ref_index_usd - 1.0) * 100.0


def landing(params: Params, y: float, lower: float, upper: float, centre: float, hard: bool) -> float:
    """Where the hedge ends: `hedge_ratio` of the way, never past the far edge, at least the minimum trade.

    Beyond the hard limit a ratio below 1 counts as 1: the whole way, at once.
    """
    near, far = (upper, lower) if y > upper else (lower, upper)
    aim = centre if params.to_centre == 1 or params.step_coin > 0.0 else near
    ratio = max(params.hedge_ratio, 1.0) if hard else params.hedge_ratio
    end = aim if ratio == 1.0 else y + ratio * (aim - y)
    if y > upper:
        return max(far, min(end, max(centre, y - params.min_trade_coin)))
    return min(far, max(end, min(centre, y + params.min_trade_coin)))


def hard_reason(params: Params) -> int:
    """The step rule keeps its own rounding whatever the hard limit says: it goes to the target anyway."""
    if params.step_coin > 0.0:
        return _STEP
    return _HARD_TO_CENTRE if params.to_centre == 1 else _HARD_TO_EDGE


def interval(params: Params, memory: Memory, inputs: Inputs) -> Interval:
    """The band as it stands and the index levels at which delta, by its gamma, leaves it."""
    lower, upper, hard_lower, hard_upper = edges(params, inputs)
    below, above = index_levels(inputs, lower, upper)
    return Interval(lower, upper, hard_lower, hard_upper, below, above)


ROUNDING: Mapping[Reason, Rounding] = MappingProxyType(
    {
        Reason.OUTSIDE_BAND_TO_EDGE: Rounding.INWARD,
        Reason.OUTSIDE_BAND_TO_CENTRE: Rounding.NEAREST,
        Reason.OUTSIDE_BAND_BY_RATIO: Rounding.NEAREST,
        Reason.HARD_LIMIT_TO_EDGE: Rounding.INWARD,
        Reason.HARD_LIMIT_TO_CENTRE: Rounding.NEAREST,
        Reason.MAX_INTERVAL: Rounding.NEAREST,
        Reason.CENTRE_BEFORE: Rounding.NEAREST,
        Reason.STEP: Rounding.DOWN_AT_LEAST_ONE,
    }
)
