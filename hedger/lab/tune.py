"""Which policy and which band for a book: proposed on one half of the evidence, judged on the other.

The evidence is recorded chains, cut in the middle, or simulated paths of the book that is held, of which the
second half is drawn afresh (`tune_book`).

`tune` asks Optuna for candidates in batches, has each tried on the first half, and lets the best of them and
today's setting meet on the second half, which nobody has looked at. It says what was gained there with its
standard error, paired interval by interval or path by path, and whether that is more than chance; the
frontier of all candidates is kept to be shown with today's setting on it. Batches are asked and told in
order: the same seed proposes the same wherever the trials run.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Any, NamedTuple, assert_never

import msgspec

from hedger.domain.errors import ConfigError
from hedger.policies.band_params import COIN, EQUITY, SIGMA
from hedger.policies.registry import policy_named
from hedger.portfolio.effectiveness import variance

CHANCE = 1.96
"""Standard errors beyond which a gain is called one: 95 %, two-sided."""
SLACK = 0.05
"""How much dearer than today's a setting may be and still count as no dearer."""
LEAST_SAVING = 0.02
"""Of today's cost: less is not worth a change."""
BATCH = 8  # candidates asked for before any of them is told


class Axis(NamedTuple):
    """A parameter's range, searched evenly or by its logarithm."""

    low: float
    high: float
    log: bool = False
    also: tuple[str, ...] = ()
    """What takes the same value."""
    idle: tuple[str, ...] = ()
    """It has no effect, and is not searched, where all of these are set."""


SPACE: Mapping[str, Mapping[str, Axis]] = MappingProxyType(
    {
        "band": {
            "below_sigmas": Axis(0.1, 4.0, log=True, also=("above_sigmas",)),
            "hard_times": Axis(1.5, 5.0, idle=("hard_lower", "hard_upper")),
        },
        "time": {"window_s": Axis(3_600.0, 172_800.0, log=True)},
        "theta_offset": {
            "window_s": Axis(3_600.0, 172_800.0, log=True),
            "cap_sigmas": Axis(1.0, 4.0),
            "inner_sigmas": Axis(0.0, 1.0),
        },
        "whalley_wilmott": {"risk_aversion_per_usd": Axis(1e-6, 1e-1, log=True)},
        "zakamouline": {"risk_aversion_per_usd": Axis(1e-6, 1e-1, log=True)},
    }
)
"""All else is as in today's setting where that is of the same policy, else the default."""
FIXED: Mapping[str, Mapping[str, float | str]] = MappingProxyType({"band": {"unit": "sigma"}})
"""What is searched of each policy, and what goes with it. Bands are searched in sigmas."""
EDGES: Mapping[float, tuple[str, str]] = MappingProxyType(
    {
        COIN: ("lower", "upper"),
        EQUITY: ("below_equity_pct", "above_equity_pct"),
        SIGMA: ("below_sigmas", "above_sigmas"),
    }
)
_ALL_EDGES = {name for edges in EDGES.values() for name in edges}


class Candidate(msgspec.Struct, frozen=True):
    """A policy and some of its parameters; what is left out is told by `completed`."""

    policy: str
    params: dict[str, float | str]

    def __str__(self) -> str:
        return " ".join([self.policy, *(f"{name}={value:.4g}" for name, value in self._told())])

    def _told(self) -> Iterator[tuple[str, float]]:
        """The band's edges in its unit, once where they are alike, and what else is not a default."""
        policy = policy_named(self.policy)
        given, defaults = policy.numbers(self.params), policy.defaults
        edges: tuple[str, ...] = EDGES[given.get("unit", COIN)] if self.policy == "band" else ()
        for name, value in given.items():
            if name == "unit" or (name in _ALL_EDGES and name not in edges):
                continue
            if name in edges[1:] and value == given.get(edges[0]):
                continue
            if name in edges or value != defaults[name]:
                yield name, value


