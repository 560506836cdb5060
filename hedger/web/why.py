"""Why a book did not trade (or did), as one sentence with the distance to the next trigger."""

from __future__ import annotations

import msgspec

from hedger.domain.vocabulary import Action
from hedger.engine.decision import Decision
from hedger.engine.view import BookView
from hedger.web.binding import MEANING, Binding

_HEADLINE = {
    Action.HOLD: "No hedge",
    Action.WAIT: "Waiting",
    Action.BLOCKED: "Blocked",
    Action.HEDGE: "Hedging",
    Action.WOULD_HEDGE: "Would hedge",
}


class WhyAnswer(msgspec.Struct, frozen=True):
    """One book's answer to "why did you not hedge?"; distances None where they are not known."""

    book: str
    sentence: str
    action: Action | None
    reason: str
    binding: Binding | None
    detail: str
    missing: tuple[str, ...]
    distance_coin: float | None  # to the nearer trigger; 0 outside the band
    distance_move_pct: float | None  # the index move that reaches it, signed where the level is known
    next_trigger_index_usd: float | None


def why(book: BookView) -> WhyAnswer:
    """The answer for one book, from its last decision."""
    last = book.last_decision
    level = next_trigger_index_usd(book)
    move_pct = _move_pct(book, level)
    return WhyAnswer(
        book=book.name,
        sentence=sentence(book),
        action=last.action if last else None,
        reason=last.reason if last else "",
        binding=MEANING[last.reason].binding if last else None,
        detail=last.detail if last else "",
        missing=book.missing,
        distance_coin=last.distance_coin if last else None,
        distance_move_pct=move_pct if level is not None else _told_move_pct(last),
        next_trigger_index_usd=level,
    )


def sentence(book: BookView) -> str:
    """What bound the last decision and how far the next trigger is."""
    last = book.last_decision
    if last is None:
        return _ended(f"No decision yet{_awaited(book)}")
    reason = last.detail or MEANING[last.reason].sentence
    headline = f"{_HEADLINE[last.action]}{_order(last)}: {reason.rstrip('.')}"
    return f"{_ended(headline + _awaited(book))}{_distance(book, last)}"


def next_trigger_index_usd(book: BookView) -> float | None:
    """The index level nearest to the present one at which the policy would act; None when it acts already."""
    index, last = book.index_usd, book.last_decision
    if last is not None and last.distance_coin == 0.0:
        return None
    levels = [x for x in (book.band.lower_index_usd, book.band.upper_index_usd) if x is not None]
    if index is None or not levels:
        return None
    return min(levels, key=lambda level: abs(level - index))


def _move_pct(book: BookView, level: float | None) -> float | None:
    if level is None or not book.index_usd:
        return None
    return (level / book.index_usd - 1.0) * 100.0


def _told_move_pct(last: Decision | None) -> float | None:
    return last.distance_move_pct if last else None


def _awaited(book: BookView) -> str:
    return f"; awaited: {', '.join(book.missing)}" if book.missing else ""


def _order(decision: Decision) -> str:
    if decision.action not in (Action.HEDGE, Action.WOULD_HEDGE) or not decision.side:
        return ""
    return f" ({decision.side} {abs(decision.amount_usd):,.0f} USD of {decision.instrument})"


def _distance(book: BookView, decision: Decision) -> str:
    if decision.distance_coin is None or decision.action is not Action.HOLD:
        return ""
    text = f" The next trigger is {abs(decision.distance_coin):.4f} {book.underlying} away"
    level = next_trigger_index_usd(book)
    move_pct = _move_pct(book, level)
    if level is not None and move_pct is not None:
        return f"{text}: the index at {level:,.0f} USD ({move_pct:+.2f} %)."
    if decision.distance_move_pct is not None:
        return f"{text}: an index move of {abs(decision.distance_move_pct):.2f} %."
    return f"{text}."


def _ended(text: str) -> str:
    return f"{text}."
