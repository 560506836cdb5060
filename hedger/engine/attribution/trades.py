"""Trades of the account, booked once their instrument has a mark."""

from __future__ import annotations

import math

from hedger.domain.account import Fill
from hedger.domain.vocabulary import Mode
from hedger.engine import events as ev
from hedger.engine.attribution import intervals
from hedger.engine.attribution.marks import future_mark, mark_of
from hedger.engine.attribution.wallet import LOOK_MS, Trade, Wallet
from hedger.engine.attribution.wallets import contract, settles_in, wallets
from hedger.engine.state import State, Step, VenueState
from hedger.portfolio.attribution import FutureTerms, Mark, Terms

MOST_WAITING = 1_000


def filled(state: State, fill: Fill, step: Step) -> None:
    """A trade of the account that was not seen before."""
    venue = state.venues[fill.venue]
    terms = contract(state, venue, fill.instrument)
    currency = settles_in(state, venue, fill.instrument)
    for wallet in wallets(state, venue):
        if wallet.currency != currency or wallet.running is None or terms is None:
            continue
        if len(wallet.waiting) < MOST_WAITING and fill.instrument not in venue.owned.outside:
            wallet.waiting.append(Trade(fill, _decided(state, fill)))
            book_waiting(state, venue, wallet)


def _decided(state: State, fill: Fill) -> float | None:
    """The mark at the decision a trade came from: that of the whole hedge, which may have many orders."""
    order = state.orders.order_of(fill)
    if order is None or order.intent.instrument != fill.instrument:
        return None  # a spread is decided by its own mark, which is none of its legs'
    book = state.books.get(order.intent.book)
    hedge = None if book is None else book.working.hedge
    if hedge is not None and order.intent.label in hedge.children:
        return hedge.reference_price
    return order.intent.reference_price if order.intent.reference_price > 0.0 else None


def book_waiting(state: State, venue: VenueState, wallet: Wallet) -> None:
    """Book the trades whose instrument has a mark, in their order; the others wait for one."""
    left = []
    for trade in wallet.waiting:
        terms = contract(state, venue, trade.fill.instrument)
        mark = None if terms is None else _mark_at(venue, terms, trade.fill)
        if terms is None or mark is None:
            left.append(trade)
        else:
            _book(wallet, trade, terms, mark)
    wallet.waiting = left


def _mark_at(venue: VenueState, terms: Terms, fill: Fill) -> Mark | None:
    """The mark a trade's position goes on from: the venue's own at the trade, an option's by its ticker.

    Of an option traded a while before its newest ticker (while nobody looked) the venue's price alone.
    """
    told = fill.mark_price if fill.mark_price is not None and 0.0 < fill.mark_price < math.inf else None
    now = mark_of(terms, venue.quotes.get(fill.instrument))
    if isinstance(terms, FutureTerms):
        return now if told is None else future_mark(terms, fill.market_ms, told, fill.index_usd)
    if now is not None and (told is None or now.market_ms - fill.market_ms <= LOOK_MS):
        return now
    return None if told is None or now is None else Mark(fill.market_ms, told)


def _book(wallet: Wallet, trade: Trade, terms: Terms, mark: Mark) -> None:
    fill, running = trade.fill, wallet.running
    assert running is not None
    amount, price, fee = float(fill.signed_amount), float(fill.price), float(fill.fee)
    own = fee if fill.fee_currency == wallet.currency else 0.0
    running.traded(fill.instrument, terms, amount, price, own, mark, trade.decided)
    wallet.booked_ms = max(wallet.booked_ms, fill.market_ms)
    wallet.cash.book(-own)
    if isinstance(terms, FutureTerms):
        wallet.cash.traded(fill.instrument, terms, amount, price)
    else:
        wallet.cash.book(-amount * price)


def restored(state: State, event: ev.JournalLoaded) -> None:
    """Go on from where the last run stopped: its positions at their marks, and the trades since."""
    venue = state.venues[event.venue]
    paper = state.settings.mode is Mode.PAPER
    for wallet in wallets(state, venue):
        rows = [row for row in event.attributed if row.currency == wallet.currency and row.paper is paper]
        if rows and wallet.running is None:
            intervals.take_up(wallet, rows)
            missed = (fill for fill in event.fills if fill.market_ms > wallet.booked_ms)
            for fill in missed:
                if settles_in(state, venue, fill.instrument) == wallet.currency:
                    wallet.waiting.append(Trade(fill, _decided(state, fill)))