def completed(candidate: Candidate, today: Candidate) -> Candidate:
    """With all that it leaves as it is: today's parameters of the same policy, else the defaults."""
    if candidate.policy != today.policy:
        return candidate
    return Candidate(candidate.policy, {**today.params, **candidate.params})


class Score(msgspec.Struct, frozen=True):
    """What a candidate came to over one half: recorded intervals, or simulated paths."""

    pnl: tuple[float, ...]
    """Hedged profit of each interval or path, costs taken off."""
    trading_cost: float
    """Fees and spread of the hedges: of all intervals, or of a path in the mean."""
    trades: float
    """Likewise."""
    funding: float | None = None
    """Received by the hedges: a perpetual's other cost, in `pnl` alone, being the price of a position
    and not of a trade. None: not counted apart (paths)."""

    @property
    def mean(self) -> float:
        """Of the profit of one."""
        return math.fsum(self.pnl) / len(self.pnl)

    @property
    def sd(self) -> float:
        """Of the profit of one."""
        return math.sqrt(variance(self.pnl) or 0.0)


class Objective(StrEnum):
    """What is made greatest."""

    COST = "cost"  # the least trading cost at no more than today's risk
    RISK = "risk"  # the least risk at no more than today's trading cost
    UTILITY = "utility"  # mean less half the risk aversion times the variance


class Paired(msgspec.Struct, frozen=True):
    """Mean gain of one setting over another per interval or path, with its standard error."""

    mean: float
    standard_error: float

    @property
    def is_gain(self) -> bool:
        return self.mean > CHANCE * self.standard_error

    @property
    def is_loss(self) -> bool:
        return self.mean < -CHANCE * self.standard_error


class Proposal(msgspec.Struct, frozen=True):
    """The best candidate of the first half, judged on the second."""

    objective: Objective
    today: Candidate
    best: Candidate
    today_first: Score
    today_second: Score
    best_first: Score
    best_second: Score
    saved: float
    """Trading cost that the best saves against today's setting on the second half."""
    risk_gain: Paired
    """Of squared deviations of the profit of one."""
    utility_gain: Paired
    trials: tuple[tuple[Candidate, float, float], ...]
    """Every candidate with its risk and trading cost on the first half: the frontier's points."""
    unit: str = "coin"
    """Of money: coin or USD."""
    each: str = "interval"
    """What a score counts: interval or path."""

    @property
    def improves(self) -> bool:
        """Whether the best is better on the second half, by more than chance where chance plays a part."""
        match self.objective:
            case Objective.COST:
                return (
                    self.saved > LEAST_SAVING * self.today_second.trading_cost and not self.risk_gain.is_loss
                )
            case Objective.RISK:
                return self.risk_gain.is_gain and self.saved >= -SLACK * self.today_second.trading_cost
            case Objective.UTILITY:
                return self.utility_gain.is_gain
            case _:
                assert_never(self.objective)


Try = Callable[[Candidate], Score]
Map = Callable[[Try, Iterable[Candidate]], Iterator[Score]]


