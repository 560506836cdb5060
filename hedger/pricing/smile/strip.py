"""The options of one expiry at one instant, and the smile through them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hedger.pricing.black76 import YEAR_MS, Black76, Floats, black76
from hedger.pricing.smile.curve import PARABOLA_STRIKES, Smile, fit

MOST_RMS_POINTS = 2.0
"""Vol points, vega-weighted: a smile further from its marks says nothing of their slope."""

LEAST_MS = 86_400_000
"""Nearer to expiry the venue's own figures rest on the delivery average (theory 1.7), and slopes explode."""


class Strip(NamedTuple):
    """Arrays of shape (options,), sorted by `keys` and free of doubles: see `strip_of`."""

    expiration_ms: int
    market_ms: int
    forward_usd: float
    strike_usd: Floats
    sign: Floats
    """+1 call, -1 put."""
    iv: Floats
    """The venue's, a fraction."""

    @property
    def keys(self) -> Floats:
        """Strike times sign: one number per option of the expiry."""
        return self.strike_usd * self.sign

    @property
    def k(self) -> Floats:
        """ln(K / F)."""
        return np.log(self.strike_usd / self.forward_usd)

    @property
    def tau_years(self) -> float:
        return (self.expiration_ms - self.market_ms) / YEAR_MS

    def greeks(self) -> Black76:
        """Of every option, at its own volatility."""
        return black76(self.forward_usd, self.strike_usd, self.tau_years, self.iv, self.sign)


def strip_of(
    expiration_ms: int, market_ms: int, forward_usd: float, strike_usd: Floats, sign: Floats, iv: Floats
) -> Strip:
    """Sorted, first of doubles kept, without options whose volatility is not finite and positive."""
    good = np.isfinite(iv) & (iv > 0.0)
    strike_usd, sign, iv = strike_usd[good], sign[good], iv[good]
    _, at = np.unique(strike_usd * sign, return_index=True)
    return Strip(expiration_ms, market_ms, forward_usd, strike_usd[at], sign[at], iv[at])


class Fitted(NamedTuple):
    """A strip with its smile; `gap` says why the smile's slope is not used, empty where it is."""

    strip: Strip
    smile: Smile | None
    gap: str

    def slopes(self) -> Floats:
        """d sigma / dk at every option's strike; 0 where the smile says nothing: no shift of delta there."""
        if self.smile is None or self.gap:
            return np.zeros_like(self.strip.iv)
        k = self.strip.k
        return np.where(self.smile.covers(k), self.smile.slope(k), 0.0)


def fit_strip(strip: Strip) -> Fitted:
    """The smile of a strip, and what keeps it from being used."""
    if strip.expiration_ms <= strip.market_ms:
        return Fitted(strip, None, "expired")
    smile = fit(strip.k, strip.iv, strip.tau_years) if len(strip.iv) else None
    return Fitted(strip, smile, _gap(strip, smile))


def _gap(strip: Strip, smile: Smile | None) -> str:
    if smile is None:
        return f"{len(np.unique(strip.strike_usd))} strikes quoted, at least {PARABOLA_STRIKES} are needed"
    if strip.expiration_ms - strip.market_ms < LEAST_MS:
        return "expires within a day"
    if smile.rms_points > MOST_RMS_POINTS:
        return f"fit is {smile.rms_points:.2f} vol points from the marks, at most {MOST_RMS_POINTS:g}"
    return smile.butterfly_gap


def matched(before: Strip, after: Strip) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Places of the options that both strips hold."""
    _, first, second = np.intersect1d(before.keys, after.keys, assume_unique=True, return_indices=True)
    return first, second
