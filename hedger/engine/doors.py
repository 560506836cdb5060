"""The second door as the engine asks for it: one order, everything it is judged by taken from the state."""

from __future__ import annotations

from decimal import Decimal

from hedger.domain.approval import Approved, Refused
from hedger.domain.instrument import Instrument
from hedger.domain.order import HEDGES, Order, OrderIntent, Purpose, Side
from hedger.domain.quote import IndexPrice, Quote
from hedger.domain.vocabulary import Reason
from hedger.engine import gates, lease
from hedger.engine.events import Now
from hedger.engine.guard import margins
from hedger.engine.state import BookState, State
from hedger.risk.admit import Leg, Standing, admit

MOST_VALIDITY_S = 60.0  # wire time: no order may stay executable longer than this


def admitted(
    state: State,
    book: BookState,
    intent: OrderIntent,
    listed: Instrument,
    quote: Quote,
    index: IndexPrice,
    now: Now,
    *,
    filled: Decimal = Decimal(0),
    in_flight: Decimal = Decimal(0),
    standing: Standing | None = None,
) -> Approved | Refused:
    """Permission for a placement, or for an amendment of which `filled` has traded already.

    `in_flight` is the signed amount of other orders of the book in this instrument, on this side, that may
    still trade.
    """
    return admit(
        intent,
        listed,
        quote,
        index,
        envelope=book.settings.envelope,
        breaker=gates.breaker_of(state, book),
        mode=state.settings.mode,
        counters=book.counters,
        hedge_position=book.book.size(intent.instrument),
        beside=margins.beside(state, book, intent.instrument),
        now=now,
        latched=book.guard.latch,
        account=None if listed.is_spread else margins.with_instrument(state, book, listed, quote, now),
        floor=book.settings.margin,
        max_validity_ms=int(MOST_VALIDITY_S * 1000 * state.settings.market_speed),
        filled=filled,
        in_flight=in_flight,
        under_way_usd=_under_way_usd(state, book, intent),
        standing=standing,
        legs=_legs(state, book, intent, now) if listed.is_spread else (),
    )


def _under_way_usd(state: State, book: BookState, intent: OrderIntent) -> float:
    """Turnover that a book's other orders may still make beside one at an edge of the band or an operator's.

    A hedge has none beside it: it replaces the one before, and what rests is taken back before it goes.
    """
    if intent.purpose in HEDGES:
        return 0.0
    venue, total = state.venues[intent.venue], 0.0
    for order in state.orders.live(intent.venue):
        asked = order.intent
        if asked.book != book.name or asked.label == intent.label or asked.purpose is Purpose.MANUAL:
            continue
        listed = venue.instruments.get(asked.instrument)
        index = None if listed is None else venue.indices.get(listed.price_index)
        if listed is not None and index is not None:
            price_usd = max(index.price_usd, float(order.price or asked.price or 0))
            total += listed.amount_to_usd(order.remaining_amount, price_usd) * len(asked.legs)
    return total


def _legs(state: State, book: BookState, intent: OrderIntent, now: Now) -> tuple[Leg, ...]:
    """Of a spread; a leg that is not listed and quoted is none, and the order is refused without it."""
    venue, found = state.venues[intent.venue], []
    for name, sign in intent.legs:
        listed, quote, side = venue.instruments.get(name), venue.quotes.get(name), Side.of(sign)
        if listed is not None and quote is not None:
            leg = Leg(
                listed,
                quote,
                side,
                book.book.size(name),
                margins.beside(state, book, name),
                state.orders.worst_case(intent.venue, name, side, but=intent.label, hedges=False),
                margins.with_instrument(state, book, listed, quote, now),
            )
            found.append(leg)
    return tuple(found)


def door(
    state: State, book: BookState, intent: OrderIntent, now: Now, amends: Order | None = None
) -> Approved | Refused:
    """Judge an order, or new terms of the open order `amends`."""
    venue = state.venues[intent.venue]
    short = lease.gap(state, venue, now)
    if short:
        return Refused(Reason.LEASE, short)
    listed, quote = venue.instruments.get(intent.instrument), venue.quotes.get(intent.instrument)
    index = None if listed is None else venue.indices.get(listed.price_index)
    if listed is None or quote is None or index is None:
        return Refused(Reason.MISSING_QUOTE, f"{intent.instrument} or its index is not quoted")
    return admitted(
        state,
        book,
        intent,
        listed,
        quote,
        index,
        now,
        filled=Decimal(0) if amends is None else amends.filled_amount,
        in_flight=_beside(state, intent),
        standing=None if amends is None else _standing(book, amends, now),
    )


def _beside(state: State, intent: OrderIntent) -> Decimal:
    """What else of ours may trade on the order's side; a hedge replaces the one before it."""
    hedges = intent.purpose not in HEDGES
    return state.orders.worst_case(
        intent.venue, intent.instrument, intent.side, but=intent.label, hedges=hedges
    )


def _standing(book: BookState, order: Order, now: Now) -> Standing:
    most = book.settings.execution.max_amends_per_minute
    return Standing(order.amount, book.working.amends_minute(now.wire_s), most)


def valid_until_ms(state: State, book: BookState, now: Now) -> int:
    """When the venue must refuse a request made now that is still under way, market time.

    Never later than this run may write for the account.
    """
    wanted_ms = now.market_ms + int(book.settings.execution.validity_s * 1000 * state.settings.market_speed)
    return int(min(wanted_ms, lease.bound_ms(state, state.venues[book.settings.venue], now)))
