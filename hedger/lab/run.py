"""A whole experiment on an executor, and its figures."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from hedger.lab.book import unit_of
from hedger.lab.chunks import CHUNK_PATHS, Sums, tasks_of, work
from hedger.lab.executor import Executor, Serial
from hedger.lab.experiment import Experiment
from hedger.lab.statistics import Figure, Histogram

QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)


class PolicyResult(NamedTuple):
    """Figures of one policy by name, each with its standard error, and the distribution of its P&L."""

    name: str
    figures: dict[str, Figure]
    histogram: Histogram


class Result(NamedTuple):
    experiment: Experiment
    unit: str
    """USD or coin: what pnl and cost are counted in."""
    policies: tuple[PolicyResult, ...]

    def figure(self, policy: str, name: str) -> Figure:
        """One figure of one policy; KeyError where there is none."""
        return {each.name: each for each in self.policies}[policy].figures[name]

    def as_json(self) -> dict[str, Any]:
        """Plain values: {"policies": {name: {figure: {"value": ..., "se": ...}}}}."""
        simulation = self.experiment.simulation
        return {
            "title": self.experiment.title,
            "unit": self.unit,
            "paths": simulation.paths,
            "steps": simulation.steps,
            "seed": simulation.seed,
            "policies": {
                each.name: {name: figure._asdict() for name, figure in each.figures.items()}
                for each in self.policies
            },
        }


def run(
    experiment: Experiment, executor: Executor | None = None, progress: Callable[[int], None] | None = None
) -> Result:
    """Every policy over the same paths. `progress` is told the number of paths that were added."""
    total: tuple[Sums, ...] | None = None
    tasks = tasks_of(experiment)
    for task, sums in zip(tasks, (executor or Serial()).map(work, tasks), strict=True):
        total = sums if total is None else tuple(a.merged(b) for a, b in zip(total, sums, strict=True))
        if progress is not None:
            progress(
                min(task.chunks * CHUNK_PATHS, experiment.simulation.paths - task.first_chunk * CHUNK_PATHS)
            )
    assert total is not None
    results = tuple(
        PolicyResult(rule.name, figures_of(experiment, rule.ask_every, sums), sums.histogram)
        for rule, sums in zip(experiment.policies, total, strict=True)
    )
    return Result(experiment, unit_of(experiment.book), results)


def figures_of(experiment: Experiment, ask_every: int, sums: Sums) -> dict[str, Figure]:
    """Names as the JSON has them; pnl and cost in the result's unit."""
    asked = math.ceil(experiment.simulation.steps / ask_every)
    acted = sums.acted.average()
    figures = {
        "pnl_mean": sums.pnl.average(),
        "pnl_sd": sums.pnl.deviation(),
        "cost_mean": sums.cost.average(),
        "trades_mean": sums.trades.average(),
        "rebalance_fraction": Figure(acted.value / asked, acted.se / asked),
        "turnover_coin": sums.turnover_coin.average(),
        "pnl_mean_less_first": sums.against_first.average(),
    }
    for share in QUANTILES:
        figures[f"pnl_q{share:g}"] = sums.histogram.quantile(share)
    for share in experiment.measures.tails:
        figures[f"pnl_es{share:g}"] = sums.histogram.shortfall(share)
    for certainty in sums.certainty:
        figures[f"certainty_cost_{certainty.aversion:g}"] = certainty.cost()
    return figures
