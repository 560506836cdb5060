"""Black-76 price and greeks over arrays: undiscounted (Deribit's interest rate is 0), per 1 coin of notional.

With v = sigma * sqrt(tau), d1 = (ln(F/K) + v^2/2) / v, d2 = d1 - v and w = +1 for a call, -1 for a put:
V = w (F N(w d1) - K N(w d2)), delta = w N(w d1), gamma = phi(d1) / (F v), vega = F phi(d1) sqrt(tau),
theta = -F phi(d1) sigma / (2 sqrt(tau)). A year is 365 days: with 365.25 the exchange's recorded greeks
are not reproduced.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

YEAR_MS = 365 * 86_400_000
"""Milliseconds in the year of 365 days in which time to expiry is counted."""

DEAD_BELOW = 1e-12
"""sigma * sqrt(tau) below this is an option without time left (one millisecond at 1 % is 6e-8)."""

Floats = NDArray[np.float64]

_INV_SQRT_2PI = 1.0 / math.sqrt(2.0 * math.pi)


class Black76(NamedTuple):
    """Value and greeks of one option (or arrays of them) per 1 coin of notional."""

    price_usd: Floats
    delta: Floats
    """d price / d forward, in coin."""
    gamma_per_usd: Floats
    """d delta / d forward, in coin per USD."""
    vega_usd: Floats
    """USD per 1.00 of volatility (the exchange shows one hundredth of it)."""
    theta_usd_per_year: Floats
    """USD per year of 365 days; negative for a long option."""


def black76(
    forward_usd: ArrayLike, strike_usd: ArrayLike, tau_years: ArrayLike, sigma: ArrayLike, sign: ArrayLike
) -> Black76:
    """Price and greeks; arguments broadcast. `sign` is +1 for a call and -1 for a put.

    Where `tau_years` or `sigma` is not positive (or next to nothing) the option is worth its intrinsic
    value, its delta is 0 or the sign (half the sign exactly at the strike) and the other greeks are 0.
    NaN in gives NaN out.
    """
    forward, strike, tau, vol, w = np.broadcast_arrays(
        *(np.asarray(x, dtype=np.float64) for x in (forward_usd, strike_usd, tau_years, sigma, sign))
    )
    with np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore"):
        live = _alive(forward, strike, tau, vol, w)
        dead = (tau <= 0.0) | (vol <= 0.0) | (vol * np.sqrt(tau) < DEAD_BELOW)
        if not dead.any():
            return live
        expired = _at_expiry(forward, strike, w)
        return Black76(*(np.where(dead, old, new) for old, new in zip(expired, live, strict=True)))


def black76_price(
    forward_usd: ArrayLike, strike_usd: ArrayLike, tau_years: ArrayLike, sigma: ArrayLike, sign: ArrayLike
) -> Floats:
    """The `price_usd` of `black76` alone, to the last digit, for half the time."""
    forward, strike, tau, vol, w = (
        np.asarray(x, dtype=np.float64) for x in (forward_usd, strike_usd, tau_years, sigma, sign)
    )
    with np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore"):
        v = vol * np.sqrt(tau)
        dead = (tau <= 0.0) | (vol <= 0.0) | (v < DEAD_BELOW)
        if not dead.any():
            return _value(forward, strike, v, w)[2]
        price = np.zeros(()) if dead.all() else _value(forward, strike, v, w)[2]
        return np.where(dead, np.maximum(w * (forward - strike), 0.0), price)


def _value(forward: Floats, strike: Floats, v: Floats, w: Floats) -> tuple[Floats, Floats, Floats]:
    """d1, delta and price."""
    d1 = np.log(forward / strike) / v + 0.5 * v
    delta = w * ndtr(w * d1)
    return d1, delta, np.maximum(forward * delta - w * strike * ndtr(w * (d1 - v)), 0.0)


def _alive(forward: Floats, strike: Floats, tau: Floats, vol: Floats, w: Floats) -> Black76:
    root_tau = np.sqrt(tau)
    v = vol * root_tau
    d1, delta, price = _value(forward, strike, v, w)
    density = _INV_SQRT_2PI * np.exp(-0.5 * d1 * d1)
    forward_density = forward * density
    gamma = density / (forward * v)
    return Black76(price, delta, gamma, forward_density * root_tau, -0.5 * forward_density * vol / root_tau)


def _at_expiry(forward: Floats, strike: Floats, w: Floats) -> Black76:
    intrinsic = w * (forward - strike)
    none = 0.0 * np.abs(intrinsic)  # NaN stays NaN
    return Black76(np.maximum(intrinsic, 0.0), w * np.heaviside(intrinsic, 0.5), none, none, none)
