"""`hedger chain BTC`: the option chain by expiry, puts and calls side by side, what is held marked."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from hedger.cli.client import DEFAULT_URL, AsJson, Client, Url, print_json, told_errors
from hedger.cli.figures import age, number, pct, usd
from hedger.cli.tables import Column, table
from hedger.domain.errors import ConfigError
from hedger.engine.views.chain import Expiry, Side, Strike
from hedger.web.answers import ChainAnswer

WIDE_CHAIN = 100  # columns of a terminal that holds mark and IV, too


def chain(
    underlying: Annotated[
        str, typer.Argument(help="The coin, e.g. BTC; the first book's when left out.")
    ] = "",
    expiry: Annotated[
        str, typer.Option("--expiry", help="One expiry, e.g. 2026-12-25; all when left out.")
    ] = "",
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Show puts and calls side by side: of every option with `chain = true`, else of those held."""
    with told_errors():
        answer = Client(url).get("/v1/chain", ChainAnswer, underlying=underlying.upper())
        shown = chosen(answer, expiry)
    if as_json:
        print_json(ChainAnswer(answer.underlying, shown))
        return
    console = Console()
    if not shown:
        console.print(f"no options of {escape(answer.underlying)} are listed")
    told = [(each, rows) for each in shown if (rows := [row for row in each.strikes if _is_told(row)])]
    for each, rows in told:
        console.print(f"[dim]{escape(_title(each))}[/]")
        console.print(table(_COLUMNS, rows, wide=console.width >= WIDE_CHAIN), "")
    left_out = sum(len(each.strikes) for each in shown) - sum(len(rows) for _, rows in told)
    if left_out:
        why = "only options held are, and with `chain = true` at the venue all"
        console.print(f"strikes left out, not quoted: {left_out} ({why})")


def chosen(answer: ChainAnswer, expiry: str) -> tuple[Expiry, ...]:
    """The expiries asked for. Raises ConfigError naming the known ones."""
    found = tuple(each for each in answer.expiries if expiry in ("", each.expiry))
    if expiry and not found:
        known = ", ".join(each.expiry for each in answer.expiries)
        raise ConfigError(f"no such expiry: {expiry!r}, known: {known or 'none'}")
    return found


def _is_told(strike: Strike) -> bool:
    """Whether there is anything to show: a ticker that is followed, or a position."""
    sides = [side for side in (strike.put, strike.call) if side is not None]
    return any(side.age_s is not None or side.size != "0" for side in sides)


def _title(each: Expiry) -> str:
    forward = f"forward {usd(each.forward_usd)} USD, IV {pct(each.atm_iv)} ATM"
    return f"{each.expiry}  {each.settlement_currency} at {each.venue}, {each.hours / 24:.1f} days, {forward}"


def _price(side: Side | None, of: str) -> str:
    return "" if side is None else number(getattr(side, of), 4)


def _delta(side: Side | None) -> str:
    return "" if side is None else number(side.delta, 3, "+")


def _iv(side: Side | None) -> str:
    return "" if side is None else pct(side.iv)


def _size(side: Side | None) -> str:
    return "" if side is None or side.size == "0" else f"[bold]{escape(side.size)}[/]"


def _age(strike: Strike) -> str:
    ages = [side.age_s for side in (strike.put, strike.call) if side is not None and side.age_s is not None]
    return age(max(ages, default=None))


_COLUMNS: tuple[Column[Strike], ...] = (
    Column("held", lambda s: _size(s.put)),
    Column("put bid", lambda s: _price(s.put, "bid")),
    Column("mark", lambda s: _price(s.put, "mark"), wide=True),
    Column("ask", lambda s: _price(s.put, "ask")),
    Column("IV", lambda s: _iv(s.put), wide=True),
    Column("delta", lambda s: _delta(s.put)),
    Column("strike", lambda s: f"[bold]{number(s.strike_usd, 0 if s.strike_usd >= 100 else 4)}[/]"),
    Column("delta", lambda s: _delta(s.call)),
    Column("IV", lambda s: _iv(s.call), wide=True),
    Column("call bid", lambda s: _price(s.call, "bid")),
    Column("mark", lambda s: _price(s.call, "mark"), wide=True),
    Column("ask", lambda s: _price(s.call, "ask")),
    Column("held", lambda s: _size(s.call)),
    Column("age", _age),
)
