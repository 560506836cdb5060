"""The life of our orders: into the outbox, onto the wire, and every way back."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import assert_never

import msgspec

from hedger.domain.account import Fill
from hedger.domain.approval import Approved, Refused
from hedger.domain.errors import InvariantError, VenueError
from hedger.domain.instrument import Instrument
from hedger.domain.order import TERMINAL, Order, OrderEvent, OrderReport, OrderState, Purpose, TimeInForce
from hedger.domain.time_units import DAY_MS, MINUTE_MS
from hedger.domain.vocabulary import BreakerState, Neutral, Phase, Reason, Severity, stricter
from hedger.engine import events as ev
from hedger.engine import lease
from hedger.engine.attribution import trades
from hedger.engine.delta.smile import correction
from hedger.engine.effects import Amend, Cancel, Exit, LookUp, Place
from hedger.engine.hedging import amend, working
from hedger.engine.ownership import cash, ownership
from hedger.engine.reconcile import baseline, positions
from hedger.engine.records import Commanded, Intended, OrderChanged, Traded
from hedger.engine.shadow import hear as shadow
from hedger.engine.sight import exposure_of
from hedger.engine.state import BookState, State, Step, VenueState
from hedger.execution.labels import parse_label
from hedger.portfolio.exposure import Exposure, check_identity, controlled
from hedger.risk.counters import fee_usd

MOST_FILL_AHEAD_MS = DAY_MS  # no clock is set by more
MOST_AHEAD_S = 30.0  # wire time by which a venue's timestamp may be ahead of ours
LOOK_S = 5.0  # wire time between two looks at what moved delta
FLAT_COIN = 1e-3  # of each coin of options held (at least of one): this near the target a book is flat
BACKOFF_MIN_S = 0.5  # wire time without a new order after one that ended with nothing; doubles each time
BACKOFF_MAX_S = 60.0
LOOKUP_OVERLAP_MS = MINUTE_MS
_SHUT = {BreakerState.PAUSED: Reason.PAUSED, BreakerState.HALTED: Reason.HALTED}
_MAY_REST = (OrderState.OPEN, OrderState.IN_FLIGHT, OrderState.AMENDING, OrderState.UNKNOWN)


def is_ours(state: State, label: str) -> bool:
    """True for labels of this hedger's books, of any epoch."""
    return book_name(label) in state.books


def book_name(label: str) -> str:
    """The book a label was made for, empty for a foreign one."""
    parsed = parse_label(label)
    return parsed.book if parsed is not None else ""


def submit(state: State, approved: Approved, step: Step) -> None:
    """Write ahead: into the table and the next journal write; the order leaves when that is durable."""
    intent = approved.intent
    state.orders.add(intent)
    state.outbox.hold(Place(approved=approved), step.now.wire_s + state.settings.timing.outbox_wait_s)
    step.record(Intended(market_ms=step.now.market_ms, intent=intent))
    state.outcomes["placed"] += 1


def released(state: State, sequence: int, step: Step) -> None:
    """The journal is durable up to `sequence`: what it held may go, unless it is too late or forbidden."""
    release = state.outbox.release(sequence, step.now)
    for order in release.drop:
        drop(state, order, "waited too long for the journal", step)
    for order in release.send:
        intent = order.approved.intent
        refused = shut(state, state.venues[intent.venue], state.books.get(intent.book), step.now)
        if refused is not None:  # something has changed while it waited
            drop(state, order, refused.detail, step)
        else:
            _send(state, order, step)


def _send(state: State, order: Place | Amend, step: Step) -> None:
    label = order.approved.intent.label
    match order:
        case Place():
            state.orders.sent(label, step.now.wire_s)
            step.ask(order)
        case Amend():
            amend.send(state, order, step)
        case _:
            assert_never(order)


