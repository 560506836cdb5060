"""Parameters of the band: documented, and refused where they contradict each other."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from hedger.domain.keys import Key
from hedger.policies.bounds import check_keys, check_target

COIN, EQUITY, SIGMA = 0, 1, 2
UNITS: Mapping[str, float] = MappingProxyType({"coin": COIN, "equity": EQUITY, "sigma": SIGMA})
MOST_RATIO = 1.5


class Params(NamedTuple):
    """`unit` chooses which thresholds are read; DOC has unit and meaning of each field.

    In coin the thresholds are absolute deltas, as status shows them; in equity and sigma they are distances
    from the target. A hard limit is always an absolute delta, or `hard_times` the distance of the band.
    """

    unit: int = COIN
    lower: float = -0.1
    upper: float = 0.1
    below_equity_pct: float = 1.0
    above_equity_pct: float = 1.0
    below_sigmas: float = 1.0
    above_sigmas: float = 1.0
    sigma_horizon_s: float = 21_600.0
    hard_times: float = 3.0
    hard_lower: float = -math.inf
    hard_upper: float = math.inf
    to_centre: int = 0
    hedge_ratio: float = 1.0
    min_trade_coin: float = 0.0
    dwell_s: float = 0.0
    cooldown_s: float = 0.0
    max_interval_s: float = 0.0
    min_move_pct: float = 0.0
    move_window_s: float = 0.0
    step_coin: float = 0.0


_SIGMA = "k |gamma| index iv sqrt(horizon)"

DOC: Mapping[str, Key] = MappingProxyType(
    {
        "unit": Key(
            "coin, equity or sigma",
            "unit of the thresholds: lower and upper, *_equity_pct or *_sigmas",
            words=UNITS,
        ),
        "lower": Key("coin", "unit coin: hedge when delta is below this"),
        "upper": Key("coin", "unit coin: hedge when delta is above this"),
        "below_equity_pct": Key(
            "% of equity", "unit equity: hedge when delta is this far below the target", above=0, most=100
        ),
        "above_equity_pct": Key(
            "% of equity", "unit equity: hedge when delta is this far above the target", above=0, most=100
        ),
        "below_sigmas": Key(
            "sigma", f"unit sigma: the lower edge is {_SIGMA} below the target", above=0, most=100
        ),
        "above_sigmas": Key(
            "sigma", f"unit sigma: the upper edge is {_SIGMA} above the target", above=0, most=100
        ),
        "sigma_horizon_s": Key(
            "s", "unit sigma: horizon of the move a sigma is of", least=60, most=2_592_000
        ),
        "hard_times": Key(
            "times the band's distance from the target", "where the hard limits are auto", least=1, most=100
        ),
        "hard_lower": Key(
            "coin",
            "below this hedge at once, whatever else says wait; auto: hard_times the band's distance",
            words={"auto": -math.inf},
        ),
        "hard_upper": Key(
            "coin",
            "above this hedge at once, whatever else says wait; auto: hard_times the band's distance",
            words={"auto": math.inf},
        ),
        "to_centre": Key(
            "0 or 1", "1: hedge to the target; 0: to the nearer edge of the band", least=0, most=1
        ),
        "hedge_ratio": Key(
            "of the way",
            "how far to go; below 1 the rest follows after cooldown_s; above 1, to the edge only, past it",
            above=0,
            most=MOST_RATIO,
        ),
        "min_trade_coin": Key(
            "coin", "a smaller hedge is enlarged towards the target, or held where that is nearer", least=0
        ),
        "dwell_s": Key("s", "delta must stay outside the band this long before a hedge", least=0),
        "cooldown_s": Key("s", "pause after a hedge before the next", least=0),
        "max_interval_s": Key(
            "s", "hedge to the target at least this often where delta is not there; 0: off", least=0
        ),
        "min_move_pct": Key(
            "% of the index",
            "no hedge until the index has moved this far since the last hedge, the start or a window; 0: off",
            least=0,
            most=50,
        ),
        "move_window_s": Key(
            "s", "min_move_pct counts anew every such window; 0: since the last hedge only", least=0
        ),
        "step_coin": Key("coin", "0: off; else the band is target +- step, hedged to the target", least=0),
    }
)


def validate(params: Params, target_delta_coin: float = 0.0) -> None:
    """ValueError naming field, value and what would be right."""
    check_keys(params, DOC)
    check_target(target_delta_coin)
    _check_edges(params, target_delta_coin)
    if params.hedge_ratio > 1.0 and (params.to_centre == 1 or params.step_coin > 0.0):
        raise ValueError(f"hedge_ratio = {params.hedge_ratio}: must be at most 1 on the way to the target")
    if 0.0 < params.max_interval_s < params.cooldown_s:
        told = f"max_interval_s = {params.max_interval_s}"
        raise ValueError(f"{told}: must be 0 or at least cooldown_s = {params.cooldown_s}")


def _check_edges(params: Params, target: float) -> None:
    stepped = params.step_coin > 0.0
    if stepped and params.unit != COIN:
        raise ValueError(f'step_coin = {params.step_coin}: must be 0 unless unit is "coin"')
    if params.unit != COIN:
        _in_order("hard_lower", params.hard_lower, "target_delta_coin", target)
        _in_order("target_delta_coin", target, "hard_upper", params.hard_upper)
        return
    lower = target - params.step_coin if stepped else params.lower
    upper = target + params.step_coin if stepped else params.upper
    _in_order("lower", lower, "target_delta_coin", target)
    _in_order("target_delta_coin", target, "upper", upper)
    _in_order("hard_lower", params.hard_lower, "target - step_coin" if stepped else "lower", lower)
    _in_order("target + step_coin" if stepped else "upper", upper, "hard_upper", params.hard_upper)


def _in_order(low_field: str, low: float, high_field: str, high: float) -> None:
    if not low <= high:
        raise ValueError(f"{low_field} = {low}: must be at most {high_field} = {high} (coin)")
