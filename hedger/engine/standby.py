"""A warm standby: connected, with quotes and the venue's positions, while another run holds the account.

It shows the account and says whom it waits for. It writes nothing, sends nothing but questions, and follows
no order and no trade: those are the holder's, and the snapshot after the takeover tells them again.
"""

from __future__ import annotations

from decimal import Decimal

from hedger.domain.account import Position
from hedger.domain.vocabulary import Reason
from hedger.engine import events as ev
from hedger.engine import gates, holdings
from hedger.engine.describe import describe
from hedger.engine.guard import guard
from hedger.engine.sight import look
from hedger.engine.state import BookState, State, Step, VenueState
from hedger.engine.verdict import Verdict

LOOK_S = 1.0  # wire time between two looks at a book


def waits(state: State, book: BookState) -> bool:
    """Whether the book's account is another run's."""
    return state.venues[book.settings.venue].standby


def objection(state: State, book: BookState | None) -> str:
    """Why a standby takes no orders from a person; empty where this run holds an account they concern."""
    names = [book.settings.venue] if book is not None else list(state.venues)
    if not names or not all(state.venues[name].standby for name in names):
        return ""
    return f"this hedger is a standby; {state.venues[names[0]].lease_holder} holds the account, tell that one"


def pictured(state: State, event: ev.SnapshotTaken, step: Step) -> None:
    """The venue's word while the journal is another's, or has not been read: shown and watched, no more."""
    venue = state.venues[event.venue]
    venue.snapshot_due_wire_s, venue.pictured = None, True
    told = {position.instrument for position in event.positions}
    flat = (name for name in holdings.held(state, venue.name) if name not in told)
    for position in (*event.positions, *(Position(venue.name, name, Decimal(0)) for name in flat)):
        positioned(state, position, step)
    for account in event.accounts:
        holdings.set_account(state, account, event.server_ms, step)
        guard.account_told(state, account, step.now)
    venue.reconcile_wire_s = step.now.wire_s + state.settings.timing.reconcile_s
    holdings.watch(state, venue, step)


def positioned(state: State, position: Position, step: Step) -> None:
    """A position as the venue tells it, to be shown."""
    guard.position_told(state, position)
    holdings.set_position(state, position.venue, position.instrument, position.size, step)


def forget(state: State, venue: VenueState) -> None:
    """Begin the takeover as any start begins: what was shown is no belief that a snapshot is held against."""
    venue.pictured = False
    for positions in (venue.owned.futures, venue.owned.outside, venue.positions):
        positions.clear()
    for book in holdings.books_on(state, venue.name):
        for name in book.book.held():
            book.book.set_position(name, Decimal(0))
        book.ownership.contested.clear()
        book.ownership.unassigned, book.ownership.unassigned_wire_s = {}, None


def tend(state: State, book: BookState, step: Step) -> None:
    """Instead of deciding: keep the picture exact, and say whom the book waits for. Writes nothing down."""
    said = book.last_decision
    known = said is not None and said.reason is Reason.STANDBY
    if known and step.now.wire_s - book.refreshed_wire_s < LOOK_S:
        return
    book.refreshed_wire_s = step.now.wire_s
    book.book.refresh(step.now)
    sight = look(state, book, step.now)
    gate = gates.daemon_gate(state, book, sight, step.now)
    if gate is not None:
        verdict = Verdict(gate.action, gate.reason, gate.detail)
        book.last_decision = describe(state, book, verdict, sight, step.now)
