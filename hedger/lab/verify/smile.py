"""Deltas under a skew: the test vector of theory 2 (theory 5.7)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from hedger.lab.verify.rows import Effort, Row, printed
from hedger.pricing.black76 import black76
from hedger.pricing.smile.curve import Smile
from hedger.pricing.smile.delta import Coefficients, minimum_variance_shift, sticky_shift
from hedger.pricing.smile.svi import Svi

_F, _TAU = 100_000.0, 30.0 / 365.0
_SMILE = Smile(Svi(a=0.012, b=0.06, rho=-0.2, m=0.0, sigma=0.12), _TAU, -1.0, 1.0, 9, 0.0, 0.0)
_ROWS = (
    (90_000.0, -1.0, 0.52721552, -0.59524147, -0.21986697, 8485.7933, -0.16935601, -0.27037793, 0.02055645),
    (100_000.0, 1.0, 0.48332184, -0.15103807, 0.52761744, 11409.9030, 0.54485073, 0.51038414, 0.05523487),
    (115_000.0, 1.0, 0.50996883, 0.39988480, 0.18866156, 7746.0194, 0.15768641, 0.21963672, 0.01417231),
)
"""Strike, sign, volatility, slope, delta, vega, delta at R = 0 and at R = 2, price in coin."""


def smile(effort: Effort) -> Iterator[Row]:
    """Sticky strike, sticky delta and the sticky tree; Hull and White's minimum variance delta."""
    for strike, sign, iv, slope, delta, vega, at_zero, at_two, price in _ROWS:
        k = np.array([np.log(strike / _F)])
        sigma, skew = _SMILE.sigma(k), _SMILE.slope(k)
        one = black76(_F, strike, _TAU, sigma, sign)
        yield printed(f"{strike:g}: volatility", float(sigma[0]), iv, 8)
        yield printed(f"{strike:g}: slope", float(skew[0]), slope, 8)
        yield printed(f"{strike:g}: delta", float(one.delta[0]), delta, 8)
        yield printed(f"{strike:g}: vega", float(one.vega_usd[0]), vega, 4)
        yield printed(f"{strike:g}: price, coin", float(one.price_usd[0]) / _F, price, 8)
        for stickiness, theirs in ((0.0, at_zero), (2.0, at_two)):
            shifted = one.delta + sticky_shift(one.vega_usd, _F, skew, stickiness)
            yield printed(f"{strike:g}: delta at R = {stickiness:g}", float(shifted[0]), theirs, 8)
    call = black76(_F, 90_000.0, _TAU, _SMILE.sigma(np.log([0.9])), 1.0)
    moved = call.delta + minimum_variance_shift(
        call.delta, call.vega_usd, _F, _TAU, Coefficients(-0.25, 0.4, -0.5)
    )
    yield printed("90000 call: minimum variance delta", float(moved[0]), 0.70842909, 8)
