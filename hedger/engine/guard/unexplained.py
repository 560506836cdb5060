"""Positions in futures that moved without a trade: what a liquidation or a deleveraging may leave behind.

A snapshot's positions are asked for after its trades, so a trade between the two is in the position and not
yet among the trades: a change waits EXPLAIN_S for its trade, nothing is hedged meanwhile, then it latches.
"""

from __future__ import annotations

from decimal import Decimal

from hedger.domain.instrument import plain
from hedger.domain.vocabulary import Severity
from hedger.engine import alarms, holdings
from hedger.engine.guard import latch
from hedger.engine.state import BookState, State, Step, VenueState

EXPLAIN_S = 5.0  # wire time
EXERCISE_MS = 60_000  # around its expiry a dated future is born of options and delivered without a trade
ALARM = "unexplained_position"


def by_snapshot(state: State, venue: VenueState, name: str, size: Decimal, step: Step) -> None:
    """The venue's whole word on a position, before it replaces ours; the first one has nothing to explain."""
    account = venue.account
    traded, first = account.owed.pop(name, Decimal(0)), not venue.reconciled or name in account.untold
    account.untold.pop(name, None)
    listed, book = venue.instruments.get(name), holdings.book_of(state, venue.name, name)
    if first or listed is None or book is None or not listed.is_future:
        return
    if listed.expiration_ms is not None and step.now.market_ms >= listed.expiration_ms - EXERCISE_MS:
        account.suspects.pop(name, None)
        return
    account.suspect(name, size - holdings.size_of(state, venue.name, name) - traded, step.now.wire_s)


def waiting(venue: VenueState, book: BookState) -> str:
    """What a book waits to have explained; empty: nothing."""
    for name, suspect in venue.account.suspects.items():
        if name in book.book:
            return f"{name} moved by {plain(suspect.amount)} and no trade tells why yet"
    return ""


def look(state: State, step: Step) -> None:
    """Ask the venue again while something waits; what stays unexplained latches the book."""
    for venue in state.venues.values():
        if not venue.account.suspects and not any(name == ALARM for _, name in state.alarms):
            continue
        for book in holdings.books_on(state, venue.name):
            why = waiting(venue, book)
            alarms.tell(state, step, ALARM, why, book=book.name, severity=Severity.WARNING)
        for name, suspect in list(venue.account.suspects.items()):
            venue.reconcile_wire_s = min(venue.reconcile_wire_s, step.now.wire_s + EXPLAIN_S / 2)
            if step.now.wire_s - suspect.since_wire_s >= EXPLAIN_S:
                del venue.account.suspects[name]
                moved = plain(suspect.amount)
                latch.latch_those_hit(
                    state, venue.name, name, f"{name} moved by {moved} without a trade", step
                )
