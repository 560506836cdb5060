"""The second door as the engine goes through it: every order and every new term, whoever asks."""

from __future__ import annotations

from decimal import Decimal

from hedger.domain.approval import Approved, Refused
from hedger.domain.order import Order, OrderIntent, Purpose
from hedger.domain.vocabulary import Reason
from hedger.engine import gates
from hedger.engine.events import Now
from hedger.engine.state import BookState, State
from hedger.risk.admit import OptionTerms, Standing, admit

MOST_VALIDITY_S = 60.0  # wire time: no request may stay executable longer than this


def door(
    state: State, book: BookState, intent: OrderIntent, now: Now, amends: Order | None = None
) -> Approved | Refused:
    """Judge an order, or new terms of the open order `amends`."""
    venue = state.venues[intent.venue]
    listed, quote = venue.instruments.get(intent.instrument), venue.quotes.get(intent.instrument)
    index = None if listed is None else venue.indices.get(listed.price_index)
    if listed is None or quote is None or index is None:
        return Refused(Reason.MISSING_QUOTE, f"{intent.instrument} or its index is not quoted")
    return admit(
        intent,
        listed,
        quote,
        index,
        envelope=book.settings.envelope,
        breaker=gates.breaker_of(state, book),
        mode=state.settings.mode,
        counters=book.counters,
        hedge_position=_worst_position(state, book, intent),
        now=now,
        max_validity_ms=int(MOST_VALIDITY_S * 1000 * state.settings.market_speed),
        standing=None if amends is None else _standing(book, amends, now),
        options=_option_terms(book, intent),
    )


def _option_terms(book: BookState, intent: OrderIntent) -> OptionTerms | None:
    """Only an operator trades options, and only where the book lets him."""
    params = book.settings.execution
    allowed = params.manual_options and intent.purpose is Purpose.MANUAL
    return OptionTerms(params.manual_collar_fraction) if allowed else None


def _worst_position(state: State, book: BookState, intent: OrderIntent) -> Decimal:
    """The position if everything of ours on the order's own side fills before it."""
    beside = state.orders.worst_case(intent.venue, intent.instrument, intent.side, but=intent.label)
    return book.book.size(intent.instrument) + beside


def _standing(book: BookState, order: Order, now: Now) -> Standing:
    return Standing(
        order.amount,
        order.filled_amount,
        book.working.amends_minute(now.wire_s),
        book.settings.execution.max_amends_per_minute,
    )


def valid_until_ms(state: State, book: BookState, now: Now) -> int:
    """When the venue must refuse a request made now that is still under way, market time."""
    return now.market_ms + int(book.settings.execution.validity_s * 1000 * state.settings.market_speed)
