"""The seeded index: a diffusion whose volatility switches between regimes, with Merton jumps.

Everything is drawn per day of market time from (seed, day number) on a grid of one second, so the path
depends neither on how time is advanced nor on who looks. The day before the origin exists too: the exchange
needs a 24 h range, a settlement price and 8 h of funding from its first second on. Premium of the perpetual
and basis of the dated futures are mean-reverting and travel with the path because funding accrues along it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from hedger.simulator.time_units import DAY_MINUTES, DAY_MS, DAY_S, MINUTE_MS, YEAR_DAYS, YEAR_S
from hedger.simulator.world.timeline import Floats, Stretch, Timeline

_CALM, _NORMAL, _STRESSED = range(3)
_LEVELS = (0.75, 1.05, 2.2)  # volatility as a multiple of its long-run level
_STAY_MINUTES = (36 * 60.0, 24 * 60.0, 6 * 60.0)
_STRESS_AFTER_NORMAL = 0.4
_REGIME_RELAXATION = 1.0 / 30.0  # per minute: volatility moves within half an hour, it does not jump
_PREMIUM_MEAN, _PREMIUM_SD, _PREMIUM_REVERSION = 0.0001, 0.0003, math.log(2) / 120.0  # per minute
_BASIS_MEAN, _BASIS_SD, _BASIS_REVERSION = 0.04, 0.02, math.log(2) / (5 * DAY_MINUTES)
_JUMPS_PER_YEAR, _JUMP_MEAN, _JUMP_SD, _JUMPS_AT_VOL = 25.0, -0.003, 0.015, 0.55


@dataclass(frozen=True, slots=True)
class PathParams:
    """`start_usd` is the index at the origin; `vol` the annualised volatility (0 freezes everything)."""

    start_usd: float = 100_000.0
    vol: float = 0.55


@dataclass(frozen=True, slots=True)
class PathPoint:
    """The path at one instant; `vol_multiple` is the regime's multiple of the volatility level."""

    index_usd: float
    vol_multiple: float
    premium: float  # (perpetual mark - index) / index
    basis_per_year: float


@dataclass(frozen=True, slots=True)
class Carry:
    """What one day hands to the next."""

    log_index: float = 0.0
    regime: int = _NORMAL
    vol_multiple: float = 1.0
    premium: float = _PREMIUM_MEAN
    basis: float = _BASIS_MEAN


@dataclass(frozen=True, slots=True)
class Day:
    """One day of a path."""

    steps: Floats  # log returns per second
    nodes: Floats  # per minute, and one beyond: vol multiple, premium, basis
    regime: int  # at its end


