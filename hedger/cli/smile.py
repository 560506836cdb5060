"""`hedger smile`: the smiles of recorded chains, and whether hedging by them would have had less variance."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from hedger.cli.client import print_json, told_errors
from hedger.cli.figures import UNKNOWN, minute, number, pct, usd, words
from hedger.cli.instants import Since, Until, span_ms
from hedger.cli.tables import WIDE, Column, facts, table
from hedger.domain.errors import ConfigError
from hedger.domain.instants import iso_day

if TYPE_CHECKING:
    from hedger.backtest.smile.chains import Chain, Days
    from hedger.backtest.smile.results import Fit, Outcome, Params, Residuals, Stuck, Study


def smile(
    data: Annotated[Path, typer.Option("--data", help="svcj_*.parquet or r1quant_*.csv.gz.")],
    coin: Annotated[str, typer.Option("--coin", help="BTC or ETH; all of the file when left out.")] = "",
    from_: Since = None,
    to: Until = None,
    window_days: Annotated[
        float, typer.Option(min=1, help="Past from which R and the coefficients are learned.")
    ] = 60.0,
    least_days: Annotated[
        float, typer.Option(min=0, help="Judge intervals from so long after the start on.")
    ] = 10.0,
    block_hours: Annotated[
        float, typer.Option(min=0, help="Errors further apart than this count as independent.")
    ] = 24.0,
    as_json: Annotated[bool, typer.Option("--json", help="The figures as JSON.")] = False,
) -> None:
    """Fit every expiry of every chain; hedge every interval by Black's delta and by the smile's."""
    from hedger.backtest.smile.chains import Days, coins_of
    from hedger.backtest.smile.results import Params

    with told_errors():
        if not data.is_file():
            told = "a folder; name one file of it" if data.is_dir() else "no such file"
            raise ConfigError(f"--data {data}: {told}")
        if coin and coin not in coins_of(data):
            raise ConfigError(f"--coin {coin!r}: the file holds {', '.join(coins_of(data))}")
        days = Days(*span_ms(from_, to))
        params = Params(window_days=window_days, least_days=least_days, block_h=block_hours)
        wanted = (coin,) if coin else coins_of(data)
        studies = tuple(_study(data, each, days, params, quiet=as_json) for each in wanted)
    if as_json:
        print_json(studies)
        return
    console = Console()
    for each in studies:
        _show(console, each)


def _study(data: Path, coin: str, days: Days, params: Params, *, quiet: bool) -> Study:
    from hedger.backtest.smile.chains import read_chains
    from hedger.backtest.smile.study import study

    chains = list(read_chains(data, coin, days))
    if not chains:
        raise ConfigError(f"--data {data}: no chain of {coin} between the days given")
    with Progress(console=Console(stderr=True), transient=True, disable=quiet) as progress:
        return study(coin, _watched(chains, coin, progress), params)


def _watched(chains: list[Chain], coin: str, progress: Progress) -> Iterator[Chain]:
    return iter(progress.track(chains, description=f"{coin}: chains"))


def _show(console: Console, found: Study) -> None:
    wide = console.width >= WIDE
    span = f"{minute(found.first_ms)} to {minute(found.last_ms)}, {found.chains} chains"
    console.print(f"[bold]{found.coin}[/] {span}")
    params = found.params
    console.print(
        f"[dim]errors (dV - delta dF) / F per option, hedged with its own forward; shifts learned from the "
        f"{params.window_days:g} days before; intervals over {params.gap_h:g} h left out; standard errors by "
        f"blocks of {params.block_h:g} h[/]"
    )
    console.print(
        table(_FITS, found.last_chain, wide, f"smiles of the last chain, {minute(found.last_ms)}"), ""
    )
    console.print(table(_RESIDUALS, found.residuals, wide, _OF_ALL), "")
    known = [each for each in found.stickiness if each.raw is not None]
    console.print(table(_STUCK, known, wide, "skew-stickiness R by expiry, at its last chain"), "")
    console.print(
        facts(
            ("minimum variance, calls a b c", ", ".join(f"{x:+.4f}" for x in found.calls)),
            ("puts", ", ".join(f"{x:+.4f}" for x in found.puts)),
        )
    )
    if not found.outcomes:
        console.print(f"no interval later than {params.least_days:g} days after the start: see --least-days")
        return
    title = f"variance of hedging errors over Black's, out of sample, {found.intervals} intervals"
    console.print("", table(_OUTCOMES, found.outcomes, wide, title), "")
    for verdict in found.verdicts:
        gate = "[cyan]would be open[/]" if verdict.allowed else "would stay closed"
        console.print(f"{words(verdict.rule)}: the gate {gate}, {verdict.why}")


def _share(value: float | None) -> str:
    return UNKNOWN if value is None else f"{value:.3f}"


_FITS: tuple[Column[Fit], ...] = (
    Column("expiry", lambda f: iso_day(f.expiration_ms), text=True),
    Column("days", lambda f: number(f.days, 1)),
    Column("forward", lambda f: usd(f.forward_usd), wide=True),
    Column("curve", lambda f: f"{f.curve or UNKNOWN} {f.strikes}"),
    Column("IV", lambda f: pct(f.atm_iv)),
    Column("slope", lambda f: number(f.slope, 3, "+")),
    Column("rms pt", lambda f: number(f.rms_points, 2)),
    Column("worst pt", lambda f: number(f.worst_points, 1)),
    Column("", lambda f: "; ".join(told for told in (f.gap, f.calendar) if told), text=True),
)

_OF_ALL = "fits of all chains, vega-weighted: medians; 90 % of them, and the most"
_RESIDUALS: tuple[Column[Residuals], ...] = (
    Column("tenor", lambda r: r.tenor, text=True),
    Column("fits", lambda r: number(r.fits)),
    Column("used", lambda r: number(r.used)),
    Column("rms pt", lambda r: number(r.rms_points_median, 2)),
    Column("90 %", lambda r: number(r.rms_points_p90, 2)),
    Column("most", lambda r: number(r.rms_points_most, 2)),
    Column("worst pt", lambda r: number(r.worst_points_median, 1)),
    Column("butterfly", lambda r: number(r.butterflies)),
    Column("calendar", lambda r: number(r.calendars)),
)

_STUCK: tuple[Column[Stuck], ...] = (
    Column("expiry", lambda s: iso_day(s.expiration_ms), text=True),
    Column("R", lambda s: number(s.r, 2)),
    Column("regression", lambda s: number(s.raw, 2)),
    Column("error", lambda s: number(s.error, 2)),
    Column("moves", lambda s: number(s.moves)),
)

_OUTCOMES: tuple[Column[Outcome], ...] = (
    Column("options", lambda o: o.options, text=True),
    Column("tenor", lambda o: o.tenor, text=True),
    Column("rule", lambda o: words(o.rule), text=True),
    Column("ratio", lambda o: _share(o.ratio)),
    Column("error", lambda o: _share(o.error)),
    Column("below 1", lambda o: _share(o.confidence)),
    Column("hedges", lambda o: number(o.hedges), wide=True),
    Column("R in hindsight", lambda o: number(o.hindsight_r, 2), wide=True),
)
