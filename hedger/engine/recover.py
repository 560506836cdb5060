"""Start-up and crash recovery, which are one path: link, journal, snapshot, reconcile, warm-up.

The venue is the truth for positions and orders; the journal is the truth for what we meant. No decision is
taken before the two have been held against each other, and an order whose end nobody saw is UNKNOWN.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from hedger.domain.order import TERMINAL, Order, OrderEvent, OrderReport, OrderState
from hedger.domain.vocabulary import Phase, Severity, stricter
from hedger.engine import events as ev
from hedger.engine import holdings, work
from hedger.engine.effects import Cancel, LoadJournal, RequestSnapshot
from hedger.engine.records import Snapshot
from hedger.engine.state import State, Step, VenueState

OVERLAP_MS = 60_000  # trades are asked for again a little before the newest known one
DAY_MS = 86_400_000


def link_up(state: State, event: ev.LinkUp, step: Step) -> None:
    """A venue is there. The first time its journal is loaded; every time it is asked for a snapshot."""
    venue = state.venues[event.venue]
    if venue.account_id and venue.account_id != event.account_id:
        work.halt(
            state, f"{event.venue}: account changed from {venue.account_id} to {event.account_id}", step
        )
        return
    if event.environment is not venue.environment:
        work.halt(state, f"{event.venue}: environment is {event.environment}, not {venue.environment}", step)
        return
    venue.account_id, venue.connected, venue.watch = event.account_id, True, None
    venue.links += 1
    venue.phase = Phase.RECOVERING
    step.note(
        Severity.INFO, "link_up", venue=venue.name, account=venue.account_id, reconnects=venue.reconnects
    )
    if venue.epoch:
        request_snapshot(state, venue, step)
    else:
        step.ask(LoadJournal(venue=venue.name, environment=venue.environment, account_id=venue.account_id))


def link_down(state: State, event: ev.LinkDown, step: Step) -> None:
    """A venue is gone: what was in flight is unknown, what was known grows old."""
    venue = state.venues[event.venue]
    venue.connected, venue.snapshot_due_wire_s = False, None
    venue.phase = Phase.CONNECTING if not venue.epoch else Phase.RECOVERING
    for order in state.orders.live(venue.name):
        if order.state is not OrderState.DRAFT:
            work.order_event(state, order.intent.label, OrderEvent.LOST, event.reason, step)
    step.note(Severity.WARNING, "link_down", venue=venue.name, reason=event.reason)


def journal_loaded(state: State, event: ev.JournalLoaded, step: Step) -> None:
    """What we meant before this run: orders without an end become UNKNOWN, breakers stay latched."""
    venue = state.venues[event.venue]
    venue.epoch, venue.last_fill_ms = event.epoch, event.last_fill_ms
    state.breaker = stricter(state.breaker, event.breakers.get("", state.breaker))
    for book in holdings.books_on(state, venue.name):
        book.breaker = stricter(book.breaker, event.breakers.get(book.name, book.breaker))
        book.counters.seed(fill for fill in event.fills if work.book_name(fill.label) == book.name)
    for order in event.orders:
        _restore(state, order, step)
    for fill in event.fills:
        state.orders.fill_known(fill)
    step.note(
        Severity.INFO,
        "journal_loaded",
        venue=venue.name,
        epoch=event.epoch,
        orders=len(event.orders),
        unresolved=len(state.orders.unknown()),
    )
    if venue.connected:
        request_snapshot(state, venue, step)


def _restore(state: State, order: Order, step: Step) -> None:
    state.orders.restore(msgspec.structs.replace(order))  # the event stays as it was
    if order.state not in TERMINAL:
        work.order_event(state, order.intent.label, OrderEvent.LOST, "the daemon restarted", step)


def request_snapshot(state: State, venue: VenueState, step: Step) -> None:
    """Ask for the venue's whole truth, with every trade since shortly before the newest known one."""
    if not venue.connected or venue.snapshot_due_wire_s is not None:
        return
    since = venue.last_fill_ms - OVERLAP_MS if venue.last_fill_ms else step.now.market_ms - DAY_MS
    venue.snapshot_due_wire_s = step.now.wire_s + state.settings.timing.snapshot_timeout_s
    step.ask(RequestSnapshot(venue=venue.name, since_ms=since))


