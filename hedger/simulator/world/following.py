"""An index that follows another: its returns are the leader's, scaled, and something of its own.

The volatility regime is the leader's; premium and basis are its own. Like the leader it is drawn by the day
from the seed. A follower keeps a leader of its own, which draws the same path as everybody else's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from zlib import crc32

import numpy as np

from hedger.simulator.time_units import DAY_S, YEAR_S
from hedger.simulator.world.path import Carry, Day, IndexPath, PathParams, draw_nodes
from hedger.simulator.world.timeline import Floats

_PEG_STEP_S = 1_800
_USUAL_VOL = 0.55


@dataclass(frozen=True, slots=True)
class Following:
    """How a follower moves: `beta` times the leader, and what is its own."""

    name: str
    beta: float = 1.0
    own_vol: float = 0.0  # annualised, at the usual volatility of the leader
    peg_sd: float = 0.0  # deviation of the ratio to the leader that comes and goes within hours


class FollowingPath(IndexPath):
    """A path beside `leader`, which nobody else may use; `start_usd` of `params` is its own level."""

    def __init__(
        self,
        seed: int,
        origin_ms: int,
        params: PathParams,
        funding_cap: float,
        leader: IndexPath,
        following: Following,
    ) -> None:
        self._leader, self._following = leader, following
        super().__init__(seed, origin_ms, params, funding_cap)

    def _draw(self, number: int, carry: Carry) -> Day:
        lead = self._leader.day(number)
        noise = 1.0 if self._params.vol > 0.0 else 0.0
        rng = np.random.default_rng((self._seed & ((1 << 64) - 1), number, self._salt))
        _, nodes = draw_nodes(rng, carry, noise)
        nodes[0] = lead.nodes[0]
        own = self._own_steps(rng, lead) if noise else np.zeros(DAY_S)
        return Day(self._scaled(lead) + own + noise * self._peg_steps(number), nodes, lead.regime)

    @property
    def _salt(self) -> int:
        return crc32(self._following.name.encode())

    def _scaled(self, lead: Day) -> Floats:
        """beta times the leader's returns, less what their scaling adds to the mean."""
        beta, variance = self._following.beta, self._variance(lead, self._params.vol)
        steps: Floats = beta * lead.steps - 0.5 * (beta * beta - beta) * variance
        return steps

    def _own_steps(self, rng: np.random.Generator, lead: Day) -> Floats:
        vol = self._following.own_vol * self._params.vol / _USUAL_VOL
        variance = self._variance(lead, vol)
        steps: Floats = rng.standard_normal(DAY_S) * np.sqrt(variance) - 0.5 * variance
        return steps

    @staticmethod
    def _variance(lead: Day, vol: float) -> Floats:
        """Per second, in the leader's regime."""
        variance: Floats = (vol * np.repeat(lead.nodes[0, :-1], 60)) ** 2 / YEAR_S
        return variance

    def _peg_steps(self, number: int) -> Floats:
        """Changes of a ratio that is drawn anew every half hour and linear in between."""
        first = number * DAY_S // _PEG_STEP_S
        knots = np.array([self._peg_knot(first + place) for place in range(DAY_S // _PEG_STEP_S + 1)])
        at = np.interp(np.arange(DAY_S + 1) / _PEG_STEP_S, np.arange(len(knots)), knots)
        return np.diff(at)

    def _peg_knot(self, number: int) -> float:
        if not self._following.peg_sd:
            return 0.0
        rng = np.random.default_rng((self._seed & ((1 << 64) - 1), number, self._salt, 1))
        return math.log1p(self._following.peg_sd * float(rng.standard_normal()))
