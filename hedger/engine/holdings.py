"""Which book holds what: positions, the instruments a book follows, and what is to be watched for it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import msgspec

from hedger.domain.account import Account, Fill
from hedger.domain.instrument import ENDED, Instrument, InstrumentState, plain
from hedger.domain.names import parse_name
from hedger.domain.order import Purpose
from hedger.domain.time_units import DAY_MS
from hedger.domain.vocabulary import Severity
from hedger.engine.effects import Watch
from hedger.engine.ownership import cash, ownership, waits
from hedger.engine.state import BookState, State, Step, VenueState
from hedger.execution.costs import Rates
from hedger.execution.labels import parse_label


def books_on(state: State, venue: str) -> Iterator[BookState]:
    """The books of one venue, in the order of the settings."""
    return (book for book in state.books.values() if book.settings.venue == venue)


def holders(state: State, venue: str, instrument: str) -> Iterator[BookState]:
    """The books with a row for an instrument: of an option one, of a future as many as hedge with it."""
    return (book for book in books_on(state, venue) if instrument in book.book)


def concerned(state: State, venue: str, instrument: str) -> list[BookState]:
    """The books with a row for an instrument; without one those it would belong to."""
    found = list(holders(state, venue, instrument))
    listed = state.venues[venue].instruments.get(instrument)
    if found or listed is None:
        return found
    return takers(state, listed)


def book_of(state: State, venue: str, instrument: str) -> BookState | None:
    """The book that shows an instrument: of several that hedge with a future the first."""
    return next(iter(concerned(state, venue, instrument)), None)


def takers(state: State, instrument: Instrument) -> list[BookState]:
    """The books an instrument belongs to: an option by scope, a future to all in its reach."""
    reach = ownership.in_reach(state, instrument)
    if instrument.is_future:
        return reach
    return [book for book in reach if instrument.is_option and book.settings.scope.takes(instrument)]


def index_of(state: State, book: BookState) -> str:
    """The price index of the book, from its hedge instrument's listing; empty while not listed."""
    listed = hedge_listing(state, book)
    return "" if listed is None else listed.price_index


def hedge_listing(state: State, book: BookState) -> Instrument | None:
    """The listed hedge instrument of a book."""
    return state.venues[book.settings.venue].instruments.get(book.settings.hedge_instrument)


def listing_of(state: State, venue: str, instrument: str) -> Instrument | None:
    """The listing of an instrument; of one held and no longer listed the last there was."""
    known = state.venues[venue]
    return known.instruments.get(instrument) or known.owned.listings.get(instrument)


def size_of(state: State, venue: str, instrument: str) -> Decimal:
    """The account's whole position in an instrument, as we know it."""
    account = state.venues[venue].owned
    for kept in (account.futures, account.outside):
        if instrument in kept:
            return kept[instrument]
    return next((book.book.size(instrument) for book in holders(state, venue, instrument)), Decimal(0))


def set_position(state: State, venue: str, instrument: str, size: Decimal, step: Step) -> None:
    """Take the venue's whole word for a position, out of a snapshot that no fill has overtaken."""
    known, before = state.venues[venue], size_of(state, venue, instrument)
    if not _tracked(state, venue, instrument, size, step):
        return
    listed = listing_of(state, venue, instrument)
    if not size and listed is not None and listed.is_future and not state.orders.live(venue):
        ownership.closed_by_others(state, known, listed, step)
    _put(state, known, instrument, size, step)
    if before == size:
        return
    books = list(holders(state, venue, instrument))
    for book in books:
        book.epoch += 1
    step.note(
        Severity.INFO,
        "position_set",
        book=", ".join(book.name for book in books),
        instrument=instrument,
        before=str(plain(before)),
        size=str(plain(size)),
    )


def _put(state: State, venue: VenueState, instrument: str, size: Decimal, step: Step) -> None:
    """A whole position: of a future in shares, of an option to its book, of anything else to nobody."""
    listed = listing_of(state, venue.name, instrument)
    assert listed is not None
    venue.owned.listings[instrument] = listed
    if listed.is_future:
        venue.owned.futures[instrument] = size
        ownership.share_out(state, venue, listed, step)
        return
    owners = takers(state, listed)
    _note_contest(state, owners, instrument, size)
    if not owners:
        venue.owned.outside[instrument] = size
        return
    venue.owned.outside.pop(instrument, None)
    ownership.ensure_row(venue, owners[0], listed)
    owners[0].book.set_position(instrument, size)


