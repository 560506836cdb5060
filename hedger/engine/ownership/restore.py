"""What the journal knows of ownership: sums of trades, cash flows, holds and latches of earlier runs."""

from __future__ import annotations

from hedger.domain.vocabulary import Mode
from hedger.engine import events as ev
from hedger.engine.ownership import cash, ownership
from hedger.engine.state import State, Step, VenueState


def ownership_of(state: State, venue: VenueState, event: ev.JournalLoaded, step: Step) -> None:
    """Take over what earlier runs left behind; what was asked for since the start is newer."""
    ownership.restored(state, venue, event.sums)
    for book in state.books.values():
        if book.settings.venue != venue.name:
            continue
        for flow in event.cash_flows:
            if flow.currency in book.book.currencies:
                cash.keep(book, flow, step.now.market_ms)
    for hold in event.holds:
        held = state.books.get(hold.book)
        if held is not None and hold.until_ms > max(step.now.market_ms, held.ownership.hold_until_ms):
            held.ownership.hold_until_ms, held.ownership.hold_by = hold.until_ms, hold.by
    for rival in event.rivals:
        latched = state.books.get(rival.book)
        if latched is not None and state.settings.mode is Mode.LIVE and not latched.ownership.rival:
            latched.ownership.rival = rival.detail
