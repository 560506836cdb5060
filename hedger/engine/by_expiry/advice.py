"""Looks every few seconds at what stands of a book's hedge and where it would cost least."""

from __future__ import annotations

import math
from collections.abc import Iterator

from hedger.domain.vocabulary import Neutral
from hedger.engine import holdings
from hedger.engine.by_expiry import places
from hedger.engine.by_expiry.memory import ByExpiry
from hedger.engine.events import Now
from hedger.engine.state import BookState, State, Step
from hedger.execution import slow
from hedger.execution.allocate import COLLATERAL, Allocation, Part, Wanted, allocate
from hedger.execution.by_expiry_params import Use
from hedger.execution.carry import Candidate
from hedger.portfolio.breakdown import expiry_of

LOOK_S = 5.0  # wire time between two looks


def look(state: State, book: BookState, step: Step) -> None:
    """Bring slow figures and allocation up to date, and have the futures to choose from watched."""
    memory, venue = book.by_expiry, state.venues[book.settings.venue]
    if book.settings.by_expiry.use is Use.OFF:
        if memory.futures:  # it was on a moment ago
            book.by_expiry = ByExpiry()
            holdings.watch(state, venue, step)
        return
    if step.now.wire_s - memory.looked_wire_s < LOOK_S or not venue.reconciled:
        return
    memory.looked_wire_s = step.now.wire_s
    found = places.futures(state, book, step.now)
    spreads = places.spreads(state, book, found)
    if (found, spreads) != (memory.futures, memory.spreads):
        memory.futures, memory.spreads = found, spreads
        holdings.watch(state, venue, step)
    _remember_funding(state, book, step.now)
    _follow_basis(state, book, step.now)
    outcome = _allocation(state, book, step.now)
    memory.allocation = outcome if isinstance(outcome, Allocation) else None
    memory.waits = outcome if isinstance(outcome, str) else ""


def _remember_funding(state: State, book: BookState, now: Now) -> None:
    quote = state.venues[book.settings.venue].quotes.get(book.settings.hedge_instrument)
    if quote is None or quote.funding_8h is None or not math.isfinite(quote.funding_8h):
        return
    half_life_h = book.settings.by_expiry.funding_half_life_h
    book.by_expiry.funding = slow.mean(book.by_expiry.funding, quote.funding_8h, now.market_ms, half_life_h)


def _follow_basis(state: State, book: BookState, now: Now) -> None:
    quote = state.venues[book.settings.venue].quotes.get(book.settings.hedge_instrument)
    if quote is not None and 0.0 < quote.mark < math.inf:
        book.by_expiry.basis.look(book.book.rows(), now.market_ms, quote.mark)


def _allocation(state: State, book: BookState, now: Now) -> Allocation | str:
    """How the hedge is to be divided, or why that is not known."""
    params, memory, venue = book.settings.by_expiry, book.by_expiry, state.venues[book.settings.venue]
    name = book.settings.hedge_instrument
    if name not in venue.instruments:
        return f"{name} is not listed"
    home = places.candidate(state, book, name, now)
    if home.shut:
        return f"{name}: {home.shut}"
    if home.expiration_ms is None and memory.funding is None:
        return f"{name}: no funding rate yet"
    held = _held(state, book)
    missing = next((each for each, coin in held.items() if coin is None), "")
    if missing:
        return f"{missing} is held and not quoted"
    unknown = next((row for row in book.book.rows() if row.size and row.missing), None)
    if unknown is not None:
        return f"{unknown.instrument.name}: {unknown.missing}"
    known = {each: coin for each, coin in held.items() if coin is not None}
    wanted = _wanted(book, known, now)
    dated = [places.candidate(state, book, each, now) for each in memory.futures]
    return allocate(wanted, home, _priced(dated, home), known, params)


def _held(state: State, book: BookState) -> dict[str, float | None]:
    """The book's own hedges in coin, the perpetual first."""
    venue, names = (
        state.venues[book.settings.venue],
        (book.settings.hedge_instrument, *book.by_expiry.futures),
    )
    return {name: places.coin(venue, name, places.size(state, book, name)) for name in names}


def _priced(dated: list[Candidate], home: Candidate) -> list[Candidate]:
    """What is shut has no prices of its own; it is refused whatever they are."""
    return [
        each._replace(mark_usd=home.mark_usd, index_usd=home.index_usd) if each.shut else each
        for each in dated
    ]


def _wanted(book: BookState, held: dict[str, float], now: Now) -> Wanted:
    """The hedge as it is, and what the expiries and everything else ask of it."""
    hedge = math.fsum(held.values())
    parts = tuple(_parts(book))
    rest = Part(COLLATERAL, None, hedge - math.fsum(part.coin for part in parts))
    memory, params = book.by_expiry, book.settings.by_expiry
    if memory.standing is None:
        placed = math.fsum(coin for name, coin in held.items() if name != book.settings.hedge_instrument)
        memory.standing = slow.begun(hedge, placed, now.market_ms)
    else:
        memory.standing = slow.standing(memory.standing, hedge, now.market_ms, params.standing_half_life_h)
    stands = max(memory.standing.value, _collateral_coin(book, hedge), key=abs)
    return Wanted(now.market_ms, hedge, stands, (*parts, rest))


def _parts(book: BookState) -> Iterator[Part]:
    """Against each expiry's options the opposite of their net transaction delta."""
    sums: dict[int, tuple[str, float]] = {}
    for row in book.book.rows():
        net, expiration_ms = row.net_transaction_delta_coin, row.instrument.expiration_ms
        if row.size and row.instrument.is_option and net is not None and expiration_ms is not None:
            sums[expiration_ms] = (expiry_of(row), sums.get(expiration_ms, ("", 0.0))[1] - net)
    for expiration_ms, (name, coin) in sorted(sums.items()):
        yield Part(name, expiration_ms, coin)


def _collateral_coin(book: BookState, hedge: float) -> float:
    """The short against the collateral of a book neutral in USD: it stands as long as the collateral does."""
    account = book.book.account(book.book.underlying)
    counted = book.settings.scope.counts_equity is not False
    if book.settings.neutral is not Neutral.USD or account is None or not counted:
        return 0.0
    short = -float(account.equity)
    return max(short, hedge) if short < 0.0 and hedge < 0.0 else 0.0


def furthest(state: State, book: BookState) -> tuple[str, float]:
    """The dated future with the longest way to its target, and the way in signed coin; "": all are near."""
    return max(gaps(state, book), key=lambda gap: abs(gap[1]), default=("", 0.0))


def gaps(state: State, book: BookState) -> Iterator[tuple[str, float]]:
    """Dated futures away from their targets, and the way in signed coin.

    Less than a clip is left alone, but for what is to be left altogether.
    """
    venue, allocation = state.venues[book.settings.venue], book.by_expiry.allocation
    for placed in () if allocation is None else allocation.placed[1:]:
        held = places.coin(venue, placed.instrument, places.size(state, book, placed.instrument))
        quote = venue.quotes.get(placed.instrument)
        if held is None or quote is None:
            continue
        gap = placed.target_coin - held
        enough = placed.target_coin == 0.0 or abs(gap) * quote.mark >= book.settings.by_expiry.clip_usd
        if gap and enough:
            yield placed.instrument, gap