def _note_contest(state: State, owners: list[BookState], instrument: str, size: Decimal) -> None:
    """An option two books take: counted by the first, and neither trades."""
    names = " and ".join(book.name for book in owners)
    for book in owners:
        if len(owners) > 1 and size:
            book.ownership.contested[instrument] = names
        else:
            book.ownership.contested.pop(instrument, None)


def check_position(state: State, venue: str, instrument: str, size: Decimal, step: Step) -> None:
    """A position told beside trades carries no time of its own: it may be older than a fill already counted.

    So it only confirms. Where it differs from the sum of fills the books wait for a snapshot to decide.
    """
    if not _tracked(state, venue, instrument, size, step):
        return
    known, ours = state.venues[venue], size_of(state, venue, instrument)
    if ours == size:
        known.disputed.pop(instrument, None)
        known.differences.unconfirmed.pop(instrument, None)
        return
    detail = f"{instrument}: the venue says {plain(size)}, fills say {plain(ours)}"
    if instrument not in known.disputed:
        known.differences.mismatches += 1
    if known.disputed.get(instrument) != detail:
        known.disputed[instrument] = detail
        step.note(Severity.WARNING, "position_disputed", venue=venue, detail=detail)


def _tracked(state: State, venue: str, instrument: str, size: Decimal, step: Step) -> bool:
    """Whether a told position is one of ours to follow; one nobody can follow yet is remembered."""
    known = state.venues[venue]
    listed = listing_of(state, venue, instrument)
    if listed is not None and _ours(state, listed):
        return True
    _remember_unlisted(known, instrument, size)
    if listed is None and size and _could_be_ours(state, venue, instrument):
        step.note(Severity.WARNING, "position_not_listed", instrument=instrument, size=str(size))
    return False


def _ours(state: State, listed: Instrument) -> bool:
    """An option or a future in the reach of a book, whether or not the scope of one takes it."""
    return (listed.is_option or listed.is_future) and bool(ownership.in_reach(state, listed))


def set_account(state: State, account: Account, at_ms: int, step: Step) -> None:
    """Equity and margin of one currency as of a market time, for the books that settle in it; fees, too."""
    for row in account.fees:
        state.venues[account.venue].fees[(row.kind, row.index)] = Rates(row.maker, row.taker, row.relative)
    held = with_paper(state, account)
    for book in books_on(state, account.venue):
        if account.currency in book.book.currencies:
            book.book.set_account(held)
    cash.told(state, account, at_ms, step)


def with_paper(state: State, account: Account) -> Account:
    """A wallet as its books have it: on paper its equity is by marks and bookings, with the paper trades.

    Of those the venue knows nothing. Before the attribution has begun there is none of them: as told.
    """
    wallet = state.venues[account.venue].attribution.get(account.currency)
    if not state.settings.paper_apart(account.venue) or wallet is None or wallet.running is None:
        return account
    return msgspec.structs.replace(account, equity=Decimal(f"{wallet.running.equity:.8f}"))


def move(state: State, fill: Fill, step: Step) -> None:
    """Move a position by a fill not seen before. A trade that is not our own hedge gives birth to delta.

    A fill older than the venue's last whole word on the position is taken to be in it; the next one decides.
    """
    known = state.venues[fill.venue]
    listed = listing_of(state, fill.venue, fill.instrument)
    if listed is None or not _ours(state, listed):
        return
    told = known.position_holds(fill)
    size = size_of(state, fill.venue, fill.instrument)
    _put(state, known, fill.instrument, size if told else size + fill.signed_amount, step)
    if told:
        known.differences.told_late(fill)
        known.reconcile_wire_s = min(known.reconcile_wire_s, step.now.wire_s)
    else:
        known.moved[fill.instrument] = None
        due_wire_s = step.now.wire_s + state.settings.timing.position_confirm_s
        known.differences.unconfirmed.setdefault(fill.instrument, due_wire_s)
        known.filled_ms[fill.instrument] = max(fill.market_ms, known.filled_ms.get(fill.instrument, 0))
        for book in holders(state, fill.venue, fill.instrument):
            book.filled_wire_s = step.now.wire_s
    for book in concerned(state, fill.venue, fill.instrument):
        book.guard.stale = True
    own = parse_label(fill.label)
    if own is None or own.book not in state.books:
        _foreign_trade(state, fill, listed, told, step)
    elif not told and _by_hand(state, fill):
        state.books[own.book].epoch += 1  # delta born of an operator's own order
    elif not told:
        coin = listed.amount_to_coin(fill.signed_amount, float(fill.price))
        state.books[own.book].moved.hedged(coin)
    if not told:
        watch(state, known, step)


