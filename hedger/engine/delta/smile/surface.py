"""Smiles from the venue's tickers: one expiry per step, so that no step waits for all of them.

Every quoted option of the expiry counts, held or not: with `chain = true` that is the whole chain, otherwise
only what the book holds, and then there are seldom strikes enough. Inverse and linear options of one expiry
have forwards of their own; those that settle in the book's first currency are fitted, and corrected.
"""

from __future__ import annotations

import numpy as np

from hedger.domain.instrument import Instrument
from hedger.domain.quote import Quote
from hedger.engine.delta.smile.state import SmileState
from hedger.engine.events import Now
from hedger.engine.state import BookState, State
from hedger.portfolio.row import Row
from hedger.portfolio.valuation import greeks_gap
from hedger.pricing.smile.strip import Fitted, Strip, fit_strip, strip_of


def rows_by_expiry(book: BookState, now: Now) -> dict[int, list[Row]]:
    """Held options that a smile may correct, the nearest expiry first."""
    found: dict[int, list[Row]] = {}
    for row in book.book.rows():
        listed = row.instrument
        mine = listed.is_option and listed.settlement_currency == book.settings.currencies[0]
        if row.size and mine and listed.expiration_ms and listed.expiration_ms > now.market_ms:
            found.setdefault(listed.expiration_ms, []).append(row)
    return dict(sorted(found.items()))


def fit_next(state: State, book: BookState, smile: SmileState, now: Now) -> None:
    """Fit the held expiry whose fit is oldest; forget expiries that are held no more.

    A new expiry is fitted at the next step, the others in turn, evenly over `smile_fit_s`.
    """
    if now.market_ms < smile.look_ms:
        return
    held = rows_by_expiry(book, now)
    smile.fits = {expiry: fitted for expiry, fitted in smile.fits.items() if expiry in held}
    oldest = min(held, key=lambda expiry: _fitted_ms(smile, expiry), default=None)
    if oldest is not None:
        smile.fits[oldest] = _fit(state, book, oldest, now)
    turn_ms = int(book.settings.delta.smile_fit_s * 1000 / max(len(held), 1))
    smile.look_ms = now.market_ms + (turn_ms if len(smile.fits) == len(held) else 0)


def _fitted_ms(smile: SmileState, expiration_ms: int) -> int:
    known = smile.fits.get(expiration_ms)
    return -(1 << 60) if known is None else known.strip.market_ms


def _fit(state: State, book: BookState, expiration_ms: int, now: Now) -> Fitted:
    venue, currency = state.venues[book.settings.venue], book.settings.currencies[0]
    quoted = []
    for listed in venue.instruments.values():
        if listed.expiration_ms == expiration_ms and listed.option_sign and listed.strike_usd:
            mine = listed.base_currency == book.settings.underlying and listed.settlement_currency == currency
            quote = venue.quotes.get(listed.name)
            if mine and quote is not None and _good(quote, state, now):
                quoted.append((listed, quote))
    if not quoted:
        nothing = np.zeros(0)
        empty = Strip(expiration_ms, now.market_ms, 1.0, nothing, nothing, nothing)
        return Fitted(empty, None, "no fresh ticker")
    return fit_strip(_strip(expiration_ms, quoted, now))


def _strip(expiration_ms: int, quoted: list[tuple[Instrument, Quote]], now: Now) -> Strip:
    forward = float(np.median([quote.underlying_usd or 0.0 for _, quote in quoted]))
    strikes = np.array([float(listed.strike_usd or 0) for listed, _ in quoted])
    signs = np.array([float(listed.option_sign or 0) for listed, _ in quoted])
    ivs = np.array([quote.iv or 0.0 for _, quote in quoted])
    return strip_of(expiration_ms, now.market_ms, forward, strikes, signs, ivs)


def _good(quote: Quote, state: State, now: Now) -> bool:
    fresh = now.wire_s - quote.received_wire_s <= state.settings.timing.option_stale_s
    return fresh and not greeks_gap(quote)
