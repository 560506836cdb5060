"""A page that needs nothing else: it opens without a network, with plots drawn by plotly (extra `lab`).

plotly is slow to import, so it is here and only when a page is made.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from typing import Any

from hedger.domain.errors import ConfigError


def graph_objects() -> Any:
    """plotly.graph_objects. Raises ConfigError where plotly is not installed."""
    try:
        import plotly.graph_objects as go
    except ImportError:
        raise ConfigError("--html needs the package plotly: pip install 'hedger[lab]'") from None
    return go


def page(title: str, style: str, body: str) -> str:
    """The whole page; `body` is HTML, the title is escaped and stands above it."""
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{style}</style></head>\n<body><h1>{escape(title)}</h1>\n{body}\n</body></html>\n"
    )


def drawn(figures: Iterable[Any], *, name: str = "plot", library: bool = True) -> Iterator[str]:
    """Each figure as HTML, under names that do not change; the library once, with the first, if wanted."""
    for number, figure in enumerate(figures):
        first = library and number == 0
        yield figure.to_html(full_html=False, include_plotlyjs=first, div_id=f"{name}-{number}")
