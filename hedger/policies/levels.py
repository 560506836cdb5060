"""Index levels at which delta, moving along the book's gamma, meets a bound."""

from __future__ import annotations

import math

from hedger.policies.inputs import Inputs


def index_levels(inputs: Inputs, lower_delta: float, upper_delta: float) -> tuple[float, float]:
    """(level below, level above) the present index, USD; NaN where gamma never leads there or y is outside.

    y + gamma * x meets the bound at x = (bound - y) / gamma; first order, so good for the moves of a hedge.
    """
    gamma, y = inputs.gamma_coin_per_usd, inputs.delta_coin
    if not lower_delta <= y <= upper_delta or gamma == 0.0 or not math.isfinite(gamma):
        return math.nan, math.nan
    moves = sorted(((lower_delta - y) / gamma, (upper_delta - y) / gamma))
    below = inputs.index_usd + moves[0]
    return below if below > 0.0 else math.nan, inputs.index_usd + moves[1]