def shut(state: State, venue: VenueState, book: BookState | None, now: ev.Now) -> Refused | None:
    """What no order may leave beside, whoever asked for it: link, clock, lease, journal, breaker, latch."""
    if not venue.connected:
        return Refused(Reason.LINK_DOWN, "the link went down")
    if venue.jumped_wire_s is not None:
        return Refused(Reason.CLOCK_SKEW, "our clock stepped")
    if venue.phase in (Phase.CONNECTING, Phase.RECOVERING):
        return Refused(Reason.RECOVERING, "positions and orders are being reconciled")
    short = lease.gap(state, venue, now)
    if short:
        return Refused(Reason.LEASE, short)
    if state.stopping:
        return Refused(Reason.STOPPING, "the daemon is stopping")
    if state.journal_closed:
        return Refused(Reason.JOURNAL_DOWN, state.journal_closed)
    if book is not None and book.guard.latch:
        return Refused(Reason.LIQUIDATION, f"latched: {book.guard.latch}")
    if book is not None and book.ownership.rival:
        return Refused(Reason.OTHER_HEDGER, f"another hedger: {book.ownership.rival}")
    if book is not None and (suspect := positions.waiting(venue, book)):
        return Refused(Reason.UNEXPLAINED_POSITION, suspect)
    breaker = state.breaker if book is None else stricter(state.breaker, book.breaker)
    reason = _SHUT.get(breaker)
    return None if reason is None else Refused(reason, f"breaker is {breaker}")


def drop(state: State, order: Place | Amend, why: str, step: Step) -> None:
    """An order, or new terms of one, that never left this process."""
    match order:
        case Place():
            order_event(state, order.approved.intent.label, OrderEvent.DROPPED, why, step)
        case Amend():
            amend.drop(state, order, why, step)
        case _:
            assert_never(order)


def drop_held(state: State, which: Callable[[Approved], bool], why: str, step: Step) -> None:
    """Close the gate for some of what waits: what was decided before no longer holds."""
    for order in state.outbox.drop_where(which):
        drop(state, order, why, step)


def drop_overdue(state: State, step: Step) -> None:
    """What the journal did not make durable in time is not worth sending any more."""
    for order in state.outbox.drop_expired(step.now):
        drop(state, order, "waited too long for the journal", step)


def order_event(state: State, label: str, event: OrderEvent, detail: str, step: Step) -> None:
    """Move an order of ours by an event of the transition table and record the change."""
    order = state.orders.get(label)
    if order is None:
        return
    before = order.state
    order.apply(event)
    order.detail = detail or order.detail
    if order.state is not before:
        _changed(state, order, before, step)


def report(state: State, evidence: OrderReport, step: Step) -> None:
    """Apply the venue's evidence; a resting residual of an immediate order is cancelled at once."""
    order = state.orders.get(evidence.label)
    if order is None:
        return
    before, filled, amount = order.state, order.filled_amount, order.amount
    state.orders.report(evidence)
    if order.state is not before or (order.filled_amount, order.amount) != (filled, amount):
        _changed(state, order, before, step)
    if order.state is OrderState.OPEN and _unwanted(state, order):
        cancel(state, order, step)


def _unwanted(state: State, order: Order) -> bool:
    """What must not rest: residuals of immediate orders, hedges of an earlier run, any order at the end.

    What a person placed by hand outlives the daemon where the venue lets it: whoever placed it cancels it.
    """
    parsed = parse_label(order.intent.label)
    of_this_run = parsed is not None and parsed.epoch == state.venues[order.intent.venue].epoch
    of_this_run = of_this_run or order.intent.purpose is Purpose.MANUAL
    immediate = order.intent.time_in_force is not TimeInForce.GTC
    book = state.books.get(order.intent.book)
    halted = BreakerState.HALTED in (state.breaker, book.breaker if book is not None else None)
    return immediate or not of_this_run or bool(state.stopping) or halted


def cancel(state: State, order: Order, step: Step) -> None:
    """Cancels go at once: a repeated cancel places nothing."""
    intent = order.intent
    order.apply(OrderEvent.CANCEL_SENT)
    state.orders.touched(intent.label, step.now.wire_s)
    step.ask(
        Cancel(venue=intent.venue, instrument=intent.instrument, label=intent.label, order_id=order.order_id)
    )


def _changed(state: State, order: Order, before: OrderState, step: Step) -> None:
    step.record(OrderChanged(market_ms=step.now.market_ms, order=msgspec.structs.replace(order)))
    if order.state is before:
        return
    state.orders.touched(order.intent.label, step.now.wire_s)
    severity = Severity.WARNING if order.state in (OrderState.UNKNOWN, OrderState.REJECTED) else Severity.INFO
    step.note(
        severity,
        f"order_{order.state}",
        label=order.intent.label,
        filled=str(order.filled_amount),
        detail=order.detail,
    )
    if order.state in TERMINAL:
        _ended(state, order, step)


