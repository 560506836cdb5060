"""A proposal on a terminal and as a page: what to set, what it came to, the frontier with today marked."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from rich.console import Console

from hedger.cli.figures import number, pct
from hedger.cli.tables import WIDE, Column, table
from hedger.cli.tune_case import Case
from hedger.lab.tune import Candidate, Objective, Proposal, Score, completed, frontier
from hedger.policies.registry import LIVE_POLICIES
from hedger.reports import page as pages

MOST_SHOWN = 12  # points of the frontier on a terminal

_Row = tuple[str, Candidate, Score]


def show(console: Console, found: Proposal, case: Case) -> None:
    """What it rests on, the frontier, today against the best on both halves, the verdict, what to set."""
    console.print(f"{len(found.trials)} candidates by {found.objective} on {case.searched}", highlight=False)
    console.print(f"judged on {case.judged}, which no candidate was chosen by", highlight=False)
    for line in case.assumed:
        console.print(f"  {line}", highlight=False, style="dim", markup=False)
    wide = console.width >= WIDE
    title = f"frontier of the first half ({found.unit})"
    console.print(table(_frontier(found), list(frontier_rows(found)), wide, title))
    means = "means and sd of a path" if found.each == "path" else "sd of an interval"
    title = f"today's setting and the best of the first half ({found.unit}; {means})"
    console.print(table(_halves(found), list(_rows(found)), wide, title))
    console.print(verdict(found), highlight=False)
    if found.improves:
        for line in settings_of(found, case.book):
            console.print(f"  {line}", highlight=False, markup=False)


def _digits(found: Proposal) -> int:
    """Of money after the point."""
    return 4 if found.unit == "coin" else 0


def _halves(found: Proposal) -> tuple[Column[_Row], ...]:
    """Intervals follow one another and add up; of paths only one comes true."""
    mean, digits = found.each == "path", _digits(found)
    return (
        Column("half", lambda row: row[0], text=True),
        Column("P&L", lambda row: number(row[2].mean if mean else sum(row[2].pnl), digits, "+")),
        Column("sd", lambda row: number(row[2].sd, digits + 1)),
        Column("trading cost", lambda row: number(row[2].trading_cost, digits)),
        Column("funding", lambda row: number(row[2].funding, digits, "+")),
        Column("trades", lambda row: number(row[2].trades, 0)),
        Column("", lambda row: str(row[1]), text=True),
    )


def _rows(found: Proposal) -> Iterator[_Row]:
    yield "first", found.today, found.today_first
    yield "first", found.best, found.best_first
    yield "second", found.today, found.today_second
    yield "second", found.best, found.best_second


def _frontier(found: Proposal) -> tuple[Column[tuple[str, float, float]], ...]:
    digits = _digits(found)
    return (
        Column("sd", lambda row: number(row[1], digits + 1)),
        Column("trading cost", lambda row: number(row[2], digits)),
        Column("", lambda row: row[0], text=True),
    )


def frontier_rows(found: Proposal) -> Iterator[tuple[str, float, float]]:
    """The candidates nobody beats in risk and cost, by risk, and today's setting among them."""
    told = {(risk, cost): str(candidate) for candidate, risk, cost in found.trials}
    points = frontier(told)
    step = max(1, -(-len(points) // MOST_SHOWN))
    rows = [(told[point], *point) for point in points[::step]]
    rows.append((f"today: {found.today}", found.today_first.sd, found.today_first.trading_cost))
    yield from sorted(rows, key=lambda row: row[1])


def verdict(found: Proposal) -> str:
    """What the second half says, in one sentence."""
    ours, today = found.best_second, found.today_second
    digits = _digits(found)
    costs = (number(each.trading_cost, digits) for each in (ours, today))
    saved = f"trading cost {' against '.join(costs)} {found.unit}"
    risk = f"sd {pct(ours.sd / today.sd - 1.0) if today.sd else 'unchanged'} against today's"
    if found.improves:
        return f"{found.best} is better on the second half: {saved}, {risk}."
    told = {
        Objective.COST: "does not save cost at today's risk there",
        Objective.RISK: "does not lower risk at today's cost there, or not by more than chance",
        Objective.UTILITY: "is not better there by more than chance",
    }[found.objective]
    return f"Keep {found.today}: {found.best}, the best of the first half, {told} ({saved}, {risk})."


def settings_of(found: Proposal, book: str) -> Iterator[str]:
    """The keys that are to be other than today, as `hedger set` and a configuration spell them."""
    best, policy = found.best, LIVE_POLICIES[found.best.policy]
    before = {**policy.defaults, **policy.numbers(completed(Candidate(best.policy, {}), found.today).params)}
    yield f'books.{book}.policy = "{best.policy}"'
    for name, value in policy.numbers(best.params).items():
        if value != before[name]:
            word = policy.doc[name].word_of(value)
            yield f"books.{book}.{best.policy}.{name} = " + (f'"{word}"' if word else f"{value:.6g}")
    if best.policy != found.today.policy:
        yield f"# all other keys of [books.{book}.{best.policy}] at their defaults"


def page(found: Proposal) -> str:
    """The frontier as one HTML file. Raises ConfigError where plotly is not installed."""
    figure = pages.graph_objects().Figure()
    for policy in sorted({candidate.policy for candidate, _, _ in found.trials}):
        mine = [trial for trial in found.trials if trial[0].policy == policy]
        figure.add_scatter(
            x=[risk for _, risk, _ in mine],
            y=[cost for _, _, cost in mine],
            text=[str(candidate) for candidate, _, _ in mine],
            mode="markers",
            name=policy,
        )
    for name, each in (("today", found.today_first), ("proposed", found.best_first)):
        figure.add_scatter(
            x=[each.sd],
            y=[each.trading_cost],
            mode="markers",
            marker={"size": 16, "symbol": "star"},
            name=name,
        )
    figure.update_layout(
        xaxis_title=f"sd of the P&L of one {found.each}, {found.unit}",
        yaxis_title=f"trading cost (fees and spread of hedges; funding apart), {found.unit}",
        title="First half",
    )
    return pages.page("Tuning", "", "".join((f"<p>{escape(verdict(found))}</p>", *pages.drawn([figure]))))
