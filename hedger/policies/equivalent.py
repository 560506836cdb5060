"""The one option that has a book's gamma and vanna: what its delta would be at another volatility.

Leland's and Zakamouline's rules hedge at a modified volatility. A book of many options tells its kernel only
sums; of the sums, gamma and vanna fix one option (theory 1.1):

    vanna / (G F) = -d2 sqrt(tau),   n = G F sigma sqrt(tau) / phi(d1)

For a book of a single option that is the option itself, so the rules are exact there; for a short strangle or
a strip it is the option that moves alike. Where the sums fit no option that is near the money by
`MOST_D1` standard deviations (calendars, mixed signs), there is none and delta is not shifted.
"""

from __future__ import annotations

import math

from hedger.policies.inputs import Inputs
from hedger.pricing.scalar import normal_cdf

MOST_D1 = 6.0
_INV_SQRT_2PI = 1.0 / math.sqrt(2.0 * math.pi)


def d2_of(inputs: Inputs) -> float:
    """d2 of the equivalent option; NaN where the book has no gamma, time or volatility."""
    scale = inputs.book_gamma_coin_per_usd * inputs.index_usd
    if scale == 0.0 or not inputs.tau_years > 0.0 or not inputs.iv > 0.0:
        return math.nan
    return -inputs.vanna_coin / (scale * math.sqrt(inputs.tau_years))


def is_near_the_money(inputs: Inputs) -> bool:
    """Whether there is an equivalent option whose delta can be shifted."""
    d2 = d2_of(inputs)
    v = inputs.iv * math.sqrt(inputs.tau_years) if inputs.tau_years > 0.0 else math.nan
    return abs(d2 + v) <= MOST_D1 and abs(d2) <= MOST_D1


def coins(inputs: Inputs) -> float:
    """How many coins of the equivalent option the book holds, signed."""
    v = inputs.iv * math.sqrt(inputs.tau_years)
    d1 = d2_of(inputs) + v
    return inputs.book_gamma_coin_per_usd * inputs.index_usd * v / (_INV_SQRT_2PI * math.exp(-0.5 * d1 * d1))


def shift_coin(inputs: Inputs, sigma: float) -> float:
    """How much greater the options' delta is at volatility `sigma` than at the book's own, in coin."""
    root = math.sqrt(inputs.tau_years)
    v, other = inputs.iv * root, sigma * root
    d1 = d2_of(inputs) + v
    log_moneyness = (d1 - 0.5 * v) * v
    moved = log_moneyness / other + 0.5 * other
    return coins(inputs) * (normal_cdf(moved) - normal_cdf(d1))
