"""Packages that only some configurations need, and the extra of hedger that brings them."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

from hedger.settings.catalogue import Path
from hedger.settings.problems import wrong
from hedger.settings.tables import LoopKind
from hedger.settings.tree import Tree
from hedger.venues.transport.socket import TransportKind

_FAST, _POSTGRES = "fast", "postgres"


def missing_packages(tree: Tree) -> Iterator[str]:
    """One line per value whose package is not installed."""
    if tree.top.loop is LoopKind.UVLOOP:
        yield from _needed(("loop",), tree.top.loop.value, "uvloop", _FAST)
    if tree.journal.url:
        yield from _needed(("journal", "url"), tree.journal.url, "asyncpg", _POSTGRES)
    for name, venue in tree.venues.items():
        transport = venue.params.transport
        if transport is TransportKind.PICOWS:
            yield from _needed(("venues", name, "transport"), transport.value, "picows", _FAST)


def _needed(path: Path, value: str, package: str, extra: str) -> Iterator[str]:
    if find_spec(package) is None:
        yield wrong(path, value, f"needs the package {package}: pip install 'hedger[{extra}]'")
