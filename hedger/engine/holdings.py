"""Which book holds what: positions, the instruments a book follows, and what is to be watched for it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import msgspec

from hedger.domain.account import Account, Fill
from hedger.domain.instrument import ENDED, Instrument, InstrumentState, plain
from hedger.domain.names import parse_name
from hedger.domain.order import Purpose
from hedger.domain.vocabulary import Severity
from hedger.engine.effects import Watch
from hedger.engine.state import BookState, State, Step, VenueState
from hedger.execution.costs import Rates
from hedger.execution.labels import parse_label


def books_on(state: State, venue: str) -> Iterator[BookState]:
    """The books of one venue, in the order of the settings."""
    return (book for book in state.books.values() if book.settings.venue == venue)


def book_of(state: State, venue: str, instrument: str) -> BookState | None:
    """The book an instrument belongs to: same venue, same base, settled in the book's coin."""
    for book in books_on(state, venue):
        if instrument in book.book:
            return book
    listed = state.venues[venue].instruments.get(instrument)
    if listed is not None:
        return _book_for(state, listed)
    return None


def _book_for(state: State, instrument: Instrument) -> BookState | None:
    for book in books_on(state, instrument.venue):
        if belongs(book, instrument):
            return book
    return None


def belongs(book: BookState, instrument: Instrument) -> bool:
    """Options and futures on the book's underlying that settle in a currency of the book."""
    return (
        (instrument.is_option or instrument.is_future)
        and instrument.base_currency == book.settings.underlying
        and book.book.settles(instrument)
    )


def index_of(state: State, book: BookState) -> str:
    """The price index of the book, from its hedge instrument's listing; empty while not listed."""
    listed = hedge_listing(state, book)
    return "" if listed is None else listed.price_index


def hedge_listing(state: State, book: BookState) -> Instrument | None:
    """The listed hedge instrument of a book."""
    return state.venues[book.settings.venue].instruments.get(book.settings.hedge_instrument)


def set_position(state: State, venue: str, instrument: str, size: Decimal, step: Step) -> None:
    """Take the venue's whole word for a position, out of a snapshot that no fill has overtaken."""
    book = _holder(state, venue, instrument, size, step)
    before = size if book is None else book.book.size(instrument)
    if book is None or before == size:
        return
    book.book.set_position(instrument, size)
    book.epoch += 1
    step.note(
        Severity.INFO,
        "position_set",
        book=book.name,
        instrument=instrument,
        before=str(plain(before)),
        size=str(plain(size)),
    )


def check_position(state: State, venue: str, instrument: str, size: Decimal, step: Step) -> None:
    """A position told beside trades carries no time of its own: it may be older than a fill already counted.

    So it only confirms. Where it differs from the sum of fills the book waits for a snapshot to decide.
    """
    book = _holder(state, venue, instrument, size, step)
    if book is None:
        return
    known, ours = state.venues[venue], book.book.size(instrument)
    if ours == size:
        known.disputed.pop(instrument, None)
        return
    detail = f"{instrument}: the venue says {plain(size)}, fills say {plain(ours)}"
    if known.disputed.get(instrument) != detail:
        known.disputed[instrument] = detail
        step.note(Severity.WARNING, "position_disputed", book=book.name, detail=detail)


def _holder(state: State, venue: str, instrument: str, size: Decimal, step: Step) -> BookState | None:
    """The book a told position belongs to, with a row for it; one nobody can hold yet is remembered."""
    known = state.venues[venue]
    book = book_of(state, venue, instrument)
    if book is not None:
        _ensure_row(known, book, instrument)
        return book
    _remember_unlisted(known, instrument, size)
    if size and _could_be_ours(state, venue, instrument):
        step.note(Severity.WARNING, "position_not_listed", instrument=instrument, size=str(size))
    return None


def set_account(state: State, account: Account) -> None:
    """Equity and margin of one currency, for the books that settle in it; fees where they are told."""
    for row in account.fees:
        state.venues[account.venue].fees[(row.kind, row.index)] = Rates(row.maker, row.taker, row.relative)
    for book in books_on(state, account.venue):
        if account.currency in book.book.currencies:
            book.book.set_account(account)


