"""Margins as a summary tells them: of one settlement currency, or of the whole account in USD.

With segregated models every settlement currency stands for itself. With `cross_sm` all currencies are one
account in USD: margin balance and margins are sums, shown converted in every currency (deribit.md 9). A
haircut on the equity held in a currency is added to the initial margin (Deribit, "Cross collateral
specifications"): none on BTC and USDC as in the recorded `pme/simulate`; 2 % on ETH is an assumption.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from hedger.simulator.numbers import ZERO, rounded
from hedger.simulator.render_account import CASH_PLACES, Totals
from hedger.simulator.requirements import CROSS_SM, SEGREGATED_PM, Requirement

HAIRCUTS = {"BTC": ZERO, "ETH": Decimal("0.02"), "USDC": ZERO}
USD_PLACES = 10


@dataclass(frozen=True, slots=True)
class Part:
    """One settlement currency: what it has, what it needs now and what after the next expiry."""

    currency: str
    totals: Totals
    need: Requirement
    left: Requirement


@dataclass(frozen=True, slots=True)
class Cross:
    """The whole account of a cross model, USD."""

    equity_usd: Decimal
    margin_balance_usd: Decimal
    initial_usd: Decimal
    maintenance_usd: Decimal
    delta_usd: Decimal


@dataclass(frozen=True, slots=True)
class Margins:
    """The margins of one currency; with a cross model those of the whole account, converted into it."""

    model: str
    margin_balance: Decimal
    initial: Decimal  # open orders included
    maintenance: Decimal
    projected_initial: Decimal  # after the next expiry
    projected_maintenance: Decimal
    cross: Cross | None = None

    @property
    def available(self) -> Decimal:
        return self.margin_balance - self.initial

    @property
    def breached(self) -> bool:
        """Whether the account must be liquidated."""
        return self.maintenance > self.margin_balance


def segregated_margins(model: str, part: Part) -> Margins:
    """One currency by itself. Only portfolio margin counts the value of options in the margin balance."""
    totals, places = part.totals, CASH_PLACES.get(part.currency, 8)
    return Margins(
        model=model,
        margin_balance=totals.equity if model == SEGREGATED_PM else totals.equity - totals.options_value,
        initial=rounded(part.need.with_orders, places),
        maintenance=rounded(part.need.maintenance, places),
        projected_initial=rounded(part.left.with_orders, places),
        projected_maintenance=rounded(part.left.maintenance, places),
    )


def cross_margins(parts: list[Part], prices: Mapping[str, Decimal], currency: str) -> Margins:
    """All currencies together, told in one; 0 in a currency without a price in USD."""

    def total(value: Callable[[Part], Decimal]) -> Decimal:
        return sum((value(part) * prices[part.currency] for part in parts), ZERO)

    haircut = total(lambda part: HAIRCUTS[part.currency] * max(ZERO, part.totals.equity))
    cross = Cross(
        equity_usd=_usd(total(lambda part: part.totals.equity)),
        margin_balance_usd=_usd(total(lambda part: part.totals.equity - part.totals.options_value)),
        initial_usd=_usd(total(lambda part: part.need.with_orders) + haircut),
        maintenance_usd=_usd(total(lambda part: part.need.maintenance)),
        delta_usd=_usd(total(lambda part: part.totals.delta_total)),
    )
    unit, places = prices.get(currency), CASH_PLACES.get(currency, 8)

    def shown(usd: Decimal) -> Decimal:
        return rounded(usd / unit, places) if unit else ZERO

    return Margins(
        model=CROSS_SM,
        margin_balance=shown(cross.margin_balance_usd),
        initial=shown(cross.initial_usd),
        maintenance=shown(cross.maintenance_usd),
        projected_initial=shown(total(lambda part: part.left.with_orders) + haircut),
        projected_maintenance=shown(total(lambda part: part.left.maintenance)),
        cross=cross,
    )


def _usd(value: Decimal) -> Decimal:
    return rounded(value, USD_PLACES)
