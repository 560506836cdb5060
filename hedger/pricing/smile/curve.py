"""The smile of one expiry: a curve of total variance through the quoted volatilities, and its faults.

Volatilities are weighted by vega: a vol point in a far wing is worth nothing and must not bend the middle.
The fit has two passes: one on all points, one in which points that stand far out of it count less, so
that a single bad mark does not tilt the slope. From SVI_STRIKES different strikes on the curve is raw SVI;
from PARABOLA_STRIKES on it is a parabola of total variance in k, three parameters, good between its strikes;
below that there is no smile. Slopes are taken inside the fitted strikes only: nothing is extrapolated.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hedger.pricing.black76 import Floats
from hedger.pricing.smile.svi import Svi, fit_svi

SVI_STRIKES = 8
PARABOLA_STRIKES = 4

_NEAR = 3.0  # robust standard deviations from which a point counts less
_LEAST_SCALE = 5e-4  # of volatility: marks are told to a hundredth of a point, and curves are not truer
_GRID = 101  # points at which a curve is checked between its outer strikes
_NO_ARBITRAGE = -1e-9
_LEAST_WEIGHT = 1e-6  # of a strike at the money


class Parabola(NamedTuple):
    """w(k) = level + slope k + bend k^2."""

    level: float
    slope: float
    bend: float

    def w(self, k: Floats) -> Floats:
        """Total variance."""
        return self.level + self.slope * k + self.bend * k * k

    def dw(self, k: Floats) -> Floats:
        """dw/dk."""
        return self.slope + 2.0 * self.bend * k

    def d2w(self, k: Floats) -> Floats:
        """d2w/dk2."""
        return np.full_like(k, 2.0 * self.bend)


class _Points(NamedTuple):
    """What is fitted, one point per strike: k ascending, volatility, weight."""

    k: Floats
    sigma: Floats
    weight: Floats


class Smile(NamedTuple):
    """One expiry's fitted smile, good between `k_low` and `k_high`."""

    curve: Svi | Parabola
    tau_years: float
    k_low: float
    k_high: float
    strikes: int
    """Different strikes it was fitted to."""
    rms_points: float
    """Vega-weighted root mean square of quoted less fitted volatility, vol points."""
    worst_points: float
    """Largest |quoted - fitted| of a strike, vol points."""

    def sigma(self, k: Floats) -> Floats:
        """Implied volatility, a fraction."""
        return np.sqrt(self.curve.w(k) / self.tau_years)

    def slope(self, k: Floats) -> Floats:
        """s = d sigma / dk = w' / (2 sqrt(w tau))."""
        return self.curve.dw(k) / (2.0 * np.sqrt(self.curve.w(k) * self.tau_years))

    @property
    def name(self) -> str:
        """Of the kind of curve: svi or parabola."""
        return type(self.curve).__name__.lower()

    @property
    def atm_iv(self) -> float:
        """Implied volatility at the forward, a fraction."""
        return float(self.sigma(np.zeros(1))[0])

    @property
    def atm_slope(self) -> float:
        """s = d sigma / dk at the forward."""
        return float(self.slope(np.zeros(1))[0])

    def covers(self, k: Floats) -> NDArray[np.bool_]:
        """Whether the strikes lie between those the smile was fitted to."""
        return (k >= self.k_low) & (k <= self.k_high)

    def known_slope(self, k: Floats) -> Floats:
        """The slope between the fitted strikes, 0 beyond them: no shift of delta there."""
        return np.where(self.covers(k), self.slope(np.clip(k, self.k_low, self.k_high)), 0.0)

    def butterfly(self) -> Floats:
        """Gatheral's g on a grid between the outer strikes: shape (2, points) of k and g; an implied density
        is negative where g is."""
        k = np.linspace(self.k_low, self.k_high, _GRID)
        w, dw, d2w = self.curve.w(k), self.curve.dw(k), self.curve.d2w(k)
        g = (1.0 - 0.5 * k * dw / w) ** 2 - 0.25 * dw * dw * (1.0 / w + 0.25) + 0.5 * d2w
        return np.stack((k, g))

    @property
    def butterfly_gap(self) -> str:
        """Where a butterfly would cost less than nothing, in words; empty where none would."""
        k, g = self.butterfly()
        at = int(np.argmin(g))
        return "" if g[at] >= _NO_ARBITRAGE else f"butterfly: g = {g[at]:.3g} at k = {k[at]:+.3f}"


