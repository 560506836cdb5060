"""Which wallets there are, and which of them an instrument settles in."""

from __future__ import annotations

from collections.abc import Iterator

from hedger.engine import holdings
from hedger.engine.attribution.marks import settles_by_name, terms_by_name, terms_of
from hedger.engine.attribution.wallet import Wallet
from hedger.engine.state import State, VenueState
from hedger.portfolio.attribution import Terms


def wallets(state: State, venue: VenueState) -> Iterator[Wallet]:
    """The wallets that the venue's books settle in."""
    for book in holdings.books_on(state, venue.name):
        for currency in book.book.currencies:
            if currency not in venue.attribution:
                venue.attribution[currency] = Wallet(currency)
    yield from venue.attribution.values()


def contract(state: State, venue: VenueState, name: str) -> Terms | None:
    """The contract of an instrument, by its listing or else its name."""
    listed = holdings.listing_of(state, venue.name, name)
    return terms_by_name(name) if listed is None else terms_of(listed)


def settles_in(state: State, venue: VenueState, name: str) -> str:
    """The settlement currency of an instrument; empty where nothing tells it."""
    listed = holdings.listing_of(state, venue.name, name)
    if listed is not None:
        return listed.settlement_currency
    return settles_by_name(name)
