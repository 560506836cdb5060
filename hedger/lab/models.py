"""How the index moves: log-returns of a chunk of paths from a generator of its own.

They are written into an array of the caller's, [step, path]: fresh memory for each chunk costs as much as the
random numbers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from hedger.domain.errors import ConfigError
from hedger.domain.keys import Key, check_bounds
from hedger.domain.time_units import YEAR_DAYS
from hedger.lab.compile import compiled, numba_present
from hedger.pricing.black76 import Floats

Random = np.random.Generator


def fill_normals(out: Floats, random: Random) -> None:
    """What `random.standard_normal(out=out)` does: the same numbers in the same order.

    numba's translation of numpy's ziggurat takes less than half the time: no branch on the sign.
    """
    if numba_present():
        compiled(_fill_normals)(out, random)
    else:
        random.standard_normal(out=out)


def _fill_normals(out: Floats, random: Random) -> None:
    flat = out.reshape(-1)
    for at in range(len(flat)):
        flat[at] = random.standard_normal()


class Model(Protocol):
    """A frozen dataclass of documented parameters."""

    @property
    def drift(self) -> float: ...

    def fill(self, moves: Floats, random: Random, dt: float) -> None:
        """Log-returns, [step, path]; dt in years."""
        ...

    def deviation(self, years: float) -> float:
        """About one standard deviation of ln S after `years`: how far the grid must reach."""
        ...


_DRIFT = Key("per year", "expected growth rate of the index", least=-10, most=10)
_VOLATILITY = Key("fraction", "realised volatility per square root of a year", above=0, most=10)


@dataclass(frozen=True, slots=True)
class Gbm:
    """Geometric Brownian motion; with `autocorrelation` each step's return remembers the last one's.

    The returns keep their variance: z_i = a z_(i-1) + sqrt(1 - a^2) e_i.
    """

    volatility: Annotated[float, _VOLATILITY]
    drift: Annotated[float, _DRIFT] = 0.0
    autocorrelation: Annotated[float, Key("fraction", "of successive steps", above=-1, most=0.99)] = 0.0

    def __post_init__(self) -> None:
        check_bounds(self)

    def fill(self, moves: Floats, random: Random, dt: float) -> None:
        z, a = moves, self.autocorrelation
        fill_normals(z, random)
        if a != 0.0:
            z[1:] *= math.sqrt(1.0 - a * a)
            for step in range(1, len(z)):
                z[step] += a * z[step - 1]
        z *= self.volatility * math.sqrt(dt)
        z += (self.drift - 0.5 * self.volatility**2) * dt

    def deviation(self, years: float) -> float:
        a = self.autocorrelation
        return self.volatility * math.sqrt(years * (1.0 + a) / (1.0 - a)) + abs(self.drift) * years / 8.0


@dataclass(frozen=True, slots=True)
class Merton:
    """GBM and jumps: Poisson(jumps_per_year), each ln-normal; the drift is compensated (Merton 1976)."""

    volatility: Annotated[float, _VOLATILITY]
    jumps_per_year: Annotated[float, Key("per year", "expected number of jumps", least=0, most=10_000)]
    jump_mean: Annotated[float, Key("log-return", "mean of a jump", least=-2, most=2)]
    jump_sd: Annotated[float, Key("log-return", "standard deviation of a jump", least=0, most=2)]
    drift: Annotated[float, _DRIFT] = 0.0

    def __post_init__(self) -> None:
        check_bounds(self)

    def fill(self, moves: Floats, random: Random, dt: float) -> None:
        fill_normals(moves, random)
        moves *= self.volatility * math.sqrt(dt)
        count = random.poisson(self.jumps_per_year * dt, moves.shape)
        sizes = np.empty_like(moves)
        fill_normals(sizes, random)
        moves += count * self.jump_mean + np.sqrt(count) * self.jump_sd * sizes
        lift = self.jumps_per_year * math.expm1(self.jump_mean + 0.5 * self.jump_sd**2)
        moves += (self.drift - 0.5 * self.volatility**2 - lift) * dt

    def deviation(self, years: float) -> float:
        jumps = self.jumps_per_year * (self.jump_mean**2 + self.jump_sd**2)
        return math.sqrt((self.volatility**2 + jumps) * years) + abs(self.drift) * years / 8.0


@dataclass(frozen=True, slots=True)
class Heston:
    """Stochastic variance (Heston 1993), full truncation Euler (Lord et al. 2010) in `substeps` per step."""

    volatility: Annotated[float, _VOLATILITY]
    long_volatility: Annotated[float, Key("fraction", "where it reverts to", above=0, most=10)]
    reversion: Annotated[float, Key("per year", "speed of reversion", least=0, most=1000)]
    vol_of_vol: Annotated[float, Key("per sqrt year", "volatility of the variance", least=0, most=100)]
    correlation: Annotated[float, Key("fraction", "of price and variance", least=-1, most=1)]
    drift: Annotated[float, _DRIFT] = 0.0
    substeps: Annotated[int, Key("count", "Euler steps per step", least=1, most=1000)] = 4

    def __post_init__(self) -> None:
        check_bounds(self)

    def fill(self, moves: Floats, random: Random, dt: float) -> None:
        moves[:] = 0.0
        paths = moves.shape[1]
        variance = np.full(paths, self.volatility**2)
        h, other = dt / self.substeps, math.sqrt(1.0 - self.correlation**2)
        normals = np.empty((self.substeps, 2, paths))
        for move in moves:
            fill_normals(normals, random)
            for first, second in normals:
                seen = np.maximum(variance, 0.0)
                root = np.sqrt(seen * h)
                move += (self.drift - 0.5 * seen) * h + root * first
                shock = self.correlation * first + other * second
                variance += (
                    self.reversion * (self.long_volatility**2 - seen) * h + self.vol_of_vol * root * shock
                )

    def deviation(self, years: float) -> float:
        most = max(self.volatility, self.long_volatility)
        return 1.5 * most * math.sqrt(years) + abs(self.drift) * years / 8.0


@dataclass(frozen=True, slots=True)
class Regimes:
    """Two volatilities with exponential stays, the first drawn from the stationary law (Hamilton 1989)."""

    calm_volatility: Annotated[float, _VOLATILITY]
    wild_volatility: Annotated[float, _VOLATILITY]
    calm_days: Annotated[float, Key("days", "mean stay in the calm regime", above=0)]
    wild_days: Annotated[float, Key("days", "mean stay in the wild regime", above=0)]
    drift: Annotated[float, _DRIFT] = 0.0

    def __post_init__(self) -> None:
        check_bounds(self)

    def fill(self, moves: Floats, random: Random, dt: float) -> None:
        days = dt * YEAR_DAYS
        leave_calm, leave_wild = -math.expm1(-days / self.calm_days), -math.expm1(-days / self.wild_days)
        paths = moves.shape[1]
        wild: NDArray[np.bool_] = np.less(
            random.random(paths), self.wild_days / (self.calm_days + self.wild_days)
        )
        fill_normals(moves, random)
        for move in moves:
            volatility = np.where(wild, self.wild_volatility, self.calm_volatility)
            move *= volatility * math.sqrt(dt)
            move += (self.drift - 0.5 * volatility**2) * dt
            draw = random.random(paths)
            wild = np.where(wild, draw >= leave_wild, draw < leave_calm)

    def deviation(self, years: float) -> float:
        return (
            max(self.calm_volatility, self.wild_volatility) * math.sqrt(years) + abs(self.drift) * years / 8.0
        )


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """Blocks of recorded returns, drawn with replacement (moving-block bootstrap, Kuensch 1989).

    The file has one price per step: `path` is .parquet or .csv(.gz) with the column `column`. The mean is
    taken out and `drift` put in its place; a volatility above 0 rescales the returns to it.
    """

    path: Annotated[str, Key("path", "recorded prices, one per step of the experiment")]
    column: Annotated[str, Key("name", "column of the prices")] = "close"
    block: Annotated[int, Key("steps", "length of a block", least=1)] = 24
    every: Annotated[int, Key("rows", "one step is this many rows of the file", least=1)] = 1
    volatility: Annotated[float, Key("fraction", "rescale to this; 0: as recorded", least=0, most=10)] = 0.0
    drift: Annotated[float, _DRIFT] = 0.0

    def __post_init__(self) -> None:
        check_bounds(self)

    def fill(self, moves: Floats, random: Random, dt: float) -> None:
        recorded = self._recorded(dt)
        steps, paths = moves.shape
        blocks = -(-steps // self.block)
        starts = random.integers(0, len(recorded) - self.block + 1, (blocks, 1, paths))
        rows = (starts + np.arange(self.block)[None, :, None]).reshape(-1, paths)[:steps]
        moves[:] = recorded[rows]

    def _recorded(self, dt: float) -> Floats:
        moves = np.diff(np.log(prices(self.path, self.column)[:: self.every]))
        if len(moves) < self.block:
            raise ConfigError(
                f"model: block = {self.block}: must be at most the {len(moves)} recorded returns"
            )
        spread = float(moves.std())
        scale = self.volatility * math.sqrt(dt) / spread if self.volatility > 0.0 else 1.0
        return np.asarray((moves - moves.mean()) * scale + self.drift * dt - 0.5 * (spread * scale) ** 2)

    def deviation(self, years: float) -> float:
        moves = np.diff(np.log(prices(self.path, self.column)[:: self.every]))
        if self.volatility > 0.0:
            return 1.5 * self.volatility * math.sqrt(years)
        return float(1.5 * moves.std() * math.sqrt(max(len(moves), 1)))


@cache
def prices(path: str, column: str) -> Floats:
    """A column of recorded prices. Raises ConfigError naming file and column."""
    if not Path(path).is_file():
        raise ConfigError(f"model: path = {path!r}: no such file")
    try:
        values = np.asarray(_column(path, column), dtype=np.float64)
    except ImportError as error:
        raise ConfigError(f"model: path = {path!r} needs pyarrow: pip install 'hedger[lab]'") from error
    except (OSError, EOFError, ValueError) as error:
        raise ConfigError(f"model: path = {path!r}: {error}") from error
    if len(values) < 2 or not (np.isfinite(values) & (values > 0.0)).all():
        raise ConfigError(
            f"model: path = {path!r}: {column} must hold at least two prices, all finite and above 0"
        )
    return values


def _column(path: str, column: str) -> Any:
    """As it is in the file."""
    if path.endswith(".parquet"):
        import pyarrow.parquet as pq

        names = pq.read_schema(path).names
        return pq.read_table(path, columns=[_known(column, names)]).column(column).to_numpy()
    from pyarrow import csv

    table = csv.read_csv(path)
    return table.column(_known(column, table.column_names)).to_numpy()


def _known(column: str, names: list[str]) -> str:
    if column not in names:
        raise ValueError(f"column = {column!r}: it has {', '.join(names)}")
    return column


MODELS: Mapping[str, type] = MappingProxyType(
    {"gbm": Gbm, "merton": Merton, "heston": Heston, "regimes": Regimes, "bootstrap": Bootstrap}
)
