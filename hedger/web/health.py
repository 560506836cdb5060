"""Two questions of a supervisor: does the loop step, and does the daemon know enough to hedge?"""

from __future__ import annotations

import math

import msgspec

from hedger.domain.vocabulary import State
from hedger.engine.views.view import StatusView, VenueView

_NOT_READY = {
    State.CONNECTING: "a venue to connect",
    State.STANDBY: "the account, which another run holds",
    State.RECOVERING: "positions and orders to be reconciled",
    State.WARMING_UP: "warm-up to end",
    State.STOPPING: "nothing: the daemon is stopping",
}


class HealthAnswer(msgspec.Struct, frozen=True):
    ok: bool
    last_step_age_s: float | None  # None before the first step
    bound_s: float


class ReadyAnswer(msgspec.Struct, frozen=True):
    ok: bool
    state: State
    missing: tuple[str, ...]


def health(step_age_s: float, bound_s: float) -> HealthAnswer:
    """The loop is alive when it stepped within the bound; pings and sockets prove nothing."""
    age = step_age_s if math.isfinite(step_age_s) else None
    return HealthAnswer(ok=age is not None and age < bound_s, last_step_age_s=age, bound_s=bound_s)


def readiness(view: StatusView, max_data_age_s: float) -> ReadyAnswer:
    """Ready when data arrives and every account and instrument is known; a latched breaker is no matter."""
    missing = [*view.missing, *_book_missing(view)]
    for venue in view.venues:
        missing += _venue_missing(venue, max_data_age_s)
    if view.state in _NOT_READY and (not missing or view.state is State.STOPPING):
        missing.append(_NOT_READY[view.state])
    return ReadyAnswer(ok=not missing, state=view.state, missing=tuple(dict.fromkeys(missing)))


def standby_of(view: StatusView) -> str:
    """Who holds the account of a daemon that only waits; empty: this one acts."""
    return view.venues[0].standby_of if view.state is State.STANDBY else ""


def _book_missing(view: StatusView) -> list[str]:
    return [f"{book.name}: {what}" for book in view.books for what in book.missing]


def _venue_missing(venue: VenueView, max_data_age_s: float) -> list[str]:
    if not venue.connected:
        return [f"{venue.name}: not connected"]
    if venue.data_age_s is None:
        return [f"{venue.name}: no market data yet"]
    if venue.data_age_s > max_data_age_s:
        return [f"{venue.name}: no market data for {venue.data_age_s:.0f} s (bound {max_data_age_s:g} s)"]
    return []
