"""Tables and rows of facts on a terminal, narrow or wide, in which no figure is cut."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Generic, NamedTuple, TypeVar

from rich.columns import Columns
from rich.table import Table

WIDE = 110  # columns of a terminal that holds every figure

_Row = TypeVar("_Row")


def facts(*named: tuple[str, str]) -> Columns:
    """Names and figures side by side, on as many lines as the terminal needs."""
    return Columns([f"[dim]{name}[/] {value}" for name, value in named], padding=(0, 3))


class Column(NamedTuple, Generic[_Row]):
    """`text` is aligned left; `wide` columns are left out on a narrow terminal, so that no figure is cut."""

    title: str
    value: Callable[[_Row], str]
    text: bool = False
    wide: bool = False


def table(columns: Sequence[Column[_Row]], rows: Iterable[_Row], wide: bool, title: str = "") -> Table:
    made = Table(box=None, title_justify="left", title_style="dim", header_style="dim", padding=(0, 2, 0, 0))
    made.title = title or None
    shown = [column for column in columns if wide or not column.wide]
    for column in shown:
        made.add_column(column.title, justify="left" if column.text else "right", no_wrap=bool(column.title))
    for row in rows:
        made.add_row(*(column.value(row) for column in shown))
    return made
