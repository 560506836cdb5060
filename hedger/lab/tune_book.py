"""The two halves on which a held book is tuned: paths of one seed for the search, fresh ones to judge by."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from hedger.domain.errors import ConfigError
from hedger.domain.time_units import DAY_S, EXPIRY_HOUR_UTC, HOUR_S, YEAR_DAYS
from hedger.engine.settings import BookSettings
from hedger.lab.book import Book
from hedger.lab.chunks import CHUNK_PATHS, Task, outcomes_of
from hedger.lab.experiment import Costs, Experiment, Rule, Simulation
from hedger.lab.models import Model
from hedger.lab.tune import Candidate, Score

STEP_MUST_DIVIDE_S = EXPIRY_HOUR_UTC * HOUR_S
"""Options expire at 08:00 UTC, and every expiry must fall on a step."""


def start_ms(market_ms: int, step_s: int) -> int:
    """The step that has begun: where the simulation starts. Raises ConfigError for a step that cannot be."""
    if step_s < 1 or STEP_MUST_DIVIDE_S % step_s:
        raise ConfigError(
            f"step = {step_s / 60:g} minutes: must divide 480, the minutes from 00:00 to 08:00 UTC"
        )
    return market_ms - market_ms % (step_s * 1000)


def halves(
    book: Book,
    settings: BookSettings,
    model: Model,
    costs: Costs,
    *,
    paths: int,
    horizon_days: float,
    step_s: int,
    start_ms: int,
    seed: int,
) -> tuple[Experiment, Experiment]:
    """Today's setting on the paths of the search, and on those that judge: no two seeds share any.

    The horizon ends at the last expiry if not before. Raises ConfigError for what cannot be simulated.
    """
    last_days = max(leg.expiry_days for leg in book.options)
    steps = max(1, round(min(horizon_days, last_days) * DAY_S / step_s))
    today = Rule("candidate", settings.policy, dict(settings.policy_params), partial=settings.partial)
    try:
        simulation = Simulation(
            paths=paths,
            steps=steps,
            seed=2 * seed,
            horizon_days=steps * step_s / DAY_S,
            start_s=start_ms / 1000,
        )
        first = Experiment(book, model, (today,), settings.name, costs, simulation)
    except ValueError as error:
        raise ConfigError(f"book {settings.name}: {error}") from None
    return first, replace(first, simulation=replace(simulation, seed=2 * seed + 1))


def score(half: Experiment, candidate: Candidate) -> Score:
    """What a candidate comes to over a half's paths, by the kernel that trades."""
    rule = replace(half.policies[0], policy=candidate.policy, params=candidate.params)
    chunks = -(-half.simulation.paths // CHUNK_PATHS)
    walked = [outcome for (outcome,) in outcomes_of(Task(replace(half, policies=(rule,)), 0, chunks))]
    pnl, cost, trades = (
        np.concatenate([getattr(outcome, name) for outcome in walked]) for name in ("pnl", "cost", "trades")
    )
    return Score(tuple(pnl.tolist()), float(cost.mean()), float(trades.mean()))


def realised_volatility(experiment: Experiment) -> float:
    """Of a thousand paths of the model, per square root of a year. Raises ConfigError for a model that cannot
    draw: a file that is missing or too short."""
    steps = experiment.simulation.steps
    dt = experiment.horizon_days / YEAR_DAYS / steps
    moves = np.empty((steps, CHUNK_PATHS))
    try:
        experiment.model.fill(moves, np.random.Generator(np.random.SFC64(experiment.simulation.seed)), dt)
    except ValueError as error:
        raise ConfigError(f"model: {error}") from None
    return math.sqrt(float(np.mean(moves * moves)) / dt)
