"""Another hedger on the account: two that hedge the same options hedge them twice.

It shows itself by labels: of a book that is not ours, or of ours with numbers we have not given yet. In live
mode every book of the account is then blocked until a person resumes; a daemon that sends nothing may well
watch another's account.
"""

from __future__ import annotations

from hedger.domain.account import Fill
from hedger.domain.order import OrderReport
from hedger.domain.vocabulary import Mode, Severity
from hedger.engine import alarms
from hedger.engine import events as ev
from hedger.engine.records import RivalSeen
from hedger.engine.state import BookState, State, Step, VenueState
from hedger.execution.labels import parse_label
from hedger.execution.table import NEVER_LEFT

ALARM = "other_hedger"


def order_seen(state: State, report: OrderReport, step: Step) -> None:
    """An order told by the venue, now or in a snapshot's open ones."""
    _seen(state, report.venue, report.label, report.order_id, "order", step, step.now.market_ms)


def fill_seen(state: State, fill: Fill, step: Step) -> None:
    """A trade of the account; one from before this run, or before a person has looked, says nothing of who
    runs now: every snapshot tells it again.
    """
    if fill.market_ms > state.started.market_ms:
        _seen(state, fill.venue, fill.label, fill.order_id, "trade", step, fill.market_ms)


def _seen(
    state: State, venue_name: str, label: str, order_id: str, kind: str, step: Step, market_ms: int
) -> None:
    if state.settings.mode is not Mode.LIVE:
        return
    venue = state.venues[venue_name]
    why = _strange(state, venue, label, order_id)
    if not why:
        return
    for book in state.books.values():
        owned = book.ownership
        if book.settings.venue == venue_name and not owned.rival and market_ms > owned.rivals_looked_at_ms:
            _latch(state, book, f"{kind} {label}: {why}", step)


def _strange(state: State, venue: VenueState, label: str, order_id: str) -> str:
    """Why a label cannot be of this run or an earlier one; empty where it can, or is no hedger's."""
    parsed = parse_label(label)
    if parsed is None:
        return ""
    if parsed.book not in state.books:
        return f"this daemon has no book {parsed.book}"
    order = state.orders.get(label)
    if order is not None and order.state in NEVER_LEFT:
        return f"ours with this label is {order.state} and never left, the venue has order {order_id}"
    if order is not None:
        other = order.order_id is not None and bool(order_id) and order.order_id != order_id
        return f"the venue has another order with this label, {order_id}" if other else ""
    if not venue.reconciled:  # a lost journal begins at 1 again: its epoch is raised at the first snapshot
        return ""
    if (parsed.epoch, parsed.sequence) > (venue.epoch, state.label_sequence):
        return f"this run is {venue.epoch} and has sent {state.label_sequence} orders"
    return ""


def _latch(state: State, book: BookState, detail: str, step: Step) -> None:
    book.ownership.rival = detail
    _record(book, detail, step)
    tell(state, book, step)


def told(book: BookState) -> str:
    """How it showed itself and what ends it; empty where there is none."""
    rival = book.ownership.rival
    return f"{rival}; stop one of the two, then `hedger resume`" if rival else ""


def tell(state: State, book: BookState, step: Step) -> None:
    """Raise or end the alarm."""
    alarms.tell(state, step, ALARM, told(book), book=book.name, severity=Severity.CRITICAL)


def resumed(state: State, event: ev.CommandGiven, step: Step) -> None:
    """A person has looked: `resume`, of the book or of the daemon, ends the latch."""
    for book in state.books.values():
        if event.book in ("", book.name) and book.ownership.rival:
            book.ownership.rival = ""
            book.ownership.rivals_looked_at_ms = step.now.market_ms
            _record(book, "", step)
            tell(state, book, step)


def _record(book: BookState, detail: str, step: Step) -> None:
    step.record(
        RivalSeen(market_ms=step.now.market_ms, venue=book.settings.venue, book=book.name, detail=detail)
    )
