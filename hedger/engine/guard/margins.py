"""The margin of the account behind a book, put together from what the venue told and the book's rows."""

from __future__ import annotations

from decimal import Decimal

from hedger.domain.instrument import Instrument
from hedger.domain.quote import Quote
from hedger.engine import holdings
from hedger.engine.events import Now
from hedger.engine.guard import losses
from hedger.engine.state import BookState, State, VenueState
from hedger.portfolio.row import Row
from hedger.risk.funds import Funds, funds_of
from hedger.risk.margin import MarginState, margin_state
from hedger.risk.standard import Holding, Required

TABLE_S = 2.0  # wire time for which positions and their table of prices are good
STALE_LOOKS = 3.0  # periods of reconciliation after which an account that was not told is not known
TABLE_PER_ROW_S = 0.005  # longer for large books: a table costs time by the row


def look(state: State, book: BookState, now: Now) -> bool:
    """Put the margin together anew; False, and None, while a figure it needs is not known."""
    guard = book.guard
    funds = _funds(state, book, now)
    if funds is None:
        guard.margin = None
    elif not _renewed(state, book, funds, now):
        found = _holdings(state, state.venues[book.settings.venue], book)
        guard.margin = None if found is None else margin_state(funds, found, now.market_ms)
        guard.tabled_wire_s, guard.tabled_epoch = now.wire_s, book.epoch
    return guard.margin is not None


def currency_of(state: State, book: BookState) -> str:
    """The currency in which a hedge costs margin; empty while the hedge instrument is not listed."""
    listed = holdings.hedge_listing(state, book)
    return "" if listed is None else listed.settlement_currency


def _funds(state: State, book: BookState, now: Now) -> Funds | None:
    """What the venue tells; nothing of an account it has not told of for several looks at the whole truth."""
    venue, currency = state.venues[book.settings.venue], currency_of(state, book)
    account = venue.account.accounts.get(currency)
    price = 1.0 if currency in losses.DOLLARS else losses.coin_price_usd(state, book)
    if account is None or price is None or not venue.reconciled:
        return None
    age_s = now.wire_s - venue.account.heard_wire_s[currency]
    return funds_of(account, price) if age_s <= STALE_LOOKS * state.settings.timing.reconcile_s else None


def _renewed(state: State, book: BookState, funds: Funds, now: Now) -> bool:
    """Only funds and hedge instrument anew, while the table of prices is good."""
    known, hedge = book.guard.margin, _hedge(state, state.venues[book.settings.venue], book)
    if known is None or hedge is None or known.funds.model is not funds.model:
        return False  # a table is made for one model
    if _table_due(book, known, now):
        return False
    held = {**known.holdings, hedge.instrument.name: hedge}
    book.guard.margin = known._replace(funds=funds, holdings=held)
    return True


def _table_due(book: BookState, known: MarginState, now: Now) -> bool:
    """By time; under a stress matrix also at once when something was told."""
    guard = book.guard
    if known.funds.model.portfolio and (guard.stale or guard.tabled_epoch != book.epoch):
        return True
    return now.wire_s - guard.tabled_wire_s >= max(TABLE_S, TABLE_PER_ROW_S * len(known.holdings))


def _holdings(state: State, venue: VenueState, book: BookState) -> dict[str, Holding] | None:
    """Every position on the book's coin that the same money answers for, whichever book it is in."""
    found: dict[str, Holding] = {}
    currency = currency_of(state, book)
    for other in holdings.books_on(state, venue.name):
        if other.settings.underlying != book.settings.underlying:
            continue
        for row in other.book.rows():
            if row.size and row.instrument.settlement_currency == currency:
                held = _of_row(state, venue, row)
                if held is None:
                    return None
                found[row.instrument.name] = held
    hedge = _hedge(state, venue, book)
    if hedge is None:
        return None
    return {**found, hedge.instrument.name: hedge}


def _of_row(state: State, venue: VenueState, row: Row) -> Holding | None:
    """A row of a book: of a future the whole position, which the account's money answers for."""
    if row.quote is None:
        return None
    listed = row.instrument
    size = holdings.size_of(state, venue.name, listed.name) if listed.is_future else row.size
    return holding_of(venue, listed, row.quote, float(size))


def beside(state: State, book: BookState, instrument: str) -> Decimal:
    """The account's position in an instrument that is not the book's: set aside, or another book's."""
    return holdings.size_of(state, book.settings.venue, instrument) - book.book.size(instrument)


def beside_coin(state: State, book: BookState, listed: Instrument, mark_usd: float) -> float:
    """The same in coin."""
    return listed.amount_to_coin(beside(state, book, listed.name), mark_usd)


def _hedge(state: State, venue: VenueState, book: BookState) -> Holding | None:
    """The hedge instrument, with the size it had when the account was told: that is what it was told for."""
    name = book.settings.hedge_instrument
    listed, quote = venue.instruments.get(name), venue.quotes.get(name)
    if listed is None or quote is None:
        return None
    size = book.guard.sizes.get(name, float(holdings.size_of(state, venue.name, name)))
    return holding_of(venue, listed, quote, size)


def holding_of(venue: VenueState, listed: Instrument, quote: Quote, size: float) -> Holding | None:
    """A position as margin sees it; None where its quote cannot be used."""
    if listed.is_future:
        if not 0.0 < quote.mark < float("inf"):
            return None
        told = venue.account.positions.get(listed.name)
        if told is None or told.initial_margin is None or told.maintenance_margin is None or not told.size:
            return Holding(listed, size, quote.mark, quote.mark)
        figures = Required(float(told.initial_margin), float(told.maintenance_margin))
        return Holding(listed, size, quote.mark, quote.mark, told=figures, told_size=float(told.size))
    if not listed.is_option or not quote.underlying_usd or not quote.iv:
        return None
    return Holding(listed, size, quote.mark, quote.underlying_usd, quote.iv)


def with_instrument(
    state: State, book: BookState, listed: Instrument, quote: Quote, now: Now
) -> MarginState | None:
    """The margin with an instrument in it that the book may not hold yet."""
    known = book.guard.margin
    if known is None or listed.name in known.holdings:
        return known
    held = holding_of(
        state.venues[listed.venue], listed, quote, float(holdings.size_of(state, listed.venue, listed.name))
    )
    if held is None:
        return None
    return known._replace(holdings={**known.holdings, listed.name: held}, market_ms=now.market_ms)