def fit(k: Floats, sigma: Floats, tau_years: float, *, robust: bool = True) -> Smile | None:
    """The smile through quoted volatilities, shape (options,); None below PARABOLA_STRIKES different strikes.

    Calls and puts of one strike may both be given: their mean counts, twice. ValueError where an argument is
    not finite or not positive. Without `robust` the second pass is left out.
    """
    _check(k, sigma, tau_years)
    points = _points(k, sigma, tau_years)
    if len(points.k) < PARABOLA_STRIKES:
        return None
    curve = _curve(points, tau_years)
    kept = _kept(curve, points, tau_years)
    if robust and kept.min() < 1.0:
        curve = _curve(points._replace(weight=points.weight * kept), tau_years)
    apart = 100.0 * _apart(curve, points, tau_years)
    rms = math.sqrt(float((points.weight * apart**2).sum() / points.weight.sum()))
    ends = float(points.k[0]), float(points.k[-1])
    return Smile(curve, tau_years, *ends, len(points.k), rms, float(np.abs(apart).max()))


def calendar_gap(near: Smile, far: Smile) -> str:
    """Where the later expiry has less total variance than the earlier one, in words; empty where nowhere.

    Compared where both are fitted; total variance at one k must not fall with time (Gatheral-Jacquier 2014).
    """
    low, high = max(near.k_low, far.k_low), min(near.k_high, far.k_high)
    if low >= high:
        return ""
    k = np.linspace(low, high, _GRID)
    rise = far.curve.w(k) - near.curve.w(k)
    at = int(np.argmin(rise))
    return "" if rise[at] >= _NO_ARBITRAGE else f"calendar: w falls by {-rise[at]:.3g} at k = {k[at]:+.3f}"


def _check(k: Floats, sigma: Floats, tau_years: float) -> None:
    if not (math.isfinite(tau_years) and tau_years > 0.0):
        raise ValueError(f"tau_years = {tau_years!r}: must be finite and above 0")
    if not np.isfinite(k).all():
        raise ValueError("k: every ln(strike / forward) must be finite")
    if not (np.isfinite(sigma).all() and (sigma > 0.0).all()):
        raise ValueError("sigma: every volatility must be finite and above 0")


def _points(k: Floats, sigma: Floats, tau_years: float) -> _Points:
    """One point per strike, ascending, weighted by phi(d1): vega without what all strikes share; never 0."""
    at, place = np.unique(k, return_inverse=True)
    many = np.bincount(place).astype(np.float64)
    mean = np.bincount(place, weights=sigma) / many
    v = mean * math.sqrt(tau_years)
    d1 = -at / v + 0.5 * v
    return _Points(at, mean, many * np.maximum(np.exp(-0.5 * d1 * d1), _LEAST_WEIGHT))


def _curve(points: _Points, tau_years: float) -> Svi | Parabola:
    """Least squares in volatility: an error dw of total variance is one of dw / (2 sigma tau)."""
    k, w = points.k, points.sigma * points.sigma * tau_years
    weight = points.weight / (2.0 * points.sigma * tau_years) ** 2
    weight = weight / weight.sum()
    if len(k) >= SVI_STRIKES:
        return fit_svi(k, w, weight)
    root = np.sqrt(weight)
    design = np.stack((np.ones_like(k), k, k * k), axis=1) * root[:, None]
    level, slope, bend = np.linalg.lstsq(design, w * root, rcond=None)[0]
    found = Parabola(float(level), float(slope), float(bend))
    between = np.linspace(float(k[0]), float(k[-1]), _GRID)
    return found if (found.w(between) > 0.0).all() else Parabola(float((weight * w).sum()), 0.0, 0.0)


def _kept(curve: Svi | Parabola, points: _Points, tau_years: float) -> Floats:
    """1 for what lies near the curve, less by the square the further a point stands out."""
    apart = np.abs(_apart(curve, points, tau_years))
    scale = max(1.4826 * float(np.median(apart)), _LEAST_SCALE)
    return np.minimum(1.0, _NEAR * scale / np.maximum(apart, _LEAST_SCALE)) ** 2


def _apart(curve: Svi | Parabola, points: _Points, tau_years: float) -> Floats:
    return points.sigma - np.sqrt(curve.w(points.k) / tau_years)
