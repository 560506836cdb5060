"""Figures of shadows over a restart: they ride with what is written anyway, and a start goes on from there.

A shadow has no way to a record (`engine.shadow`); it is looked at from here. Nothing is ever written for its
sake alone, and nothing that an order waits for, so with and without shadows the same writes leave at the same
steps. Lost is, after a crash, what shadows themselves did since the newest row, a quarter of an hour at most.

As the live one's, a policy's memory begins anew: delta from before the start is hedged at once by both. What
the live hedge traded after the row was written is counted where the journal has it. Whatever else moved the
position meanwhile was not the live policy's doing and is common to both.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass

from hedger.domain.account import Fill
from hedger.domain.order import Purpose
from hedger.domain.time_units import MINUTE_MS
from hedger.engine import work
from hedger.engine.records import GridAt, LedgerAt, MomentsAt, ShadowAt, ShadowsKept
from hedger.engine.shadow import hear
from hedger.engine.shadow.grid import Gains, Grid
from hedger.engine.shadow.ledger import Ledger
from hedger.engine.shadow.moments import Moments
from hedger.engine.shadow.shadow import Shadow
from hedger.engine.state import BookState, State, Step

EVERY_MS = 15 * MINUTE_MS  # market time; and with all that is written while the daemon stops


def write(state: State, step: Step) -> None:
    """Add what is due to the write of this step, if there is one and no order waits for it."""
    if not state.outbox.carries:
        return
    now_ms = step.now.market_ms
    for book in state.books.values():
        if not state.stopping and now_ms // EVERY_MS <= book.shadows_slot:
            continue
        kept = tuple(_told(state, book, shadow) for shadow in book.shadows if _whole(shadow))
        if kept:
            venue, book.shadows_slot = state.venues[book.settings.venue], now_ms // EVERY_MS
            step.record(ShadowsKept(now_ms, venue.name, book.name, venue.last_fill_ms, kept))


def restored(state: State, venue: str, records: Iterable[ShadowsKept], fills: Iterable[Fill]) -> None:
    """Go on from the newest row of each book; what is told to be another than it was begins anew."""
    fills = tuple(fills)
    for record in records:
        book = state.books.get(record.book)
        if book is None or book.settings.venue != venue:
            continue
        known = {kept.name: kept for kept in record.shadows}
        for shadow in book.shadows:
            kept = known.get(shadow.settings.name)
            if kept is not None and not shadow.since_ms and kept.terms == _terms(state, book, shadow):
                _take_up(shadow, kept)
        for fill in fills:
            if fill.market_ms > record.fills_through_ms and _hedged(state, book, fill):
                hear.live_filled(state, book, fill)


def _hedged(state: State, book: BookState, fill: Fill) -> bool:
    """Whether the book's policy traded; a person's order and a move between futures are common to both."""
    order = state.orders.order_of(fill)
    common = order is not None and order.intent.purpose in (Purpose.MANUAL, Purpose.MOVE)
    return work.book_name(fill.label) == book.name and not common


def _terms(state: State, book: BookState, shadow: Shadow) -> str:
    """What the shadow is, and what it is held against: figures of anything else are not its own."""
    told = state.settings.mode, hear.live_of(book.settings), shadow.settings
    return hashlib.sha256(repr(_alike(told)).encode()).hexdigest()


def _alike(value: object) -> object:
    """Equal values in one spelling: a record brings 0.0 back where a file says 0."""
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, Mapping):
        return sorted((name, _alike(each)) for name, each in value.items())
    if isinstance(value, tuple):
        return tuple(map(_alike, value))
    if is_dataclass(value):
        return tuple(_alike(getattr(value, field.name)) for field in fields(value))
    return value


def _whole(shadow: Shadow) -> bool:
    """Begun and not failed; a figure that is none could not be read back."""
    numbers = (
        *(
            number
            for ledger in (shadow.own, shadow.live)
            for number in (ledger.cash, ledger.turnover_usd, ledger.cost_usd, ledger.funding_usd)
        ),
        *(
            number
            for grid in (shadow.minutes, shadow.hours)
            for number in (grid.live.squares, grid.own.squares, grid.apart.squares, *grid.squares)
        ),
    )
    return bool(shadow.since_ms) and not shadow.failed and all(map(math.isfinite, numbers))


def _told(state: State, book: BookState, shadow: Shadow) -> ShadowAt:
    last_s = shadow.last_hedge_s
    return ShadowAt(
        name=shadow.settings.name,
        terms=_terms(state, book, shadow),
        since_ms=shadow.since_ms,
        last_hedge_s=None if math.isnan(last_s) else last_s,
        own=_ledger_told(shadow.own),
        live=_ledger_told(shadow.live),
        minutes=_grid_told(shadow.minutes),
        hours=_grid_told(shadow.hours),
    )


def _ledger_told(ledger: Ledger) -> LedgerAt:
    return LedgerAt(**{name: getattr(ledger, name) for name in LedgerAt.__struct_fields__})


def _moments_told(moments: Moments) -> MomentsAt:
    return MomentsAt(moments.count, moments.mean, moments.squares)


def _grid_told(grid: Grid) -> GridAt:
    live, own, apart = (_moments_told(each) for each in (grid.live, grid.own, grid.apart))
    return GridAt(live, own, apart, grid.looks, grid.squares.live, grid.squares.own)


def _take_up(shadow: Shadow, kept: ShadowAt) -> None:
    """The slot of each grid that the stop has cut counts for nothing: its next picture is a first one."""
    shadow.since_ms = kept.since_ms
    shadow.last_hedge_s = math.nan if kept.last_hedge_s is None else kept.last_hedge_s
    shadow.own, shadow.live = _ledger(kept.own), _ledger(kept.live)
    shadow.minutes = _grid(shadow.minutes.seconds, kept.minutes)
    shadow.hours = _grid(shadow.hours.seconds, kept.hours)
    shadow.hold_apart()


def _ledger(kept: LedgerAt) -> Ledger:
    return Ledger(**{name: getattr(kept, name) for name in kept.__struct_fields__})


def _grid(seconds: int, kept: GridAt) -> Grid:
    live, own, apart = (
        Moments(each.count, each.mean, each.squares) for each in (kept.live, kept.own, kept.apart)
    )
    return Grid(seconds, live, own, apart, kept.looks, Gains(kept.live_square, kept.own_square))
