"""What status shows of positions that were not as expected; sizes are exact, in their amount units."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from hedger.domain.instrument import plain
from hedger.engine.reconcile.differences import Compared, Suspect
from hedger.engine.state import BookState, State


class DifferenceView(msgspec.Struct, frozen=True):
    """One position: difference = observed - expected, of which `unexplained` blocks the book."""

    instrument: str  # as the venue names it
    expected: str  # by the last positions that were understood and the trades since
    observed: str  # as the venue told it
    difference: str  # signed
    unexplained: str  # of the difference; 0: nothing is open
    explained: tuple[str, ...]  # what explains it, in words, the oldest first
    at_ms: int  # market time of the comparison


def differences(state: State, book: BookState) -> tuple[DifferenceView, ...]:
    """Of one book: what is unexplained now, and what was found at the start, by name."""
    known = state.venues[book.settings.venue].differences
    return tuple(
        _view(name, shown, known.suspects.get(name))
        for name, shown in sorted(known.compared.items())
        if book.name in shown.books
    )


def _view(name: str, shown: Compared, found: Suspect | None) -> DifferenceView:
    return DifferenceView(
        instrument=name,
        expected=_text(shown.expected),
        observed=_text(shown.observed),
        difference=_text(shown.observed - shown.expected),
        unexplained=_text(Decimal(0) if found is None else found.amount),
        explained=tuple(shown.why),
        at_ms=shown.at_ms,
    )


def _text(amount: Decimal) -> str:
    return str(plain(amount))
