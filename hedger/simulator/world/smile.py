"""Implied volatility of the seeded world: a term structure around the regime, and per expiry a smile.

The smile is the raw SVI form (Gatheral 2004) in standardised log-moneyness x = ln(K/F) / (atm sqrt(tau)):
variance = atm^2 (1 + a x + c (sqrt(x^2 + w^2) - w)), normalised to 1 at the money. With c > |a| it is
positive everywhere and its wings are linear in variance, as no-arbitrage wants them.
"""

from __future__ import annotations

import math
from typing import NamedTuple

_SKEW, _CURVATURE, _WIDTH = -0.10, 0.28, 0.8
_RISK_PREMIUM = 1.05  # implied over realised volatility
_REVERSION_PER_YEAR = 20.0  # a stressed week hardly moves the volatility of next year
_SHORTEST_YEARS = 2.0 / 8760.0  # below two hours x would run away with any move of the forward


class Smile(NamedTuple):
    """One expiry's smile: forward in USD, atm volatility (fraction), deviation to expiry, skew."""

    forward_usd: float
    atm: float
    deviation: float  # atm * sqrt(tau)
    skew: float

    def moneyness(self, strike_usd: float) -> float:
        """Standardised log-moneyness of a strike."""
        return math.log(strike_usd / self.forward_usd) / self.deviation

    def iv(self, strike_usd: float) -> float:
        """Implied volatility of a strike, a fraction."""
        x = self.moneyness(strike_usd)
        wing = _CURVATURE * (math.sqrt(x * x + _WIDTH * _WIDTH) - _WIDTH)
        return self.atm * math.sqrt(1.0 + self.skew * x + wing)


def atm_vol(level: float, vol_multiple: float, tau_years: float) -> float:
    """At-the-money volatility: average over the life of a variance reverting from the regime to `level`."""
    decay = _REVERSION_PER_YEAR * tau_years
    weight = -math.expm1(-decay) / decay if decay > 1e-9 else 1.0
    return level * _RISK_PREMIUM * math.sqrt(1.0 + (vol_multiple**2 - 1.0) * weight)


def smile(forward_usd: float, tau_years: float, level: float, vol_multiple: float) -> Smile:
    """The smile of an expiry; `level` is the long-run volatility, the skew steepens in stress."""
    atm = atm_vol(level, vol_multiple, tau_years)
    skew = max(_SKEW * (0.6 + 0.4 * vol_multiple), -0.24)
    return Smile(forward_usd, atm, atm * math.sqrt(max(tau_years, _SHORTEST_YEARS)), skew)
