"""Timed overrides: a band is widened or narrowed for a while ("band x2 for 4 h") and comes back by itself."""

from __future__ import annotations

from collections.abc import Iterable

from hedger.domain.time_units import DAY_S, MINUTE_S
from hedger.domain.vocabulary import Severity
from hedger.engine import events as ev
from hedger.engine.profile import set_override
from hedger.engine.records import Overridden
from hedger.engine.state import BookState, State, Step

LEAST_FACTOR, MOST_FACTOR = 0.1, 10.0
LEAST_S, MOST_S = MINUTE_S, 7 * DAY_S  # market time


def check(factor: float, duration_s: float) -> None:
    """Raises ValueError naming what is out of bounds."""
    if not LEAST_FACTOR <= factor <= MOST_FACTOR:
        raise ValueError(f"factor = {factor:g}: must be from {LEAST_FACTOR:g} to {MOST_FACTOR:g}")
    if not LEAST_S <= duration_s <= MOST_S:
        raise ValueError(f"duration_s = {duration_s:g}: must be from {LEAST_S:g} to {MOST_S:g} (seven days)")


def given(state: State, event: ev.OverrideGiven, step: Step) -> None:
    """Scale the band of a book, or of every book, until the override lapses."""
    try:
        check(event.factor, event.duration_s)
    except ValueError as error:
        step.note(Severity.ERROR, "override_refused", book=event.book, detail=str(error))
        return
    until_ms = step.now.market_ms + round(event.duration_s * 1000)
    for book in _meant(state, event.book, step):
        _set(book, event.factor, until_ms, event.by, event.reason, step)


def cleared(state: State, event: ev.OverrideCleared, step: Step) -> None:
    """End the override of a book, or of every book, now."""
    for book in _meant(state, event.book, step):
        if book.profile.override is not None:
            _set(book, 1.0, step.now.market_ms, event.by, event.reason, step)


def restored(books: Iterable[BookState], event: ev.JournalLoaded, step: Step) -> None:
    """What an earlier run was told and has not lapsed; what this run was told since counts more."""
    for book in books:
        known = event.overrides.get(book.name)
        if known is None or known.until_ms <= step.now.market_ms or book.profile.override is not None:
            continue
        set_override(book.profile, known)
        _say("override_restored", known, step)


def _meant(state: State, name: str, step: Step) -> list[BookState]:
    if not name:
        return list(state.books.values())
    book = state.books.get(name)
    if book is None:
        step.note(Severity.ERROR, "override_refused", book=name, detail="no such book")
        return []
    return [book]


def _set(book: BookState, factor: float, until_ms: int, by: str, reason: str, step: Step) -> None:
    now_ms = step.now.market_ms
    record = Overridden(
        market_ms=now_ms, book=book.name, factor=factor, until_ms=until_ms, by=by, reason=reason
    )
    set_override(book.profile, record if until_ms > now_ms else None)
    step.record(record)
    _say("override", record, step)


def _say(name: str, record: Overridden, step: Step) -> None:
    step.note(
        Severity.WARNING,
        name,
        book=record.book,
        factor=record.factor,
        until_ms=record.until_ms,
        by=record.by,
        reason=record.reason,
    )
