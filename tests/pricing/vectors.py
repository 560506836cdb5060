"""The worked example of the theory: 30-day 105,000 call and put at 100,000 and 55 %."""

from __future__ import annotations

FORWARD_USD, STRIKE_USD, TAU_YEARS, SIGMA = 100_000.0, 105_000.0, 30 / 365, 0.55
