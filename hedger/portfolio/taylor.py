"""What the greeks leave of an interval's result, and how much of that is the rounding of marks (theory 4).

Greeks at the start of each step are a Taylor expansion of the prices' change; the residual holds what it
leaves (charm, speed, ...). It is small while steps are small and marks are those of their own forward and
volatility. Where it is not, the other lines do not say what the result came from, though they sum to it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from hedger.portfolio.attribution import Lines, Mark, Terms
from hedger.portfolio.valuation import OptionTerms

HALF_TICK_COIN = 0.00005
"""Of a coin of notional: the venue prints the marks of inverse options in four decimals (deribit.md 8)."""

_OPTION = ("delta", "gamma", "theta", "vega", "vanna", "volga", "residual")
EXPANSION = (*_OPTION, "future_delta", "future_basis", "future_gamma", "future_residual")
"""The lines of the expansion; the others are cash, or inside a settlement window."""


class Taylor(NamedTuple):
    """Of one interval, in its currency."""

    residual: float
    """Signed: of options and futures together."""
    gross: float
    """The sizes of all lines of the expansion, instrument by instrument: a hedge does not net them away."""
    rounding: float
    """What half a tick in every option's mark comes to."""

    @property
    def share(self) -> float:
        """Of the gross result; 0 where there was none."""
        return abs(self.residual) / self.gross if self.gross else 0.0

    def tolerance(self, share: float) -> float:
        """The size up to which the residual is none to speak of: a share of the gross result, or rounding."""
        return max(share * self.gross, self.rounding)


def taylor(lines: Mapping[str, Lines], rounding: float) -> Taylor:
    """What the greeks left of the lines by instrument."""
    return Taylor(
        math.fsum(part for each in lines.values() for part in (each.residual, each.future_residual)),
        math.fsum(abs(getattr(each, name)) for each in lines.values() for name in EXPANSION),
        rounding,
    )


def rounding_of(held: Iterable[tuple[float, Terms, Mark]]) -> float:
    """Half a tick of every option held (signed coins), in the currency: coin, or USD at its forward."""
    return math.fsum(
        abs(quantity) * HALF_TICK_COIN * (1.0 if terms.inverse else mark.forward_usd)
        for quantity, terms, mark in held
        if isinstance(terms, OptionTerms) and (terms.inverse or math.isfinite(mark.forward_usd))
    )
