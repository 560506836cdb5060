"""Where a book's hedge could stand: its perpetual and the dated futures like it, as they trade now."""

from __future__ import annotations

import math
from decimal import Decimal

from hedger.domain.globs import matches
from hedger.domain.instrument import Instrument, InstrumentState, Kind
from hedger.domain.names import spread_of
from hedger.domain.quote import Quote
from hedger.engine.events import Now
from hedger.engine.ownership import ownership
from hedger.engine.state import BookState, State, VenueState
from hedger.execution.by_expiry_params import Use
from hedger.execution.carry import Candidate
from hedger.execution.costs import rates_of


def futures(state: State, book: BookState, now: Now) -> tuple[str, ...]:
    """Listed dated futures that settle as the hedge instrument does, the nearest expiry first.

    Those the settings name, and those the book has hedged with, so that it can leave them.
    """
    venue = state.venues[book.settings.venue]
    home = venue.instruments.get(book.settings.hedge_instrument)
    if home is None or book.settings.by_expiry.use is Use.OFF:
        return ()
    found = [
        listed
        for listed in venue.instruments.values()
        if listed.kind is Kind.FUTURE
        and listed.name != home.name
        and like(listed, home)
        and (listed.expiration_ms or 0) > now.market_ms
        and (chosen(book, listed.name) or size(state, book, listed.name))
    ]
    return tuple(each.name for each in sorted(found, key=lambda each: (each.expiration_ms or 0, each.name)))


def spreads(state: State, book: BookState, futures: tuple[str, ...]) -> tuple[str, ...]:
    """Names of the spreads a move may go through, listed or not: of each future with the hedge instrument,
    and of each that holds a part of the hedge with the others."""
    home = book.settings.hedge_instrument
    held = [name for name in futures if size(state, book, name)]
    pairs = [(home, name) for name in futures]
    pairs += [(one, other) for one in held for other in futures if one != other]
    return tuple(dict.fromkeys(name for pair in pairs if (name := spread_name(*pair))))


def spread_name(first: str, second: str) -> str:
    """Of two futures; empty where the venue's names are of another grammar: it lists no spreads we know."""
    try:
        return spread_of(first, second)
    except ValueError:
        return ""


def chosen(book: BookState, instrument: str) -> bool:
    """Whether the settings let a hedge be put into a future; what is in another one leaves it."""
    patterns = book.settings.by_expiry.instruments
    return not patterns or any(matches(pattern, instrument) for pattern in patterns)


def hedged_in(state: State, book: BookState) -> tuple[str, ...]:
    """The instruments the book's own hedges may be in, `hedge_instrument` first, then those of hedging by
    expiry and the futures in which an earlier `hedge_instrument` left a part of the hedge.
    """
    beside = book.by_expiry.futures if book.settings.by_expiry.use is Use.MOVE else ()
    venue = state.venues[book.settings.venue]
    own = sorted(name for owner, name in venue.owned.own if owner == book.name)
    listed = (venue.instruments.get(name) for name in own)
    left = [one.name for one in listed if one is not None and one.is_future]  # no options ordered by hand
    return tuple(dict.fromkeys((book.settings.hedge_instrument, *beside, *left)))


def like(first: Instrument, second: Instrument) -> bool:
    """Same index, payoff, settlement and unit: equal amounts of the two stand against each other."""
    return all(
        getattr(first, name) == getattr(second, name)
        for name in ("base_currency", "settlement_currency", "payoff", "price_index", "amount_unit")
    )


def size(state: State, book: BookState, instrument: str) -> Decimal:
    """The book's own hedge in an instrument, or all of one it adopts whole; signed, the venue's unit."""
    if book.settings.scope.adopts(instrument):
        return book.book.size(instrument)
    return ownership.own_size(state, book, instrument)


def coin(venue: VenueState, instrument: str, amount: Decimal) -> float | None:
    """An amount in coin at the mark; None where it is not quoted."""
    listed, quote = venue.instruments.get(instrument), venue.quotes.get(instrument)
    if not amount:
        return 0.0
    if listed is None or quote is None or not 0.0 < quote.mark < math.inf:
        return None
    return listed.amount_to_coin(amount, quote.mark)


def others_coin(state: State, book: BookState, but: str) -> float:
    """The book's hedges outside one instrument, coin; a book with one that is not quoted does not trade."""
    venue = state.venues[book.settings.venue]
    known = (coin(venue, name, size(state, book, name)) for name in hedged_in(state, book) if name != but)
    return math.fsum(each or 0.0 for each in known)


def candidate(state: State, book: BookState, instrument: str, now: Now) -> Candidate:
    """One place with its terms. Without a usable ticker it is shut, and its prices are placeholders."""
    venue = state.venues[book.settings.venue]
    listed, quote = venue.instruments[instrument], venue.quotes.get(instrument)
    shut, home = gap(state, book, listed, quote, now), instrument == book.settings.hedge_instrument
    leave = "" if home or chosen(book, instrument) else "is none of by_expiry.instruments"
    if shut or quote is None or quote.bid is None or quote.ask is None:
        return Candidate(instrument, listed.expiration_ms, 1.0, 1.0, 0.0, 0.0, shut=shut, leave=leave)
    funding = book.by_expiry.funding
    leverage = float(listed.max_leverage or 0)
    return Candidate(
        instrument=instrument,
        expiration_ms=listed.expiration_ms,
        mark_usd=quote.mark,
        index_usd=quote.index_usd,
        fee=rates_of(listed, venue.fees).taker,
        half_spread=(quote.ask - quote.bid) / 2.0 / quote.mark,
        funding_8h=funding.value if home and funding is not None else 0.0,
        initial_margin=1.0 / leverage if leverage else 0.0,
        bid_usd=listed.amount_to_usd(quote.bid_amount, quote.mark),
        ask_usd=listed.amount_to_usd(quote.ask_amount, quote.mark),
        leave=leave,
    )


def gap(state: State, book: BookState, listed: Instrument, quote: Quote | None, now: Now) -> str:
    """Why nothing may be decided on or traded in an instrument now; empty where it may."""
    venue = state.venues[book.settings.venue]
    if listed.state is not InstrumentState.OPEN:
        return f"is {listed.state}"
    if quote is None:
        return "no ticker yet"
    if listed.name in book.bad:
        return book.bad[listed.name]
    if "" in venue.locked or listed.price_index in venue.locked:
        return "the venue locked it"
    age_s, most_s = now.wire_s - quote.received_wire_s, state.settings.timing.hedge_stale_s
    if age_s > most_s:
        return f"its ticker is {age_s:.1f} s old, at most {most_s:g} s"
    if quote.bid is None or quote.ask is None:
        return "one-sided prices"
    known = (quote.mark, quote.index_usd, quote.bid, quote.ask)
    if listed.is_spread:  # a difference of prices may be 0 or below
        return "" if all(math.isfinite(price) for price in known) else f"prices {known}: must be finite"
    if not all(0.0 < price < math.inf for price in known):
        return f"mark, index, bid, ask {known}: must be finite and above 0"
    return ""