class IndexPath(Timeline):
    """The index, its volatility regime, premium, basis and funding as functions of market time."""

    def __init__(self, seed: int, origin_ms: int, params: PathParams, funding_cap: float = 0.005) -> None:
        if params.start_usd <= 0.0 or params.vol < 0.0:
            raise ValueError(f"start_usd must be positive and vol not negative, got {params}")
        super().__init__(origin_ms // 1000 * 1000 - DAY_MS, funding_cap)
        self._seed, self._params = seed, params
        self._days: list[Day] = []
        self._days_forgotten = 0
        # The first day is drawn once from level 0 to learn where it must begin to end at start_usd.
        drift = float(_levels(self._draw(0, Carry()).steps, 0.0)[-1])
        self._carry = replace(Carry(), log_index=math.log(params.start_usd) - drift)

    def at(self, market_ms: int) -> PathPoint:
        """The path at `market_ms`; slow states are linear between minutes."""
        index = self.index_at(market_ms)  # first: it makes the day
        day, within_ms = divmod(market_ms - self.first_ms, DAY_MS)
        minute, share = divmod(within_ms / MINUTE_MS, 1.0)
        nodes = self._days[day - self._days_forgotten].nodes
        left, right = nodes[:, int(minute)].tolist(), nodes[:, int(minute) + 1].tolist()
        multiple, premium, basis = (a + (b - a) * share for a, b in zip(left, right, strict=True))
        return PathPoint(index, multiple, premium, basis)

    def day(self, number: int) -> Day:
        """A day of the path by its number; the first is the one before the origin."""
        self.index_at(self.first_ms + number * DAY_MS)
        return self._days[number - self._days_forgotten]

    def _draw(self, number: int, carry: Carry) -> Day:
        """Draw a day that follows on `carry`."""
        rng = np.random.default_rng((self._seed & ((1 << 64) - 1), number))
        regime, nodes = draw_nodes(rng, carry, noise=1.0 if self._params.vol > 0.0 else 0.0)
        return Day(_draw_returns(rng, np.repeat(nodes[0, :-1], 60), self._params.vol), nodes, regime)

    def _next_stretch(self, first_s: int) -> Stretch:
        day = self._draw(first_s // DAY_S, self._carry)
        levels = _levels(day.steps, self._carry.log_index)
        vol_multiple, premium, basis = day.nodes[:, -1].tolist()
        self._carry = Carry(float(levels[-1]), day.regime, vol_multiple, premium, basis)
        self._days.append(day)
        premiums = np.interp(np.arange(DAY_S) / 60.0, np.arange(DAY_MINUTES + 1), day.nodes[1])
        index = np.maximum(np.round(np.exp(levels[:-1]), 2), 0.01)
        return self._accrue(first_s, index, premiums)

    def _forget(self) -> None:
        del self._days[0]
        self._days_forgotten += 1


def _levels(steps: Floats, log_index: float) -> Floats:
    """Log levels at the start of every second, and one beyond."""
    levels: Floats = np.concatenate(([0.0], np.cumsum(steps))) + log_index
    return levels


def draw_nodes(rng: np.random.Generator, carry: Carry, noise: float) -> tuple[int, Floats]:
    """The slow states minute by minute: regime (Markov), its relaxed volatility, premium, basis (both OU)."""
    leaves, choices = rng.random((2, DAY_MINUTES)).tolist()
    shocks = rng.standard_normal((2, DAY_MINUTES)) * noise
    premium_shocks = (shocks[0] * _PREMIUM_SD * math.sqrt(2 * _PREMIUM_REVERSION)).tolist()
    basis_shocks = (shocks[1] * _BASIS_SD * math.sqrt(2 * _BASIS_REVERSION)).tolist()
    regime, multiple, premium, basis = carry.regime, carry.vol_multiple, carry.premium, carry.basis
    rows = [(multiple, premium, basis)]
    for leave, choice, premium_shock, basis_shock in zip(
        leaves, choices, premium_shocks, basis_shocks, strict=True
    ):
        regime = _next_regime(regime, leave, choice)
        target = _LEVELS[regime] if noise else multiple
        multiple += (target - multiple) * _REGIME_RELAXATION
        premium += (_PREMIUM_MEAN - premium) * _PREMIUM_REVERSION + premium_shock
        basis += (_BASIS_MEAN - basis) * _BASIS_REVERSION + basis_shock
        rows.append((multiple, premium, basis))
    return regime, np.array(rows).T.copy()


def _next_regime(regime: int, leave: float, choice: float) -> int:
    if leave * _STAY_MINUTES[regime] >= 1.0:
        return regime
    if regime != _NORMAL:
        return _NORMAL
    return _STRESSED if choice < _STRESS_AFTER_NORMAL else _CALM


def _draw_returns(rng: np.random.Generator, vol_multiple: Floats, vol: float) -> Floats:
    """Log returns per second: Gaussian of the regime's volatility plus jumps, compensated to no drift."""
    vol_per_step = vol * vol_multiple / math.sqrt(YEAR_S)
    steps: Floats = rng.standard_normal(DAY_S) * vol_per_step - 0.5 * vol_per_step**2
    mean, sd = _JUMP_MEAN * vol / _JUMPS_AT_VOL, _JUMP_SD * vol / _JUMPS_AT_VOL
    count = int(rng.poisson(_JUMPS_PER_YEAR / YEAR_DAYS))
    np.add.at(steps, rng.integers(0, DAY_S, count), rng.normal(mean, sd, count))
    compensator = _JUMPS_PER_YEAR / YEAR_S * math.expm1(mean + 0.5 * sd * sd)
    return steps - compensator
