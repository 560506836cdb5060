"""What each event changes: one short function per event, no decisions."""

from __future__ import annotations

import math
from typing import assert_never

from hedger.domain.account import Fill, Position
from hedger.domain.instrument import ENDED
from hedger.domain.order import OrderEvent, OrderReport
from hedger.domain.quote import IndexPrice, Quote
from hedger.domain.vocabulary import Severity
from hedger.engine import clock, commands, durability, holdings, one_writer, overrides, recover, standby, work
from hedger.engine import events as ev
from hedger.engine.attribution import follow
from hedger.engine.guard import guard, latch
from hedger.engine.hedging import amend, manual
from hedger.engine.ownership import rivals, waits
from hedger.engine.reconcile import accept, account_log, equity
from hedger.engine.state import State, Step

BAD_DATA_NOTE_S = 60.0  # a channel that keeps failing is noted this often, and counted every time
MOST_NOTED = 1_000


def apply(state: State, event: ev.Event, step: Step) -> None:
    """Change the state by one event; effects and notes go to `step`."""
    match event:
        case ev.Quoted():
            quoted(state, event.quote, step)
        case ev.Indexed():
            indexed(state, event.index, step)
        case ev.Reported():
            reported(state, event.report, step)
        case ev.Filled():
            filled(state, event.fill, step)
        case ev.PositionReported():
            position_reported(state, event.position, step)
        case ev.AccountReported():
            holdings.set_account(state, event.account, step.now.market_ms, step)
            equity.told(state.venues[event.account.venue], event.account, step.now)
            guard.account_told(state, event.account, step.now)
            follow.account_told(state, event.account, step)
        case ev.Durable():
            work.released(state, event.sequence, step)
        case ev.LinkUp():
            recover.link_up(state, event, step)
        case ev.LinkDown():
            recover.link_down(state, event, step)
        case ev.LinkHealth():
            link_health(state, event, step)
        case ev.JournalLoaded():
            recover.journal_loaded(state, event, step)
        case ev.LeaseAwaited():
            one_writer.awaited(state, event, step)
        case ev.LeaseRenewed():
            one_writer.renewed(state, event)
        case ev.LeaseUnrenewed():
            one_writer.unrenewed(state, event, step)
        case ev.LeaseLost():
            one_writer.lost(state, event, step)
        case ev.SnapshotTaken():
            recover.snapshot_taken(state, event, step)
        case ev.SnapshotFailed():
            recover.snapshot_failed(state, event, step)
        case ev.LogTold():
            account_log.told(state, event, step)
        case ev.LogFailed():
            account_log.failed(state, event, step)
        case ev.LookedUp():
            recover.looked_up(state, event, step)
        case ev.LookupFailed():
            step.note(Severity.WARNING, "lookup_failed", label=event.label, detail=event.reason)
        case ev.InstrumentsListed():
            instruments_listed(state, event, step)
        case ev.InstrumentStateChanged():
            instrument_state_changed(state, event, step)
        case ev.PlacementRefused():
            work.placement_refused(state, event, step)
        case ev.PlacementLost():
            work.placement_lost(state, event, step)
        case ev.PlacementUnsent():
            work.placement_unsent(state, event, step)
        case ev.AmendRefused():
            amend.refused(state, event, step)
        case ev.AmendLost():
            work.order_event(state, event.label, OrderEvent.LOST, event.reason, step)
        case ev.CancelRefused():
            work.order_event(state, event.label, OrderEvent.CANCEL_REFUSED, event.message, step)
        case ev.PlatformLocked():
            platform_locked(state, event, step)
        case ev.AccountLocked():
            if not state.venues[event.venue].standby:
                latch.account_locked(state, event, step)
        case ev.BadData():
            bad_data(state, event, step)
        case ev.CommandGiven():
            commands.given(state, event, step)
        case ev.OrderGiven():
            manual.given(state, event.asked, step)
        case ev.CancelGiven():
            manual.cancel(state, event, step)
        case ev.OverrideGiven():
            overrides.given(state, event, step)
        case ev.OverrideCleared():
            overrides.cleared(state, event, step)
        case ev.HoldAsked():
            waits.hold_asked(state, event, step)
        case ev.AcceptGiven():
            accept.given(state, event, step)
        case ev.SettingsApplied():
            commands.settings_applied(state, event, step)
        case ev.SettingsRefused():
            state.settings_error = event.detail
            step.note(Severity.ERROR, "settings_refused", detail=event.detail)
        case ev.JournalFailed():
            durability.failed(state, event, step)
        case ev.JournalRestored():
            durability.restored(state, step)
        case ev.JournalSpace():
            durability.space_told(state, event, step)
        case ev.StopRequested():
            commands.stop_requested(state, event, step)
        case _:
            assert_never(event)


def quoted(state: State, quote: Quote, step: Step) -> None:
    """A ticker: the newest quote of its instrument, and its book's running sums.

    A ticker that repeats or precedes the venue's time of the last one is no news: the age keeps growing.
    """
    venue = state.venues[quote.venue]
    known = venue.quotes.get(quote.instrument)
    if known is not None and known.market_ms >= quote.market_ms:
        return
    if work.ahead(state, quote.market_ms, step):
        _refuse(state, quote.venue, quote.instrument, quote.market_ms, step)
        return
    venue.last_data_wire_s = quote.received_wire_s
    venue.quotes[quote.instrument] = quote
    name = quote.instrument
    for book in state.books.values():  # holdings.holders, written out: this is asked for every ticker
        if book.settings.venue == venue.name and name in book.book:
            if book.bad:
                book.bad.pop(name, None)
            book.book.set_quote(quote)


