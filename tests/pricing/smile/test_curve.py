"""The fit of one expiry: what it recovers, what it withstands, and what it says is wrong."""

from __future__ import annotations

import numpy as np
import pytest

from hedger.pricing.smile.curve import Parabola, Smile, calendar_gap, fit
from hedger.pricing.smile.svi import Svi
from tests.pricing.smile.example import CURVE, IV, SMILE, TAU_YEARS, K, at


def fitted(k: np.ndarray, iv: np.ndarray, *, robust: bool = True) -> Smile:
    found = fit(k, iv, TAU_YEARS, robust=robust)
    assert found is not None
    return found


def test_a_smile_of_the_form_is_found_again() -> None:
    found = fitted(K, IV)
    assert isinstance(found.curve, Svi)
    assert found.curve == pytest.approx(CURVE, abs=2e-6)
    assert found.rms_points < 1e-4
    assert found.slope(K) == pytest.approx(SMILE.slope(K), abs=1e-5)


def test_slope_is_the_derivative_of_volatility() -> None:
    h = 1e-5
    for smile in (SMILE, Smile(Parabola(0.02, -0.01, 0.05), TAU_YEARS, -1.0, 1.0, 4, 0.0, 0.0)):
        by_difference = (smile.sigma(K + h) - smile.sigma(K - h)) / (2 * h)
        assert smile.slope(K) == pytest.approx(by_difference, rel=1e-6, abs=1e-8)


def test_calls_and_puts_of_a_strike_are_one_point() -> None:
    twice = fitted(np.concatenate((K, K)), np.concatenate((IV + 0.001, IV - 0.001)))
    assert twice.strikes == len(K)
    assert twice.curve == pytest.approx(fitted(K, IV).curve, abs=1e-9)


def test_one_bad_mark_does_not_tilt_the_slope() -> None:
    iv = IV.copy()
    iv[len(iv) // 2] += 0.05  # five points out, near the money
    there = at(95_000.0)
    plain, robust = (
        abs(float(fitted(K, iv, robust=each).slope(there)[0] - SMILE.slope(there)[0]))
        for each in (False, True)
    )
    assert robust < plain / 10
    assert fitted(K, iv).worst_points == pytest.approx(5.0, abs=0.05)  # and it is shown


def test_few_strikes_give_a_parabola_and_fewer_nothing() -> None:
    some = at(90_000.0, 95_000.0, 100_000.0, 105_000.0, 110_000.0)
    found = fitted(some, SMILE.sigma(some))
    assert isinstance(found.curve, Parabola)
    assert found.slope(at(100_000.0)) == pytest.approx(SMILE.slope(at(100_000.0)), abs=0.02)
    assert fit(some[:3], SMILE.sigma(some[:3]), TAU_YEARS) is None


def test_nothing_is_said_beyond_the_fitted_strikes() -> None:
    strikes = at(50_000.0, 60_000.0, 100_000.0, 200_000.0)
    assert list(fitted(K, IV).covers(strikes)) == [False, True, True, False]


def test_what_is_no_smile_is_fitted_by_an_admissible_one() -> None:
    """Wild volatilities: positive variance, wings of at most 2, |rho| at most 1, whatever comes."""
    rng = np.random.default_rng(3)
    for _ in range(50):
        found = fitted(K, rng.uniform(0.05, 4.0, len(K)))
        assert isinstance(found.curve, Svi)
        assert abs(found.curve.rho) <= 1.0
        assert found.curve.b * (1.0 + abs(found.curve.rho)) <= 2.0 + 1e-9
        assert (found.curve.w(K) > 0.0).all()
        assert np.isfinite(found.slope(K)).all()


def test_a_butterfly_that_costs_less_than_nothing_is_named() -> None:
    """Axel Vogt's example (Gatheral and Jacquier 2014, 3.1): positive variance, and a negative density."""
    vogt = Svi(a=-0.0410, b=0.1331, rho=0.3060, m=0.3586, sigma=0.4153)
    assert "butterfly: g = -" in Smile(vogt, 1.0, -1.5, 1.5, 9, 0.0, 0.0).butterfly_gap
    assert SMILE.butterfly_gap == ""


def test_g_is_the_density_of_the_forward() -> None:
    """phi(d2) g / sqrt(w) integrates to 1 over k where there is no arbitrage and no mass is cut off."""
    k, g = SMILE._replace(k_low=-4.0, k_high=4.0).butterfly()
    w = CURVE.w(k)
    d2 = -k / np.sqrt(w) - np.sqrt(w) / 2
    density = g * np.exp(-0.5 * d2 * d2) / np.sqrt(2 * np.pi * w)
    assert np.trapezoid(density, k) == pytest.approx(1.0, abs=2e-3)


def test_total_variance_that_falls_with_time_is_named() -> None:
    later = SMILE._replace(curve=CURVE._replace(a=0.011))
    assert calendar_gap(SMILE, later).startswith("calendar: w falls by 0.001 at k = ")
    assert calendar_gap(later, SMILE) == ""
    apart = SMILE._replace(k_low=2.0, k_high=3.0)
    assert calendar_gap(SMILE, apart) == ""


@pytest.mark.parametrize(
    ("k", "sigma", "tau", "told"),
    [
        (K, IV, 0.0, "tau_years = 0.0: must be finite and above 0"),
        (K, np.where(K[3] == K, 0.0, IV), TAU_YEARS, "sigma: every volatility must be finite and above 0"),
        (np.where(K[3] == K, np.nan, K), IV, TAU_YEARS, "k: every ln"),
    ],
)
def test_bad_input_is_named(k: np.ndarray, sigma: np.ndarray, tau: float, told: str) -> None:
    with pytest.raises(ValueError, match=told.replace("(", r"\(")):
        fit(k, sigma, tau)