def _ended(state: State, order: Order, step: Step) -> None:
    """Delta that was counted as in flight and did not arrive is delta the policy has not seen.

    Orders that end with nothing, one after the other, are repeated more and more slowly.
    """
    state.outcomes[order.state] += 1
    book = state.books.get(order.intent.book)
    if book is None or order.intent.purpose is not Purpose.HEDGE or order.filled_amount == order.amount:
        return
    book.epoch, book.missed = book.epoch + 1, book.missed + 1
    if working.passive_end(book, order, step.now):
        return
    if not order.filled_amount and order.state is not OrderState.DROPPED:
        pause_s = min(BACKOFF_MAX_S, BACKOFF_MIN_S * 2.0 ** min(book.fruitless, 10))
        book.fruitless += 1
        book.retry_wire_s = step.now.wire_s + pause_s
        nobody = order.state is OrderState.CANCELLED  # an immediate order that found no counterpart
        book.fruitless_reason = Reason.NO_LIQUIDITY if nobody else Reason.VENUE_REFUSED
        book.fruitless_detail = f"{order.intent.label} is {order.state} with nothing filled: {order.detail}"


def placement_refused(state: State, event: ev.PlacementRefused, step: Step) -> None:
    """A definite refusal: the order has ended."""
    order_event(state, event.label, OrderEvent.REFUSED, f"{event.code} {event.message}", step)


def placement_lost(state: State, event: ev.PlacementLost, step: Step) -> None:
    """Nobody knows: UNKNOWN, and the venue is asked."""
    order_event(state, event.label, OrderEvent.LOST, event.reason, step)


def placement_unsent(state: State, event: ev.PlacementUnsent, step: Step) -> None:
    """Proof of absence by ourselves: the frame was never handed to the socket."""
    order_event(state, event.label, OrderEvent.REFUSED, f"not sent: {event.reason}", step)


def ahead(state: State, market_ms: int, step: Step) -> bool:
    """Whether a venue's time lies further ahead of ours than any clock is off."""
    return market_ms - step.now.market_ms > MOST_AHEAD_S * 1000 * state.settings.market_speed


def timely(state: State, fill: Fill, step: Step) -> Fill:
    """A trade of another day as one of now: it happened, and its time would make every true one look old.

    Less than that is our own clock, set back: the venue's time stands, its positions are told by the same.
    """
    if fill.market_ms - step.now.market_ms <= MOST_FILL_AHEAD_MS * max(1.0, state.settings.market_speed):
        return fill
    told = (fill.market_ms - step.now.market_ms) / 1000
    step.note(Severity.WARNING, "fill_ahead", venue=fill.venue, trade_id=fill.trade_id, ahead_s=told)
    return msgspec.structs.replace(fill, market_ms=step.now.market_ms)


def take_fill(state: State, fill: Fill, step: Step) -> bool:
    """Count a fill once, give it to its order, journal both; False for one seen before."""
    order = state.orders.order_of(fill)
    before = None if order is None else (order.state, order.filled_amount)
    if not state.orders.fill(fill):
        return False
    if order is not None and before is not None and before != (order.state, order.filled_amount):
        _changed(state, order, before[0], step)
    trades.filled(state, fill, step)
    ownership.counted(state, fill)
    ownership.forced(state, fill, step)
    cash.traded(state, fill, step)
    baseline.traded(state, state.venues[fill.venue], fill)
    _count(state, fill, step)
    return True


def _count(state: State, fill: Fill, step: Step) -> None:
    venue = state.venues[fill.venue]
    venue.last_fill_ms = max(venue.last_fill_ms, fill.market_ms)
    step.record(Traded(market_ms=step.now.market_ms, fill=fill))
    book = state.books.get(book_name(fill.label))
    if book is not None and not _manual(state, fill):
        notional = notional_usd(venue.instruments.get(fill.instrument), fill)
        book.counters.add_fill(fill, notional)
        if _moves(state, fill):  # which is no reason for the policy to wait
            book.by_expiry.traded(notional, fee_usd(fill))
            return
        book.fruitless = 0
        at_s = min(fill.market_ms, step.now.market_ms) / 1000  # a venue's clock ahead of ours adds no pause
        book.last_hedge_s = at_s if math.isnan(book.last_hedge_s) else max(at_s, book.last_hedge_s)
        if book.shadows:
            shadow.live_filled(state, book, fill)


def _manual(state: State, fill: Fill) -> bool:
    """Whether an operator's order traded: no hedge of the book, whatever its label."""
    order = state.orders.order_of(fill)
    return order is not None and order.intent.purpose is Purpose.MANUAL


