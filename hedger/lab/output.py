"""Results of an experiment as files: parquet for reading on, HTML with plots for looking at (`[lab]`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from html import escape
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from hedger.domain.errors import ConfigError
from hedger.lab.run import PolicyResult, Result

MEANING: Mapping[str, str] = MappingProxyType(
    {
        "pnl_mean": "mean result, premium received and all costs included",
        "pnl_sd": "standard deviation of the result",
        "cost_mean": "mean hedging cost",
        "trades_mean": "hedge trades per path",
        "rebalance_fraction": "share of the instants asked at which it traded",
        "turnover_coin": "coins of the hedge traded per path",
        "pnl_mean_less_first": "mean result less the first policy's on the same paths",
        "pnl_q": "quantile of the result",
        "pnl_es": "mean of the worst share of results",
        "certainty_cost_": "certainty-equivalent cost at a risk aversion",
    }
)
"""What a figure whose name begins so is; money in the result's unit."""


def meaning(figure: str) -> str:
    """Of a figure by its name. KeyError for one nobody described."""
    begins = [name for name in MEANING if figure.startswith(name)]
    return MEANING[max(begins, key=len)]


def write_parquet(result: Result, path: Path) -> None:
    """One row per policy and figure: policy, figure, value, se, unit of money. Raises ConfigError without
    pyarrow, or for a file that cannot be written."""
    need("pyarrow", "--parquet")
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [
        {"policy": each.name, "figure": name, "value": figure.value, "se": figure.se, "money": result.unit}
        for each in result.policies
        for name, figure in each.figures.items()
    ]
    with written(path):
        pq.write_table(pa.Table.from_pylist(rows), path)


def write_html(result: Result, path: Path) -> None:
    """Frontier, distributions and a table; opens without a network. Raises ConfigError without plotly, or
    for a file that cannot be written."""
    need("plotly", "--html")
    from plotly.io import to_html

    figures = (_frontier(result), _distribution(result), _table(result))
    parts = [
        to_html(figure, full_html=False, include_plotlyjs="inline" if first == 0 else False)
        for first, figure in enumerate(figures)
    ]
    title = escape(result.experiment.title or "experiment")
    simulation = result.experiment.simulation
    told = f"{simulation.paths:,} paths, {simulation.steps:,} steps, seed {simulation.seed}, {result.unit}"
    head = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><h1>{title}</h1>'
    with written(path):
        path.write_text(f"{head}<p>{told}</p>{''.join(parts)}</html>", encoding="utf-8")


@contextmanager
def written(path: Path) -> Iterator[None]:
    """Raises ConfigError naming the file that cannot be written."""
    try:
        yield
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror or error}") from error


def need(package: str, option: str) -> None:
    if find_spec(package) is None:
        raise ConfigError(f"{option}: needs the package {package}: pip install 'hedger[lab]'")


def _frontier(result: Result) -> Any:
    """Mean cost against sd, with two standard errors."""
    import plotly.graph_objects as go

    figure = go.Figure(layout={"title": "Frontier: cost of hedging against what risk is left"})
    for each in result.policies:
        sd, cost = each.figures["pnl_sd"], each.figures["cost_mean"]
        figure.add_scatter(
            x=[sd.value],
            y=[cost.value],
            error_x={"array": [2 * sd.se]},
            error_y={"array": [2 * cost.se]},
            mode="markers+text",
            text=[each.name],
            textposition="top center",
            name=each.name,
        )
    figure.update_xaxes(title=f"sd of the result ({result.unit})")
    figure.update_yaxes(title=f"mean cost ({result.unit})")
    return figure


_BARS = 120


def _distribution(result: Result) -> Any:
    import plotly.graph_objects as go

    figure = go.Figure(layout={"title": "Distribution of the result"})
    low = min(each.figures["pnl_q0.01"].value for each in result.policies)
    high = max(each.figures["pnl_q0.99"].value for each in result.policies)
    edges = np.linspace(low, high, _BARS + 1)
    for each in result.policies:
        figure.add_scatter(
            x=edges[:-1], y=_shares(each, edges), mode="lines", line_shape="hv", name=each.name
        )
    figure.update_xaxes(title=f"result ({result.unit}), 1 % to 99 % of all")
    figure.update_yaxes(title="share of the paths")
    return figure


def _shares(each: PolicyResult, edges: Any) -> Any:
    """Of the paths in each bar, from the cumulated fine histogram."""
    counts = each.histogram.counts
    reached = np.concatenate(([0.0], np.cumsum(counts))) / counts.sum()
    return np.diff(np.interp(edges, each.histogram.edges(), reached))


def _table(result: Result) -> Any:
    import plotly.graph_objects as go

    names = list(result.policies[0].figures)
    columns = [list(names), [meaning(name) for name in names]]
    for each in result.policies:
        columns.append([f"{f.value:.6g} ± {f.se:.2g}" for f in each.figures.values()])
    header = ["figure", "meaning", *(each.name for each in result.policies)]
    return go.Figure(go.Table(header={"values": header}, cells={"values": columns, "align": "left"}))
