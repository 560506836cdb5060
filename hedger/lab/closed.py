"""What hedging at discrete times and at a cost comes to, without simulating: formulas and quadrature.

Spot S, strike K, volatility sigma, N hedges over T years at equal steps, rate r; a short call throughout.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr

from hedger.pricing.black76 import Floats, black76

_INV_SQRT_2PI = 1.0 / math.sqrt(2.0 * math.pi)
_REACH = 9.0  # standard deviations that a quadrature covers


class Call(NamedTuple):
    """A call on a spot that costs `rate` to carry."""

    spot: float
    strike: float
    years: float
    sigma: float
    rate: float = 0.0

    def value(self, spot: Floats | float, now: float, sigma: float = 0.0) -> Floats:
        """At `now` years, at another volatility if given."""
        left = self.years - now
        forward = np.asarray(spot) * math.exp(self.rate * left)
        price = black76(forward, self.strike, left, sigma or self.sigma, 1.0).price_usd
        return np.asarray(price * math.exp(-self.rate * left))

    def delta(self, spot: Floats | float, now: float, sigma: float = 0.0) -> Floats:
        left = self.years - now
        forward = np.asarray(spot) * math.exp(self.rate * left)
        return black76(forward, self.strike, left, sigma or self.sigma, 1.0).delta

    def vega(self) -> float:
        """USD per 1.00 of volatility, at the start."""
        forward = self.spot * math.exp(self.rate * self.years)
        vega = black76(forward, self.strike, self.years, self.sigma, 1.0).vega_usd
        return float(vega) * math.exp(-self.rate * self.years)


def sd_rule(call: Call, hedges: int) -> float:
    """sqrt(pi/4) vega sigma / sqrt(N): Derman and Kamal, 1999."""
    return math.sqrt(math.pi / 4.0) * call.vega() * call.sigma / math.sqrt(hedges)


def sd_exact(call: Call, hedges: int, nodes: int = 801, order: int = 40) -> float:
    """Standard deviation of the discounted hedging error where the drift is the rate.

    The errors of the steps are martingale differences, so their variances add (Boyle and Emanuel 1980 without
    the Taylor expansion): a trapezoid over ln S at each hedge, Gauss-Hermite over the step, and partial
    moments of the lognormal over the last step, whose payoff has a kink.
    """
    dt = call.years / hedges
    total = 0.0
    for step in range(hedges):
        now = step * dt
        spots, weights = _lognormal(call, now, nodes)
        variance = (
            _last_step(call, spots, dt) if step == hedges - 1 else _one_step(call, spots, now, dt, order)
        )
        total += float(weights @ variance) * math.exp(-2.0 * call.rate * (now + dt))
    return math.sqrt(total)


def _lognormal(call: Call, now: float, nodes: int) -> tuple[Floats, Floats]:
    """Spots at `now` and their probabilities; the start is one point."""
    if now == 0.0:
        return np.array([call.spot]), np.ones(1)
    z = np.linspace(-_REACH, _REACH, nodes)
    weights = np.exp(-0.5 * z * z)
    drift = (call.rate - 0.5 * call.sigma**2) * now
    return call.spot * np.exp(drift + call.sigma * math.sqrt(now) * z), weights / weights.sum()


def _one_step(call: Call, spots: Floats, now: float, dt: float, order: int) -> Floats:
    """E[(V' - e^(r dt) V - D (S' - e^(r dt) S))^2 | S]."""
    z, weights = np.polynomial.hermite_e.hermegauss(order)
    move = np.exp((call.rate - 0.5 * call.sigma**2) * dt + call.sigma * math.sqrt(dt) * z)
    after = np.multiply.outer(spots, move)
    carry = math.exp(call.rate * dt)
    held = call.delta(spots, now)
    start = call.value(spots, now) - held * spots
    error = call.value(after, now + dt) - held[:, None] * after - carry * start[:, None]
    return np.asarray(error * error @ (weights / weights.sum()))


def _last_step(call: Call, spots: Floats, dt: float) -> Floats:
    """The same where V' is the payoff: E[(max(S' - K, 0) - a - D S')^2], a = e^(r dt) (V - D S)."""
    now = call.years - dt
    held = call.delta(spots, now)
    a = math.exp(call.rate * dt) * (call.value(spots, now) - held * spots)
    whole1, whole2 = (_moment(call, spots, dt, k) for k in (1, 2))
    part0, part1, part2 = (_moment(call, spots, dt, k, above=True) for k in (0, 1, 2))
    k = call.strike
    paid = part2 - 2.0 * k * part1 + k * k * part0
    crossed = a * (part1 - k * part0) + held * (part2 - k * part1)
    return np.asarray(paid - 2.0 * crossed + a * a + 2.0 * a * held * whole1 + held * held * whole2)


