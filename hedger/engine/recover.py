"""Start-up and crash recovery, which are one path: link, lease and journal, snapshot, reconcile, warm-up.

The venue is the truth for positions and orders; the journal is the truth for what we meant. No decision is
taken before the two have been held against each other, and an order whose end nobody saw is UNKNOWN.
"""

from __future__ import annotations

import math
from decimal import Decimal

import msgspec

from hedger.domain.account import Fill
from hedger.domain.order import TERMINAL, Order, OrderEvent, OrderReport, OrderState, Purpose
from hedger.domain.time_units import DAY_MS, MINUTE_MS
from hedger.domain.vocabulary import BreakerState, Phase, Severity, stricter
from hedger.engine import events as ev
from hedger.engine import holdings, overrides, shadows_kept, standby, work
from hedger.engine.attribution import follow, trades
from hedger.engine.delta import settlement
from hedger.engine.delta.smile import memory
from hedger.engine.effects import Cancel, LoadJournal, RequestSnapshot
from hedger.engine.guard import guard, latch
from hedger.engine.ownership import ownership, restore, rivals, waits
from hedger.engine.reconcile import baseline, equity, positions
from hedger.engine.records import Configured, EpochRaised
from hedger.engine.state import State, Step, VenueState
from hedger.execution.labels import parse_label

OVERLAP_MS = MINUTE_MS  # trades are asked for again a little before the newest known one
ENDED_AGAIN_S = 5.0  # wire time between looks at the positions while a held instrument has ended


def link_up(state: State, event: ev.LinkUp, step: Step) -> None:
    """A venue is there. The first time its journal is loaded; every time it is asked for a snapshot."""
    venue = state.venues[event.venue]
    if venue.account_id and venue.account_id != event.account_id:
        why = f"{event.venue}: account changed from {venue.account_id} to {event.account_id}"
        work.halt(state, why, step)
        return
    if event.environment is not venue.environment:
        work.halt(state, f"{event.venue}: environment is {event.environment}, not {venue.environment}", step)
        return
    venue.account_id, venue.connected, venue.watch = event.account_id, True, None
    venue.quotes.clear()  # of the earlier connection: the first ticker of this one is news, whatever its time
    venue.indices.clear()
    venue.links += 1
    venue.phase = Phase.RECOVERING
    step.note(
        Severity.INFO, "link_up", venue=venue.name, account=venue.account_id, reconnects=venue.reconnects
    )
    if venue.standby:
        venue.phase = Phase.STANDBY
    if venue.epoch or venue.standby:
        request_snapshot(state, venue, step)
    elif not venue.loading:
        venue.loading = True
        step.ask(LoadJournal(venue=venue.name, environment=venue.environment, account_id=venue.account_id))


def link_down(state: State, event: ev.LinkDown, step: Step) -> None:
    """A venue is gone: what was in flight is unknown, what waits in the outbox is not sent any more."""
    venue = state.venues[event.venue]
    venue.connected, venue.snapshot_due_wire_s, venue.superseded = False, None, False
    venue.down_reason = event.reason
    venue.differences.log.under_way = False
    venue.phase = Phase.CONNECTING if not venue.epoch else Phase.RECOVERING
    work.drop_held(state, lambda approved: approved.intent.venue == venue.name, "the link went down", step)
    for order in state.orders.live(venue.name):
        if order.state is not OrderState.DRAFT:
            work.order_event(state, order.intent.label, OrderEvent.LOST, event.reason, step)
    step.note(Severity.WARNING, "link_down", venue=venue.name, reason=event.reason)


def journal_loaded(state: State, event: ev.JournalLoaded, step: Step) -> None:
    """What we meant before this run: orders without an end become UNKNOWN, breakers stay latched."""
    venue = state.venues[event.venue]
    if venue.epoch:
        step.note(Severity.WARNING, "journal_loaded_twice", venue=venue.name, epoch=event.epoch)
        return
    _acquired(state, venue, event, step)
    venue.epoch, venue.last_fill_ms = event.epoch, event.last_fill_ms
    _merge_breakers(state, event, step)
    latch.restore(state, venue.name, event.latches, step)
    guard.journal_loaded(state, venue.name, event.loss_references)
    by_hand = {order.intent.label for order in event.orders if order.intent.purpose is Purpose.MANUAL}
    hedges = [fill for fill in event.fills if fill.label not in by_hand]
    for book in holdings.books_on(state, venue.name):
        own = [fill for fill in hedges if work.book_name(fill.label) == book.name]
        book.counters.seed(own)
        if own:
            book.last_hedge_s = max(fill.market_ms for fill in own) / 1000
    overrides.restored(holdings.books_on(state, venue.name), event, step)
    for order in event.orders:
        _restore(state, order, step)
    for fill in event.fills:
        state.orders.fill_known(fill)
    baseline.begin(state, venue, event)
    restore.ownership_of(state, venue, event, step)
    settlement.restored(state, venue.name, event.kept, step)
    memory.restored(state, venue.name, event.smiles)
    trades.restored(state, event)
    shadows_kept.restored(state, venue.name, event.shadows, event.fills)
    step.record(Configured(market_ms=step.now.market_ms, config_hash=state.settings.config_hash))
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