def _by_hand(state: State, fill: Fill) -> bool:
    order = state.orders.order_of(fill)
    return order is not None and order.intent.purpose is Purpose.MANUAL


def _foreign_trade(state: State, fill: Fill, listed: Instrument, told: bool, step: Step) -> None:
    """Somebody's trade: the books it concerns wait for its other legs, and judge their delta afresh."""
    known = state.venues[fill.venue]
    for book in takers(state, listed):
        if waits.foreign_traded(book, fill, told, step):
            known.reconcile_wire_s = min(known.reconcile_wire_s, step.now.wire_s)
        if not told:
            book.epoch += 1
            step.note(
                Severity.WARNING,
                "foreign_trade",
                book=book.name,
                instrument=fill.instrument,
                amount=str(fill.signed_amount),
            )


def held(state: State, venue: str) -> list[str]:
    """Names with a position on a venue, or with one by the trades of our labels, in order."""
    known = state.venues[venue]
    names = {row for book in books_on(state, venue) for row in book.book.held()}
    beside = {name for kept in (known.owned.futures, known.owned.outside) for name in kept if kept[name]}
    traded = {name for book, name in known.owned.own if book in state.books}
    return sorted(names | beside | traded | set(known.positions))


def refresh_instruments(state: State, venue: VenueState, step: Step) -> None:
    """Give the books their listings: hedge instruments, rows, and positions known only by name so far."""
    for book in books_on(state, venue.name):
        for name in (book.settings.hedge_instrument, *book.book.names()):
            if name in venue.instruments:
                book.book.set_instrument(venue.instruments[name])
    for name in sorted(venue.positions):
        listed = venue.instruments.get(name)
        if listed is not None and _ours(state, listed):
            _put(state, venue, name, Decimal(venue.positions.pop(name)), step)
            for book in holders(state, venue.name, name):
                book.epoch += 1


def rehome(state: State, venue: VenueState, step: Step) -> None:
    """Under new settings every position goes to the book it belongs to now."""
    for book in books_on(state, venue.name):
        book.ownership.contested.clear()
    for name in held(state, venue.name):
        listed = listing_of(state, venue.name, name)
        if listed is None or not _ours(state, listed):
            continue
        size = size_of(state, venue.name, name)
        if not listed.is_future:
            venue.owned.outside.pop(name, None)
            for book in holders(state, venue.name, name):
                book.book.set_position(name, Decimal(0))
        _put(state, venue, name, size, step)


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


def forget_ended(state: State, venue: VenueState, now_ms: int) -> None:
    """Drop what expired a day ago and nobody holds; a new connection would not list it either.

    A daemon that stays connected for months is told of every new expiry and would keep them all.
    """
    kept = {*held(state, venue.name), *venue.owned.listings}
    for name, listed in tuple(venue.instruments.items()):
        over = listed.expiration_ms is not None and listed.expiration_ms + DAY_MS <= now_ms
        if over and name not in kept:
            del venue.instruments[name]
            venue.quotes.pop(name, None)


def set_instrument_state(state: State, venue: str, instrument: str, new: InstrumentState) -> None:
    """Remember an instrument's state, in the listing and in the book's row."""
    known = state.venues[venue]
    listed = known.instruments.get(instrument)
    if listed is None or listed.state is new:
        return
    known.instruments[instrument] = msgspec.structs.replace(listed, state=new)
    for book in holders(state, venue, instrument):
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
    for book in books:
        instruments |= {*book.by_expiry.futures, *book.by_expiry.spreads}
    indices = {index for book in books if (index := index_of(state, book))}
    wanted = Watch(venue=venue.name, instruments=tuple(sorted(instruments)), indices=tuple(sorted(indices)))
    if wanted != venue.watch:
        venue.watch = wanted
        step.ask(wanted)


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
