"""What stands between a book and a trade before its policy is asked: each gate names itself."""

from __future__ import annotations

from typing import NamedTuple

from hedger.domain.instrument import Instrument, InstrumentState
from hedger.domain.order import HEDGES, Order, OrderState, Purpose
from hedger.domain.vocabulary import Action, BreakerState, Legs, Phase, Reason, Rung, stricter
from hedger.engine import holdings, lease, work
from hedger.engine.delta import ladder
from hedger.engine.events import Now
from hedger.engine.reconcile import positions
from hedger.engine.sight import Sight
from hedger.engine.state import BookState, State, VenueState


class Gate(NamedTuple):
    """A constraint that binds, in the words of the vocabulary and in a sentence."""

    action: Action
    reason: Reason
    detail: str


NOT_READY = Gate(Action.BLOCKED, Reason.MISSING_QUOTE, "the hedge instrument is not quoted")
_BREAKER_REASON = {BreakerState.PAUSED: Reason.PAUSED, BreakerState.HALTED: Reason.HALTED}


def breaker_of(state: State, book: BookState) -> BreakerState:
    """The stricter of the book's breaker and the daemon's."""
    return stricter(state.breaker, book.breaker)


def daemon_gate(state: State, book: BookState, sight: Sight, now: Now) -> Gate | None:
    """Link, lease, recovery, breaker, journal and platform."""
    venue = state.venues[book.settings.venue]
    if state.stopping:
        return _blocked(Reason.STOPPING, f"the daemon is stopping: {state.stopping}")
    if not venue.connected:
        reason = Reason.LINK_DOWN if venue.links else Reason.CONNECTING
        why = f": {venue.down_reason}" if venue.down_reason else ""
        return _blocked(reason, f"{venue.name} is not connected{why}")
    if venue.standby:
        unsure = f", as of the last answer ({venue.lease_error})" if venue.lease_error else ""
        detail = f"standby: {venue.lease_holder} holds account {venue.account_id}{unsure}"
        return _blocked(Reason.STANDBY, detail)
    if venue.phase in (Phase.CONNECTING, Phase.RECOVERING):
        return _blocked(Reason.RECOVERING, "positions and orders are being reconciled with the venue")
    breaker = breaker_of(state, book)
    if breaker in _BREAKER_REASON:
        detail = f"breaker is {breaker}; `hedger resume` lets it trade again"
        return _blocked(_BREAKER_REASON[breaker], detail)
    if state.journal_closed:
        return _blocked(Reason.JOURNAL_DOWN, state.journal_closed)
    short = lease.gap(state, venue, now)
    if short:
        return _blocked(Reason.LEASE, short)
    return _platform_gate(venue, book, sight.listed)


def _platform_gate(venue: VenueState, book: BookState, hedge: Instrument | None) -> Gate | None:
    if hedge is None:
        return _blocked(Reason.INSTRUMENT_NOT_OPEN, f"{book.settings.hedge_instrument} is not listed")
    for index in ("", hedge.price_index) if venue.locked else ():
        if index in venue.locked:
            return _blocked(Reason.PLATFORM_LOCKED, f"{venue.name} locked {index or 'the platform'}")
    if hedge.state is not InstrumentState.OPEN:
        return _blocked(Reason.INSTRUMENT_NOT_OPEN, f"{hedge.name} is {hedge.state}")
    return None


def data_gate(state: State, book: BookState, sight: Sight, now: Now) -> Gate | None:
    """Everything the decision rests on is there and fresh. Until the first time, that is the warm-up."""
    gap = data_gap(state, book, sight, now)
    if gap is not None and not book.warm:
        return _blocked(Reason.WARM_UP, f"warming up: {gap.detail}")
    return gap


def data_gap(state: State, book: BookState, sight: Sight, now: Now) -> Gate | None:
    """What is refused, not listed, missing, stale or not known of what the decision rests on."""
    exposure, settings = sight.exposure, book.settings
    if book.bad:
        held = sorted(n for n in book.bad if book.book.holds(n) or n == settings.hedge_instrument)
        if held:
            return _blocked(Reason.BAD_INPUT, f"{held[0]}: {book.bad[held[0]]}")
    if state.venues[settings.venue].positions:
        unlisted = holdings.unlisted(state, book)
        if unlisted:
            detail = f"positions in instruments not listed: {', '.join(unlisted)}"
            return _blocked(Reason.MISSING_QUOTE, detail)
    if exposure.missing:
        return _blocked(_reason_of(exposure.missing[0]), _first(exposure.missing))
    if exposure.stale:
        reason = Reason.STALE_INDEX if exposure.stale[0].startswith("index") else Reason.STALE_QUOTE
        return _blocked(reason, _first(exposure.stale))
    if ladder.rung_of(exposure, settings.delta) is Rung.BLOCKED:
        detail = f"{ladder.describe(exposure)}; last_resort_s = {settings.delta.last_resort_s:g}"
        return _blocked(Reason.GREEKS_TOO_OLD, detail)
    if book.book.accounts_missing:
        return _blocked(Reason.ACCOUNT_UNKNOWN, f"no account summary in {book.book.accounts_missing[0]} yet")
    return hedge_gap(state, book, sight, now)


def _reason_of(missing: str) -> Reason:
    if "contradicts" in missing:
        return Reason.BAD_INPUT
    return Reason.MISSING_GREEKS if "greeks" in missing else Reason.MISSING_QUOTE


