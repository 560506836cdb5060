"""The book's greeks on a grid of log-spot, one table per step: many options cost a path no more than one.

Between nodes delta is a cubic Hermite (gamma is its slope), the rest is linear. Formulas are those of
`pricing.black76`, written for rows of nodes without what a path never asks for.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from hedger.lab.book import YEAR_DAYS, Legs
from hedger.pricing.black76 import Floats

DELTA, SLOPE = 0, 1
THETA, VALUE, IV, VANNA, TAU = 0, 1, 2, 3, 4

_INV_SQRT_2PI = 1.0 / math.sqrt(2.0 * math.pi)


class Grid(NamedTuple):
    """Apart, so that a policy that reads delta alone keeps a step's table in the innermost cache."""

    deltas: Floats
    """[step, node]: delta (coin), d delta / d ln S (coin)."""
    others: Floats
    """[step, node]: theta (USD/day), value (USD), iv, d delta / d sigma (coin per 1.00), years to expiry of
    the one option with the book's gamma and vega (NaN: none has)."""
    lowest: float
    """ln S of the first node."""
    per_unit: float
    """Nodes per unit of ln S."""


def build(
    legs: Legs, times: Floats, log_spot: float, reach: float, nodes: int, rate: float, hedge_iv: float
) -> Grid:
    """Tables at `times` (years), `nodes` of them from log_spot - reach to log_spot + reach.

    `hedge_iv` above 0 replaces every option's own volatility.
    """
    logs = np.linspace(log_spot - reach, log_spot + reach, nodes)
    if hedge_iv > 0.0:
        legs = legs._replace(iv=np.full_like(legs.iv, hedge_iv))
    deltas, others = np.zeros((len(times), nodes, 2)), np.zeros((len(times), nodes, 5))
    for step, now in enumerate(times):
        _fill(deltas[step].T, others[step].T, legs, float(now), logs, rate)
    return Grid(deltas, others, float(logs[0]), (nodes - 1) / (2.0 * reach))


def _fill(first: Floats, rows: Floats, legs: Legs, now: float, logs: Floats, rate: float) -> None:
    """One step: sums over the options still alive. Arrays are [column, node]."""
    vega, weight, weighted = np.zeros((3, len(logs)))
    spot = np.exp(logs)
    for sign, strike, expiry, quantity, iv in zip(*legs, strict=True):
        tau = expiry - now
        if tau <= _PAST:
            continue
        root = math.sqrt(tau)
        v = iv * root
        d1 = (logs + (rate * tau - math.log(strike))) / v + 0.5 * v
        delta = sign * ndtr(sign * d1)
        density = _INV_SQRT_2PI * np.exp(-0.5 * d1 * d1)
        in_money = sign * (strike * math.exp(-rate * tau)) * ndtr(sign * (d1 - v))
        dollars = spot * density
        first[DELTA] += quantity * delta
        first[SLOPE] += density * (quantity / v)
        rows[THETA] -= (quantity / YEAR_DAYS) * (dollars * (0.5 * iv / root) + rate * in_money)
        rows[VALUE] += quantity * (spot * delta - in_money)
        rows[VANNA] -= (quantity / iv) * density * (d1 - v)
        vega += (quantity * root) * dollars
        weight += (abs(quantity) * root) * dollars
        weighted += (abs(quantity) * root * iv) * dollars
    _divide(first, rows, legs, now, (vega, weight, weighted), spot)


_PAST = 1e-12  # years: what expires at this very step is paid, not hedged
_TINY = 1e-200


def _divide(
    first: Floats, rows: Floats, legs: Legs, now: float, sums: tuple[Floats, Floats, Floats], spot: Floats
) -> None:
    """Volatility and time as `portfolio.exposure` has them; far from every strike the plain mean and none."""
    alive: NDArray[np.bool_] = legs.tau - now > _PAST
    if not alive.any():
        return
    vega, weight, weighted = sums
    rows[IV], rows[TAU] = float(legs.iv[alive].mean()), math.nan
    np.divide(weighted, weight, out=rows[IV], where=weight > _TINY)
    scale = spot * first[SLOPE] * rows[IV]
    np.divide(vega, scale, out=rows[TAU], where=(abs(scale) > _TINY) & (vega * scale > 0.0))
