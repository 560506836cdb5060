"""The band: leave delta alone inside two thresholds, hedge back to the edge (or to the target) outside.

With proportional cost only, hedging to the edge is optimal; a fixed cost per trade argues for a jump inside
(theory 3.2). Beyond the hard limit neither dwell nor cooldown delays the hedge. With `step_coin` set the band
is target +- step and the hedge goes to the target: the rule of the FMZ Deribit delta hedger.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from hedger.domain.keys import Key
from hedger.policies.bounds import check_keys
from hedger.policies.inputs import Inputs, Interval
from hedger.policies.levels import index_levels
from hedger.policies.reasons import Reason
from hedger.policies.rounding import Rounding

_WITHIN_BAND = int(Reason.WITHIN_BAND)
_TO_EDGE = int(Reason.OUTSIDE_BAND_TO_EDGE)
_TO_CENTRE = int(Reason.OUTSIDE_BAND_TO_CENTRE)
_HARD_TO_EDGE = int(Reason.HARD_LIMIT_TO_EDGE)
_HARD_TO_CENTRE = int(Reason.HARD_LIMIT_TO_CENTRE)
_STEP = int(Reason.STEP)
_DWELL = int(Reason.DWELL)
_COOLDOWN = int(Reason.COOLDOWN)
_MIN_TRADE = int(Reason.MIN_TRADE)
_NOT_FINITE = int(Reason.NOT_FINITE)


class Params(NamedTuple):
    """Thresholds are absolute deltas, as status shows them; DOC has unit and meaning of each field."""

    lower: float = -0.1
    upper: float = 0.1
    hard_lower: float = -0.5
    hard_upper: float = 0.5
    to_centre: int = 0
    min_trade_coin: float = 0.0
    dwell_s: float = 0.0
    cooldown_s: float = 0.0
    step_coin: float = 0.0


DOC: Mapping[str, Key] = MappingProxyType(
    {
        "lower": Key("coin", "hedge when delta is below this"),
        "upper": Key("coin", "hedge when delta is above this"),
        "hard_lower": Key("coin", "below this hedge at once, whatever dwell and cooldown say"),
        "hard_upper": Key("coin", "above this hedge at once, whatever dwell and cooldown say"),
        "to_centre": Key(
            "0 or 1", "1: hedge to the target; 0: to the nearer edge of the band", least=0, most=1
        ),
        "min_trade_coin": Key(
            "coin", "a smaller hedge is enlarged towards the target, or held where that is nearer", least=0
        ),
        "dwell_s": Key("s", "delta must stay outside the band this long before a hedge", least=0),
        "cooldown_s": Key("s", "pause after a hedge before the next", least=0),
        "step_coin": Key("coin", "0: off; else the band is target +- step, hedged to the target", least=0),
    }
)


class Memory(NamedTuple):
    """Since when delta has been outside the band without a break (market time, s); NaN inside."""

    outside_since_s: float


INITIAL_MEMORY = Memory(math.nan)


def decide(params: Params, memory: Memory, inputs: Inputs) -> tuple[Memory, float, int]:
    """The kernel: where delta should be now, and why."""
    y = inputs.delta_coin
    if not (math.isfinite(y) and math.isfinite(inputs.target_delta_coin) and math.isfinite(inputs.now_s)):
        return memory, y, _NOT_FINITE
    lower, upper = soft_band(params, inputs.target_delta_coin)
    if lower <= y <= upper:
        return Memory(math.nan), y, _WITHIN_BAND
    since_s = memory.outside_since_s
    if math.isnan(since_s):
        since_s = inputs.now_s
    hard = y < params.hard_lower or y > params.hard_upper
    if not hard and inputs.now_s - since_s < params.dwell_s:
        return Memory(since_s), y, _DWELL
    if not hard and inputs.now_s - inputs.last_hedge_s < params.cooldown_s:
        return Memory(since_s), y, _COOLDOWN
    centre = min(max(inputs.target_delta_coin, lower), upper)
    if abs(y - centre) < params.min_trade_coin:
        return Memory(since_s), y, _MIN_TRADE
    if params.step_coin > 0.0 or params.to_centre == 1:
        return Memory(since_s), centre, centre_reason(params, hard)
    destination = edge_or_min_trade(params, y, lower, upper)
    return Memory(since_s), destination, _HARD_TO_EDGE if hard else _TO_EDGE


def soft_band(params: Params, target_delta_coin: float) -> tuple[float, float]:
    """The thresholds in force, in coin."""
    if params.step_coin > 0.0:
        return target_delta_coin - params.step_coin, target_delta_coin + params.step_coin
    return params.lower, params.upper


def edge_or_min_trade(params: Params, y: float, lower: float, upper: float) -> float:
    """The edge just left, or so far inside it that the trade has its minimum size."""
    if y > upper:
        return min(upper, y - params.min_trade_coin)
    return max(lower, y + params.min_trade_coin)


def centre_reason(params: Params, hard: bool) -> int:
    """The step rule keeps its own rounding whatever the hard limit says: it goes to the target anyway."""
    if params.step_coin > 0.0:
        return _STEP
    return _HARD_TO_CENTRE if hard else _TO_CENTRE


def interval(params: Params, memory: Memory, inputs: Inputs) -> Interval:
    """The band as it stands and the index levels at which delta, by its gamma, leaves it."""
    lower, upper = soft_band(params, inputs.target_delta_coin)
    below, above = index_levels(inputs, lower, upper)
    return Interval(lower, upper, params.hard_lower, params.hard_upper, below, above)


def validate(params: Params, target_delta_coin: float = 0.0) -> None:
    """ValueError naming field, value and what would be right."""
    check_keys(params, DOC)
    lower, upper = soft_band(params, target_delta_coin)
    stepped = params.step_coin > 0.0
    _in_order("lower", lower, "target_delta_coin", target_delta_coin)
    _in_order("target_delta_coin", target_delta_coin, "upper", upper)
    _in_order("hard_lower", params.hard_lower, "target - step_coin" if stepped else "lower", lower)
    _in_order("target + step_coin" if stepped else "upper", upper, "hard_upper", params.hard_upper)


def _in_order(low_field: str, low: float, high_field: str, high: float) -> None:
    if not low <= high:
        raise ValueError(f"{low_field} = {low}: must be at most {high_field} = {high} (coin)")


ROUNDING: Mapping[Reason, Rounding] = MappingProxyType(
    {
        Reason.OUTSIDE_BAND_TO_EDGE: Rounding.INWARD,
        Reason.OUTSIDE_BAND_TO_CENTRE: Rounding.NEAREST,
        Reason.HARD_LIMIT_TO_EDGE: Rounding.INWARD,
        Reason.HARD_LIMIT_TO_CENTRE: Rounding.NEAREST,
        Reason.STEP: Rounding.DOWN_AT_LEAST_ONE,
    }
)
