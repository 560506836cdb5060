"""The book's greeks on a grid of log-spot, one table per step: many options cost a path no more than one.

Between nodes delta is a cubic through its values and slopes (Hermite), and gamma the cubic's slope; the rest
is linear. Formulas are those of `pricing.black76`, for rows of nodes, without what a path never asks for.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from hedger.domain.time_units import YEAR_DAYS
from hedger.lab.book import Legs
from hedger.pricing.black76 import Floats

THETA, VALUE, IV, VANNA, TAU = 0, 1, 2, 3, 4

_INV_SQRT_2PI = 1.0 / math.sqrt(2.0 * math.pi)


class Grid(NamedTuple):
    """A step's `cells[step]` cells are of one width and begin at row first[step] of `cubics`."""

    cubics: Floats
    """[cell, power]: delta (coin) = sum of cubics[cell, k] w^k, w from 0 to 1 over the cell."""
    first: NDArray[np.int64]
    cells: NDArray[np.int64]
    others: Floats
    """[step, node]: theta (USD/day), value (USD), iv, d delta / d sigma (coin per 1.00), years to expiry of
    the one option with the book's gamma and vega (NaN: none has). No step where only delta was asked for."""
    lowest: float
    """ln S of the first node."""
    span: float
    """Of ln S from the first node to the last."""


_NO_STEP = np.zeros(0, dtype=np.int64)
NONE = Grid(np.zeros((0, 4)), _NO_STEP, _NO_STEP, np.zeros((0, 0, 5)), 0.0, 1.0)

DEVIATIONS_PER_CELL = 0.2
"""Of what the option nearest to expiry still moves: a cubic is then within 3e-6 of the normal distribution
(h^4/384 times its fourth derivative)."""
_LEAST_CELLS = 16


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
    """Tables at `times` (years), at most `nodes` of them from log_spot - reach to log_spot + reach.

    `hedge_iv` above 0 replaces every option's own volatility. Without `whole` only delta is filled in, on as
    few nodes as its cubics need.
    """
    if hedge_iv > 0.0:
        legs = legs._replace(iv=np.full_like(legs.iv, hedge_iv))
    lives = [Legs(*(part[legs.tau - now > _PAST] for part in legs)) for now in times]
    lives = [alive._replace(tau=alive.tau - now) for alive, now in zip(lives, times, strict=True)]
    cells = np.array([nodes - 1 if whole else _cells(alive, reach, nodes) for alive in lives], dtype=np.int64)
    first = np.concatenate(([0], np.cumsum(cells)[:-1]))
    cubics = np.zeros((int(cells.sum()), 4))
    others = np.zeros((len(times) if whole else 0, nodes, 5))
    room = np.empty(3 * len(legs.tau) * int(cells.max() + 1))  # fresh memory costs more than the arithmetic
    for step, alive in enumerate(lives):
        if len(alive.tau):
            logs = np.linspace(log_spot - reach, log_spot + reach, cells[step] + 1)
            shape = (3, len(alive.tau), len(logs))
            deltas = _fill(others[step].T if whole else None, alive, logs, rate, _within(room, shape))
            cubics[first[step] : first[step] + cells[step]] = _cubics(*deltas, 2.0 * reach / cells[step])
    return Grid(cubics, first, cells, others, log_spot - reach, 2.0 * reach)


_PAST = 1e-12  # years: what expires at this very step is paid, not hedged
_TINY = 1e-200


def _cells(alive: Legs, reach: float, nodes: int) -> int:
    deviation = float((alive.iv * np.sqrt(alive.tau)).min(initial=math.inf))
    return max(min(math.ceil(2.0 * reach / (DEVIATIONS_PER_CELL * deviation)), nodes - 1), _LEAST_CELLS)


def _within(room: Floats, shape: tuple[int, int, int]) -> Floats:
    return room[: math.prod(shape)].reshape(shape)


def _cubics(delta: Floats, slope: Floats, width: float) -> Floats:
    """[cell, power] from values and slopes (per ln S) at the nodes."""
    rise, start, end = np.diff(delta), slope[:-1] * width, slope[1:] * width
    return np.stack([delta[:-1], start, 3.0 * rise - 2.0 * start - end, start + end - 2.0 * rise], axis=1)


def _fill(rows: Floats | None, legs: Legs, logs: Floats, rate: float, room: Floats) -> tuple[Floats, Floats]:
    """One step: delta and d delta / d ln S at the nodes, summed over options legs.tau years from expiry."""
    d1, density, chance = room  # [option, node]
    v = legs.iv * np.sqrt(legs.tau)
    np.multiply.outer(1.0 / v, logs, out=d1)
    d1 += ((rate * legs.tau - np.log(legs.strike)) / v + 0.5 * v)[:, None]
    np.multiply(d1, d1, out=density)
    np.multiply(legs.sign[:, None], d1, out=chance)
    ndtr(chance, out=chance)
    density *= -0.5
    np.exp(density, out=density)
    delta = np.asarray((legs.quantity * legs.sign) @ chance)
    slope = np.asarray((_INV_SQRT_2PI * legs.quantity / v) @ density)
    if rows is not None:
        density *= _INV_SQRT_2PI
        _fill_others(delta, slope, rows, legs, logs, rate, d1, density)
    return delta, slope


def _fill_others(
    delta: Floats,
    slope: Floats,
    rows: Floats,
    legs: Legs,
    logs: Floats,
    rate: float,
    d1: Floats,
    density: Floats,
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
    rows[VALUE] = spot * delta - in_money
    rows[VANNA] = -(quantity / legs.iv) @ (density * (d1 - v[:, None]))
    vega, weight = spot * ((quantity * root) @ density), (abs(quantity) * root) @ density
    rows[IV], rows[TAU] = float(legs.iv.mean()), math.nan
    np.divide((abs(quantity) * root * legs.iv) @ density, weight, out=rows[IV], where=weight > _TINY)
    scale = spot * slope * rows[IV]
    np.divide(vega, scale, out=rows[TAU], where=(abs(scale) > _TINY) & (vega * scale > 0.0))
