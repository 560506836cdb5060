"""The first hedge after a start or a resume: a large one waits until a person has seen it.

A wrong file, account or sign shows in the first order; `confirm_above_coin` says from which size on that one
is shown first. What a person lets pass is that side at about that size, not whatever comes later.
"""

from __future__ import annotations

from hedger.domain.order import Side
from hedger.domain.vocabulary import Action, Reason, Severity
from hedger.engine import alarms
from hedger.engine.hedging.hedge import Awaited
from hedger.engine.state import BookState, State, Step
from hedger.engine.verdict import Outcome, Verdict

GROWTH = 1.25  # by how much a hedge may have grown since a person let it pass
ALARM = "confirmation"
_ORDERED = frozenset({Reason.FLATTEN, Reason.NEUTRALISE})  # a person has asked for it just now


def asked(book: BookState, outcome: Outcome, change_coin: float) -> Outcome:
    """The outcome, or the same order shown and held back; `change_coin` is the whole hedge, signed."""
    most, planned, verdict = book.settings.execution.confirm_above_coin, outcome.whole, outcome.verdict
    seen = book.working.confirmed or verdict.reason in _ORDERED
    if outcome.approved is None or planned is None or seen or not most:
        return outcome
    coin = max(abs(change_coin), planned.coin)
    if coin <= most or _allowed(book, planned.side, coin):
        return outcome
    detail = (
        f"first hedge: {planned.side} {planned.amount} of {outcome.approved.intent.instrument} "
        f"({coin:.4f} coin, {verdict.detail}) is above confirm_above_coin = {most:g}; "
        f"`hedger confirm --book {book.name}` sends it"
    )
    held = Verdict(Action.BLOCKED, Reason.CONFIRMATION, detail, verdict.target, planned)
    return outcome._replace(verdict=held, approved=None, memory=None)


def _allowed(book: BookState, side: Side, coin: float) -> bool:
    if book.working.allowed is None:
        return False
    allowed_side, allowed_coin = book.working.allowed
    return side is allowed_side and coin <= allowed_coin * GROWTH


def watch(state: State, book: BookState, verdict: Verdict, step: Step) -> None:
    """Remember and say what waits; it stops waiting when the decision is another one."""
    working, planned = book.working, verdict.planned
    if verdict.reason is Reason.CONFIRMATION and planned is not None:
        since_ms = working.awaited.since_ms if working.awaited is not None else step.now.market_ms
        working.awaited = Awaited(planned.side, planned.coin, verdict.detail, since_ms)
        alarms.tell(state, step, ALARM, verdict.detail, book=book.name, severity=Severity.ERROR)
    elif working.awaited is not None:
        working.awaited = None
        alarms.tell(state, step, ALARM, "", book=book.name)


def confirm(book: BookState) -> str:
    """A person lets the hedge that waits pass; empty where none does."""
    awaited = book.working.awaited
    if awaited is None:
        return ""
    book.working.allowed = (awaited.side, awaited.coin)
    return awaited.detail
