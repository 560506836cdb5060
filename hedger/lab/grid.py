"""The book's greeks on a grid of log-spot, one table per step: many options cost a path no more than one.

Between nodes delta is a cubic Hermite (gamma is its slope), the rest is linear. Formulas are those of
`pricing.black76`, written for rows of nodes without what a path never asks for.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
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


NONE = Grid(np.zeros((0, 0, 2)), np.zeros((0, 0, 5)), 0.0, 0.0)


def build(
    legs: Legs,
    times: Floats,
    log_spot: float,
    reach: float,
    nodes: int,
    rate: float,
    hedge_iv: float,
    *,
    whole: bool = True,
) -> Grid:
    """Tables at `times` (years), `nodes` of them from log_spot - reach to log_spot + reach.

    `hedge_iv` above 0 replaces every option's own volatility. Without `whole` only delta is filled in.
    """
    logs = np.linspace(log_spot - reach, log_spot + reach, nodes)
    if hedge_iv > 0.0:
        legs = legs._replace(iv=np.full_like(legs.iv, hedge_iv))
    deltas = np.zeros((len(times), nodes, 2))
    others = np.zeros((len(times) if whole else 1, nodes, 5))
    room = np.empty((3, len(legs.tau), nodes))  # fresh memory for each step costs more than the arithmetic
    for step, now in enumerate(times):
        alive = legs.tau - now > _PAST
        if alive.any():
            held = Legs(*(part[alive] for part in legs))._replace(tau=legs.tau[alive] - now)
            _fill(
                deltas[step].T, others[step].T if whole else None, held, logs, rate, room[:, : len(held.tau)]
            )
    return Grid(deltas, others, float(logs[0]), (nodes - 1) / (2.0 * reach))


_PAST = 1e-12  # years: what expires at this very step is paid, not hedged
_TINY = 1e-200


def _fill(first: Floats, rows: Floats | None, legs: Legs, logs: Floats, rate: float, room: Floats) -> None:
    """One step: sums over the options alive, legs.tau years from expiry. Tables are [column, node]."""
    d1, density, chance = room  # [option, node]
    v = legs.iv * np.sqrt(legs.tau)
    np.multiply.outer(1.0 / v, logs, out=d1)
    d1 += ((rate * legs.tau - np.log(legs.strike)) / v + 0.5 * v)[:, None]
    np.multiply(d1, d1, out=density)
    np.multiply(legs.sign[:, None], d1, out=chance)
    ndtr(chance, out=chance)
    density *= -0.5
    np.exp(density, out=density)
    first[DELTA] = (legs.quantity * legs.sign) @ chance
    first[SLOPE] = (_INV_SQRT_2PI * legs.quantity / v) @ density
    if rows is not None:
        density *= _INV_SQRT_2PI
        _fill_others(first, rows, legs, logs, rate, d1, density)


def _fill_others(
    first: Floats, rows: Floats, legs: Legs, logs: Floats, rate: float, d1: Floats, density: Floats
) -> None:
    """Theta, value, vanna, and volatility and time as `portfolio.exposure` has them.

    Far from every strike volatility is the plain mean and time to expiry not known.
    """
    spot, quantity, root = np.exp(logs), legs.quantity, np.sqrt(legs.tau)
    v = legs.iv * root
    discounted = quantity * legs.sign * legs.strike * np.exp(-rate * legs.tau)
    in_money = discounted @ ndtr(legs.sign[:, None] * (d1 - v[:, None]))
    decay = spot * ((0.5 * quantity * legs.iv / root) @ density)
    rows[THETA] = -(decay + rate * in_money) / YEAR_DAYS
    rows[VALUE] = spot * first[DELTA] - in_money
    rows[VANNA] = -(quantity / legs.iv) @ (density * (d1 - v[:, None]))
    vega, weight = spot * ((quantity * root) @ density), (abs(quantity) * root) @ density
    rows[IV], rows[TAU] = float(legs.iv.mean()), math.nan
    np.divide((abs(quantity) * root * legs.iv) @ density, weight, out=rows[IV], where=weight > _TINY)
    scale = spot * first[SLOPE] * rows[IV]
    np.divide(vega, scale, out=rows[TAU], where=(abs(scale) > _TINY) & (vega * scale > 0.0))