def legs_gate(book: BookState) -> Gate | None:
    """Coin and dollar legs offset each other only where one collateral carries both (deribit.md 9)."""
    if book.settings.legs is not Legs.BOTH:
        return None
    account = book.book.account(book.settings.underlying)
    model = "" if account is None else account.margin_model
    if model.startswith("cross"):
        return None
    detail = (
        f"legs = both, and the account's margin model is {model or 'unknown'}: must be cross_sm or cross_pm"
    )
    return _blocked(Reason.CROSS_MARGIN_NEEDED, detail)


def hedge_gap(state: State, book: BookState, sight: Sight, now: Now) -> Gate | None:
    """The hedge instrument's own ticker, which the exposure only judges while there is a position in it."""
    name = book.settings.hedge_instrument if sight.listed is None else sight.listed.name
    most_s = state.settings.timing.hedge_stale_s
    if sight.quote is None:
        return _blocked(Reason.MISSING_QUOTE, f"{name}: no ticker yet")
    age_s = now.wire_s - sight.quote.received_wire_s
    if age_s > most_s:
        return _blocked(Reason.STALE_QUOTE, f"{name}: {age_s:.1f} s old, at most {most_s:g} s")
    return None


def order_gate(state: State, book: BookState, now: Now, *, alone: bool = False) -> Gate | None:
    """One hedge at a time: nothing new while an order of the book may still trade, or a look is under way.

    `alone` judges as if the hedge that rests now were not there.
    """
    venue = state.venues[book.settings.venue]
    disputed = _disputed(state, venue, book) if venue.disputed else ()
    if disputed:
        return _blocked(Reason.POSITION_MISMATCH, _first(disputed))
    if venue.snapshot_due_wire_s is not None or venue.differences.tied:
        return Gate(Action.WAIT, Reason.RECOVERING, "positions are being compared with the venue's")
    adopted = _adopted(state, venue, book) if venue.adopted else ()
    if adopted:
        return _blocked(
            Reason.UNKNOWN_ORDER, f"{adopted[0]} of an earlier run is open and is being cancelled"
        )
    if alone:
        return _clock_gate(state, book, venue)
    return _live_gate(state, book) or _retry_gate(book, now) or _clock_gate(state, book, venue)


def _disputed(state: State, venue: VenueState, book: BookState) -> tuple[str, ...]:
    """Positions of the book that the venue tells otherwise than fills do; others are not its delta."""
    told = sorted(venue.disputed.items())
    return tuple(detail for name, detail in told if book.name in positions.concerned(state, venue, name))


def _adopted(state: State, venue: VenueState, book: BookState) -> tuple[str, ...]:
    """Labels of orders of earlier runs whose fills would be the book's, by label or by instrument."""
    return tuple(
        report.label
        for report in venue.adopted.values()
        if work.book_name(report.label) == book.name
        or book.name in positions.concerned(state, venue, report.instrument)
    )


def _live_gate(state: State, book: BookState) -> Gate | None:
    if state.orders.quiet:
        return None
    live = [order for order in state.orders.live() if order.intent.book == book.name]
    unknown = [order.intent.label for order in live if order.state is OrderState.UNKNOWN]
    if unknown:
        return _blocked(Reason.UNKNOWN_ORDER, f"outcome of {unknown[0]} is unknown; the venue is being asked")
    for order in live:
        if order.intent.purpose in HEDGES or _unanswered(order):
            return Gate(Action.WAIT, Reason.IN_FLIGHT, f"order {order.intent.label} is {order.state}")
    settling = [order for order in state.orders.settling() if order.intent.book == book.name]
    if settling:
        order = settling[0]
        detail = f"order {order.intent.label} filled {order.filled_amount}, its trades have not all arrived"
        return Gate(Action.WAIT, Reason.IN_FLIGHT, detail)
    return None


def _unanswered(order: Order) -> bool:
    """An operator's order nobody has answered: its delta is about to come or not. What rests may wait long,
    and what rests at the band's edges is taken back before a hedge."""
    return order.intent.purpose is Purpose.MANUAL and order.state in (OrderState.DRAFT, OrderState.IN_FLIGHT)


def _retry_gate(book: BookState, now: Now) -> Gate | None:
    """After an order that ended with nothing the next one waits, longer each time."""
    if now.wire_s < book.retry_wire_s:
        return _blocked(book.fruitless_reason, book.fruitless_detail)
    return None


def _clock_gate(state: State, book: BookState, venue: VenueState) -> Gate | None:
    """`valid_until` is our clock's word: too far from the venue's it is refused, or protects nothing."""
    if venue.jumped_wire_s is not None:
        detail = f"our clock stepped by {venue.jumped_s:+.1f} s; the venue's time is being measured"
        return _blocked(Reason.CLOCK_SKEW, detail)
    if venue.clock_skew_ms is None:
        return None
    skew_s = venue.clock_skew_ms / 1000 / state.settings.market_speed
    most_s = book.settings.execution.validity_s / 2
    if abs(skew_s) <= most_s:
        return None
    detail = f"our clock is {skew_s:+.1f} s off the venue's, at most {most_s:g} s; set the clock"
    return _blocked(Reason.CLOCK_SKEW, detail)


def _blocked(reason: Reason, detail: str) -> Gate:
    return Gate(Action.BLOCKED, reason, detail)


def _first(items: tuple[str, ...]) -> str:
    more = f" (and {len(items) - 1} more)" if len(items) > 1 else ""
    return f"{items[0]}{more}"
