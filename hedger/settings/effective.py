"""The effective configuration as plain values by dotted key, in the catalogue's order, and its hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path as FilePath
from typing import Any

from hedger.engine.settings import BookSettings
from hedger.settings.catalogue import POINTERS, TABLES, Path, dotted, pattern_of
from hedger.settings.problems import shown
from hedger.settings.tables import MarketClock
from hedger.settings.tree import Tree

_HASH_DIGITS = 12


def effective(tree: Tree, books: tuple[BookSettings, ...]) -> dict[Path, Any]:
    """Every key with the value that is obeyed. Secrets are in it: print `masked` only."""
    rows = dict(_rows((), tree.top))
    for name, venue in tree.venues.items():
        rows |= {**dict(_rows(("venues", name), venue)), **dict(_rows(("venues", name), venue.params))}
    for book in books:
        rows |= _book_rows(book, tree.presets.get(book.name, ""))
    for path in TABLES:
        if len(path) == 1:  # a table of the daemon itself, like [timing]
            rows |= dict(_rows(path, getattr(tree, path[0])))
    return rows


def _book_rows(book: BookSettings, preset: str) -> dict[Path, Any]:
    at = ("books", book.name)
    rows = {(*at, "venue"): book.venue, **dict(_rows(at, book)), (*at, "preset"): preset}
    rows |= dict(_policy_rows((*at, book.policy), book.policy_params))
    for name, params in book.profiles.items():
        rows |= dict(_policy_rows((*at, "profiles", name), params))
    for name in ("partial", "schedule", "delta", "settlement", "scope", "envelope", "margin", "execution"):
        rows |= dict(_rows((*at, name), getattr(book, name)))
    base = book.scope.base_position
    return rows | {(*at, "scope", "base_position", name): size for name, size in sorted(base.items())}


def _policy_rows(at: Path, params: Mapping[str, float]) -> Iterator[tuple[Path, Any]]:
    """Parameters in the words of the file."""
    known = TABLES[pattern_of(at)]
    for name, value in params.items():
        yield (*at, name), known[name].key.word_of(value) or value


def _rows(at: Path, params: Any) -> Iterator[tuple[Path, Any]]:
    assert is_dataclass(params)
    known = TABLES[pattern_of(at)]
    for field in fields(params):
        if field.name in known:
            yield (*at, field.name), plain(getattr(params, field.name))


def plain(value: Any) -> Any:
    """A value as TOML and JSON have it."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, FilePath):
        return str(value)
    return [plain(item) for item in value] if isinstance(value, tuple) else value


def masked(rows: Mapping[Path, Any]) -> dict[str, Any]:
    """By dotted key, as it may be printed."""
    return {dotted(path): shown(path, value) for path, value in rows.items()}


def hash_of(rows: Mapping[Path, Any], clock: MarketClock) -> str:
    """12 hex digits that change with any value that is obeyed; a secret, or where it is kept, is no part."""
    public = {
        dotted(path): shown(path, value) for path, value in sorted(rows.items()) if path[-1] not in POINTERS
    }
    text = json.dumps([public, list(clock)], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:_HASH_DIGITS]