def _moment(call: Call, spots: Floats, dt: float, power: int, above: bool = False) -> Floats:
    """E[S'^k], or over S' > K only."""
    v = call.sigma * math.sqrt(dt)
    mean = (call.rate - 0.5 * call.sigma**2) * dt
    whole = np.asarray(spots**power * math.exp(power * mean + 0.5 * power**2 * v * v))
    return whole * ndtr((np.log(spots / call.strike) + mean) / v + power * v) if above else whole


def leland_number(cost_one_way: float, sigma: float, dt: float) -> float:
    """Le = sqrt(8/pi) lam / (sigma sqrt(dt)): Leland 1985 with his round-trip cost k = 2 lam."""
    return math.sqrt(8.0 / math.pi) * cost_one_way / (sigma * math.sqrt(dt))


def leland_sigma(cost_one_way: float, sigma: float, dt: float) -> float:
    """sigma sqrt(1 + Le): what a seller of options hedges at."""
    return sigma * math.sqrt(1.0 + leland_number(cost_one_way, sigma, dt))


def rebalance_cost(
    call: Call, hedges: int, cost_one_way: float, hedge_sigma: float, nodes: int = 801
) -> float:
    """E[sum of lam S |D' - D|] over the hedges after the first, drift 0, deltas at `hedge_sigma`."""
    dt = call.years / hedges
    z = np.linspace(-_REACH, _REACH, nodes // 2 | 1)
    weights = np.exp(-0.5 * z * z) / np.exp(-0.5 * z * z).sum()
    move = np.exp((call.rate - 0.5 * call.sigma**2) * dt + call.sigma * math.sqrt(dt) * z)
    total = 0.0
    for step in range(1, hedges):
        spots, chances = _lognormal(call, (step - 1) * dt, nodes)
        after = np.multiply.outer(spots, move)
        traded = abs(
            call.delta(after, step * dt, hedge_sigma)
            - call.delta(spots, (step - 1) * dt, hedge_sigma)[:, None]
        )
        total += float(chances @ ((traded * after) @ weights))
    return cost_one_way * total


def misjudged_mean(call: Call, realised: float, drift: float) -> float:
    """Mean discounted P&L of a short call sold and hedged at `call.sigma` while `realised` comes true.

    El Karoui, Jeanblanc-Picque and Shreve 1998, Ahmad and Wilmott 2005:
    (si^2 - sr^2)/2 int e^(-rT) K phi(c / sqrt(w)) / sqrt(w) dt, w = si^2 (T - t) + sr^2 t,
    c = ln(S/K) + (mu - sr^2/2) t + (r - si^2/2) (T - t).
    """
    x, weights = np.polynomial.legendre.leggauss(200)
    t = 0.5 * call.years * (x + 1.0)
    left = call.years - t
    w = call.sigma**2 * left + realised**2 * t
    c = (
        math.log(call.spot / call.strike)
        + (drift - 0.5 * realised**2) * t
        + (call.rate - 0.5 * call.sigma**2) * left
    )
    density = _INV_SQRT_2PI * np.exp(-0.5 * c * c / w) / np.sqrt(w)
    integral = 0.5 * call.years * float(weights @ density)
    return 0.5 * (call.sigma**2 - realised**2) * math.exp(-call.rate * call.years) * call.strike * integral


def misjudged_sure(call: Call, realised: float) -> float:
    """Discounted P&L of a short call sold at `call.sigma` and hedged at the volatility that comes true."""
    return float(call.value(call.spot, 0.0)) - float(call.value(call.spot, 0.0, realised))
