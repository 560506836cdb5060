"""Positions that are not what trades have made them: what blocks, what heals, who is told.

A snapshot's positions are asked for after its trades, so a trade between the two is in the position and not
yet among the trades: a difference waits EXPLAIN_S for its trade and for the venue's log of the account, and
nothing is hedged meanwhile. What stays unexplained pages a person and blocks on, over restarts, too, until
evidence arrives or the person accepts it (`hedger reconcile --accept`).
"""

from __future__ import annotations

from decimal import Decimal

from hedger.domain.instrument import ENDED, Instrument, plain
from hedger.domain.names import parse_name
from hedger.domain.time_units import MINUTE_MS
from hedger.domain.vocabulary import Severity
from hedger.engine import alarms, holdings
from hedger.engine.reconcile.differences import Compared, Suspect, signed
from hedger.engine.state import BookState, State, Step, VenueState

EXPLAIN_S = 5.0  # wire time
PATIENCE_S = 30.0  # wire time after which nobody waits for a log that does not come
EXERCISE_MS = MINUTE_MS  # around expiries options are delivered and futures born of them without a trade
ALARM = "unexplained_position"

_NONE = Decimal(0)


def by_snapshot(state: State, venue: VenueState, name: str, size: Decimal, step: Step) -> None:
    """The venue's whole word on a position, held against ours before it replaces it."""
    known, ours = venue.differences, holdings.size_of(state, venue.name, name)
    expected = ours + known.owed.pop(name, _NONE)
    books, now_ms = concerned(state, venue, name), step.now.market_ms
    listed = holdings.listing_of(state, venue.name, name)
    if listed is None or not books:
        return  # of an instrument not listed nobody counts a position; that blocks by its own name
    if known.told_apart(name, size - expected) or size == expected:
        return
    if ended(listed, name, now_ms):
        known.forget(name)
        return
    known.show(name, Compared(expected, size, now_ms, books))
    known.suspect(name, Suspect(size - expected, step.now.wire_s, venue.told_of(name), books))


def concerned(state: State, venue: VenueState, name: str) -> tuple[str, ...]:
    """The books a position belongs to; of an instrument no longer listed those on its underlying."""
    found = holdings.concerned(state, venue.name, name)
    if not found and holdings.listing_of(state, venue.name, name) is None:
        found = [book for book in holdings.books_on(state, venue.name) if _on(book, name)]
    return tuple(book.name for book in found)


def _on(book: BookState, name: str) -> bool:
    try:
        parsed = parse_name(name)
    except ValueError:
        return False
    return parsed.base == book.settings.underlying


def ended(listed: Instrument | None, name: str, now_ms: int) -> bool:
    """Whether the expiry of an option or a dated future is near or past: it is delivered without a trade."""
    if listed is not None and listed.state in ENDED:
        return True
    expiration_ms = listed.expiration_ms if listed is not None else expiration_of(name)
    return expiration_ms is not None and now_ms >= expiration_ms - EXERCISE_MS


def expiration_of(name: str) -> int | None:
    """When an instrument expires, by its name; None where it does not tell."""
    try:
        return parse_name(name).expiration_ms
    except ValueError:
        return None


def waiting(venue: VenueState, book: BookState) -> str:
    """What of a book waits to be explained, with both figures; empty: nothing."""
    for name, found in venue.differences.suspects.items():
        if book.name in found.books:
            return _told(venue, name, found)
    return ""


def _told(venue: VenueState, name: str, found: Suspect) -> str:
    observed, left = venue.differences.compared[name].observed, found.amount
    figures = f"the venue says {plain(observed)}, we know of {plain(observed - left)}"
    return f"{name}: {figures}; {signed(left)} is unexplained"


def look(state: State, step: Step) -> None:
    """Ask the venue for its trades again while something waits; page for what stays unexplained."""
    for venue in state.venues.values():
        suspects = venue.differences.suspects
        if not suspects and not any(name == ALARM for _, name in state.alarms):
            continue
        for found in suspects.values():
            _wait(venue, found, step)
        for book in holdings.books_on(state, venue.name):
            _tell(state, venue, book, step)


def _wait(venue: VenueState, found: Suspect, step: Step) -> None:
    waited_s = step.now.wire_s - found.since_wire_s
    answered = venue.differences.log.answered_wire_s >= found.since_wire_s
    found.standing = found.standing or waited_s >= (EXPLAIN_S if answered else PATIENCE_S)
    if not found.standing:
        venue.reconcile_wire_s = min(venue.reconcile_wire_s, step.now.wire_s + EXPLAIN_S / 2)


def _tell(state: State, venue: VenueState, book: BookState, step: Step) -> None:
    detail, severity = waiting(venue, book), Severity.WARNING
    if any(each.standing for each in venue.differences.suspects.values() if book.name in each.books):
        severity = Severity.CRITICAL
        detail += f"; `hedger reconcile --book {book.name} --accept --reason ...` takes it as it is"
    alarms.tell(state, step, ALARM, detail, book=book.name, severity=severity)
