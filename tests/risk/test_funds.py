"""What the venue tells of an account, read by its own rules."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from hedger.domain.account import Account
from hedger.risk.funds import Funds, MarginModel, funds_of
from tests.portfolio import market

PRICE_USD = 100_000.0


def told(**changes: Any) -> Account:
    figures = {
        "equity": Decimal("9"),
        "options_value": Decimal("-1"),
        "initial_margin": Decimal("2"),
        "maintenance_margin": Decimal("1"),
    }
    return msgspec.structs.replace(market.account("9"), **{**figures, **changes})


def test_the_balance_the_venue_tells_is_the_balance() -> None:
    funds = funds_of(told(margin_balance=Decimal("7"), margin_model="segregated_sm"), PRICE_USD)
    assert funds == Funds(MarginModel.SEGREGATED_SM, "BTC", 7.0, 2.0, 1.0)


def test_untold_it_is_the_equity_less_the_options_under_standard_margin() -> None:
    """A short option is a negative value: the premium received is there to be paid back."""
    assert funds_of(told(), PRICE_USD) == Funds(MarginModel.SEGREGATED_SM, "BTC", 10.0, 2.0, 1.0)


def test_under_a_stress_matrix_it_is_all_of_the_equity() -> None:
    funds = funds_of(told(margin_model="segregated_pm"), PRICE_USD)
    assert funds is not None
    assert (funds.model.portfolio, funds.balance) == (True, 9.0)


def test_a_cross_account_answers_with_all_of_it_in_dollars() -> None:
    funds = funds_of(
        told(
            margin_model="cross_sm",
            total_margin_balance_usd=Decimal(1_500_000),
            total_initial_margin_usd=Decimal(300_000),
            total_maintenance_margin_usd=Decimal(150_000),
        ),
        PRICE_USD,
    )
    assert funds == Funds(MarginModel.CROSS_SM, "BTC", 15.0, 3.0, 1.5)


def test_a_cross_account_without_totals_is_told_by_currency_converted() -> None:
    funds = funds_of(told(margin_model="cross_pm", margin_balance=Decimal(8)), PRICE_USD)
    assert funds == Funds(MarginModel.CROSS_PM, "BTC", 8.0, 2.0, 1.0)


def test_rules_nobody_has_seen_are_not_guessed() -> None:
    assert funds_of(told(margin_model="segregated_xm"), PRICE_USD) is None


@pytest.mark.parametrize("balance", [0.0, -1.0])
def test_without_a_balance_nothing_is_free(balance: float) -> None:
    funds = Funds(MarginModel.SEGREGATED_SM, "BTC", balance, 0.0, 0.0)
    assert funds.excess_fraction == funds.maintenance_distance == float("-inf")
