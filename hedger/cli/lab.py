"""`hedger lab`: policies tried on simulated paths, and published tables reproduced."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from hedger.cli.client import print_json
from hedger.cli.files import check_writable, indented, save
from hedger.cli.tables import WIDE, Column, table
from hedger.domain.errors import ConfigError
from hedger.lab.book import unit_of
from hedger.lab.compile import numba_present
from hedger.lab.executor import executor
from hedger.lab.experiment import load
from hedger.lab.run import PolicyResult, Result
from hedger.lab.statistics import Figure
from hedger.lab.tables import Sensitivity, Window, sensitivities, windows
from hedger.lab.verify.rows import Effort, Row

lab = typer.Typer(help="Try policies on simulated paths; reproduce published tables.", no_args_is_help=True)

Workers = Annotated[int, typer.Option(min=0, help="Processes; 0: one per core.")]
Where = Annotated[str, typer.Option("--executor", help="processes, serial or ray; the figures are the same.")]
AsJson = Annotated[bool, typer.Option("--json", help="The figures as JSON.")]


@lab.command()
def run(
    file: Annotated[Path, typer.Argument(help="The experiment; config/lab/*.toml are examples.")],
    where: Where = "processes",
    workers: Workers = 0,
    as_json: AsJson = False,
    out: Annotated[Path | None, typer.Option("--out", help="Write the JSON here.")] = None,
    parquet: Annotated[Path | None, typer.Option("--parquet", help="Write the figures here.")] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Write plots and figures here.")] = None,
) -> None:
    """Let every policy of an experiment hedge the same simulated paths, and tell what it came to.

    Each figure has its standard error. The same file gives the same figures to the last digit, whatever the
    executor and the number of workers.
    """
    from hedger.lab.output import write_html, write_parquet
    from hedger.lab.run import run as run_experiment

    experiment = load(file)
    check_writable(out, parquet, html)
    if not numba_present():
        typer.echo("numba is not installed (pip install 'hedger[lab]'): paths are looped slowly", err=True)
    with executor(where, workers) as place, _progress(quiet=as_json) as bar:
        walked = bar.add_task("paths", total=experiment.simulation.paths)
        result = run_experiment(experiment, place, lambda paths: bar.advance(walked, paths))
    if out is not None:
        save(out, indented(result.as_json()))
    if parquet is not None:
        write_parquet(result, parquet)
    if html is not None:
        write_html(result, html)
    if as_json:
        print_json(result.as_json())
    else:
        _show(result)


@lab.command()
def tables(
    file: Annotated[Path, typer.Argument(help="The experiment; config/lab/*.toml are examples.")],
    window_h: Annotated[
        float | None,
        typer.Option("--window-h", min=0, help="Hours of a window, whole steps; else the fewest of a day."),
    ] = None,
    path: Annotated[int, typer.Option(min=0, help="Which of the first thousand paths.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Greeks of the book by spot and time; one path window by window, naked, and hedged by each policy.

    The second tells how many futures each policy traded in every window and what it came to since the start.
    """
    experiment = load(file)
    try:
        cut = windows(experiment, window_h, path)
    except ValueError as error:
        raise ConfigError(str(error)) from None
    if as_json:
        greeks = [each._asdict() for each in sensitivities(experiment)]
        told = [
            {**each._asdict(), "policies": {name: at._asdict() for name, at in each.policies.items()}}
            for each in cut
        ]
        print_json({"sensitivities": greeks, "windows": told})
        return
    console = Console()
    console.print(table(_GREEKS, sensitivities(experiment), True, "the options by day and spot"))
    money = unit_of(experiment.book)
    console.print(f"path {path}: futures traded per window (trades), coin; result since the start, {money}")
    names = [rule.name for rule in experiment.policies]
    fit = max(1, (console.width - _WINDOW_WIDTH) // _HEDGED_WIDTH)
    for first in range(0, len(names), fit):
        numbered = dict(enumerate(names[first : first + fit], start=first + 1))
        columns = (*_WINDOW, *(column for pair in numbered.items() for column in _hedged(*pair)))
        title = ", ".join(f"{number} {name}" for number, name in numbered.items())
        console.print("", table(columns, cut, True, title))


_WINDOW = (
    Column[Window]("day", lambda row: f"{row.day:.4g}"),
    Column[Window]("index", lambda row: f"{row.spot_usd:,.6g}"),
    Column[Window]("naked", lambda row: f"{row.naked:.3g}"),
)
_WINDOW_WIDTH, _HEDGED_WIDTH = 30, 25


def _hedged(number: int, name: str) -> tuple[Column[Window], Column[Window]]:
    """Policies are told by their numbers: no figure is cut for a long name."""

    def traded(row: Window) -> str:
        at = row.policies[name]
        return f"{at.futures_coin:.3g} ({at.trades:.0f})"

    return Column(str(number), traded), Column("result", lambda row: f"{row.policies[name].pnl:.3g}")


_GREEKS = (
    Column[Sensitivity]("day", lambda row: f"{row.day:.4g}"),
    Column[Sensitivity]("index", lambda row: f"{row.spot_usd:,.6g}"),
    Column[Sensitivity]("value USD", lambda row: f"{row.value_usd:,.6g}"),
    Column[Sensitivity]("delta", lambda row: f"{row.delta_coin:.4f}"),
    Column[Sensitivity]("gamma", lambda row: f"{row.gamma_coin_per_usd:.3g}"),
    Column[Sensitivity]("theta USD/day", lambda row: f"{row.theta_usd_per_day:,.4g}"),
)


EXIT_MISS = 1


@lab.command()
def verify(
    only: Annotated[list[str] | None, typer.Option("--only", help="This check; again for more.")] = None,
    share: Annotated[
        float, typer.Option(min=0.001, max=10, help="Share of the paths; tolerances follow the errors.")
    ] = 1.0,
    where: Where = "processes",
    workers: Workers = 0,
    as_json: AsJson = False,
) -> None:
    """Rerun published tables of hedging theory and print ours beside theirs; exit 1 where they differ.

    Whole it takes minutes on two cores. Simulated figures may differ by 3.5 standard errors.
    """
    from hedger.lab.verify import CHECKS, chosen

    console, told, missed = Console(), {}, 0
    with executor(where, workers) as place:
        for name in chosen(only or ()):
            with Console(stderr=True).status(name):
                rows = list(CHECKS[name](Effort(place, share)))
            missed += sum(not row.holds for row in rows)
            told[name] = [{**row._asdict(), "holds": row.holds} for row in rows]
            if not as_json:
                console.print(table(_VERIFIED, rows, True, f"{name}: {_headline(CHECKS[name])}"))
    if as_json:
        print_json(told)
    else:
        total = sum(map(len, told.values()))
        console.print(f"{total - missed} of {total} figures agree, {missed} miss")
    if missed:
        raise typer.Exit(EXIT_MISS)


def _headline(check: object) -> str:
    return (check.__doc__ or "").strip().splitlines()[0]


_SIGN = {"equal": "±", "least": "≥ -", "most": "≤ +"}
_VERIFIED = (
    Column[Row]("", lambda row: row.what, text=True),  # without a title it wraps: no figure is cut
    Column[Row]("ours", lambda row: f"{row.ours:.10g}"),
    Column[Row]("theirs", lambda row: f"{row.theirs:.10g}"),
    Column[Row]("tolerance", lambda row: f"{_SIGN[row.relation]}{row.tolerance:.2g}"),
    Column[Row]("", lambda row: "" if row.holds else "[red]MISS[/]", text=True),
)


def _progress(*, quiet: bool) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), disable=quiet, transient=True)


def _show(result: Result) -> None:
    console, simulation = Console(), result.experiment.simulation
    drawn = f"{simulation.paths:,} paths, {simulation.steps:,} steps, seed {simulation.seed}"
    told = f"{drawn}; money in {result.unit}; ± one standard error"
    title = f"{result.experiment.title}: {told}" if result.experiment.title else told
    columns = [
        Column[PolicyResult]("policy", lambda row: row.name, text=True),
        *(_column(head, name, wide) for head, name, wide in _SHOWN),
        *(_column(name, name, True) for name in result.policies[0].figures if name.startswith("certainty")),
    ]
    console.print(table(columns, result.policies, console.width >= WIDE, title))


_SHOWN = (
    ("mean", "pnl_mean", False),
    ("sd", "pnl_sd", False),
    ("cost", "cost_mean", False),
    ("trades", "trades_mean", False),
    ("rebalanced", "rebalance_fraction", True),
    ("ES 5 %", "pnl_es0.05", True),
)


def _column(head: str, name: str, wide: bool) -> Column[PolicyResult]:
    return Column(head, lambda row: _told(row.figures.get(name)), wide=wide)


def _told(figure: Figure | None) -> str:
    return "" if figure is None else f"{figure.value:.4g} ±{figure.se:.1g}"
