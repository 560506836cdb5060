"""Margin beside a grid of results: it starts at what the venue told and ends where the account would."""

from __future__ import annotations

import pytest

from hedger.domain.instrument import Payoff
from hedger.pricing.scalar import black76_one, years_to
from hedger.risk.funds import MarginModel
from hedger.risk.margin import liquidation
from hedger.risk.standard import Holding
from hedger.risk.stressed import stressed
from tests.portfolio import market
from tests.risk.accounts import BTC_USD, account, funds, perpetual

PM = MarginModel.SEGREGATED_PM
SIZE, IV = -10.0, 0.55


def short_calls() -> Holding:
    listed = market.option()
    return Holding(listed, SIZE, market.option_quote(listed).mark, BTC_USD, IV)


def unit(iv: float, move: float = 0.0) -> float:
    """Price of one of those calls in coin."""
    forward = BTC_USD * (1.0 + move)
    listed = market.option()
    assert listed.payoff is Payoff.INVERSE
    years = years_to(market.EXPIRY_MS, market.NOW_MS)
    return black76_one(forward, 105_000.0, years, iv, 1).price_usd / forward


@pytest.mark.parametrize("model", [MarginModel.SEGREGATED_SM, PM])
def test_nothing_moved_is_what_the_venue_told(model: MarginModel) -> None:
    told = funds(5.0, 4.0, 3.0, model)
    here = stressed(account(short_calls(), perpetual(100_000.0), told=told), (0.0,), (0.0,))[0][0]
    assert here == pytest.approx((5.0, 3.0))


def test_by_standard_margin_options_are_no_balance_but_cost_more_when_they_are_dearer() -> None:
    grid = stressed(account(short_calls(), perpetual(), told=funds(5.0, 4.0, 3.0)), (0.0, 0.05), (0.0, 0.1))
    assert [cell.balance for row in grid for cell in row] == pytest.approx([5.0] * 4)
    assert grid[0][1].maintenance - 3.0 == pytest.approx(10 * (unit(IV + 0.1) - unit(IV)), rel=1e-6)
    assert grid[1][0].maintenance - 3.0 == pytest.approx(10 * (unit(IV, 0.05) - unit(IV)), rel=1e-6)


def test_under_a_stress_matrix_a_loss_in_options_is_a_loss_of_balance() -> None:
    grid = stressed(
        account(short_calls(), perpetual(), told=funds(5.0, 4.0, 3.0, PM)), (0.0, 0.05), (0.0, 0.1)
    )
    assert grid[0][1].balance - 5.0 == pytest.approx(SIZE * (unit(IV + 0.1) - unit(IV)), rel=1e-9)
    assert grid[1][1].balance - 5.0 == pytest.approx(SIZE * (unit(IV + 0.1, 0.05) - unit(IV)), rel=1e-6)
    assert grid[1][0].maintenance != 3.0


def test_the_grid_says_what_the_distance_to_liquidation_says() -> None:
    """A short perpetual: balance meets maintenance at the move the guard shows."""
    state = account(perpetual(-1_000_000.0), told=funds(0.6, 0.2, 10 * (0.01 + 10 * 5e-5)))
    up_pct = liquidation(state).up_pct
    assert up_pct is not None
    before, beyond = (stressed(state, (up_pct / 100 + step,), (0.0,))[0][0] for step in (-0.005, 0.005))
    assert before.left > 0.0
    assert beyond.left < 0.0
    assert beyond._replace(balance=-0.1).left == -1.0, "a balance below nothing has nothing left"
