"""The table of prices and volatilities, against plain arithmetic and the scalar model."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from hedger.pricing.scalar import black76_one, years_to
from hedger.risk.standard import Holding, standard
from hedger.risk.stress import MOVES, MULTIPLIERS, portfolio_required, table_of
from tests.portfolio import market
from tests.risk.accounts import BTC_USD, perpetual


def call(size: float, iv: float = 0.55) -> Holding:
    listed = market.option()
    return Holding(listed, size, market.option_quote(listed).mark, BTC_USD, iv)


def at(multiplier: float) -> int:
    return int(np.argmin(np.abs(MULTIPLIERS - multiplier)))


@pytest.mark.parametrize("move", MOVES)
def test_every_move_of_the_matrix_is_a_price_of_the_table(move: float) -> None:
    assert abs(MULTIPLIERS[at(1.0 + move)] - (1.0 + move)) < 1e-9


def test_an_inverse_short_loses_coin_when_the_price_rises() -> None:
    table = table_of((perpetual(-1_000_000.0),), market.NOW_MS)

    assert table.futures[at(1.10)] == pytest.approx(-1_000_000 * (1 / 100_000 - 1 / 110_000))
    assert table.loss_at(1.0) == pytest.approx(1_000_000 * (1 / 100_000 - 1 / 116_000))


def test_a_linear_long_loses_dollars_when_the_price_falls() -> None:
    listed = market.linear_perpetual(max_leverage=Decimal(50))
    table = table_of((Holding(listed, 2.0, BTC_USD, BTC_USD),), market.NOW_MS)
    assert table.loss_at(1.0) == pytest.approx(2 * 16_000)


def test_an_options_worth_in_coin_is_its_price_over_the_price_of_the_coin() -> None:
    table = table_of((call(-10.0),), market.NOW_MS)
    years = years_to(market.EXPIRY_MS, market.NOW_MS)

    def worth(forward: float) -> float:
        return black76_one(forward, 105_000.0, years, 0.55, 1).price_usd / forward

    assert table.options[1][at(1.08)] == pytest.approx(-10 * (worth(108_000.0) - worth(100_000.0)))


def test_a_short_option_loses_most_with_volatility_up_and_the_shock_grows_for_short_expiries() -> None:
    table = table_of((call(-10.0),), market.NOW_MS)
    down, same, up = (float(line[at(1.0)]) for line in table.options)
    assert up < same < down
    assert same == pytest.approx(0.0, abs=1e-12)

    years = years_to(market.EXPIRY_MS, market.NOW_MS)
    shocked = black76_one(BTC_USD, 105_000.0, years, 0.55 * 1.5, 1).price_usd / BTC_USD
    now = black76_one(BTC_USD, 105_000.0, years, 0.55, 1).price_usd / BTC_USD
    assert up == pytest.approx(-10 * (shocked - now))  # 30 days to expiry: the shock as it stands


def test_the_worst_of_a_hedged_book_is_smaller_than_that_of_either_side() -> None:
    options, hedge = call(-10.0), perpetual(400_000.0)
    alone = table_of((options,), market.NOW_MS).loss_at(1.0)
    assert table_of((options, hedge), market.NOW_MS).loss_at(1.0) < alone


def test_standard_maintenance_along_the_table_is_what_standard_margin_asks_for_there() -> None:
    held = (perpetual(-1_000_000.0), call(-10.0))
    table = table_of(held, market.NOW_MS)
    forward = float(MULTIPLIERS[at(1.2)]) * BTC_USD
    years = years_to(market.EXPIRY_MS, market.NOW_MS)
    mark = black76_one(forward, 105_000.0, years, 0.55, 1).price_usd / forward

    there = standard(perpetual()._replace(mark=forward, forward_usd=forward), -1_000_000.0).maintenance
    there += standard(call(0.0)._replace(mark=mark, forward_usd=forward), -10.0).maintenance
    assert table.standard_maintenance[at(1.2)] == pytest.approx(there)


def test_an_expired_option_is_worth_what_it_pays() -> None:
    listed = market.option(expiration_ms=market.NOW_MS)
    table = table_of((Holding(listed, 1.0, 0.0, BTC_USD, 0.55),), market.NOW_MS)
    assert table.options[1][at(1.1)] == pytest.approx(5_000 / 110_000)
    assert np.isfinite(table.options).all()


def test_initial_margin_is_130_per_cent_of_the_worst_loss() -> None:
    assert portfolio_required(2.0) == (2.6, 2.0)
