"""What an account has against its positions, and by which rules: the venue's own figures."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from hedger.domain.account import Account


class MarginModel(StrEnum):
    """The account's rules (deribit.md 9)."""

    SEGREGATED_SM = "segregated_sm"  # each currency by itself, nothing netted
    SEGREGATED_PM = "segregated_pm"  # each currency by itself, by a stress matrix
    CROSS_SM = "cross_sm"  # all currencies together, nothing netted
    CROSS_PM = "cross_pm"  # all currencies together, by a stress matrix

    @property
    def portfolio(self) -> bool:
        return self in (MarginModel.SEGREGATED_PM, MarginModel.CROSS_PM)

    @property
    def cross(self) -> bool:
        return self in (MarginModel.CROSS_SM, MarginModel.CROSS_PM)


class Funds(NamedTuple):
    """Balance and margins in one currency; of a cross account the whole of it, in that currency."""

    model: MarginModel
    currency: str
    balance: float
    initial: float
    maintenance: float

    @property
    def excess_fraction(self) -> float:
        """What initial margin leaves free, as a share of the balance; without a balance nothing is free."""
        return (self.balance - self.initial) / self.balance if self.balance > 0.0 else float("-inf")

    @property
    def maintenance_distance(self) -> float:
        """What is left until maintenance margin is reached, as a share of the balance."""
        return (self.balance - self.maintenance) / self.balance if self.balance > 0.0 else float("-inf")


def funds_of(account: Account, price_usd: float) -> Funds | None:
    """The account's funds; None for rules we do not know. `price_usd` is that of the currency (1: dollars).

    An account that does not name its rules is one of standard margin. A balance that is not told is the
    equity less the options' value, by the rules of segregated standard margin, or all of the equity under a
    stress matrix, which counts options on both sides.
    """
    try:
        model = MarginModel(account.margin_model or MarginModel.SEGREGATED_SM)
    except ValueError:
        return None
    totals = (
        account.total_margin_balance_usd,
        account.total_initial_margin_usd,
        account.total_maintenance_margin_usd,
    )
    if model.cross and None not in totals:
        balance, initial, maintenance = (float(total or 0) / price_usd for total in totals)
        return Funds(model, account.currency, balance, initial, maintenance)
    balance = _balance(account, model)
    return Funds(
        model, account.currency, balance, float(account.initial_margin), float(account.maintenance_margin)
    )


def _balance(account: Account, model: MarginModel) -> float:
    if account.margin_balance is not None:
        return float(account.margin_balance)
    return float(account.equity if model.portfolio else account.equity - account.options_value)
