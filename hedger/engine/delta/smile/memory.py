"""What a restart finds: samples are written down one by one, and read back into R, coefficients and the gate.

The gate itself is judged at the first sample of the new run, and to open it must pass as a closed one does.
"""

from __future__ import annotations

from hedger.domain.time_units import DAY_MS
from hedger.domain.vocabulary import SmileRule
from hedger.engine.delta.smile.state import SmileState, Squared
from hedger.engine.records import SmileMove, SmileSampled
from hedger.engine.state import BookState, State, Step
from hedger.pricing.smile.delta import normal_of
from hedger.pricing.smile.lesson import Lesson, Move
from hedger.pricing.smile.track import Track


def begin(book: BookState) -> SmileState:
    """The book's smile state, made anew where there is none."""
    if book.smile is None:
        params = book.settings.delta
        book.smile = SmileState(params.smile, Track(params.smile_window_days * DAY_MS))
    smile: SmileState = book.smile
    return smile


def write(book: BookState, squared: Squared | None, lesson: Lesson, step: Step) -> None:
    """Write a sample down."""
    step.record(
        SmileSampled(
            market_ms=lesson.market_ms,
            venue=book.settings.venue,
            book=book.name,
            squares=() if squared is None else squared[1:],
            moves=tuple(SmileMove(*move) for move in lesson.moves),
            calls=lesson.calls.numbers,
            puts=lesson.puts.numbers,
        )
    )


def restored(state: State, venue: str, records: tuple[SmileSampled, ...]) -> None:
    """Samples of earlier runs, oldest first; of no use to a book whose rule is off."""
    for record in records:
        book = state.books.get(record.book)
        if book is None or book.settings.venue != venue or book.settings.delta.smile is SmileRule.OFF:
            continue
        smile = begin(book)
        if record.squares:
            smile.measured.append(Squared(record.market_ms, *record.squares))
        moves = tuple(
            Move(each.expiration_ms, each.vol, each.skew, each.log_forward) for each in record.moves
        )
        lesson = Lesson(record.market_ms, moves, normal_of(record.calls), normal_of(record.puts))
        smile.track.learn(lesson)