def tune(
    first: Try,
    second: Try,
    today: Candidate,
    *,
    objective: Objective,
    trials: int,
    seed: int,
    run: Map = map,
    policies: Sequence[str] = tuple(SPACE),
    risk_aversion: float = 0.0,
    unit: str = "coin",
    each: str = "interval",
    told: Callable[[int], None] = lambda done: None,
) -> Proposal:
    """Try candidates on the first half, judge the best on the second.

    Raises ConfigError where Optuna is missing, and for a policy that has nothing to search.
    """
    study = _study(seed)
    for name in policies:
        if name not in SPACE:
            raise ConfigError(f"policies = {name!r}: must be among {', '.join(SPACE)}")
    base = next(iter(run(first, [today])))
    seen: list[tuple[Candidate, Score]] = []
    while len(seen) < trials:
        asked = [study.ask() for _ in range(min(BATCH, trials - len(seen)))]
        candidates = [_candidate(trial, policies, today) for trial in asked]
        whole = [completed(candidate, today) for candidate in candidates]
        for trial, candidate, score in zip(asked, candidates, run(first, whole), strict=True):
            study.tell(trial, value(objective, score, base, risk_aversion))
            seen.append((candidate, score))
        told(len(seen))
    best, score = max(seen, key=lambda pair: value(objective, pair[1], base, risk_aversion))
    today_second, best_second = tuple(run(second, [today, completed(best, today)]))
    return Proposal(
        objective=objective,
        today=today,
        best=best,
        today_first=base,
        today_second=today_second,
        best_first=score,
        best_second=best_second,
        saved=today_second.trading_cost - best_second.trading_cost,
        risk_gain=paired(_squares(best_second), _squares(today_second)),
        utility_gain=paired(_utilities(best_second, risk_aversion), _utilities(today_second, risk_aversion)),
        trials=tuple((candidate, its.sd, its.trading_cost) for candidate, its in seen),
        unit=unit,
        each=each,
    )


def _study(seed: int) -> Any:
    try:
        import optuna
    except ModuleNotFoundError as error:
        raise ConfigError("hedger tune needs the package optuna: pip install 'hedger[lab]'") from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed))


def _candidate(trial: Any, policies: Sequence[str], today: Candidate) -> Candidate:
    """The next candidate. Raises ConfigError where it does not go with what today's setting has besides."""
    name = trial.suggest_categorical("policy", list(policies))
    kept = today.params if name == today.policy else {}
    params: dict[str, float | str] = dict(FIXED.get(name, {}))
    if kept.get("step_coin"):
        params["step_coin"] = 0.0  # it would be the band
    for field, axis in SPACE[name].items():
        if axis.idle and all(math.isfinite(float(kept.get(other, math.inf))) for other in axis.idle):
            continue
        drawn = trial.suggest_float(f"{name}.{field}", axis.low, axis.high, log=axis.log)
        params |= dict.fromkeys((field, *axis.also), drawn)
    made = Candidate(name, params)
    try:
        policy_named(name).params(completed(made, today).params)
    except ValueError as error:
        raise ConfigError(f"today's {name} with {made}: {error}") from None
    return made


def value(objective: Objective, score: Score, today: Score, risk_aversion: float) -> float:
    """What Optuna makes greatest. Beyond today's risk, or cost, a candidate loses the more the further."""
    match objective:
        case Objective.COST:
            return -score.trading_cost - abs(today.trading_cost) * _excess(score.sd, today.sd)
        case Objective.RISK:
            return -score.sd - today.sd * _excess(score.trading_cost, today.trading_cost)
        case Objective.UTILITY:
            return score.mean - 0.5 * risk_aversion * score.sd**2
        case _:
            assert_never(objective)


def _excess(own: float, most: float) -> float:
    """0 within the bound, then steep: a hundredth beyond it costs a tenth."""
    return 10.0 * max(own / most - 1.0, 0.0) if most > 0.0 else 0.0


def paired(ours: Sequence[float], theirs: Sequence[float]) -> Paired:
    """One by one on the same evidence, so that what both gained or lost falls out."""
    gains = [one - other for one, other in zip(ours, theirs, strict=True)]
    return Paired(math.fsum(gains) / len(gains), math.sqrt((variance(gains) or 0.0) / len(gains)))


def _squares(score: Score) -> list[float]:
    mean = score.mean
    return [-((one - mean) ** 2) for one in score.pnl]


def _utilities(score: Score, risk_aversion: float) -> list[float]:
    return [
        one + 0.5 * risk_aversion * square for one, square in zip(score.pnl, _squares(score), strict=True)
    ]


def frontier(points: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """The (risk, cost) points that no other beats in both, by risk."""
    kept: list[tuple[float, float]] = []
    for risk, cost in sorted(points):
        if not kept or cost < kept[-1][1]:
            kept.append((risk, cost))
    return kept
