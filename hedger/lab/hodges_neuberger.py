"""The best possible hedge under proportional costs: the exact dynamic program of Hodges and Neuberger (1989).

Exponential utility of risk aversion g, rate and drift 0. L(t, S, y) is the certainty-equivalent liability of
whoever owes the payoff and holds y coin:

    L(T, S, y) = payoff(S)
    C(t, S, y) = (1/g) ln E[exp(g (L(t + dt, S', y) - y (S' - S)))]
    L(t, S, y) = C(clip(y, low, high)) + lam S |y - clip(y)|

low is the first y at which dC/dy >= -lam S, high the last at which dC/dy <= lam S. The tree is binomial,
u = exp(sigma sqrt(dt)), p = (1 - d) / (u - d).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hedger.lab.closed import Call
from hedger.pricing.black76 import Floats

Indices = NDArray[np.int64]


class Optimum(NamedTuple):
    """At the start: the no-trade band in coin, and the certainty-equivalent liability held from y = 0."""

    lower: float
    upper: float
    liability_usd: float


def solve(
    call: Call, cost_one_way: float, aversion: float, steps: int, levels: int, owed: float = 1.0
) -> Optimum:
    """The optimal policy for whoever owes `owed` calls (negative: owns them). `call.rate` must be 0.

    `levels` grid points of y cover [0, owed] and a quarter of it beyond either end.
    """
    if call.rate != 0.0:
        raise ValueError(f"rate = {call.rate}: must be 0")
    dt = call.years / steps
    up = math.exp(call.sigma * math.sqrt(dt))
    chance = (1.0 - 1.0 / up) / (up - 1.0 / up)
    y = np.sort(owed * np.linspace(-0.25, 1.25, levels))
    nodes = call.spot * up ** np.arange(-steps, steps + 1.0, 2.0)
    liability = np.repeat(owed * np.maximum(nodes - call.strike, 0.0)[:, None], levels, axis=1)
    held = liability
    for step in range(steps - 1, -1, -1):
        spots = call.spot * up ** np.arange(-step, step + 1.0, 2.0)
        held = _held(liability, spots, y, up, chance, aversion)
        liability = _traded(held, spots, y, *_band(held, spots, y, cost_one_way), cost_one_way)
    middle = 0.5 * (y[1:] + y[:-1])  # slopes belong between grid points
    lower, upper = (_edge(held[0], call.spot, y, middle, sign * cost_one_way) for sign in (-1.0, 1.0))
    return Optimum(lower, upper, float(np.interp(0.0, y, liability[0])))


def _held(after: Floats, spots: Floats, y: Floats, up: float, chance: float, aversion: float) -> Floats:
    """C of every node of the step, from the liabilities of the next, by log-sum-exp."""
    rise, fall = spots * (up - 1.0), spots * (1.0 / up - 1.0)
    high = after[1:] - np.multiply.outer(rise, y)
    low = after[:-1] - np.multiply.outer(fall, y)
    gap = aversion * (low - high)
    mixed = np.where(
        gap > 0.0,
        gap + np.log(chance * np.exp(-np.maximum(gap, 0.0)) + (1.0 - chance)),
        np.log(chance + (1.0 - chance) * np.exp(np.minimum(gap, 0.0))),
    )
    return np.asarray(high + mixed / aversion)


def _band(held: Floats, spots: Floats, y: Floats, cost: float) -> tuple[Indices, Indices]:
    """Indices of the first and the last level inside the band; C is convex in y, so slopes only rise."""
    slopes = np.diff(held, axis=1) / (y[1] - y[0])
    bound = cost * spots[:, None]
    low = (slopes < -bound).sum(axis=1)
    high = (slopes <= bound).sum(axis=1)
    return low, np.maximum(high, low)


def _traded(held: Floats, spots: Floats, y: Floats, low: Indices, high: Indices, cost: float) -> Floats:
    """L: outside the band, C at its edge and the cost of going there."""
    at = np.clip(np.arange(len(y))[None, :], low[:, None], high[:, None])
    return np.asarray(np.take_along_axis(held, at, axis=1) + cost * spots[:, None] * abs(y[None, :] - y[at]))


def _edge(held: Floats, spot: float, y: Floats, middle: Floats, bound: float) -> float:
    """Where the slope crosses the bound, between grid points."""
    slopes = np.diff(held) / (y[1] - y[0])
    return float(np.interp(bound * spot, slopes, middle))
