"""Raw SVI (Gatheral 2004): w(k) = a + b (rho (k - m) + sqrt((k - m)^2 + sigma^2)).

For given m and sigma the curve is linear in (a, d, c) of w = a + d y + c sqrt(y^2 + 1), y = (k - m) / sigma,
d = rho b sigma, c = b sigma (Zeliade 2009, quasi-explicit calibration). So only m and sigma are searched:
on a grid over all strikes, then on ever finer grids around the best. No start value, no local optimum of the
five-dimensional problem, the same answer on every machine.

What is no smile is not taken: c >= |d| (|rho| <= 1), wings no steeper than 2 in total variance (Lee 2004),
w > 0 everywhere.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hedger.pricing.black76 import Floats

STEEPEST_WING = 2.0
"""Largest slope of total variance in |k| (Lee's moment formula)."""

_COARSE = (13, 11)  # grid points in m and in ln sigma
_FINE = (7, 7)
_LEVELS = 11  # each finer grid spans a third of the one before: 3^-11 is 6e-6 of the first
_RIDGE = 1e-13  # y and sqrt(y^2 + 1) are all but one where m is far outside


class Svi(NamedTuple):
    """The five parameters; `m` and `sigma` in units of k, `a` and `b` of total variance."""

    a: float
    b: float
    rho: float
    m: float
    sigma: float

    def w(self, k: Floats) -> Floats:
        """Total variance."""
        x = k - self.m
        return self.a + self.b * (self.rho * x + np.sqrt(x * x + self.sigma**2))

    def dw(self, k: Floats) -> Floats:
        """dw/dk."""
        x = k - self.m
        return self.b * (self.rho + x / np.sqrt(x * x + self.sigma**2))

    def d2w(self, k: Floats) -> Floats:
        """d2w/dk2."""
        x = k - self.m
        return self.b * self.sigma**2 / (x * x + self.sigma**2) ** 1.5


class _Box(NamedTuple):
    """What is searched: m, and ln sigma."""

    m_low: float
    m_high: float
    log_low: float
    log_high: float

    def grid(self, shape: tuple[int, int]) -> tuple[Floats, Floats]:
        m, log = np.meshgrid(
            np.linspace(self.m_low, self.m_high, shape[0]), np.linspace(self.log_low, self.log_high, shape[1])
        )
        return m.ravel(), np.exp(log).ravel()

    def around(self, m: float, sigma: float, shape: tuple[int, int]) -> _Box:
        """A grid step of this box to each side of its best point."""
        step_m = (self.m_high - self.m_low) / (shape[0] - 1)
        step_log = (self.log_high - self.log_low) / (shape[1] - 1)
        log = float(np.log(sigma))
        return _Box(m - step_m, m + step_m, log - step_log, log + step_log)


def fit_svi(k: Floats, w: Floats, weight: Floats) -> Svi:
    """The least of sum weight (w(k) - w)^2 over admissible curves; flat where nothing else is admissible.

    `k`, `w` and `weight` (of squares of w, sums to 1) have shape (strikes,); at least five different k.
    """
    width = float(k.max() - k.min())
    box = _Box(
        float(k.min()) - 0.25 * width,
        float(k.max()) + 0.25 * width,
        float(np.log(width / 100)),
        float(np.log(2 * width)),
    )
    shape, found = _COARSE, _best(k, w, weight, *box.grid(_COARSE))
    for _ in range(_LEVELS):
        box, shape = box.around(found[1].m, found[1].sigma, shape), _FINE
        finer = _best(k, w, weight, *box.grid(shape))
        found = min(found, finer, key=lambda each: each[0])
    return found[1]


class _Moments(NamedTuple):
    """Weighted means, and covariances, of y, z = sqrt(y^2 + 1) and w; shape (points,) each."""

    y: Floats
    z: Floats
    yy: Floats
    yz: Floats
    zz: Floats
    yw: Floats
    zw: Floats


def _best(k: Floats, w: Floats, weight: Floats, m: Floats, sigma: Floats) -> tuple[float, Svi]:
    """The smallest error on a grid of (m, sigma), shape (points,), and its curve; weights sum to 1.

    Four candidates at each point: the free solution, rho = 1, rho = -1, and the flat curve.
    """
    mean = float(weight @ w)
    moments = _moments(k, w - mean, weight, m, sigma)
    none = np.zeros_like(m)
    candidates = [_free(moments), _one_wing(moments, 1.0), _one_wing(moments, -1.0), (none, none)]
    d, c = (np.concatenate(each) for each in zip(*candidates, strict=True))
    many = _Moments(*(np.tile(each, len(candidates)) for each in moments))
    a = mean - d * many.y - c * many.z
    error = d * d * many.yy + c * c * many.zz + 2.0 * (d * c * many.yz - d * many.yw - c * many.zw)
    m, sigma = np.tile(m, len(candidates)), np.tile(sigma, len(candidates))
    error[~_admissible(a, d, c, sigma)] = np.inf
    at = int(np.argmin(error))
    return float(error[at]), _svi(*(float(each[at]) for each in (a, d, c, m, sigma)))


def _moments(k: Floats, w: Floats, weight: Floats, m: Floats, sigma: Floats) -> _Moments:
    """Of `w` with mean 0."""
    y = (k - m[:, None]) / sigma[:, None]
    z = np.sqrt(y * y + 1.0)
    mean_y, mean_z, of_w = y @ weight, z @ weight, weight * w
    y, z = y - mean_y[:, None], z - mean_z[:, None]
    weighted_y = y * weight
    return _Moments(
        mean_y,
        mean_z,
        (weighted_y * y).sum(axis=1),
        (weighted_y * z).sum(axis=1),
        (z * z) @ weight,
        y @ of_w,
        z @ of_w,
    )


def _free(of: _Moments) -> tuple[Floats, Floats]:
    """d and c of least squares; the determinant is kept off 0 where y and z are all but one."""
    determinant = of.yy * of.zz * (1.0 + _RIDGE) - of.yz * of.yz
    d, c = of.yw * of.zz - of.zw * of.yz, of.zw * of.yy - of.yw * of.yz
    with np.errstate(divide="ignore", invalid="ignore"):
        return d / determinant, c / determinant


def _one_wing(of: _Moments, rho: float) -> tuple[Floats, Floats]:
    """The same with d = rho c: one variable, z + rho y."""
    with np.errstate(divide="ignore", invalid="ignore"):
        c = (of.zw + rho * of.yw) / (of.zz + of.yy + 2.0 * rho * of.yz)
    return rho * c, c


def _admissible(a: Floats, d: Floats, c: Floats, sigma: Floats) -> NDArray[np.bool_]:
    """Wings as said above, and the lowest total variance, a + sqrt(c^2 - d^2), above 0; NaN is not."""
    wings = (c >= 0.0) & (np.abs(d) <= c * (1.0 + 1e-9)) & (c + np.abs(d) <= STEEPEST_WING * sigma)
    lowest: NDArray[np.bool_] = a + np.sqrt(np.maximum(c * c - d * d, 0.0)) > 0.0
    return wings & lowest


def _svi(a: float, d: float, c: float, m: float, sigma: float) -> Svi:
    rho = 0.0 if c == 0.0 else max(-1.0, min(1.0, d / c))
    return Svi(a, c / sigma, rho, m, sigma)
