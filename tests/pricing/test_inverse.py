"""Coin-settled instruments: the exact pair of the theory, and the net transaction delta as a coin slope."""

from __future__ import annotations

import pytest

from hedger.pricing.inverse import (
    inverse_future_delta_coin,
    net_transaction_delta,
    pnl_coin,
    price_coin,
)
from hedger.pricing.scalar import black76_one
from tests.pricing.vectors import FORWARD_USD, SIGMA, STRIKE_USD, TAU_YEARS


def coin_price(forward_usd: float, sign: float) -> float:
    return price_coin(black76_one(forward_usd, STRIKE_USD, TAU_YEARS, SIGMA, sign).price_usd, forward_usd)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_net_transaction_delta_is_the_coin_gain_per_unit_relative_move(sign: float) -> None:
    option = black76_one(FORWARD_USD, STRIKE_USD, TAU_YEARS, SIGMA, sign)
    ntd = net_transaction_delta(option.delta, price_coin(option.price_usd, FORWARD_USD))
    up, down = coin_price(FORWARD_USD + 1.0, sign), coin_price(FORWARD_USD - 1.0, sign)
    assert FORWARD_USD * (up - down) / 2 == pytest.approx(ntd, abs=1e-9)


def test_net_transaction_deltas_of_call_and_put_differ_by_strike_over_forward() -> None:
    call, put = (black76_one(FORWARD_USD, STRIKE_USD, TAU_YEARS, SIGMA, sign) for sign in (1.0, -1.0))
    ntds = [
        net_transaction_delta(each.delta, price_coin(each.price_usd, FORWARD_USD)) for each in (call, put)
    ]
    assert ntds[0] - ntds[1] == pytest.approx(STRIKE_USD / FORWARD_USD, abs=1e-12)


def test_a_long_inverse_future_gains_less_coin_than_it_loses() -> None:
    assert pnl_coin(100_000.0, 100_000.0, 110_000.0) == pytest.approx(0.09090909, abs=5e-9)
    assert pnl_coin(100_000.0, 100_000.0, 90_000.0) == pytest.approx(-0.11111111, abs=5e-9)


def test_a_short_perpetual_of_the_whole_equity_keeps_its_dollar_value() -> None:
    for exit_usd, equity_coin in ((50_000.0, 2.0), (200_000.0, 0.5)):
        assert 1.0 + pnl_coin(-100_000.0, 100_000.0, exit_usd) == pytest.approx(equity_coin)


def test_the_coin_delta_of_a_future_is_its_size_over_its_price() -> None:
    step = 1.0
    slope = (pnl_coin(5e4, 1e5, 1e5 + step) - pnl_coin(5e4, 1e5, 1e5 - step)) / (2 * step)
    assert inverse_future_delta_coin(5e4, 1e5) == 0.5
    assert slope * 1e5 == pytest.approx(0.5, rel=1e-8)
