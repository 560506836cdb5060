"""Deltas that know how the smile moves (theory 2).

With the skew-stickiness ratio R = (d sigma_ATM / d ln F) / s_ATM (Bergomi, Stochastic Volatility Modeling,
eq. 2.61) the volatility of a fixed strike moves by d sigma = (R - 1) s d ln F, so

    D_R = D + (vega / F) (R - 1) s        NTD_R = D_R - p

R = 1 is sticky strike (Black's delta), R = 0 sticky delta (the model-free delta of a scale-invariant model),
R = 2 the short-dated limit of local volatility. Other definitions of R circulate, scaled otherwise.

Hull and White (Journal of Banking & Finance 82, 2017, eq. 5-6) take the expected move from a regression:

    D_MV = D + vega / (S sqrt(tau)) (a + b D + c D^2)

Greeks are per 1 coin of notional, vega per 1.00 of volatility, as in `pricing.black76`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hedger.pricing.black76 import Floats

STICKY_DELTA = 0.0
STICKY_STRIKE = 1.0

LEAST_DELTA, MOST_DELTA = 0.05, 0.95
"""|D| of the options the regression is made on (exclusive)."""


class Coefficients(NamedTuple):
    """Of Hull-White's quadratic in delta; calls and puts have their own."""

    a: float
    b: float
    c: float


NO_MOVE = Coefficients(0.0, 0.0, 0.0)
"""Volatility does not move with the coin: Black's delta."""


def sticky_shift(vega_usd: Floats, forward_usd: Floats | float, slope: Floats, stickiness: float) -> Floats:
    """D_R - D, coin per coin of notional; `slope` is d sigma / dk at the option's strike."""
    return vega_usd / forward_usd * (stickiness - STICKY_STRIKE) * slope


def minimum_variance_shift(
    delta: Floats, vega_usd: Floats, spot_usd: Floats | float, tau_years: Floats | float, of: Coefficients
) -> Floats:
    """D_MV - D, coin per coin of notional; exactly 0 for NO_MOVE."""
    return vega_usd / (spot_usd * np.sqrt(tau_years)) * (of.a + of.b * delta + of.c * delta * delta)


class Normal(NamedTuple):
    """Normal equations of the regression; those of two samples add up."""

    square: Floats
    """X'X, shape (3, 3)."""
    product: Floats
    """X'y, shape (3,)."""

    def __add__(self, other: object) -> Normal:
        """Of both samples together."""
        if not isinstance(other, Normal):
            return NotImplemented
        return Normal(self.square + other.square, self.product + other.product)


NO_SAMPLE = Normal(np.zeros((3, 3)), np.zeros(3))


def normal_equations(
    value_move_usd: Floats, spot_move_usd: float | Floats, delta: Floats, vega_usd: Floats,
    spot_usd: float | Floats, tau_years: Floats,
) -> Normal:  # fmt: skip
    """Of dV - D dS = (vega / sqrt(tau)) (dS / S) (a + b D + c D^2) + error, no intercept.

    One row per option seen at both ends of an interval, greeks at its start; arrays of shape (options,), of
    calls only or of puts only. Rows outside LEAST_DELTA < |D| < MOST_DELTA, or not finite, are left out.
    Both sides are divided by S, so that coins of different worth weigh alike.
    """
    scale = vega_usd / (np.sqrt(tau_years) * spot_usd) * (spot_move_usd / spot_usd)
    left = (value_move_usd - delta * spot_move_usd) / spot_usd
    used = (
        (np.abs(delta) > LEAST_DELTA) & (np.abs(delta) < MOST_DELTA) & np.isfinite(scale) & np.isfinite(left)
    )
    design = (np.stack((np.ones_like(delta), delta, delta * delta), axis=1) * scale[:, None])[used]
    return Normal(design.T @ design, design.T @ left[used])


def solve(normal: Normal) -> Coefficients:
    """The coefficients of least squares; NO_MOVE without observations that tell the three apart."""
    if np.linalg.matrix_rank(normal.square, hermitian=True) < 3:
        return NO_MOVE
    return Coefficients(*(float(value) for value in np.linalg.solve(normal.square, normal.product)))


def gain(errors: Floats, errors_black: Floats) -> float:
    """Hull-White's Gain = 1 - SSE(dV - D_MV dS) / SSE(dV - D dS); ValueError without any error of Black's."""
    base = float((errors_black**2).sum())
    if not base > 0.0:
        raise ValueError(f"errors_black: their squares sum to {base!r}, must be above 0")
    return 1.0 - float((errors**2).sum()) / base
