"""What is held: taken up when a wallet begins, and held against what trades have made of it."""

from __future__ import annotations

import math
from collections.abc import Iterator

from hedger.engine import holdings
from hedger.engine.attribution import expiries, funding, intervals
from hedger.engine.attribution.marks import mark_of
from hedger.engine.attribution.wallet import Wallet
from hedger.engine.attribution.wallets import contract
from hedger.engine.state import State, Step, VenueState
from hedger.portfolio.attribution import Mark, Terms
from hedger.portfolio.running import RunningAttribution

CONFIRM_S = 2.0  # wire time a size must differ from what trades made of it, from look to look


def begin(state: State, venue: VenueState, wallet: Wallet, step: Step) -> None:
    """Start with what is held, once all of it has a mark; the wallet has been told this moment."""
    rate = intervals.rate_usd(state, venue, wallet.currency)
    if wallet.equity is None or rate is None:
        return
    held = dict(_positions(state, venue, wallet, step.now.market_ms))
    marks: dict[str, tuple[Terms, Mark]] = {}
    for name in held:
        terms = contract(state, venue, name)
        mark = None if terms is None else mark_of(terms, venue.quotes.get(name))
        if terms is None or mark is None:
            return
        marks[name] = terms, mark
    wallet.running = RunningAttribution(step.now.market_ms, wallet.equity, rate)
    wallet.settled = funding.session_of(step.now.market_ms)
    wallet.looked_ms, wallet.booked_ms = step.now.market_ms, venue.last_fill_ms
    for name, (terms, mark) in marks.items():
        wallet.running.hold(name, terms, held[name], mark)


def _positions(
    state: State, venue: VenueState, wallet: Wallet, market_ms: int
) -> Iterator[tuple[str, float]]:
    """What is held and settles in the wallet; an option in no book's scope has no ticker and is left out."""
    for name in holdings.held(state, venue.name):
        listed = holdings.listing_of(state, venue.name, name)
        if listed is None or listed.settlement_currency != wallet.currency or name in venue.owned.outside:
            continue
        size = holdings.size_of(state, venue.name, name)
        if size and not expiries.expired(state, venue, name, market_ms):
            yield name, float(size)


def compare(state: State, venue: VenueState, wallet: Wallet, step: Step) -> None:
    """A size that stays other than trades made it is taken over at its mark, without a line."""
    wire_s = step.now.wire_s
    sizes = dict(_positions(state, venue, wallet, step.now.market_ms))
    waiting = {trade.fill.instrument for trade in wallet.waiting}
    held = wallet.held()
    for name in sorted({*sizes, *held} - waiting):
        size = sizes.get(name, 0.0)
        if math.isclose(size, held.get(name, 0.0), rel_tol=1e-12, abs_tol=1e-9):
            wallet.apart.pop(name, None)
            continue
        if expiries.expired(state, venue, name, step.now.market_ms):
            continue  # waits for its delivery price
        if wire_s - wallet.apart.setdefault(name, wire_s) < CONFIRM_S:
            continue
        _take_over(state, venue, wallet, name, size)


def _take_over(state: State, venue: VenueState, wallet: Wallet, name: str, size: float) -> None:
    """Believe a size from here on."""
    terms, running = contract(state, venue, name), wallet.running
    assert running is not None
    mark = None if terms is None else mark_of(terms, venue.quotes.get(name))
    if not size:
        running.forget(name)
    elif terms is not None and mark is not None:
        running.hold(name, terms, size, mark)
    wallet.apart.pop(name, None)
    wallet.cash.restart()
