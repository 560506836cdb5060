"""What the API answers: the engine's views, with the fields a reader outside the process needs beside them.

The CLI decodes answers with these same types. Numbers that are not known are null, never zero.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from hedger.domain.instants import iso_time
from hedger.domain.vocabulary import BreakerState, Environment
from hedger.engine.decision import Decision
from hedger.engine.views.chain import Expiry
from hedger.engine.views.outlook import Outlook
from hedger.engine.views.view import BookView, StatusView
from hedger.web.binding import MEANING, Binding
from hedger.web.requests import Command
from hedger.web.why import WhyAnswer, why


class DecisionAnswer(Decision, frozen=True, kw_only=True, tag="decision", forbid_unknown_fields=False):
    """A decision with its market time spelled out and the constraint that bound it."""

    time: str  # market time, ISO 8601 UTC
    binding: Binding  # family of the constraint that bound


class BookAnswer(BookView, frozen=True, kw_only=True):
    """A book with its decisions as answered, and why it did not trade."""

    why: WhyAnswer  # why it did not trade, or did
    last_decision: DecisionAnswer | None  # as answered
    last_hedge: DecisionAnswer | None  # as answered


class StatusAnswer(StatusView, frozen=True, kw_only=True):
    """The answer of /v1/status."""

    environment: Environment | None  # the most dangerous of the venues'
    time: str  # market time
    books: tuple[BookAnswer, ...]  # with their answers to why


class DecisionsAnswer(msgspec.Struct, frozen=True):
    decisions: tuple[DecisionAnswer, ...]  # newest first
    next_before_ms: int | None  # pass as before_ms for the page after this one


class WhysAnswer(msgspec.Struct, frozen=True):
    books: tuple[WhyAnswer, ...]


class PlansAnswer(msgspec.Struct, frozen=True):
    """What each book would do now; nothing was sent."""

    plans: tuple[DecisionAnswer, ...]


class OutlooksAnswer(msgspec.Struct, frozen=True):
    """What lies ahead of each book: the next orders by index level, and a spot x vol grid."""

    books: tuple[Outlook, ...]  # as configured


class ChainAnswer(msgspec.Struct, frozen=True):
    """The options of an underlying, puts and calls side by side, the nearest expiry first."""

    underlying: str  # the coin
    expiries: tuple[Expiry, ...]  # the nearest first


class CommandAnswer(msgspec.Struct, frozen=True):
    """What the switches became."""

    command: str
    book: str  # empty: the daemon
    state: BreakerState  # of the book named, or of the daemon
    books: dict[str, BreakerState]
    ended: dict[str, str] = {}  # by book, what a resume ended besides the breaker


class OrderPlaced(msgspec.Struct, frozen=True):
    """An order by hand that passed every limit: durable, and on its way."""

    label: str
    book: str
    detail: str


class CancelAnswer(msgspec.Struct, frozen=True):
    """What is known of the order right after its cancel was asked for."""

    label: str
    state: str


class HoldAnswer(msgspec.Struct, frozen=True):
    """Until when each book concerned waits, market time; empty where it does not."""

    holds: dict[str, str]


def decision_answer(decision: Decision) -> DecisionAnswer:
    return DecisionAnswer(
        **msgspec.structs.asdict(decision),
        time=iso_time(decision.market_ms),
        binding=MEANING[decision.reason].binding,
    )


def decisions_answer(decisions: Iterable[Decision], limit: int) -> DecisionsAnswer:
    """A page of decisions; a full page names where the next one begins."""
    answers = tuple(decision_answer(d) for d in decisions)
    more = answers[-1].market_ms if len(answers) >= limit else None
    return DecisionsAnswer(decisions=answers, next_before_ms=more)


def book_answer(book: BookView) -> BookAnswer:
    fields = msgspec.structs.asdict(book)
    for name in ("last_decision", "last_hedge"):
        fields[name] = None if fields[name] is None else decision_answer(fields[name])
    return BookAnswer(**fields, why=why(book))


def status_answer(view: StatusView) -> StatusAnswer:
    fields = msgspec.structs.asdict(view)
    fields["books"] = tuple(book_answer(book) for book in view.books)
    return StatusAnswer(**fields, environment=environment_of(view), time=iso_time(view.market_ms))


def environment_of(view: StatusView) -> Environment | None:
    """The most dangerous environment among the venues; None without a venue."""
    ranks = tuple(Environment)
    return max((venue.environment for venue in view.venues), key=ranks.index, default=None)


def hold_answer(book: str, after: StatusView) -> HoldAnswer:
    books = (b for b in after.books if book in ("", b.name))
    ends = {b.name: b.ownership.hold_until_ms for b in books}
    return HoldAnswer({name: iso_time(ms) if ms else "" for name, ms in ends.items()})


def command_answer(command: str, book: str, after: StatusView) -> CommandAnswer:
    books = {b.name: b.state for b in after.books}
    state = books.get(book, after.breaker)
    told = {b.name: b.guard.ended for b in after.books if b.guard.ended and book in ("", b.name)}
    ended = told if command == Command.RESUME else {}
    return CommandAnswer(command=command, book=book, state=state, books=books, ended=ended)
