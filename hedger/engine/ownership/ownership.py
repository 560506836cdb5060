"""Whose future is it? A book counts its own labels and what it adopts; the rest of an account is nobody's.

Per instrument, with P the account's whole position:

    P = sum of books (own labels + adopted labels) + base_position set aside + rest

The rest is the book's that adopts the instrument. A rest nobody adopts is unassigned: counted in the delta
that the first book in its reach shows, and reason enough not to trade live. All signed, in the venue's unit.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from hedger.domain.account import Fill
from hedger.domain.instrument import Instrument, plain
from hedger.domain.time_units import MINUTE_MS
from hedger.domain.vocabulary import Mode, Severity
from hedger.engine.events import Now
from hedger.engine.ownership.owned import MOST_LABELS, LabelSum, Owned
from hedger.engine.records import Adjusted
from hedger.engine.state import BookState, State, Step, VenueState
from hedger.execution.labels import parse_label

TRANSIT_MS = MINUTE_MS
"""Market time before its expiry from which a position in a dated future counts as born of an exercise."""

_OWN = "h-"
_NONE = Decimal(0)


class Shares(NamedTuple):
    """One future of an account, divided."""

    account: Decimal  # P
    by_book: dict[str, Decimal]  # what each book counts, the unassigned rest at one of them included
    base: Decimal  # set aside
    rest: Decimal  # what no label and no base explains
    unassigned: Decimal  # of it what nobody adopts
    transit: bool  # its expiry has come: delivered in cash, delta 0
    rivals: tuple[str, ...]  # books that both adopt it


def in_reach(state: State, instrument: Instrument) -> list[BookState]:
    """Books whose underlying and settlement currency an instrument shares, in the order of the settings."""
    return [
        book
        for book in state.books.values()
        if book.settings.venue == instrument.venue and reaches(book, instrument)
    ]


def reaches(book: BookState, instrument: Instrument) -> bool:
    """Same underlying, settled in a currency of the book."""
    return instrument.base_currency == book.settings.underlying and book.book.settles(instrument)


def counted(state: State, fill: Fill) -> None:
    """Add a fill not seen before to the sums of its label, whether or not a told position holds it."""
    venue = state.venues[fill.venue]
    _count(venue.owned, fill, fill.signed_amount)


def restored(state: State, venue: VenueState, sums: tuple[LabelSum, ...]) -> None:
    """The sums of all earlier runs; what paper mode traded counts in paper mode only."""
    for told in sums:
        if told.paper and state.settings.mode is not Mode.PAPER:
            continue
        if told.label.startswith(_OWN):
            _add(venue.owned.own, (told.label.removeprefix(_OWN), told.instrument), told.size)
        elif len(venue.owned.labelled) < MOST_LABELS:
            _add(venue.owned.labelled, (told.label, told.instrument), told.size)


def _count(account: Owned, fill: Fill, amount: Decimal) -> None:
    """An amount of a fill, in the sum of the book or the label it is of."""
    parsed, key = parse_label(fill.label), (fill.label, fill.instrument)
    if parsed is not None:
        _add(account.own, (parsed.book, fill.instrument), amount)
    elif fill.label and (len(account.labelled) < MOST_LABELS or key in account.labelled):
        _add(account.labelled, key, amount)


def _add(sums: dict[tuple[str, str], Decimal], key: tuple[str, str], amount: Decimal) -> None:
    total = sums.get(key, _NONE) + amount
    if total:
        sums[key] = total
    else:
        sums.pop(key, None)


def own_size(state: State, book: BookState, instrument: str) -> Decimal:
    """What the book's own hedges come to, nobody else's included."""
    return state.venues[book.settings.venue].owned.own.get((book.name, instrument), _NONE)


def shares_of(state: State, venue: VenueState, instrument: Instrument, market_ms: int) -> Shares:
    """Divide one future among the books in its reach."""
    name, books = instrument.name, in_reach(state, instrument)
    account = venue.owned
    whole = account.futures.get(name, _NONE)
    by_book = {book.name: account.own.get((book.name, name), _NONE) for book in books}
    for owner, amount in _adopted_labels(books, venue, name):
        by_book[owner] += amount
    base = sum((_base(book, name) for book in books), _NONE)
    rest = whole - base - sum(by_book.values(), _NONE)
    claims = tuple(book.name for book in books if book.settings.scope.adopts(name))
    takers = [book.name for book in books if book.settings.scope.takes(instrument)]
    home = next(iter((*claims, *takers, *by_book)), "")
    if home:
        by_book[home] += rest
    transit = instrument.expiration_ms is not None and instrument.expiration_ms - market_ms <= TRANSIT_MS
    unassigned = _NONE if len(claims) == 1 or transit else rest
    return Shares(whole, by_book, base, rest, unassigned, transit, claims if len(claims) > 1 else ())


def _adopted_labels(
    books: list[BookState], venue: VenueState, instrument: str
) -> Iterator[tuple[str, Decimal]]:
    if not any(book.settings.scope.adopt_labels for book in books):
        return
    for (label, name), amount in venue.owned.labelled.items():
        if name != instrument:
            continue
        owner = next((book.name for book in books if book.settings.scope.adopts_label(label)), None)
        if owner is not None:
            yield owner, amount


def _base(book: BookState, instrument: str) -> Decimal:
    return Decimal(repr(book.settings.scope.base_position.get(instrument, 0.0)))


def share_out(state: State, venue: VenueState, instrument: Instrument, step: Step) -> None:
    """Give every book in reach its share of a future."""
    name = instrument.name
    shares = shares_of(state, venue, instrument, step.now.market_ms)
    for book in in_reach(state, instrument):
        size = shares.by_book[book.name]
        if size or name in book.book:
            ensure_row(venue, book, instrument)
            if book.book.size(name) != size:
                book.book.set_position(name, size)
        note_unassigned(state, book, step.now)


def ensure_row(venue: VenueState, book: BookState, instrument: Instrument) -> None:
    """A row for an instrument, with the quote there is."""
    if instrument.name not in book.book:
        book.book.set_instrument(instrument)
        quote = venue.quotes.get(instrument.name)
        if quote is not None:
            book.book.set_quote(quote)


def futures_of(state: State, book: BookState, market_ms: int) -> Iterator[tuple[str, Shares]]:
    """Every future of the account in the book's reach with a position or a share, divided."""
    venue = state.venues[book.settings.venue]
    account, base = venue.owned, book.settings.scope.base_position
    for name in sorted({*account.futures, *(name for _, name in account.own), *base}):
        listed = venue.instruments.get(name) or account.listings.get(name)
        if listed is not None and listed.is_future and reaches(book, listed):
            yield name, shares_of(state, venue, listed, market_ms)


