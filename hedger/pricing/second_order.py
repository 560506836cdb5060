"""Vanna and volga of Black-76 from the vega at hand: how vega and delta move with volatility.

vanna = d delta / d sigma = -phi(d1) d2 / sigma = -vega d2 / (F v)
volga = d vega / d sigma  =  F phi(d1) sqrt(tau) d1 d2 / sigma = vega d1 d2 / sigma     (theory 1.1)
"""

from __future__ import annotations

import math
from typing import NamedTuple

from hedger.pricing.black76 import DEAD_BELOW


class SecondOrder(NamedTuple):
    """Per 1 coin of notional."""

    vanna_coin: float
    """Coin of delta per 1.00 of volatility."""
    volga_usd: float
    """USD of vega per 1.00 of volatility."""


def second_order_one(
    forward_usd: float, strike_usd: float, tau_years: float, sigma: float, vega_usd: float
) -> SecondOrder:
    """Both for one option; `vega_usd` is that of `black76_one` for the same arguments. Dead options: 0."""
    v = sigma * math.sqrt(tau_years) if tau_years > 0.0 < sigma else 0.0
    if v < DEAD_BELOW:
        return SecondOrder(0.0, 0.0)
    d1 = math.log(forward_usd / strike_usd) / v + 0.5 * v
    d2 = d1 - v
    return SecondOrder(-vega_usd * d2 / (forward_usd * v), vega_usd * d1 * d2 / sigma)
