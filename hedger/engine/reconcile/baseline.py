"""The first look of a run: what the venue says now against what the last run left in the journal.

    expected   the last positions that were understood, and every trade journalled since
    explained  by trades told now (ours, a person's, the venue's own), by expiry, by the venue's log
    the rest   blocks its books as any other unexplained position does (see positions)

The cash of each wallet is taken up the same way: a deposit made while nobody looked is one all the same.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from hedger.domain.account import Fill
from hedger.domain.vocabulary import Mode, Severity
from hedger.engine import events as ev
from hedger.engine.ownership import cash
from hedger.engine.reconcile import positions
from hedger.engine.reconcile.differences import Compared, Suspect, signed
from hedger.engine.records import Snapshot
from hedger.engine.state import State, Step, VenueState
from hedger.execution.labels import parse_label

_NONE = Decimal(0)


def begin(state: State, venue: VenueState, event: ev.JournalLoaded) -> None:
    """Take up what the last run left. Without it there is nothing to compare: the venue's word stands."""
    base, known = event.baseline, venue.differences
    if base is None or not base.told_ms or base.paper is not (state.settings.mode is Mode.PAPER):
        return
    known.baseline = base
    known.held = {name: Decimal(size) for name, size in base.positions.items()}
    for fill in event.fills:
        if fill.market_ms > base.told_ms:
            known.held[fill.instrument] = known.held.get(fill.instrument, _NONE) + fill.signed_amount
        elif fill.market_ms == base.told_ms or fill.market_ms > base.traded_ms:
            known.tie(fill)  # not known yet when the position was understood: in it, or not
    known.untold.update(dict.fromkeys(known.held))
    cash.taken_up(venue, base, event.fills)


def traded(state: State, venue: VenueState, fill: Fill) -> None:
    """A trade not journalled before: what it moved is explained, as long as its position is not told."""
    known = venue.differences
    base, waits = known.baseline, not venue.reconciled or fill.instrument in known.untold
    if base is None or not waits:
        return
    if fill.market_ms <= base.told_ms:
        known.tie(fill)
        return
    key = (fill.instrument, _whose(state, fill))
    known.traded[key] = known.traded.get(key, _NONE) + fill.signed_amount


def _whose(state: State, fill: Fill) -> str:
    own = parse_label(fill.label)
    if own is not None and own.book in state.books:
        return "orders of ours"
    return "trades forced by the venue" if fill.liquidation else "trades of others"


def pending(venue: VenueState, name: str) -> bool:
    """Whether a position is still to be held against what the last run left."""
    return not venue.reconciled or name in venue.differences.untold


def compare(state: State, venue: VenueState, name: str, size: Decimal, step: Step) -> None:
    """The first whole word on a position."""
    known, base = venue.differences, venue.differences.baseline
    known.untold.pop(name, None)
    known.owed.pop(name, None)
    books = positions.concerned(state, venue, name)
    expected = known.held.get(name, _NONE)
    if base is None or not books or size == expected:
        return
    shown = Compared(expected, size, step.now.market_ms, books, at_start=True)
    left = size - expected
    for (instrument, whose), amount in known.traded.items():
        if instrument == name and amount:
            shown.why.append(f"{whose}: {signed(amount)}")
            left -= amount
    if known.told_apart(name, left):
        left = _NONE
    if left and positions.ended(venue.instruments.get(name), name, step.now.market_ms):
        shown.why.append(f"expiry: {signed(left)}")
        known.expired[name] = positions.expiration_of(name) or 0
        left = _NONE
    known.show(name, shown)
    if left:
        known.suspect(name, Suspect(left, step.now.wire_s, base.told_ms, books))
    _note(name, shown, books, left, step)


def _note(name: str, shown: Compared, books: tuple[str, ...], left: Decimal, step: Step) -> None:
    step.note(
        Severity.WARNING,
        "position_changed_while_away",
        book=", ".join(books),
        instrument=name,
        expected=str(shown.expected),
        observed=str(shown.observed),
        explained="; ".join(shown.why),
        unexplained=str(left),
    )


def keep(state: State, venue: VenueState, event: ev.SnapshotTaken, told_ms: int, step: Step) -> None:
    """What the next run begins with: written as soon as nothing is unexplained, kept back until then."""
    venue.differences.unsaved = Snapshot(
        market_ms=step.now.market_ms,
        positions={position.instrument: str(position.size) for position in event.positions if position.size},
        equity={account.currency: str(account.equity) for account in event.accounts},
        venue=venue.name,
        told_ms=told_ms,
        paper=state.settings.mode is Mode.PAPER,
    )
    save(venue, step)


def save(venue: VenueState, step: Step) -> None:
    """Write down what is understood."""
    known = venue.differences
    unclear = known.suspects or known.untold or known.tied or venue.disputed
    if known.unsaved is None or unclear or any(watch.pending for watch in venue.owned.cash.values()):
        return
    step.record(
        msgspec.structs.replace(
            known.unsaved,
            cash={name: str(watch.known + watch.explained) for name, watch in venue.owned.cash.items()},
            cash_ms=step.now.market_ms,
            traded_ms=venue.last_fill_ms,
        )
    )
    known.unsaved = None