def closed_by_others(state: State, venue: VenueState, listed: Instrument, step: Step) -> None:
    """A flat future of which one book alone had a share: somebody closed the book's hedge, it starts anew.

    Only where nothing else explains it: no other book's trades, nothing set aside. The venue's word is that
    there is no position; keeping the sum would count the next hedge on top of one that is gone.
    """
    name = listed.name
    owners = [book for (book, held) in venue.owned.own if held == name]
    if len(owners) != 1 or owners[0] not in state.books:
        return
    if state.books[owners[0]].settings.scope.adopts(name):
        return  # all of it is the book's, whoever traded it
    shares = shares_of(state, venue, listed, step.now.market_ms)
    gone = venue.owned.own[owners[0], name]
    if shares.account or shares.base or shares.rest != -gone:
        return
    why = f"{name} is flat: the book's own {plain(gone)} was closed by somebody else"
    _adjust(state, venue, owners[0], name, -gone, why, step)
    step.note(
        Severity.ERROR, "hedge_closed_by_others", book=owners[0], instrument=name, size=str(plain(gone))
    )


def forced(state: State, fill: Fill, step: Step) -> None:
    """A trade of the venue itself (liquidation, deleveraging) took a part of a hedge: of the book's own.

    Only in a future of which one book alone has a share, and only what makes that share smaller: what the
    venue opens is nobody's, and is shown as such.
    """
    venue = state.venues[fill.venue]
    owners = [book for (book, held) in venue.owned.own if held == fill.instrument]
    if not fill.liquidation or fill.label or len(owners) != 1:
        return
    own = venue.owned.own[owners[0], fill.instrument]
    if own * fill.signed_amount >= 0:
        return
    taken = max(fill.signed_amount, -own) if own > 0 else min(fill.signed_amount, -own)
    why = f"trade {fill.trade_id} was forced by the venue"
    _adjust(state, venue, owners[0], fill.instrument, taken, why, step)


def accepted(state: State, book: BookState, instrument: str, amount: Decimal, step: Step) -> None:
    """A part of a future that nothing explains and a person takes as it is: now it is that book's own.

    Otherwise what is missing of a hedge, or is too much, would be nobody's and go on blocking it.
    """
    venue = state.venues[book.settings.venue]
    listed = venue.instruments.get(instrument) or venue.owned.listings.get(instrument)
    if listed is None or not listed.is_future or not reaches(book, listed):
        return
    if not book.settings.scope.adopts(instrument):  # all of it is the book's already
        _adjust(state, venue, book.name, instrument, amount, "accepted by a person", step)
        share_out(state, venue, listed, step)


def _adjust(
    state: State, venue: VenueState, book: str, instrument: str, amount: Decimal, why: str, step: Step
) -> None:
    """Correct the sum of a book's own trades, for this run and every later one."""
    _add(venue.owned.own, (book, instrument), amount)
    paper = state.settings.mode is Mode.PAPER
    told = LabelSum(label=f"{_OWN}{book}", instrument=instrument, size=amount, paper=paper)
    step.record(Adjusted(market_ms=step.now.market_ms, venue=venue.name, sum=told, why=why))


def forget_expired(venue: VenueState, market_ms: int) -> None:
    """Drop the sums of instruments that have been delivered: their names never come back."""
    account = venue.owned
    for sums in (account.own, account.labelled):
        for key in [key for key in sums if _gone(venue, key[1], market_ms)]:
            del sums[key]


def _gone(venue: VenueState, name: str, market_ms: int) -> bool:
    listed = venue.owned.listings.get(name) or venue.instruments.get(name)
    if listed is None or listed.expiration_ms is None:
        return False
    return listed.expiration_ms <= market_ms and not venue.owned.futures.get(name, _NONE)


def note_unassigned(state: State, book: BookState, now: Now) -> None:
    """Keep what is nobody's where the gate reads it, and since when there has been any."""
    owned, venue = book.ownership, state.venues[book.settings.venue]
    found = {
        name: f"{plain(shares.unassigned)} {_unit(venue, name)}{_contest(shares)}"
        for name, shares in futures_of(state, book, now.market_ms)
        if shares.unassigned
    }
    owned.unassigned = found
    if not found:
        owned.unassigned_wire_s = None
    elif owned.unassigned_wire_s is None:
        owned.unassigned_wire_s = now.wire_s


def _unit(venue: VenueState, name: str) -> str:
    listed = venue.owned.listings.get(name) or venue.instruments[name]
    return listed.amount_unit.value


def _contest(shares: Shares) -> str:
    return f" (adopted by {' and '.join(shares.rivals)})" if shares.rivals else ""
