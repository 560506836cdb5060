"""Implied volatility: the sigma at which Black-76 returns a given price.

Newton steps on the price, each kept inside a bracket that always contains the answer and shrinks by
bisection where Newton leaves it: safe for wings whose vega is almost nothing.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hedger.pricing.black76 import Floats, black76

SIGMA_MAX = 100.0
"""Largest volatility looked for (10,000 %); a price that needs more has no answer."""

_STEPS = 100
_TOLERANCE = 1e-13


def implied_vol(
    price_usd: ArrayLike, forward_usd: ArrayLike, strike_usd: ArrayLike, tau_years: ArrayLike, sign: ArrayLike
) -> Floats:
    """Volatilities (fraction, per square root of a 365-day year) that reproduce `price_usd`.

    NaN where the price is not strictly between intrinsic value and the no-arbitrage ceiling (the forward
    for a call, the strike for a put), where no time is left, or where an argument is not finite.
    The time value alone is solved for, on the out-of-the-money side, so that deep options keep their digits.
    """
    price, forward, strike, tau, w = np.broadcast_arrays(
        *(np.asarray(x, dtype=np.float64) for x in (price_usd, forward_usd, strike_usd, tau_years, sign))
    )
    intrinsic = np.maximum(w * (forward - strike), 0.0)
    ceiling = np.where(w > 0.0, forward, strike)
    with np.errstate(invalid="ignore"):
        solvable = (price > intrinsic) & (price < ceiling) & (tau > 0.0) & (strike > 0.0) & np.isfinite(tau)
    sigma = np.full(price.shape, np.nan)
    if solvable.any():
        time_value = (price - intrinsic)[solvable]
        sigma[solvable] = _solve(time_value, forward[solvable], strike[solvable], tau[solvable])
    return sigma


def implied_vol_one(
    price_usd: float, forward_usd: float, strike_usd: float, tau_years: float, sign: float
) -> float:
    """The volatility of one option; ValueError names the argument that makes it impossible."""
    positive = {"forward_usd": forward_usd, "strike_usd": strike_usd, "tau_years": tau_years}
    for field, value in positive.items():
        if not (math.isfinite(value) and value > 0.0):
            raise ValueError(f"{field} = {value!r}: must be finite and above 0")
    if sign not in (1.0, -1.0):
        raise ValueError(f"sign = {sign!r}: must be +1 for a call or -1 for a put")
    floor = max(sign * (forward_usd - strike_usd), 0.0)
    ceiling = forward_usd if sign > 0.0 else strike_usd
    if not floor < price_usd < ceiling:
        raise ValueError(f"price_usd = {price_usd!r}: must be above {floor!r} and below {ceiling!r}")
    sigma = float(implied_vol(price_usd, forward_usd, strike_usd, tau_years, sign))
    if math.isnan(sigma):
        raise ValueError(f"price_usd = {price_usd!r}: needs a volatility above {SIGMA_MAX!r}")
    return sigma


def _solve(time_value: Floats, forward: Floats, strike: Floats, tau: Floats) -> Floats:
    """By put-call parity a time value is the price of the out-of-the-money option of the same strike."""
    w = np.where(strike >= forward, 1.0, -1.0)
    low, high = np.zeros_like(tau), np.full_like(tau, SIGMA_MAX)
    unreachable: NDArray[np.bool_] = black76(forward, strike, tau, high, w).price_usd < time_value
    sigma = np.clip(_inflection(forward, strike, tau), 1e-4, SIGMA_MAX / 2)
    for _ in range(_STEPS):
        model = black76(forward, strike, tau, sigma, w)
        error = model.price_usd - time_value
        low, high = np.where(error < 0.0, sigma, low), np.where(error < 0.0, high, sigma)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            newton = sigma - error / model.vega_usd
        inside = (newton > low) & (newton < high)
        following = np.where(inside, newton, 0.5 * (low + high))
        moved = np.abs(following - sigma)
        sigma = following
        if (moved <= _TOLERANCE * sigma).all():
            break
    return np.where(unreachable, np.nan, sigma)


def _inflection(forward: Floats, strike: Floats, tau: Floats) -> Floats:
    """Where price turns from convex to concave in sigma; Newton starts here (Manaster-Koehler 1982)."""
    return np.sqrt(2.0 * np.abs(np.log(forward / strike)) / tau)