def _acquired(state: State, venue: VenueState, event: ev.JournalLoaded, step: Step) -> None:
    """The account is this run's; where another held it before, that is a takeover.

    What a standby was shown is no reconciliation, nor is the answer to a question it has asked.
    """
    venue.lease_until_wire_s, venue.lease_error = event.lease_until_wire_s, ""
    standby.forget(state, venue)
    if venue.standby:
        before = venue.lease_holder
        step.note(Severity.WARNING, "taken_over", venue=venue.name, before=before, epoch=event.epoch)
        venue.lease_holder, venue.takeovers = "", venue.takeovers + 1
    venue.superseded = venue.snapshot_due_wire_s is not None
    if venue.connected:
        venue.phase = Phase.RECOVERING


def _merge_breakers(state: State, event: ev.JournalLoaded, step: Step) -> None:
    """The stricter of what was latched and what was commanded since; what was latched stays so on disk."""
    latched = event.breakers
    given, state.breaker = state.breaker, stricter(state.breaker, latched.get("", state.breaker))
    if given not in (BreakerState.RUNNING, state.breaker):
        work.latch(state, "", state.breaker, "stricter than what was commanded before it was read", step)
    for book in holdings.books_on(state, event.venue):
        given, book.breaker = book.breaker, stricter(book.breaker, latched.get(book.name, book.breaker))
        if given not in (BreakerState.RUNNING, book.breaker):
            why = "stricter than what was commanded before it was read"
            work.latch(state, book.name, book.breaker, why, step)


def _restore(state: State, order: Order, step: Step) -> None:
    state.orders.restore(msgspec.structs.replace(order))  # the event stays as it was
    if order.state not in TERMINAL:
        work.order_event(state, order.intent.label, OrderEvent.LOST, "the daemon restarted", step)


def request_snapshot(state: State, venue: VenueState, step: Step) -> None:
    """Ask for the venue's whole truth, with every trade since shortly before the last such answer.

    Not since the newest trade heard of: an older one may never have been told.
    """
    if not venue.connected or venue.snapshot_due_wire_s is not None:
        return
    base = venue.differences.baseline
    known_ms = venue.trades_told_ms or (venue.last_fill_ms if base is None else base.told_ms)
    since = known_ms - OVERLAP_MS if known_ms else step.now.market_ms - DAY_MS
    if venue.standby:
        since = step.now.market_ms  # the trades are the holder's to follow
    venue.superseded = False
    venue.snapshot_due_wire_s = step.now.wire_s + state.settings.timing.snapshot_timeout_s
    venue.snapshot_asked_wire_s, venue.snapshot_since_ms = step.now.wire_s, since
    venue.moved.clear()
    step.ask(RequestSnapshot(venue=venue.name, since_ms=since))


def snapshot_taken(state: State, event: ev.SnapshotTaken, step: Step) -> None:
    """Reconcile: fills first, then orders, then positions and accounts replace what we believed.

    A position that a fill has overtaken since the question was asked is not replaced: it is asked for again.
    """
    venue = state.venues[event.venue]
    if not venue.epoch:
        standby.pictured(state, event, step)
        return
    if venue.superseded:
        venue.snapshot_due_wire_s = None
        request_snapshot(state, venue, step)
        return
    if event.asked_wire_s is not None and event.asked_wire_s < venue.snapshot_asked_wire_s:
        return  # an older question's, which may lack what has happened since
    if venue.snapshot_due_wire_s is not None and not _covers(venue, event):
        venue.superseded = True  # the session lost something, after our question perhaps: it is put again
        return
    asked_wire_s = venue.snapshot_asked_wire_s if venue.snapshot_due_wire_s is not None else -math.inf
    if venue.snapshot_due_wire_s is not None:  # asked by us, and so of all since the answer before
        venue.trades_told_ms = max(venue.trades_told_ms, event.server_ms)
    venue.snapshot_due_wire_s = None
    for fill in event.fills:
        rivals.fill_seen(state, fill, step)
        _told_beside(state, venue, fill, step)  # the positions below already hold it
    for report in event.open_orders:
        rivals.order_seen(state, report, step)
    _raise_epoch(state, venue, event, step)
    _orders(state, venue, event.open_orders, step)
    overtaken = _positions(state, venue, event, step)
    if not overtaken:
        state.orders.settle_all(venue.name, asked_wire_s)
        waits.positions_told(state, venue, asked_wire_s)
    settlement.missed(state, venue, step)
    venue.reconciled = True
    for account in event.accounts:
        holdings.set_account(state, account, event.server_ms, step)
        guard.account_told(state, account, step.now)
        equity.told(venue, account, step.now)
        follow.account_told(state, account, step)
    ownership.forget_expired(venue, step.now.market_ms)
    holdings.forget_ended(state, venue, step.now.market_ms)
    if venue.phase is Phase.RECOVERING and venue.epoch and not overtaken:
        venue.phase = Phase.WARMING_UP
    _next_look(state, venue, overtaken, step)
    if not overtaken:
        follow.snapshot_told(state, event, step)
        baseline.keep(state, venue, event, event.positions_ms or event.server_ms, step)
    holdings.watch(state, venue, step)