def _moves(state: State, fill: Fill) -> bool:
    """Whether it is a leg of a move between perpetual and dated futures."""
    order = state.orders.order_of(fill)
    return order is not None and order.intent.purpose is Purpose.MOVE


def notional_usd(instrument: Instrument | None, fill: Fill) -> float:
    """Turnover of a fill in USD; of an instrument no longer listed, by its index."""
    if instrument is not None and instrument.is_future:
        return abs(instrument.amount_to_usd(fill.amount, float(fill.price)))
    return abs(float(fill.amount)) * (fill.index_usd or 0.0)


def time_outs(state: State, step: Step) -> None:
    """Orders nobody answered become UNKNOWN; unknown ones are looked up again."""
    if state.orders.quiet:
        return
    timing = state.settings.timing
    for order in state.orders.overdue(step.now.wire_s, timing.ack_timeout_s):
        order_event(
            state, order.intent.label, OrderEvent.LOST, f"no answer for {timing.ack_timeout_s:g} s", step
        )
    for order in state.orders.lookups_due(step.now.wire_s, timing.lookup_interval_s):
        intent = order.intent
        if state.venues[intent.venue].connected:
            step.ask(
                LookUp(
                    venue=intent.venue,
                    instrument=intent.instrument,
                    label=intent.label,
                    since_ms=intent.created_ms - LOOKUP_OVERLAP_MS,
                )
            )


def cancel_resting(state: State, step: Step, book: BookState | None = None) -> None:
    """Cancel every order of ours (of one book, or of all) that the venue may be holding open."""
    for order in state.orders.live():
        mine = book is None or order.intent.book == book.name
        if mine and order.state in _MAY_REST:
            cancel(state, order, step)


def refresh(state: State, book: BookState, step: Step) -> None:
    """Recompute the book exactly; one whose deltas break their identity (theory 1.4) halts the daemon."""
    book.refreshed_wire_s = step.now.wire_s
    book.book.refresh(step.now)
    correction.correct(book, step.now)
    exposure = exposure_of(state, book, step.now)
    if state.venues[book.settings.venue].reconciled:  # before, an unknown book looks like a flat one
        _follow_delta(book, exposure, step)
    try:
        check_identity(exposure)
    except InvariantError as error:
        halt(state, f"book {book.name}: {error}", step)


def _follow_delta(book: BookState, exposure: Exposure, step: Step) -> None:
    """Note what moved delta; a book that is flat to a lot starts anew."""
    if step.now.wire_s - book.looked_wire_s < LOOK_S or exposure.net_transaction is None:
        return
    book.looked_wire_s = step.now.wire_s
    book.moved.look(book.book.rows(), step.now.market_ms)
    target = book.settings.target_delta_coin + (book.kept_coin - book.smile_coin)
    y = controlled(exposure, book.settings.neutral or Neutral.COIN)
    if y is not None and abs(y - target) <= FLAT_COIN * max(1.0, exposure.gross_coin):
        book.moved.flat(step.now.market_ms, exposure.net_transaction)
    elif book.moved.told(exposure.net_transaction) is None:
        book.moved.flat(step.now.market_ms, exposure.net_transaction)  # since start-up, then


def latch(state: State, book: str, breaker: BreakerState, why: str, step: Step) -> None:
    """Record a breaker the daemon itself has set, so that a restart finds it."""
    step.record(
        Commanded(
            market_ms=step.now.market_ms,
            command=breaker.value,
            book=book,
            state=breaker,
            by="hedger",
            reason=why,
        )
    )


def halt(state: State, why: str, step: Step) -> None:
    """The daemon halts itself: latched, resting orders cancelled, a person must look."""
    if state.breaker is BreakerState.HALTED:
        return
    state.breaker = BreakerState.HALTED
    latch(state, "", state.breaker, why, step)
    drop_held(state, lambda _approved: True, "halted", step)
    cancel_resting(state, step)
    step.note(Severity.CRITICAL, "halted", reason=why)


def stop_when_quiet(state: State, step: Step) -> None:
    """A stopping daemon exits once no order of ours can still trade, or when its patience ends."""
    if not state.stopping or state.exited:
        return
    live = [order.intent.label for order in state.orders.live() if order.state is not OrderState.DRAFT]
    if live and step.now.wire_s < state.stop_by_wire_s:
        return
    state.exited = True
    if live:
        step.ask(
            Exit(
                code=VenueError.exit_code,
                reason=f"{state.stopping}; outcome unknown, resolved at the next start: {live}",
            )
        )
    else:
        step.ask(Exit(code=0, reason=state.stopping))
