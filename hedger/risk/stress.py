"""What a set of positions is worth at other prices and volatilities: one table, from which the portfolio
margin and the way to a liquidation are read.

Portfolio margin here is an estimate of our own, after the published idea: the worst loss over prices of
-16 % to +16 % and volatilities down, as they are, and up; initial margin is 130 % of it. Shocks of volatility
grow for short expiries, (30 days / time left) ** 0.3. It is used for what an order adds to the venue's own
figure and for how that figure moves with the index, never in the place of the venue's figure itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hedger.domain.instrument import Payoff
from hedger.domain.time_units import YEAR_DAYS
from hedger.pricing.black76 import black76
from hedger.pricing.scalar import years_to
from hedger.risk.standard import OPTION_MAINTENANCE, Holding, Required, rates_of, slope_of

Floats = NDArray[np.float64]

MOVES: Floats = np.linspace(-0.16, 0.16, 17)
NO_SHOCK = (0.0,)
VOL_SHOCKS = (-0.25, *NO_SHOCK, 0.5)  # relative, at 30 days
SHOCK_DAYS, SHOCK_POWER = 30.0, 0.3
INITIAL_OVER_MAINTENANCE = 1.3
LEAST_DAYS = 1.0

MULTIPLIERS: Floats = np.unique(
    np.round(
        np.concatenate(
            [np.geomspace(0.05, 0.78, 40), np.linspace(0.8, 1.2, 41), np.geomspace(1.22, 4.0, 30)]
        ),
        6,
    )
)
"""Prices as multiples of the ones now, with every move of MOVES among them: nothing is interpolated there."""
HERE = int(np.flatnonzero(MULTIPLIERS == 1.0)[0])


class Table(NamedTuple):
    """Changes of worth against now, in the settlement currency, at every price of MULTIPLIERS."""

    futures: Floats
    options: Floats  # one line per shock
    standard_maintenance: Floats  # what standard margin asks for there

    def loss_at(self, multiplier: float) -> float:
        """Worst loss that starts from a price which has moved already; not negative."""
        moved = multiplier * (1.0 + MOVES)
        here = self._change(multiplier, 1)
        worst = min(float(self._changes(moved, shock).min()) for shock in range(len(VOL_SHOCKS)))
        return max(here - worst, 0.0)

    def _changes(self, at: Floats, shock: int) -> Floats:
        total: Floats = np.interp(at, MULTIPLIERS, self.futures + self.options[shock])
        return total

    def _change(self, at: float, shock: int) -> float:
        return float(np.interp(at, MULTIPLIERS, self.futures + self.options[shock]))


def table_of(holdings: Sequence[Holding], market_ms: int, shocks: Sequence[float] = VOL_SHOCKS) -> Table:
    """The table of some positions at a market time. Options must carry a volatility above 0.

    An account of standard margin reads no shocked line: NO_SHOCK makes its table at a third of the cost.
    """
    options = [one for one in holdings if one.instrument.is_option and one.size]
    futures = np.zeros_like(MULTIPLIERS)
    maintenance = np.zeros_like(MULTIPLIERS)
    for one in holdings:
        if one.instrument.is_future and one.size:
            futures += one.size * unit_change(one)
            maintenance += _future_maintenance(one)
    if not options:
        return Table(futures, np.zeros((len(shocks), len(MULTIPLIERS))), maintenance)
    worth, short = _options(options, market_ms, shocks)
    return Table(futures, worth, maintenance + short)


def unit_change(future: Holding) -> Floats:
    """Change of worth of one unit of a future's amount: 1/F - 1/F' coin per USD, or F' - F per coin."""
    there = future.mark * MULTIPLIERS
    if future.instrument.payoff is Payoff.INVERSE:
        change: Floats = 1.0 / future.mark - 1.0 / there
        return change
    linear: Floats = there - future.mark
    return linear


def _future_maintenance(one: Holding) -> Floats:
    """Standard maintenance at every price; inverse futures cost less coin at higher ones."""
    there, rate, slope = one.mark * MULTIPLIERS, rates_of(one).maintenance, slope_of(one)
    inverse = one.instrument.payoff is Payoff.INVERSE
    coin = abs(one.size) / there if inverse else np.full_like(there, abs(one.size))
    cost: Floats = (coin if inverse else coin * there) * (rate + slope * coin)
    return cost


def _options(options: Sequence[Holding], market_ms: int, shocks: Sequence[float]) -> tuple[Floats, Floats]:
    """Change of worth per shock and price, and standard maintenance of the short ones per price."""
    size = np.array([one.size for one in options])
    strike = np.array([float(one.instrument.strike_usd or 0) for one in options])
    sign = np.array([float(one.instrument.option_sign) for one in options])
    forward = np.array([one.forward_usd for one in options])
    tau = np.array([max(years_to(one.instrument.expiration_ms or 0, market_ms), 0.0) for one in options])
    iv = np.array([one.iv for one in options])
    inverse = np.array([one.instrument.payoff is Payoff.INVERSE for one in options])
    there = forward * MULTIPLIERS[:, None]  # (prices, options)
    shocked = iv * (1.0 + np.array(shocks)[:, None] * _short_dated(tau))  # (shocks, options)
    price = black76(there, strike, tau, np.maximum(shocked, 0.0)[:, None, :], sign).price_usd
    worth = np.where(inverse, price / there, price)
    as_it_is = shocks.index(0.0)
    changes = ((worth - worth[as_it_is, HERE]) * size).sum(axis=2)
    return changes, _short_maintenance(size, sign, inverse, there, price[as_it_is])


def _short_dated(tau_years: Floats) -> Floats:
    days = np.maximum(tau_years * YEAR_DAYS, LEAST_DAYS)
    grown: Floats = (SHOCK_DAYS / days) ** SHOCK_POWER
    return grown


def _short_maintenance(
    size: Floats, sign: Floats, inverse: NDArray[np.bool_], there: Floats, price: Floats
) -> Floats:
    """See `standard.option_rates`; of short positions only."""
    mark = price / there
    rate = OPTION_MAINTENANCE * np.where(sign < 0.0, np.maximum(mark, 1.0), 1.0) + mark
    total: Floats = (np.maximum(-size, 0.0) * rate * np.where(inverse, 1.0, there)).sum(axis=1)
    return total


def portfolio_required(loss: float) -> Required:
    """Portfolio margin of a worst loss."""
    return Required(INITIAL_OVER_MAINTENANCE * loss, loss)