def _covers(venue: VenueState, event: ev.SnapshotTaken) -> bool:
    """Whether an answer holds the trades that were asked for: the session's own question is of an hour."""
    return event.asked_wire_s is None or event.since_ms <= venue.snapshot_since_ms


def _told_beside(state: State, venue: VenueState, fill: Fill, step: Step) -> bool:
    """A trade out of an answer, which moves no position; False for one seen before."""
    fill = work.timely(state, fill, step)
    if not work.take_fill(state, fill, step):
        return False
    if venue.reconciled and venue.position_holds(fill):  # the position of an earlier answer already held it
        venue.differences.told_late(fill)
    else:
        venue.differences.owe(fill.instrument, fill.signed_amount)
    latch.fill_seen(state, fill, step)
    return True


def _next_look(state: State, venue: VenueState, overtaken: bool, step: Step) -> None:
    timing = state.settings.timing
    pause_s = timing.reconcile_s
    if overtaken:
        request_snapshot(state, venue, step)  # nothing is decided until an answer no fill has overtaken
    elif holdings.ended(state, venue, step.now.market_ms):
        pause_s = min(ENDED_AGAIN_S, pause_s)
    venue.reconcile_wire_s = step.now.wire_s + pause_s


def _raise_epoch(state: State, venue: VenueState, event: ev.SnapshotTaken, step: Step) -> None:
    """A journal that was lost begins at 1 again; labels the venue has seen are never made again."""
    labels = [fill.label for fill in event.fills] + [report.label for report in event.open_orders]
    seen = [parsed.epoch for label in labels if (parsed := parse_label(label)) and parsed.book in state.books]
    known = {label for label in labels if state.orders.get(label) is not None}
    strange = [label for label in labels if work.is_ours(state, label) and label not in known]
    if strange and venue.epoch and max(seen) >= venue.epoch:
        venue.epoch = max(seen) + 1
        step.record(EpochRaised(market_ms=step.now.market_ms, venue=venue.name, epoch=venue.epoch))
        step.note(Severity.WARNING, "epoch_raised", venue=venue.name, epoch=venue.epoch, label=strange[0])


def _orders(state: State, venue: VenueState, reports: tuple[OrderReport, ...], step: Step) -> None:
    venue.foreign_open, venue.adopted = {}, {}
    _gone(state, venue, reports, step)
    for report in reports:
        latch.report_seen(state, report, step)
        if state.orders.ended_before(report.label, venue.snapshot_asked_wire_s):
            venue.differences.mismatches += 1
            adopt(state, report, step)  # ended, we thought, and open at the venue
        elif state.orders.get(report.label) is not None:
            work.report(state, report, step)
        elif work.is_ours(state, report.label):
            adopt(state, report, step)
        else:
            venue.foreign_open[report.order_id] = report


def _gone(state: State, venue: VenueState, reports: tuple[OrderReport, ...], step: Step) -> None:
    """An order that rested before the question and is not among the answers has ended unheard: look it up."""
    there = {report.label for report in reports}
    for order in state.orders.resting(venue.name, before_wire_s=venue.snapshot_asked_wire_s):
        if order.intent.label not in there:
            why = "not among the venue's open orders"
            work.order_event(state, order.intent.label, OrderEvent.LOST, why, step)


def adopt(state: State, report: OrderReport, step: Step) -> None:
    """An order of ours that must not be there: unknown to the journal, or ended as far as we knew.

    It is cancelled, and nothing is hedged beside it until it is gone.
    """
    venue = state.venues[report.venue]
    if not report.resting:
        venue.adopted.pop(report.order_id, None)
        return
    if report.order_id not in venue.adopted:
        step.note(Severity.WARNING, "order_adopted", label=report.label, instrument=report.instrument)
    venue.adopted[report.order_id] = report
    venue.adopted_asked_wire_s = step.now.wire_s
    step.ask(_cancel(report))


def _cancel(report: OrderReport) -> Cancel:
    return Cancel(
        venue=report.venue, instrument=report.instrument, label=report.label, order_id=report.order_id
    )