def indexed(state: State, index: IndexPrice, step: Step) -> None:
    """An index price, for every book priced by it; like a ticker it is news only with a newer time."""
    venue = state.venues[index.venue]
    known = venue.indices.get(index.index)
    if known is not None and known.market_ms >= index.market_ms:
        return
    if work.ahead(state, index.market_ms, step):
        _refuse(state, index.venue, index.index, index.market_ms, step)
        return
    venue.last_data_wire_s = index.received_wire_s
    venue.indices[index.index] = index
    for book in holdings.books_on(state, index.venue):
        if holdings.index_of(state, book) == index.index:
            book.bad.pop(index.index, None)
            book.book.set_index(index)


def _refuse(state: State, venue: str, name: str, market_ms: int, step: Step) -> None:
    """A time from the future would make every true ticker after it look old."""
    ahead_s = (market_ms - step.now.market_ms) / 1000
    detail = f"timestamp = {market_ms}: {ahead_s:.0f} s ahead of market time"
    bad_data(state, ev.BadData(venue=venue, channel=f"time of {name}", instrument=name, detail=detail), step)


def reported(state: State, report: OrderReport, step: Step) -> None:
    """Evidence about an order: ours moves in the table, a foreign one is shown."""
    if not state.venues[report.venue].epoch:
        return  # another run's perhaps: the snapshot after the journal tells it again
    latch.report_seen(state, report, step)
    rivals.order_seen(state, report, step)
    if state.orders.get(report.label) is not None:
        work.report(state, report, step)
        if not report.resting:
            state.venues[report.venue].adopted.pop(report.order_id, None)
    elif work.is_ours(state, report.label):
        recover.adopt(state, report, step)
    else:
        _foreign(state, report)


def _foreign(state: State, report: OrderReport) -> None:
    open_orders = state.venues[report.venue].foreign_open
    if report.resting:
        open_orders[report.order_id] = report
    else:
        open_orders.pop(report.order_id, None)


def filled(state: State, fill: Fill, step: Step) -> None:
    """A trade of the account; counted once, whatever the number of messages that tell of it."""
    if not state.venues[fill.venue].epoch:
        return
    fill = work.timely(state, fill, step)
    rivals.fill_seen(state, fill, step)
    if work.take_fill(state, fill, step):
        holdings.move(state, fill, step)
        latch.fill_seen(state, fill, step)


def position_reported(state: State, position: Position, step: Step) -> None:
    """The venue's word on a position beside trades; before the first snapshot there is nothing to compare."""
    if state.venues[position.venue].standby:
        standby.positioned(state, position, step)
        return
    guard.position_told(state, position)
    follow.position_told(state, position, step)
    if state.venues[position.venue].reconciled:
        holdings.check_position(state, position.venue, position.instrument, position.size, step)


def link_health(state: State, event: ev.LinkHealth, step: Step) -> None:
    """Figures of the link, for the view; the clock's for the gate, too."""
    venue = state.venues[event.venue]
    venue.credits, venue.round_trip_s = event.credits, event.round_trip_s
    if clock.measured(state, event.venue, event.round_trip_s, step):
        venue.clock_skew_ms = event.clock_skew_ms


def instruments_listed(state: State, event: ev.InstrumentsListed, step: Step) -> None:
    """What the venue lists; positions known only by name find their instrument."""
    venue = state.venues[event.venue]
    if event.complete:
        venue.instruments.clear()
        listed = {instrument.name for instrument in event.instruments}
        venue.quotes = {name: quote for name, quote in venue.quotes.items() if name in listed}
    venue.instruments.update({instrument.name: instrument for instrument in event.instruments})
    holdings.refresh_instruments(state, venue, step)


def instrument_state_changed(state: State, event: ev.InstrumentStateChanged, step: Step) -> None:
    """A change of an instrument's life; a delivery moves positions, so the venue is asked."""
    holdings.set_instrument_state(state, event.venue, event.instrument, event.state)
    holding = [
        b for b in holdings.holders(state, event.venue, event.instrument) if b.book.holds(event.instrument)
    ]
    if event.state in ENDED and holding:
        step.note(Severity.WARNING, "instrument_ended", instrument=event.instrument, state=event.state)
        recover.request_snapshot(state, state.venues[event.venue], step)


def platform_locked(state: State, event: ev.PlatformLocked, step: Step) -> None:
    """The venue locked or unlocked an index, or the whole platform."""
    locked = state.venues[event.venue].locked
    if event.locked == (event.index in locked):
        return
    if event.locked:
        locked[event.index] = event.detail
    else:
        locked.pop(event.index, None)
    severity = Severity.WARNING if event.locked else Severity.INFO
    name = "platform_locked" if event.locked else "platform_unlocked"
    step.note(severity, name, venue=event.venue, index=event.index, detail=event.detail)


def bad_data(state: State, event: ev.BadData, step: Step) -> None:
    """A refused payload: what it spoke of is not traded on until a good one arrives."""
    state.bad_data[event.venue] += 1
    for book in holdings.concerned(state, event.venue, event.instrument):
        book.bad[event.instrument] = event.detail
    noted = state.bad_noted
    if step.now.wire_s - noted.get(event.channel, -math.inf) >= BAD_DATA_NOTE_S:
        if len(noted) >= MOST_NOTED:
            noted.clear()
        noted[event.channel] = step.now.wire_s
        step.note(Severity.WARNING, "bad_data", venue=event.venue, channel=event.channel, detail=event.detail)
