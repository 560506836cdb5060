"""The option chain of an underlying as the venue quotes it: puts and calls side by side, by expiry."""

from __future__ import annotations

import msgspec

from hedger.domain.instants import iso_day
from hedger.domain.instrument import Instrument
from hedger.domain.quote import Quote
from hedger.domain.time_units import HOUR_MS
from hedger.engine import holdings
from hedger.engine.events import Now
from hedger.engine.state import State, VenueState


class Side(msgspec.Struct, frozen=True):
    """One option of a strike; prices in the instrument's own unit, `iv` a fraction. None: not quoted."""

    instrument: str  # as the venue names it
    bid: float | None  # None as well where nobody bids
    ask: float | None  # None as well where nobody asks
    mark: float | None  # the venue's
    iv: float | None
    delta: float | None  # the venue's, unadjusted, per option
    age_s: float | None  # wire time since its ticker came
    size: str  # of the account's position, signed; "0" where none is held


class Strike(msgspec.Struct, frozen=True):
    strike_usd: float
    put: Side | None  # None: not listed
    call: Side | None  # None: not listed


class Expiry(msgspec.Struct, frozen=True):
    """One expiry; `forward_usd` and `atm_iv` by the quoted option nearest the money."""

    venue: str  # that lists it
    expiry: str  # ISO date, UTC
    settlement_currency: str  # of its options
    hours: float  # until it expires, market time
    forward_usd: float | None
    atm_iv: float | None
    strikes: tuple[Strike, ...]  # ascending


def chain(state: State, underlying: str, now: Now) -> tuple[Expiry, ...]:
    """Every listed expiry of `underlying` at every venue, the nearest first; what is not quoted is None."""
    found = []
    for venue in state.venues.values():
        groups: dict[tuple[int, str], list[Instrument]] = {}
        for listed in venue.instruments.values():
            if listed.is_option and listed.base_currency == underlying and listed.expiration_ms:
                groups.setdefault((listed.expiration_ms, listed.settlement_currency), []).append(listed)
        for (expiration_ms, currency), options in sorted(groups.items()):
            if expiration_ms > now.market_ms:
                found.append(_expiry(state, venue, expiration_ms, currency, options, now))
    return tuple(found)


def _expiry(
    state: State, venue: VenueState, expiration_ms: int, currency: str, options: list[Instrument], now: Now
) -> Expiry:
    strikes: dict[float, dict[int, Instrument]] = {}
    for listed in options:
        strikes.setdefault(float(listed.strike_usd or 0), {})[listed.option_sign] = listed
    nearest = _nearest_the_money(venue, options)
    return Expiry(
        venue=venue.name,
        expiry=iso_day(expiration_ms),
        settlement_currency=currency,
        hours=(expiration_ms - now.market_ms) / HOUR_MS,
        forward_usd=None if nearest is None else nearest.underlying_usd,
        atm_iv=None if nearest is None else nearest.iv,
        strikes=tuple(
            Strike(
                strike_usd=strike,
                put=_side(state, venue, signs.get(-1), now),
                call=_side(state, venue, signs.get(1), now),
            )
            for strike, signs in sorted(strikes.items())
        ),
    )


def _nearest_the_money(venue: VenueState, options: list[Instrument]) -> Quote | None:
    quoted = [
        (abs(float(listed.strike_usd or 0) / quote.underlying_usd - 1.0), listed.name, quote)
        for listed in options
        if (quote := venue.quotes.get(listed.name)) is not None and quote.underlying_usd and quote.iv
    ]
    return min(quoted, key=lambda each: each[:2])[2] if quoted else None


def _side(state: State, venue: VenueState, listed: Instrument | None, now: Now) -> Side | None:
    if listed is None:
        return None
    quote, book = venue.quotes.get(listed.name), holdings.book_of(state, venue.name, listed.name)
    return Side(
        instrument=listed.name,
        bid=None if quote is None else quote.bid,
        ask=None if quote is None else quote.ask,
        mark=None if quote is None else quote.mark,
        iv=None if quote is None else quote.iv,
        delta=None if quote is None else quote.delta,
        age_s=None if quote is None else max(0.0, now.wire_s - quote.received_wire_s),
        size="0" if book is None else str(book.book.size(listed.name)),
    )
