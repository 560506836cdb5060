"""Options and futures whose expiry has come: cash at the delivery price, whatever the venue still shows."""

from __future__ import annotations

import math

from hedger.domain.names import parse_name
from hedger.domain.time_units import MINUTE_MS
from hedger.engine import holdings
from hedger.engine.attribution.marks import terms_by_name, terms_of
from hedger.engine.attribution.wallet import Wallet
from hedger.engine.events import Now
from hedger.engine.state import State, VenueState
from hedger.portfolio.attribution import Mark, payoff
from hedger.portfolio.valuation import OptionTerms

PATIENCE_MS = MINUTE_MS  # market time in which the venue's own delivery price is waited for


def expired(state: State, venue: VenueState, name: str, market_ms: int) -> int:
    """When an instrument expired; 0 for one that has not."""
    listed = holdings.listing_of(state, venue.name, name)
    expiration_ms = listed.expiration_ms if listed is not None else _by_name(name)
    return expiration_ms if expiration_ms is not None and expiration_ms <= market_ms else 0


def _by_name(name: str) -> int | None:
    try:
        return parse_name(name).expiration_ms
    except ValueError:
        return None


def deliver(state: State, venue: VenueState, wallet: Wallet, now: Now) -> None:
    """Turn what has expired into cash, at the venue's delivery price or else the average we have heard."""
    running = wallet.running
    for name in wallet.held():
        expiry_ms = expired(state, venue, name, now.market_ms)
        if not expiry_ms or running is None:
            continue
        price = _told(venue, name, expiry_ms)
        if price is None and now.market_ms - expiry_ms < PATIENCE_MS:
            continue
        price = _averaged(state, venue, name, expiry_ms) if price is None else price
        listed = holdings.listing_of(state, venue.name, name)
        terms = terms_by_name(name) if listed is None else terms_of(listed)
        if price is None or terms is None:
            running.forget(name)  # its result stays in what is unexplained
        elif isinstance(terms, OptionTerms):
            running.delivered(name, Mark(expiry_ms, payoff(terms, price), price))
        else:
            running.delivered(name, Mark(expiry_ms, price, index_usd=price))  # the basis has run off
        wallet.cash.restart()  # what is delivered comes as cash


def _told(venue: VenueState, name: str, expiry_ms: int) -> float | None:
    """The delivery price as tickers from expiry on tell it."""
    quote = venue.quotes.get(name)
    if quote is None or quote.market_ms < expiry_ms:
        return None
    price = quote.estimated_delivery_usd
    return price if price is not None and 0.0 < price < math.inf else None


def _averaged(state: State, venue: VenueState, name: str, expiry_ms: int) -> float | None:
    """The mean of the index over the window, as far as it was heard."""
    for book in holdings.concerned(state, venue.name, name):
        price = book.book.average.fixing(expiry_ms, expiry_ms).average_usd
        if 0.0 < price < math.inf:
            return price
    return None
