"""A person takes positions as they are, says why, and the book goes on from there."""

from __future__ import annotations

from dataclasses import replace

from hedger.domain.instrument import plain
from hedger.domain.vocabulary import Severity
from hedger.engine import events as ev
from hedger.engine import standby
from hedger.engine.ownership import ownership
from hedger.engine.reconcile import baseline
from hedger.engine.reconcile.differences import Suspect
from hedger.engine.records import Accepted, AcceptedDifference
from hedger.engine.state import State, Step, VenueState


def objection(state: State, event: ev.AcceptGiven) -> str:
    """Why there is nothing to accept; empty where there is."""
    book = state.books.get(event.book)
    if book is None:
        return "no such book"
    waiting = standby.objection(state, book)
    if waiting:
        return waiting
    found = _of(state.venues[book.settings.venue], event.book)
    return "" if found else f"every position of {event.book} is as expected: there is nothing to accept"


def given(state: State, event: ev.AcceptGiven, step: Step) -> None:
    """Written down with what was accepted, by whom and why; what is accepted is what the next run expects."""
    refused = objection(state, event)
    if refused:
        step.note(Severity.ERROR, "command_refused", command="reconcile", book=event.book, detail=refused)
        return
    venue = state.venues[state.books[event.book].settings.venue]
    found = {name: replace(one) for name, one in _of(venue, event.book).items()}
    differences = tuple(_written(venue, name, suspect) for name, suspect in found.items())
    for name, suspect in found.items():
        venue.differences.explain(name, suspect.amount, f"accepted by {event.by}: {event.reason}", kept=True)
        ownership.accepted(state, state.books[event.book], name, suspect.amount, step)
        for book in suspect.books:
            state.books[book].epoch += 1  # delta that is judged afresh
    step.record(
        Accepted(
            market_ms=step.now.market_ms,
            venue=venue.name,
            book=event.book,
            differences=differences,
            by=event.by,
            reason=event.reason,
        )
    )
    baseline.save(venue, step)
    told = "; ".join(f"{each.instrument} {each.unexplained}" for each in differences)
    step.note(Severity.WARNING, "accepted", book=event.book, detail=told, by=event.by, reason=event.reason)


def _of(venue: VenueState, book: str) -> dict[str, Suspect]:
    return {name: found for name, found in venue.differences.suspects.items() if book in found.books}


def _written(venue: VenueState, name: str, found: Suspect) -> AcceptedDifference:
    observed = venue.differences.compared[name].observed
    return AcceptedDifference(
        instrument=name,
        expected=str(plain(observed - found.amount)),
        observed=str(plain(observed)),
        unexplained=str(plain(found.amount)),
    )