def move(state: State, fill: Fill, step: Step) -> None:
    """Move a position by a fill not seen before. A trade that is not our own hedge gives birth to delta.

    A fill older than the venue's last whole word on the position is in it already; the next snapshot checks.
    """
    known = state.venues[fill.venue]
    book = book_of(state, fill.venue, fill.instrument)
    if book is None:
        return
    book.guard.stale = True
    if fill.market_ms <= known.told_ms.get(fill.instrument, -1):
        known.account.explain(fill.instrument, fill.signed_amount)
        known.reconcile_wire_s = min(known.reconcile_wire_s, step.now.wire_s)
        return
    _ensure_row(known, book, fill.instrument)
    book.filled_wire_s = step.now.wire_s
    book.book.set_position(fill.instrument, book.book.size(fill.instrument) + fill.signed_amount)
    known.moved[fill.instrument] = None
    known.filled_ms[fill.instrument] = max(fill.market_ms, known.filled_ms.get(fill.instrument, 0))
    own = parse_label(fill.label)
    order = state.orders.order_of(fill)
    if order is not None and order.intent.purpose is Purpose.MANUAL:
        book.epoch += 1  # delta born of an operator's own order
    elif own is not None and own.book == book.name:
        listed = known.instruments[fill.instrument]
        book.moved.hedged(listed.amount_to_coin(fill.signed_amount, float(fill.price)))
    else:
        book.epoch += 1
        step.note(
            Severity.WARNING,
            "foreign_trade",
            book=book.name,
            instrument=fill.instrument,
            amount=str(fill.signed_amount),
        )
    watch(state, known, step)


def held(state: State, venue: str) -> list[str]:
    """Names with a position on a venue, in order."""
    names = {row for book in books_on(state, venue) for row in book.book.held()}
    return sorted(names | set(state.venues[venue].positions))


def refresh_instruments(state: State, book: BookState) -> None:
    """Give the book its listings: the hedge instrument and every row it holds."""
    known = state.venues[book.settings.venue]
    for name in (book.settings.hedge_instrument, *book.book.names()):
        if name in known.instruments:
            book.book.set_instrument(known.instruments[name])
    for name in sorted(known.positions):
        listed = known.instruments.get(name)
        if listed is not None and belongs(book, listed):
            book.book.set_instrument(listed)
            book.book.set_position(name, Decimal(known.positions.pop(name)))
            book.epoch += 1


def ended(state: State, venue: VenueState, now_ms: int) -> list[str]:
    """Instruments still held although they have expired or ended: the venue will tell what became of them."""
    names = []
    for book in books_on(state, venue.name):
        for row in book.book.rows():
            listed = row.instrument
            expired = listed.expiration_ms is not None and listed.expiration_ms <= now_ms
            if row.size and (expired or listed.state in ENDED):
                names.append(listed.name)
    return names


def set_instrument_state(state: State, venue: str, instrument: str, new: InstrumentState) -> None:
    """Remember an instrument's state, in the listing and in the book's row."""
    known = state.venues[venue]
    listed = known.instruments.get(instrument)
    if listed is None or listed.state is new:
        return
    known.instruments[instrument] = msgspec.structs.replace(listed, state=new)
    book = book_of(state, venue, instrument)
    if book is not None and instrument in book.book:
        book.book.set_instrument(known.instruments[instrument])


def watch(state: State, venue: VenueState, step: Step) -> None:
    """Ask for tickers of what is held, hedge instruments and indices, when that set changed."""
    if not venue.connected:
        return
    books = list(books_on(state, venue.name))
    instruments = {book.settings.hedge_instrument for book in books} | {
        n for book in books for n in book.book.held()
    }
    instruments |= set(venue.asked_tickers)
    indices = {index for book in books if (index := index_of(state, book))}
    wanted = Watch(venue=venue.name, instruments=tuple(sorted(instruments)), indices=tuple(sorted(indices)))
    if wanted != venue.watch:
        venue.watch = wanted
        step.ask(wanted)


def _ensure_row(venue: VenueState, book: BookState, instrument: str) -> None:
    if instrument not in book.book:
        book.book.set_instrument(venue.instruments[instrument])
        quote = venue.quotes.get(instrument)
        if quote is not None:
            book.book.set_quote(quote)


def _remember_unlisted(venue: VenueState, instrument: str, size: Decimal) -> None:
    if size and instrument not in venue.instruments:
        venue.positions[instrument] = str(size)
    else:
        venue.positions.pop(instrument, None)


def unlisted(state: State, book: BookState) -> list[str]:
    """Positions on the book's underlying in instruments the venue has not listed to us yet."""
    names = sorted(state.venues[book.settings.venue].positions)
    return [name for name in names if _base_of(name) in ("", book.settings.underlying)]


def _could_be_ours(state: State, venue: str, instrument: str) -> bool:
    base = _base_of(instrument)
    return any(base in ("", book.settings.underlying) for book in books_on(state, venue))


def _base_of(instrument: str) -> str:
    """The base of a name; empty where the name is of no grammar we know and could be anyone's."""
    try:
        return parse_name(instrument).base
    except ValueError:
        return ""
