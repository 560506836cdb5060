"""Waits for people: legs of a trade that are still to come, and holds while somebody trades by hand.

A wait is no lock: delta beyond the policy's hard limit ends it.
"""

from __future__ import annotations

import math

from hedger.domain.account import Fill
from hedger.domain.vocabulary import Severity
from hedger.engine import events as ev
from hedger.engine.events import Now
from hedger.engine.ownership.owned import Wait
from hedger.engine.records import HoldSet
from hedger.engine.state import BookState, State, Step, VenueState

MOST_HOLD_S = 3600.0
"""Wire time: nobody legs in for longer, and a forgotten hold is a book without a hedge."""

MOST_WAITS = 1_000


def foreign_traded(book: BookState, fill: Fill, told_already: bool, step: Step) -> bool:
    """Delta of somebody's trade waits for its other legs; True where a snapshot is to tell them all.

    A block or combo executes at once at the venue, so a snapshot asked for after one of its legs holds every
    leg. Other trades wait the whole of `settle_s`, counted from their first fill. A trade in the hedge
    instrument itself restarts every wait: somebody is hedging by hand.
    """
    waits, now_s, settle_s = book.ownership.waits, step.now.wire_s, book.settings.scope.settle_s
    shared = fill.block_trade_id or fill.combo_id or ""
    key = shared or fill.order_id or fill.trade_id
    known = waits.get(key)
    until_s = now_s + settle_s if known is None else known.until_wire_s
    told_s = known.told_wire_s if told_already and known is not None else now_s
    if not (told_already and known is None) and len(waits) < MOST_WAITS:
        waits[key] = Wait(_what(fill), bool(shared), told_s, until_s)
    if fill.instrument == book.settings.hedge_instrument:
        for other, wait in waits.items():
            waits[other] = Wait(wait.what, wait.legs, wait.told_wire_s, now_s + settle_s)
    return bool(shared) and not told_already


def _what(fill: Fill) -> str:
    if fill.block_trade_id:
        return f"block trade {fill.block_trade_id}"
    if fill.combo_id:
        return f"combo {fill.combo_id}"
    return f"a trade in {fill.instrument}"


def positions_told(state: State, venue: VenueState, asked_wire_s: float) -> None:
    """A snapshot no fill has overtaken: blocks and combos told before it was asked for are complete."""
    for book in state.books.values():
        if book.settings.venue == venue.name and book.ownership.waits:
            waits = book.ownership.waits
            for key in [k for k, wait in waits.items() if wait.legs and wait.told_wire_s <= asked_wire_s]:
                del waits[key]


def lapse(book: BookState, now: Now) -> None:
    """Forget what no longer waits."""
    waits = book.ownership.waits
    for key in [key for key, wait in waits.items() if now.wire_s >= wait.until_wire_s]:
        del waits[key]


def next_deadline(state: State) -> float | None:
    """Wire time at which the next wait ends."""
    ends = [wait.until_wire_s for book in state.books.values() for wait in book.ownership.waits.values()]
    return min(ends, default=None)


def hold_asked(state: State, event: ev.HoldAsked, step: Step) -> None:
    """Set or end a hold, of one book or of all, and keep it in the journal: a restart does not end it."""
    books = [book for book in state.books.values() if event.book in ("", book.name)]
    problem = "no such book" if not books else _problem(event.seconds)
    if problem:
        step.note(Severity.ERROR, "command_refused", command="hold", book=event.book, detail=problem)
        return
    span_ms = int(event.seconds * 1000 * state.settings.market_speed)
    until_ms = step.now.market_ms + span_ms if span_ms else 0
    for book in books:
        book.ownership.hold_until_ms, book.ownership.hold_by = until_ms, event.by if until_ms else ""
        step.record(
            HoldSet(
                market_ms=step.now.market_ms,
                venue=book.settings.venue,
                book=book.name,
                until_ms=until_ms,
                by=event.by,
                reason=event.reason,
            )
        )
    step.note(
        Severity.WARNING,
        "hold" if until_ms else "hold_ended",
        book=event.book,
        seconds=event.seconds,
        by=event.by,
        reason=event.reason,
    )


def _problem(seconds: float) -> str:
    """Why a hold of this length is refused; empty where it is not."""
    if math.isfinite(seconds) and 0.0 <= seconds <= MOST_HOLD_S:
        return ""
    return f"seconds = {seconds:g}: must be 0 to {MOST_HOLD_S:g} s"