def _positions(state: State, venue: VenueState, event: ev.SnapshotTaken, step: Step) -> bool:
    """Replace what we believed; True where a fill has overtaken the answer and it must be asked for again."""
    sizes = {position.instrument: position.size for position in event.positions}
    told_ms = event.positions_ms or event.server_ms
    overtaken = False
    for position in event.positions:
        guard.position_told(state, position)
    names = set(sizes) | set(holdings.held(state, venue.name)) | set(venue.disputed)  # flat ones, too
    names |= set(venue.differences.owed) | set(venue.differences.untold) | set(venue.moved)
    names |= {name for name, filled in venue.filled_ms.items() if filled >= told_ms}
    names |= set(venue.differences.tied)
    for name in sorted(names):
        if _overtakes(venue, event, name):
            overtaken = True
            if not venue.reconciled:
                venue.differences.untold[name] = None
            venue.told_ms.setdefault(name, venue.told_all_ms)
            continue
        size = sizes.get(name, Decimal(0))
        held_against = baseline.compare if baseline.pending(venue, name) else positions.by_snapshot
        held_against(state, venue, name, size, step)
        holdings.set_position(state, venue.name, name, size, step)
        venue.told_ms[name] = told_ms
        venue.disputed.pop(name, None)
        venue.differences.unconfirmed.pop(name, None)
        venue.differences.tied.pop(name, None)
    venue.told_all_ms = told_ms
    return overtaken


def _overtakes(venue: VenueState, event: ev.SnapshotTaken, name: str) -> bool:
    """Whether a fill may have come between the question and the answer.

    Of a fill that is not counted this must be certain before the answer can decide it: positions are asked
    for after the answers of `server_ms`, so whatever traded before that is in them.
    """
    counted_ms = venue.filled_ms.get(name, -1)
    if name in venue.moved or counted_ms >= (event.positions_ms or event.server_ms):
        return True
    return venue.differences.newest_tie_ms(name) >= event.server_ms


def snapshot_failed(state: State, event: ev.SnapshotFailed, step: Step) -> None:
    """Asked again at the next deadline; until then nothing changes."""
    venue = state.venues[event.venue]
    if venue.snapshot_due_wire_s is not None:
        venue.snapshot_due_wire_s = step.now.wire_s + state.settings.timing.lookup_interval_s
    step.note(Severity.WARNING, "snapshot_failed", venue=event.venue, reason=event.reason)


def keep_looking(state: State, step: Step) -> None:
    """Ask again where an answer is overdue, a trade never came, words differ, or a look is due."""
    timing, wire_s = state.settings.timing, step.now.wire_s
    if not state.orders.quiet:
        for order in state.orders.settling_overdue(wire_s, timing.ack_timeout_s):
            request_snapshot(state, state.venues[order.intent.venue], step)
    for venue in state.venues.values():
        if venue.snapshot_due_wire_s is not None and wire_s >= venue.snapshot_due_wire_s:
            venue.snapshot_due_wire_s = None
            request_snapshot(state, venue, step)
        if venue.disputed or venue.differences.tied or _due(state, venue, wire_s):
            request_snapshot(state, venue, step)
        if venue.adopted and wire_s - venue.adopted_asked_wire_s >= timing.lookup_interval_s:
            venue.adopted_asked_wire_s = wire_s
            for report in venue.adopted.values():
                step.ask(_cancel(report))


def _due(state: State, venue: VenueState, wire_s: float) -> bool:
    """A position that nobody has told since its fill, or the periodic look while no order is on its way."""
    if any(at <= wire_s for at in venue.differences.unconfirmed.values()):
        return True
    return wire_s >= venue.reconcile_wire_s and not state.orders.moving(venue.name)


def looked_up(state: State, event: ev.LookedUp, step: Step) -> None:
    """Evidence about an unknown order; only a late enough and wholly empty answer proves absence.

    A fill found here may be in the venue's position already or not: the venue is asked, nothing is moved.
    """
    order = state.orders.get(event.label)
    if order is None:
        return
    venue = state.venues[event.venue]
    news = [fill for fill in event.fills if _told_beside(state, venue, fill, step)]
    for report in event.reports:
        latch.report_seen(state, report, step)
        work.report(state, report, step)
    if news:
        venue.snapshot_due_wire_s = None  # an answer under way may be older than this evidence
        request_snapshot(state, venue, step)
    if order.state is not OrderState.UNKNOWN:
        return
    if state.orders.absence_proved(order, event.server_ms, event.reports, event.fills):
        work.order_event(state, event.label, OrderEvent.PROVED_ABSENT, "the venue never had it", step)
    elif state.orders.end_proved(order, event.server_ms, event.reports):
        work.order_event(state, event.label, OrderEvent.CANCELLED, "the venue has forgotten it", step)
