"""What stands between a book and a trade before its policy is asked: each gate names itself."""

from __future__ import annotations

from typing import NamedTuple

from hedger.domain.instrument import Instrument, InstrumentState
from hedger.domain.order import OrderState
from hedger.domain.quote import Quote
from hedger.domain.vocabulary import Action, BreakerState, Phase, Reason, stricter
from hedger.engine import holdings
from hedger.engine.events import Now
from hedger.engine.sight import Sight
from hedger.engine.state import BookState, State, VenueState

UNFILLED_PAUSE_S = 1.0  # wire time after which an unfilled hedge is tried again without a newer quote


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


def daemon_gate(state: State, book: BookState, sight: Sight) -> Gate | None:
    """Link, recovery, breaker, journal and platform."""
    venue = state.venues[book.settings.venue]
    if state.stopping:
        return _blocked(Reason.STOPPING, f"the daemon is stopping: {state.stopping}")
    if not venue.connected:
        reason = Reason.LINK_DOWN if venue.links else Reason.CONNECTING
        return _blocked(reason, f"{venue.name} is not connected")
    if venue.phase in (Phase.CONNECTING, Phase.RECOVERING):
        return _blocked(Reason.RECOVERING, "positions and orders are being reconciled with the venue")
    breaker = breaker_of(state, book)
    if breaker in _BREAKER_REASON:
        detail = f"breaker is {breaker}; `hedger resume` lets it trade again"
        return _blocked(_BREAKER_REASON[breaker], detail)
    if state.journal_error:
        return _blocked(Reason.JOURNAL_DOWN, f"the journal cannot be written: {state.journal_error}")
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
        reason = Reason.MISSING_GREEKS if "greeks" in exposure.missing[0] else Reason.MISSING_QUOTE
        return _blocked(reason, _first(exposure.missing))
    if exposure.stale:
        reason = Reason.STALE_INDEX if exposure.stale[0].startswith("index") else Reason.STALE_QUOTE
        return _blocked(reason, _first(exposure.stale))
    if sight.y is None or exposure.equity_coin is None:
        return _blocked(Reason.ACCOUNT_UNKNOWN, f"no account summary in {book.book.settlement_currency} yet")
    return _hedge_gap(settings.hedge_instrument, sight.quote, state.settings.timing.hedge_stale_s, now)


def _hedge_gap(name: str, quote: Quote | None, most_s: float, now: Now) -> Gate | None:
    """The hedge instrument's own ticker, which the exposure only judges while there is a position in it."""
    if quote is None:
        return _blocked(Reason.MISSING_QUOTE, f"{name}: no ticker yet")
    age_s = now.wire_s - quote.received_wire_s
    if age_s > most_s:
        return _blocked(Reason.STALE_QUOTE, f"{name}: {age_s:.1f} s old, at most {most_s:g} s")
    return None


def order_gate(state: State, book: BookState, now: Now) -> Gate | None:
    """One hedge at a time: nothing new while an order of the book may still trade."""
    if state.orders.quiet:
        return _refusal_gate(book, now) or _counterpart_gate(state, book, now)
    live = [order for order in state.orders.live() if order.intent.book == book.name]
    unknown = [order.intent.label for order in live if order.state is OrderState.UNKNOWN]
    if unknown:
        return _blocked(Reason.UNKNOWN_ORDER, f"outcome of {unknown[0]} is unknown; the venue is being asked")
    if live:
        order = live[0]
        return Gate(Action.WAIT, Reason.IN_FLIGHT, f"order {order.intent.label} is {order.state}")
    settling = [order for order in state.orders.settling() if order.intent.book == book.name]
    if settling:
        order = settling[0]
        detail = f"order {order.intent.label} filled {order.filled_amount}, its trades have not all arrived"
        return Gate(Action.WAIT, Reason.IN_FLIGHT, detail)
    return _refusal_gate(book, now) or _counterpart_gate(state, book, now)


def _refusal_gate(book: BookState, now: Now) -> Gate | None:
    """After a definite refusal the venue is left alone for a moment."""
    if now.wire_s < book.refused_until_wire_s:
        return _blocked(Reason.VENUE_REFUSED, f"the venue refused the last order: {book.refused_detail}")
    return None


def _counterpart_gate(state: State, book: BookState, now: Now) -> Gate | None:
    """An order that found nobody is not sent again on the very quote that promised somebody."""
    name = book.settings.hedge_instrument
    quote = state.venues[book.settings.venue].quotes.get(name)
    seen = quote is None or quote.received_wire_s <= book.unfilled_wire_s
    if seen and now.wire_s < book.unfilled_wire_s + UNFILLED_PAUSE_S:
        return Gate(
            Action.WAIT,
            Reason.NO_LIQUIDITY,
            f"the last order found no counterpart; waiting for a quote of {name}",
        )
    return None


def _blocked(reason: Reason, detail: str) -> Gate:
    return Gate(Action.BLOCKED, reason, detail)


def _first(items: tuple[str, ...]) -> str:
    more = f" (and {len(items) - 1} more)" if len(items) > 1 else ""
    return f"{items[0]}{more}"
