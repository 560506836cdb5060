"""R, the skew-stickiness ratio, from how at-the-money volatility moved with the forward (theory 2).

Regression through the origin of d sigma_ATM on s_ATM d ln F over the last observations of one expiry. Its
answer is noisy where the skew is flat or the forward stood still, so it is shrunk to 1 (Black's delta) as a
normal prior of standard deviation PRIOR_SD around 1 asks, and clipped to [0, 2].
"""

from __future__ import annotations

import math
from typing import NamedTuple

from hedger.pricing.black76 import Floats

PRIOR_SD = 0.5
LOWEST, HIGHEST = 0.0, 2.0
LEAST_MOVES = 20
"""Observations below which R is 1."""


class Stickiness(NamedTuple):
    """R as used and as the regression alone had it."""

    r: float
    raw: float
    """NaN without enough observations."""
    error: float
    """Standard error of `raw`; infinite without enough observations."""
    moves: int


UNKNOWN = Stickiness(1.0, math.nan, math.inf, 0)


def stickiness(vol_moves: Floats, skews: Floats, log_moves: Floats) -> Stickiness:
    """`vol_moves` d sigma_ATM, `skews` s_ATM at the start of each, `log_moves` d ln F; shape (moves,)."""
    x = skews * log_moves
    moves, spread = len(x), float(x @ x)
    if moves < LEAST_MOVES or not spread > 0.0:
        return UNKNOWN._replace(moves=moves)
    raw = float(x @ vol_moves) / spread
    left = vol_moves - raw * x
    variance = float(left @ left) / (moves - 1) / spread
    trust = PRIOR_SD**2 / (PRIOR_SD**2 + variance)
    r = min(max(1.0 + trust * (raw - 1.0), LOWEST), HIGHEST)
    return Stickiness(r, raw, math.sqrt(variance), moves)