def snapshot_taken(state: State, event: ev.SnapshotTaken, step: Step) -> None:
    """Reconcile: fills first, then orders, then positions and accounts replace what we believed."""
    venue = state.venues[event.venue]
    venue.snapshot_due_wire_s, venue.reconciled = None, True
    for fill in event.fills:
        work.take_fill(state, fill, step)  # the positions below already hold it
    state.orders.settle_all(venue.name)
    _orders(state, venue, event.open_orders, step)
    _positions(state, venue, event, step)
    for account in event.accounts:
        for book in holdings.books_on(state, venue.name):
            if book.book.settlement_currency == account.currency:
                book.book.set_account(account)
    if venue.phase is Phase.RECOVERING:
        venue.phase = Phase.WARMING_UP
    step.record(_record(step, event))
    holdings.watch(state, venue, step)


def _orders(state: State, venue: VenueState, reports: tuple[OrderReport, ...], step: Step) -> None:
    venue.foreign_open = {}
    for report in reports:
        if state.orders.get(report.label) is not None:
            work.report(state, report, step)
        elif work.is_ours(state, report.label):
            adopt(state, report, step)
        else:
            venue.foreign_open[report.order_id] = report


def adopt(state: State, report: OrderReport, step: Step) -> None:
    """An order with our label that the journal does not know: never trusted to rest, cancelled."""
    step.note(
        Severity.WARNING,
        "order_adopted",
        label=report.label,
        instrument=report.instrument,
        state=report.state,
    )
    if report.state == "open":
        step.ask(
            Cancel(
                venue=report.venue, instrument=report.instrument, label=report.label, order_id=report.order_id
            )
        )


def _positions(state: State, venue: VenueState, event: ev.SnapshotTaken, step: Step) -> None:
    sizes = {position.instrument: position.size for position in event.positions}
    for name in sorted(set(sizes) | set(holdings.held(state, venue.name))):
        holdings.set_position(state, venue.name, name, sizes.get(name, Decimal(0)), step)


def _record(step: Step, event: ev.SnapshotTaken) -> Snapshot:
    return Snapshot(
        market_ms=step.now.market_ms,
        positions={p.instrument: str(p.size) for p in event.positions if p.size},
        equity={a.currency: str(a.equity) for a in event.accounts},
    )


def snapshot_failed(state: State, event: ev.SnapshotFailed, step: Step) -> None:
    """Asked again at the next deadline; until then nothing changes."""
    venue = state.venues[event.venue]
    if venue.snapshot_due_wire_s is not None:
        venue.snapshot_due_wire_s = step.now.wire_s + state.settings.timing.lookup_interval_s
    step.note(Severity.WARNING, "snapshot_failed", venue=event.venue, reason=event.reason)


def retry_snapshots(state: State, step: Step) -> None:
    """Ask again where an answer is overdue, and where trades a report told of never came."""
    for order in state.orders.settling_overdue(step.now.wire_s, state.settings.timing.ack_timeout_s):
        request_snapshot(state, state.venues[order.intent.venue], step)
    for venue in state.venues.values():
        if venue.snapshot_due_wire_s is not None and step.now.wire_s >= venue.snapshot_due_wire_s:
            venue.snapshot_due_wire_s = None
            request_snapshot(state, venue, step)


def looked_up(state: State, event: ev.LookedUp, step: Step) -> None:
    """Evidence about an unknown order; only a late enough and wholly empty answer proves absence."""
    order = state.orders.get(event.label)
    if order is None:
        return
    for fill in event.fills:
        if work.take_fill(state, fill, step):
            holdings.move(state, fill, step)
    for report in event.reports:
        work.report(state, report, step)
    if order.state is not OrderState.UNKNOWN:
        return
    if state.orders.absence_proved(order, event.server_ms, event.reports, event.fills):
        work.order_event(state, event.label, OrderEvent.PROVED_ABSENT, "the venue never had it", step)
    elif state.orders.end_proved(order, event.server_ms, event.reports):
        work.order_event(state, event.label, OrderEvent.CANCELLED, "the venue has forgotten it", step)
