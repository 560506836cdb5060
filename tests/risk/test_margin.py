"""What fits above the floor, what is refused, and how far a liquidation is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedger.domain.vocabulary import Reason
from hedger.risk.funds import MarginModel
from hedger.risk.margin import at, broken, liquidation, most_amount, refusal
from hedger.risk.margin_params import MarginParams
from hedger.risk.standard import Holding
from tests.portfolio import market
from tests.risk.accounts import BTC_USD, account, funds, perpetual

PERP = market.PERPETUAL
FLOOR = MarginParams(min_excess_fraction=0.05, min_maintenance_distance=0.1)
PM = MarginModel.SEGREGATED_PM


def short_calls(size: float = -10.0) -> Holding:
    listed = market.option()
    return Holding(listed, size, market.option_quote(listed).mark, BTC_USD, 0.55)


def test_after_a_hedge_stands_what_the_venue_told_plus_what_the_hedge_costs() -> None:
    then = at(account(told=funds(10.0, 2.0, 1.0)), PERP, 100_000.0)

    assert then.initial == pytest.approx(2.0 + 1 * (0.02 + 5e-5))
    assert then.maintenance == pytest.approx(1.0 + 1 * (0.01 + 5e-5))
    assert then.balance == 10.0  # the test's listing charges no fee


def test_a_hedge_made_since_the_account_was_told_is_not_forgotten() -> None:
    """The account knew of no position; ours is a million by now."""
    held = at(account(told=funds(10.0, 2.0, 1.0)), PERP, 1_000_000.0)
    assert held.initial == pytest.approx(2.0 + 10 * (0.02 + 10 * 5e-5))


def test_a_hedge_that_fits_is_not_shrunk() -> None:
    assert most_amount(account(), PERP, 0.0, 500_000.0, FLOOR) == (500_000.0, "")


def test_a_hedge_that_breaks_the_floor_is_shrunk_to_the_floor_exactly() -> None:
    thin = account(told=funds(1.0, 0.9))
    fits, why = most_amount(thin, PERP, 0.0, 1_000_000.0, FLOOR)

    assert 0.0 < fits < 1_000_000.0
    assert at(thin, PERP, fits).excess_fraction == pytest.approx(0.05)
    assert "min_excess_fraction = 0.05" in why
    assert "initial margin would go from 0.9 to 1.105 BTC against a margin balance of 1" in why


def test_the_distance_to_maintenance_is_a_floor_of_its_own() -> None:
    thin = account(told=funds(1.0, 0.0, 0.85))
    assert "min_maintenance_distance = 0.1" in broken(thin, PERP, 0.0, 1_000_000.0, FLOOR)


@pytest.mark.parametrize("change", [-1_000_000.0, -1_900_000.0])
def test_a_hedge_that_makes_the_margin_smaller_passes_below_the_floor(change: float) -> None:
    """Refusing it would keep the account where it is liquidated."""
    beyond = account(perpetual(1_000_000.0), told=funds(0.2, 0.25, 0.19))
    assert broken(beyond, PERP, 1_000_000.0, change, FLOOR) == ""
    assert broken(beyond, PERP, 1_000_000.0, -2_100_000.0, FLOOR)
    assert broken(beyond, PERP, 1_000_000.0, 10.0, FLOOR)


def test_under_a_stress_matrix_a_hedge_frees_margin_where_standard_margin_only_charges() -> None:
    told = funds(5.0, 4.9, 3.5)
    plain = account(short_calls(), perpetual(), told=told)
    matrix = account(short_calls(), perpetual(), told=told._replace(model=PM))

    assert broken(plain, PERP, 0.0, 400_000.0, FLOOR)
    assert broken(matrix, PERP, 0.0, 400_000.0, FLOOR) == ""
    assert at(matrix, PERP, 400_000.0).maintenance < 3.5
    assert broken(matrix, PERP, 0.0, -400_000.0, FLOOR)  # the wrong way round


def test_an_option_order_is_margined_too() -> None:
    thin = account(short_calls(0.0), perpetual(), told=funds(1.0, 0.5, 0.3))
    assert broken(thin, market.CALL, 0.0, -10.0, FLOOR)
    assert broken(thin, market.CALL, 0.0, 10.0, FLOOR) == ""
    matrix = account(short_calls(0.0), perpetual(), told=funds(1.0, 0.5, 0.3, PM))
    assert broken(matrix, market.CALL, 0.0, -10.0, FLOOR)


def test_an_account_nobody_knows_passes_only_what_shrinks_the_position() -> None:
    listed = market.perpetual()
    refused = refusal(None, listed, 100.0, 10.0, FLOOR)
    assert refused is not None
    assert refused.reason is Reason.ACCOUNT_UNKNOWN
    assert refusal(None, listed, 100.0, -10.0, FLOOR) is None
    assert refusal(account(), market.future(), 0.0, 10.0, FLOOR) is not None


def test_the_refusal_says_that_delta_is_out_and_why() -> None:
    refused = refusal(account(told=funds(1.0, 1.0)), market.perpetual(), 0.0, 100_000.0, FLOOR)
    assert refused is not None
    assert refused.reason is Reason.MARGIN
    assert refused.detail.startswith("delta out, no margin: initial margin would go from 1 to")


amounts = st.floats(-5e6, 5e6)


@given(amounts, amounts, st.floats(0.0, 2.0), st.floats(0.0, 2.0), st.sampled_from(MarginModel))
def test_what_fits_lies_between_nothing_and_what_was_asked_for_and_breaks_nothing(
    held: float, change: float, initial: float, maintenance: float, model: MarginModel
) -> None:
    state = account(perpetual(held), told=funds(2.0, initial, maintenance, model))
    fits, why = most_amount(state, PERP, held, change, FLOOR)

    assert abs(fits) <= abs(change)
    assert fits * change >= 0.0
    assert not broken(state, PERP, held, fits, FLOOR)
    assert bool(why) == bool(broken(state, PERP, held, change, FLOOR))


def test_a_short_perpetual_is_liquidated_upwards_where_its_loss_meets_maintenance() -> None:
    """Ten coins short against 0.6 coin: Q (1/F - 1/F') eats the balance down to maintenance."""
    held = perpetual(-1_000_000.0)
    maintenance = 10 * (0.01 + 10 * 5e-5)
    way = liquidation(account(held, told=funds(0.6, 0.2, maintenance)))

    assert way.up_pct is not None
    price = BTC_USD * (1 + way.up_pct / 100)
    coin = 1_000_000 / price
    left = 0.6 - 1_000_000 * (1 / BTC_USD - 1 / price) - coin * (0.01 + coin * 5e-5)
    assert left == pytest.approx(0.0, abs=0.002)
    assert way.down_pct is None


def test_a_hedged_account_is_further_from_a_liquidation_under_a_stress_matrix() -> None:
    told = funds(1.0, 0.5, 0.3, PM)
    naked = liquidation(account(short_calls(), perpetual(), told=told))
    hedged = liquidation(account(short_calls(), perpetual(350_000.0), told=told))
    assert naked.up_pct is not None
    assert hedged.up_pct is not None
    assert hedged.up_pct > naked.up_pct


def test_a_flat_account_is_liquidated_nowhere() -> None:
    assert liquidation(account()) == (None, None)
