"""Strategy tags: options by the label of the trades they came from.

    for part in tags.parts(state, book):
        part.tag, part.instrument, part.size, part.share    # greeks of the part: share * row

What no label explains (trades without one, from before the journal, or delivered by the venue) is UNTAGGED.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from hedger.engine.state import BookState, State
from hedger.portfolio.breakdown import Cut, by_tag

UNTAGGED = ""


class Part(NamedTuple):
    """A strategy's share of one option's position."""

    tag: str
    instrument: str
    size: Decimal  # signed, in the instrument's amount unit
    share: float | None  # of the row's size; None where the row is flat and its parts cancel


def parts(state: State, book: BookState) -> Iterator[Part]:
    """Every option the book holds, divided by tag; the untagged rest last. Sizes add up to the row."""
    labelled = state.venues[book.settings.venue].owned.labelled
    by_instrument: dict[str, list[tuple[str, Decimal]]] = {}
    for (label, instrument), size in labelled.items():
        by_instrument.setdefault(instrument, []).append((label, size))
    for row in book.book.rows():
        if row.instrument.is_option:
            yield from _divided(row.instrument.name, row.size, by_instrument.get(row.instrument.name, []))


def cuts(state: State, book: BookState) -> tuple[Cut, ...]:
    """Greeks by tag, the untagged rest with the empty one; nothing while no option has a tag."""
    claimed: dict[str, dict[str, Decimal]] = {}
    for part in parts(state, book):
        if part.tag:
            claimed.setdefault(part.instrument, {})[part.tag] = part.size
    return by_tag(book.book.rows(), claimed) if claimed else ()


def _divided(instrument: str, size: Decimal, tagged: list[tuple[str, Decimal]]) -> Iterator[Part]:
    rest = size - sum((part for _, part in tagged), Decimal(0))
    for tag, part in (*sorted(tagged), (UNTAGGED, rest)):
        if part:
            yield Part(tag, instrument, part, float(part / size) if size else None)
