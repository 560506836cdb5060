"""NEUTRALISE: one hedge to the target now, then PAUSED, latched like any other breaker."""

from __future__ import annotations

from hedger.domain.vocabulary import Action, BreakerState, Reason
from hedger.engine import work
from hedger.engine.hedging import working
from hedger.engine.state import BookState, State, Step
from hedger.engine.verdict import Verdict

_WHY = "neutralised: delta is at its target"


def watch(state: State, book: BookState, verdict: Verdict, step: Step) -> None:
    """A book that has reached its target pauses; the daemon pauses when every book has."""
    if BreakerState.NEUTRALISING not in (state.breaker, book.breaker):
        return
    reached = verdict.action is Action.HOLD and verdict.reason is Reason.NEUTRALISING
    book.working.neutral = reached and not working.busy(state, book)
    if not book.working.neutral:
        return
    if book.breaker is BreakerState.NEUTRALISING:
        book.breaker = BreakerState.PAUSED
        work.latch(state, book.name, book.breaker, _WHY, step)
    if state.breaker is BreakerState.NEUTRALISING and all(_done(other) for other in state.books.values()):
        state.breaker = BreakerState.PAUSED
        work.latch(state, "", state.breaker, _WHY, step)


def _done(book: BookState) -> bool:
    """At its target, or under a switch of its own that is stricter and lets nothing be hedged."""
    return book.working.neutral or book.breaker in (BreakerState.PAUSED, BreakerState.HALTED)
