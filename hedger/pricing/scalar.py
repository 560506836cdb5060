"""Black-76 for one option in plain floats: ten times faster than arrays of length one, same conventions."""

from __future__ import annotations

import math
from typing import NamedTuple

from hedger.pricing.black76 import DEAD_BELOW, YEAR_MS

_INV_SQRT_2PI = 1.0 / math.sqrt(2.0 * math.pi)
_INV_SQRT_2 = 1.0 / math.sqrt(2.0)
_new = tuple.__new__  # half the time of the NamedTuple's own constructor


class Black76One(NamedTuple):
    """Value and greeks of one option per 1 coin of notional; fields and units as in `Black76`."""

    price_usd: float
    delta: float
    gamma_per_usd: float
    vega_usd: float
    theta_usd_per_year: float


def black76_one(
    forward_usd: float, strike_usd: float, tau_years: float, sigma: float, sign: float
) -> Black76One:
    """Price and greeks of one option; `sign` is +1 for a call and -1 for a put.

    An option without time or volatility left is worth its intrinsic value and has no gamma, vega or theta.
    Forward and strike must be positive and finite (ZeroDivisionError or ValueError of `math` otherwise).
    """
    if tau_years <= 0.0 or sigma <= 0.0:
        return _at_expiry(forward_usd, strike_usd, sign)
    root_tau = math.sqrt(tau_years)
    v = sigma * root_tau
    if v < DEAD_BELOW:
        return _at_expiry(forward_usd, strike_usd, sign)
    d1 = math.log(forward_usd / strike_usd) / v + 0.5 * v
    density = _INV_SQRT_2PI * math.exp(-0.5 * d1 * d1)
    delta = 0.5 * sign * math.erfc(-sign * d1 * _INV_SQRT_2)
    price = forward_usd * delta - 0.5 * sign * strike_usd * math.erfc(-sign * (d1 - v) * _INV_SQRT_2)
    dollars = forward_usd * density
    return _new(
        Black76One,
        (
            0.0 if price < 0.0 else price,  # rounding may go below zero; NaN stays NaN
            delta,
            density / (forward_usd * v),
            dollars * root_tau,
            -0.5 * dollars * sigma / root_tau,
        ),
    )


def normal_cdf(x: float) -> float:
    """Standard normal distribution function, accurate in both tails."""
    return 0.5 * math.erfc(-x * _INV_SQRT_2)


def years_to(expiration_ms: int, now_ms: int) -> float:
    """Time to expiry in years of 365 days, to the millisecond; negative after expiry."""
    return (expiration_ms - now_ms) / YEAR_MS


def _at_expiry(forward_usd: float, strike_usd: float, sign: float) -> Black76One:
    intrinsic = sign * (forward_usd - strike_usd)
    delta = sign if intrinsic > 0.0 else (0.5 * sign if intrinsic == 0.0 else 0.0)
    return Black76One(max(intrinsic, 0.0), delta, 0.0, 0.0, 0.0)
