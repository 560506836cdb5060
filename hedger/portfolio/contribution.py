"""What one position adds to its book, and the running sums of a book."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple


class Contribution(NamedTuple):
    """One position's share of the book: totals of the position, not per unit."""

    options_delta: float
    """Sum of n D, coin: the venue's; our own where the venue's is missing, old, or wrong (settlement)."""
    options_model: float
    """Sum of n D, coin: our own throughout."""
    options_value: float
    """Sum of n p of inverse options, coin, of the part not yet fixed; 0 for linear ones, whose value is not
    held in the coin."""
    futures: float
    """Sum of Q / mark of inverse futures, of the size of linear ones, coin."""
    gamma: float
    """Coin per USD: sum of n G."""
    curvature: float
    """Coin per USD: sum of n (G - 2 NTD / F) of inverse options, n G of linear ones, -2 Q / F^2 of inverse
    futures: the curvature of the result counted in coin, times F (theory 1.2, 1.3)."""
    theta: float
    """USD per day."""
    vega: float
    """USD per vol point."""
    vega_weight: float
    """|vega|, the weight of the position's volatility in the book's."""
    weighted_iv: float
    """|vega| times the implied volatility as a fraction."""
    gross: float
    """Coins of options held, long and short alike: the scale of what may differ by rounding."""
    disagreement: float
    """Coin: the venue's n D less ours by its own convention; 0 where the venue's is not used."""
    marked_down: float
    """Coin: what the venue's marks in the settlement window lack of the full value of inverse options."""
    vanna: float
    """Coin per 1.00 of volatility: sum of n dD/dsigma; 0 in the settlement window."""


NOTHING = Contribution(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)

_DELTAS = ("options_delta", "options_model", "options_value", "futures")


class Sums:
    """Running sums of a book, moved by the difference a row makes: the cost does not grow with the book."""

    __slots__ = Contribution._fields

    options_delta: float
    options_model: float
    options_value: float
    futures: float
    gamma: float
    curvature: float
    theta: float
    vega: float
    vega_weight: float
    weighted_iv: float
    gross: float
    disagreement: float
    marked_down: float
    vanna: float

    def __init__(self) -> None:
        self.set(NOTHING)

    def move(self, before: Contribution, after: Contribution) -> None:
        """Replace one row's contribution."""
        self.options_delta += after[0] - before[0]
        self.options_model += after[1] - before[1]
        self.options_value += after[2] - before[2]
        self.futures += after[3] - before[3]
        self.gamma += after[4] - before[4]
        self.curvature += after[5] - before[5]
        self.theta += after[6] - before[6]
        self.vega += after[7] - before[7]
        self.vega_weight += after[8] - before[8]
        self.weighted_iv += after[9] - before[9]
        self.gross += after[10] - before[10]
        self.disagreement += after[11] - before[11]
        self.marked_down += after[12] - before[12]
        self.vanna += after[13] - before[13]

    def set(self, total: Contribution) -> None:
        """Forget the running history: the sums are `total`."""
        for name, value in zip(Contribution._fields, total, strict=True):
            setattr(self, name, value)

    def correction_coin(self, exact: Contribution) -> float:
        """How far the running delta sums are from `exact`, the worst of them, in coin."""
        return max(float(abs(getattr(self, name) - getattr(exact, name))) for name in _DELTAS)


def exact_total(contributions: Iterable[Contribution]) -> Contribution:
    """The correctly rounded sum of each field, whatever the order of the rows."""
    return Contribution(*(math.fsum(column) for column in zip(NOTHING, *contributions, strict=True)))
