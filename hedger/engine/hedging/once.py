"""Whether a run that is to hedge once has done so."""

from __future__ import annotations

from typing import NamedTuple

from hedger.domain.vocabulary import Action, Phase, Reason
from hedger.engine.hedging import working
from hedger.engine.state import BookState, State

_ON_THE_WAY = frozenset({Reason.IN_FLIGHT, Reason.RECOVERING, Reason.RESTING_CANCEL, Reason.NEXT_CLIP})
_BY_A_PERSON = frozenset(
    {Reason.PAUSED, Reason.HALTED, Reason.CONFIRMATION, Reason.LIQUIDATION, Reason.OTHER_HEDGER}
)


class Rest(NamedTuple):
    """How it went: `stopped` where only a person can bring it further."""

    stopped: bool
    detail: str


def at_rest(state: State) -> Rest | None:
    """None while a book is not known, or its hedge is under way."""
    phases = {venue.phase for venue in state.venues.values()}
    if phases & {Phase.CONNECTING, Phase.RECOVERING}:
        return None
    told = [_of(state, book) for book in state.books.values()]
    known = [rest for rest in told if rest is not None]
    if len(known) < len(told):
        return None
    return Rest(any(rest.stopped for rest in known), "; ".join(rest.detail for rest in known))


def holding_up(state: State) -> str:
    """Why a run is not at rest: what each book said last."""
    return "; ".join(f"{name}: {_said(book)}" for name, book in state.books.items())


def _said(book: BookState) -> str:
    decision = book.last_decision
    return "nothing decided yet" if decision is None else decision.detail or decision.reason


def _of(state: State, book: BookState) -> Rest | None:
    decision = book.last_decision
    if decision is None or working.busy(state, book):
        return None
    said = f"{book.name}: {_said(book)}"
    if decision.action is Action.BLOCKED and decision.reason in _BY_A_PERSON:
        return Rest(True, said)
    if not book.warm or book.working.hedge is not None:
        return None
    if book.working.last is not None:
        done = book.working.last
        return Rest(False, f"{book.name}: {done.end}, {done.side} {done.filled} at {done.average_price:.2f}")
    idle = decision.action in (Action.HOLD, Action.WAIT, Action.WOULD_HEDGE)
    return Rest(False, said) if idle and decision.reason not in _ON_THE_WAY else None
