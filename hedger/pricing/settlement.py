"""An option in its settlement window: an option on the average of the index (theory 1.7).

Delivery is the mean of the index over the last 30 minutes. With u the share of the window elapsed, A the
mean so far, tau the time left and F the forward, the mean will be F* = u A + (1 - u) F plus an error whose
standard deviation is s = (1 - u) F sigma sqrt(tau / 3), so that

    V = w (F* - K) N(w d) + s phi(d),   d = (F* - K) / s,   dV/dF = w (1 - u) N(w d)

Before the window the same average makes the variance time (time to its start) + 10 minutes: the average's
own variance is a third of the window's. The exchange shows w (1 - u) N(w d1) with d1 at spot instead, which
near the strike is another number (A 100,000, F 101,000, K 100,600, u .5, sigma .5: .466 instead of .0498).
"""

from __future__ import annotations

import math
from typing import NamedTuple

from hedger.pricing.black76 import YEAR_MS
from hedger.pricing.scalar import Black76One, normal_cdf

WINDOW_MS = 30 * 60 * 1000
"""Delivery averages the index over this long before expiry (deribit.md 11)."""

_THIRD_MS = WINDOW_MS / 3
_INV_SQRT_2PI = 1.0 / math.sqrt(2.0 * math.pi)
_FLAT = 1e-12  # a standard deviation below this part of the forward is none


class Fixing(NamedTuple):
    """How far the delivery average of one expiry is."""

    elapsed: float
    """u, share of the window that has passed: 0 to 1."""
    average_usd: float
    """A, mean of the index over the part that has passed; of no weight while that is 0."""


def averaging_one(
    forward_usd: float,
    strike_usd: float,
    expiration_ms: int,
    now_ms: int,
    sigma: float,
    sign: float,
    fixing: Fixing,
) -> Black76One:
    """Value and greeks per 1 coin inside the window; fields and units as in `Black76One`.

    `sigma` is the volatility at the window's start: what a ticker implies inside it rests on the exchange's
    decayed figures. After expiry the value is the payoff of the average and nothing moves it any more.
    """
    left = 1.0 - fixing.elapsed
    mean_usd = fixing.elapsed * fixing.average_usd + left * forward_usd if fixing.elapsed else forward_usd
    tau_years = max(expiration_ms - now_ms, 0) / YEAR_MS
    deviation_usd = left * forward_usd * sigma * math.sqrt(tau_years / 3.0)
    gap_usd = mean_usd - strike_usd
    if not deviation_usd > _FLAT * forward_usd:
        return _fixed(gap_usd, sign, left)
    d = gap_usd / deviation_usd
    density = _INV_SQRT_2PI * math.exp(-0.5 * d * d)
    inside = normal_cdf(sign * d)
    value_usd = sign * gap_usd * inside + deviation_usd * density
    return Black76One(
        max(value_usd, 0.0),
        sign * left * inside,
        left * left * density / deviation_usd,
        deviation_usd / sigma * density,
        -1.5 * deviation_usd / tau_years * density,  # s falls with tau^(3/2): 1 - u is tau over the window
    )


def _fixed(gap_usd: float, sign: float, left: float) -> Black76One:
    intrinsic_usd = sign * gap_usd
    delta = sign * left if intrinsic_usd > 0.0 else (0.5 * sign * left if intrinsic_usd == 0.0 else 0.0)
    return Black76One(max(intrinsic_usd, 0.0), delta, 0.0, 0.0, 0.0)


def variance_years(expiration_ms: int, now_ms: int) -> float:
    """Variance time before the window: the time to its start and a third of its length, years of 365 days."""
    return (max(expiration_ms - WINDOW_MS - now_ms, 0) + _THIRD_MS) / YEAR_MS


def elapsed_share(expiration_ms: int, now_ms: int) -> float:
    """u: 0 until the window, 1 from expiry on."""
    return min(max(1.0 - (expiration_ms - now_ms) / WINDOW_MS, 0.0), 1.0)


def in_window(expiration_ms: int, now_ms: int) -> bool:
    """From the window's first instant to expiry, and after it."""
    return now_ms >= expiration_ms - WINDOW_MS
