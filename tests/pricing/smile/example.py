"""The smile of theory 2: w(k) = .012 + .06 (-.2 k + sqrt(k^2 + .0144)), 30 days, forward 100,000."""

from __future__ import annotations

import numpy as np

from hedger.pricing.black76 import Floats
from hedger.pricing.smile.curve import Smile
from hedger.pricing.smile.svi import Svi

FORWARD_USD, TAU_YEARS = 100_000.0, 30 / 365
CURVE = Svi(a=0.012, b=0.06, rho=-0.2, m=0.0, sigma=0.12)
SMILE = Smile(CURVE, TAU_YEARS, -1.0, 1.0, 9, 0.0, 0.0)


def at(*strikes_usd: float) -> Floats:
    """k of strikes."""
    return np.log(np.array(strikes_usd) / FORWARD_USD)


STRIKES_USD = np.arange(60_000.0, 160_000.0, 2_500.0)
K = at(*STRIKES_USD)
IV = SMILE.sigma(K)
