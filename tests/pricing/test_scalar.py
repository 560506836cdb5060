"""One option in floats answers what the arrays answer."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hedger.pricing.black76 import black76
from hedger.pricing.scalar import black76_one, normal_cdf, years_to
from tests.pricing.vectors import FORWARD_USD, SIGMA, STRIKE_USD, TAU_YEARS


@given(
    st.floats(0.01, 500_000),
    st.floats(0.01, 500_000),
    st.floats(-0.1, 5.0),
    st.floats(-0.1, 5.0),
    st.sampled_from([1.0, -1.0]),
)
@example(100.0, 100.0, 0.0, 0.5, 1.0)
@example(100.0, 100.0, 0.0, 0.5, -1.0)
@example(FORWARD_USD, STRIKE_USD, TAU_YEARS, SIGMA, 1.0)
def test_floats_and_arrays_agree(
    forward: float, strike: float, tau: float, sigma: float, sign: float
) -> None:
    one = black76_one(forward, strike, tau, sigma, sign)
    many = black76(forward, strike, tau, sigma, sign)
    np.testing.assert_allclose(
        [one.price_usd / forward, *one[1:]],
        [many.price_usd / forward, *many[1:]],
        rtol=1e-12,
        atol=1e-12,
    )


def test_a_missing_volatility_stays_missing() -> None:
    assert all(math.isnan(value) for value in black76_one(100.0, 100.0, 0.1, math.nan, 1.0))


def test_the_distribution_function_keeps_its_far_tail() -> None:
    assert normal_cdf(0.0) == 0.5
    assert normal_cdf(-20.0) == pytest.approx(2.7536241186062337e-89, rel=1e-12)


def test_time_to_expiry_is_counted_to_the_millisecond_and_goes_negative() -> None:
    assert years_to(365 * 86_400_000, 0) == 1.0
    assert years_to(1, 0) == 1 / (365 * 86_400_000)
    assert years_to(0, 86_400_000) == -1 / 365
