from __future__ import annotations

import pytest

from hedger.pricing.scalar import black76_one
from hedger.simulator.world.implied import quote_iv

FORWARD, TAU = 95_000.0, 20 / 365


@pytest.mark.parametrize("strike", [70_000.0, 95_000.0, 120_000.0])
@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("vol", [0.4, 0.55, 0.9])
def test_the_volatility_of_a_quote_gives_its_price_back(strike: float, sign: float, vol: float) -> None:
    price = black76_one(FORWARD, strike, TAU, vol, sign).price_usd / FORWARD
    found = quote_iv(price, FORWARD, strike, TAU, sign, 0.6)
    assert black76_one(FORWARD, strike, TAU, found, sign).price_usd / FORWARD == pytest.approx(
        price, abs=1e-6
    )


def test_a_quote_at_or_below_intrinsic_value_has_none() -> None:
    intrinsic = (120_000.0 - FORWARD) / FORWARD
    assert quote_iv(intrinsic, FORWARD, 120_000.0, TAU, -1.0, 0.6) == 0.0


def test_an_absurd_quote_stays_within_five_hundred_percent() -> None:
    assert 0.0 < quote_iv(0.9, FORWARD, 95_000.0, 1 / 365, 1.0, 0.6) <= 5.0
