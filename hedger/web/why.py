"""Why a book did not trade (or did), as one sentence with the distance to the next trigger."""

from __future__ import annotations

import re

import msgspec

from hedger.domain.vocabulary import Action, BreakerState
from hedger.engine.decision import Decision, coin_to_trigger
from hedger.engine.views.view import BookView
from hedger.web.binding import MEANING, Binding

_HEADLINE = {
    Action.HOLD: "No hedge",
    Action.WAIT: "Waiting",
    Action.BLOCKED: "Blocked",
    Action.HEDGE: "Hedging",
    Action.WOULD_HEDGE: "Would hedge",
}


_AGE = re.compile(r"[\d.]+ s old")  # goes on between the decision and the view
_OPEN = (BreakerState.RUNNING, BreakerState.REDUCE_ONLY)


class WhyAnswer(msgspec.Struct, frozen=True):
    """One book's answer to "why did you not hedge?"; distances None where they are not known."""

    book: str
    sentence: str  # the whole answer in words
    action: Action | None  # of the last decision; None before it
    reason: str  # of the last decision; empty before it
    binding: Binding | None  # family of the constraint that bound
    detail: str  # the decision's own words
    missing: tuple[str, ...]  # what is awaited
    distance_coin: float | None  # to the nearer trigger; 0 outside the band
    distance_move_pct: float | None  # the index move that reaches it, signed where the level is known
    next_trigger_index_usd: float | None


def why(book: BookView) -> WhyAnswer:
    """The answer for one book, from its last decision and what it holds now."""
    last = book.last_decision
    level = next_trigger_index_usd(book)
    move_pct = _move_pct(book, level)
    waits = last is not None and _waits_for_trigger(book)
    return WhyAnswer(
        book=book.name,
        sentence=sentence(book),
        action=last.action if last else None,
        reason=last.reason if last else "",
        binding=MEANING[last.reason].binding if last else None,
        detail=last.detail if last else "",
        missing=book.missing,
        distance_coin=_distance_coin(book, last) if last and waits else None,
        distance_move_pct=move_pct if level is not None else _told_move_pct(book),
        next_trigger_index_usd=level,
    )


def sentence(book: BookView) -> str:
    """What bound the last decision and how far the next trigger is."""
    last = book.last_decision
    if last is None:
        return _ended(f"No decision yet{_awaited(book)}")
    reason = last.detail or MEANING[last.reason].sentence
    headline = f"{_HEADLINE[last.action]}{_order(last)}: {reason.rstrip('.')}"
    return f"{_ended(headline + _awaited(book, reason))}{_distance(book, last)}"


def next_trigger_index_usd(book: BookView) -> float | None:
    """The index level nearest to the present one at which the policy would act; None when it acts already."""
    index, last = book.index_usd, book.last_decision
    if last is not None and (_distance_coin(book, last) == 0.0 or not _waits_for_trigger(book)):
        return None
    levels = [x for x in (book.band.lower_index_usd, book.band.upper_index_usd) if x is not None]
    if index is None or not levels:
        return None
    return min(levels, key=lambda level: abs(level - index))


def _distance_coin(book: BookView, decision: Decision) -> float | None:
    """By the view's own delta and band, as they stand beside it: a decision that says the same again is kept
    from when it was recorded, and prices have moved since. The decision's own where the view knows neither.
    """
    used, band = book.delta.used, book.band
    y = None if used is None else used + book.in_flight_coin
    present = coin_to_trigger(y, band.lower, band.upper)
    return decision.distance_coin if present is None else present


def _move_pct(book: BookView, level: float | None) -> float | None:
    if level is None or not book.index_usd:
        return None
    return (level / book.index_usd - 1.0) * 100.0


def _told_move_pct(book: BookView) -> float | None:
    last = book.last_decision
    return last.distance_move_pct if last and _waits_for_trigger(book) else None


def _waits_for_trigger(book: BookView) -> bool:
    """A paused, halted or blocked book does not trade when its trigger is reached."""
    last = book.last_decision
    return book.state in _OPEN and (last is None or last.action is not Action.BLOCKED)


def _awaited(book: BookView, said: str = "") -> str:
    """What is missing and was not said yet."""
    known = _AGE.sub("", said)
    missing = [what for what in book.missing if _AGE.sub("", what) not in known]
    return f"; awaited: {', '.join(missing)}" if missing else ""


def _order(decision: Decision) -> str:
    if decision.action not in (Action.HEDGE, Action.WOULD_HEDGE) or not decision.side:
        return ""
    return f" ({decision.side} {abs(decision.amount_usd):,.0f} USD of {decision.instrument})"


def _distance(book: BookView, decision: Decision) -> str:
    held = decision.action is Action.HOLD and _waits_for_trigger(book)
    distance_coin = _distance_coin(book, decision)
    if distance_coin is None or not held:
        return ""
    text = f" The next trigger is {distance_coin:.4f} {book.underlying} away"
    level = next_trigger_index_usd(book)
    move_pct = _move_pct(book, level)
    if level is not None and move_pct is not None:
        return f"{text}: the index at {level:,.0f} USD ({move_pct:+.2f} %)."
    if decision.distance_move_pct is not None:
        return f"{text}: an index move of {abs(decision.distance_move_pct):.2f} %."
    return f"{text}."


def _ended(text: str) -> str:
    return f"{text}."
