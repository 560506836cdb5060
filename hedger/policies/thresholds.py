"""Where the band and the hard limits of a book lie now, in absolute delta."""

from __future__ import annotations

import math
from typing import NamedTuple

from hedger.policies.band_params import COIN, EQUITY, Params
from hedger.policies.due import move_usd
from hedger.policies.inputs import Inputs


class Edges(NamedTuple):
    """hard_lower <= lower <= target <= upper <= hard_upper, in coin; NaN where an input is not known."""

    lower: float
    upper: float
    hard_lower: float
    hard_upper: float


def edges(params: Params, inputs: Inputs) -> Edges:
    """The band, widened by the scale, and the hard limits, which no scale moves: a wider band ends there."""
    target = inputs.target_delta_coin
    as_written = params.unit == COIN and params.step_coin == 0.0
    if as_written:
        below, above = target - params.lower, params.upper - target
    else:
        below, above = distances(params, inputs)
    hard_lower, hard_upper = params.hard_lower, params.hard_upper
    if hard_lower == -math.inf:
        hard_lower = target - params.hard_times * below
    if hard_upper == math.inf:
        hard_upper = target + params.hard_times * above
    if as_written and inputs.band_scale == 1.0:
        return Edges(params.lower, params.upper, hard_lower, hard_upper)
    lower = max(target - inputs.band_scale * below, hard_lower)
    upper = min(target + inputs.band_scale * above, hard_upper)
    return Edges(lower, upper, hard_lower, hard_upper)


def distances(params: Params, inputs: Inputs) -> tuple[float, float]:
    """How far an unscaled band that is not written in coin reaches below and above the target, in coin."""
    if params.step_coin > 0.0:
        return params.step_coin, params.step_coin
    if params.unit == EQUITY:
        per_cent = inputs.equity_coin / 100.0
        return (
            _at_least_one_lot(params.below_equity_pct * per_cent, inputs),
            _at_least_one_lot(params.above_equity_pct * per_cent, inputs),
        )
    sigma = sigma_coin(params, inputs)
    return (
        _at_least_one_lot(params.below_sigmas * sigma, inputs),
        _at_least_one_lot(params.above_sigmas * sigma, inputs),
    )


def sigma_coin(params: Params, inputs: Inputs) -> float:
    """One standard deviation of a flat book's delta over the horizon: |gamma| F iv sqrt(h), in coin."""
    return abs(inputs.book_gamma_coin_per_usd) * move_usd(inputs, params.sigma_horizon_s)


def _at_least_one_lot(distance_coin: float, inputs: Inputs) -> float:
    """A narrower band could not be hedged into. What is not known stays unknown."""
    return inputs.lot_coin if distance_coin < inputs.lot_coin else distance_coin
