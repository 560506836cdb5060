"""The second door as the engine asks for it: one order, everything it is judged by taken from the state."""

from __future__ import annotations

from decimal import Decimal

from hedger.domain.approval import Approved, Refused
from hedger.domain.instrument import Instrument
from hedger.domain.order import OrderIntent
from hedger.domain.quote import IndexPrice, Quote
from hedger.engine import gates, margins
from hedger.engine.events import Now
from hedger.engine.state import BookState, State
from hedger.risk.admit import admit

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
        now=now,
        latched=book.guard.latch,
        account=margins.with_instrument(state, book, listed, quote, now),
        floor=book.settings.margin,
        max_validity_ms=int(MOST_VALIDITY_S * 1000 * state.settings.market_speed),
        filled=filled,
        in_flight=in_flight,
    )
