"""What flattening leaves: the delta of everything but our own hedge, with nothing against it."""

from __future__ import annotations

from hedger.domain.vocabulary import BreakerState
from hedger.engine.by_expiry import places
from hedger.engine.events import CommandGiven, Now
from hedger.engine.sight import Sight, look
from hedger.engine.state import BookState, State
from hedger.engine.trade import closable_coin
from hedger.risk import breaker

ACCEPT = "--accept-naked-delta"


def deltas_coin(state: State, book: BookState, sight: Sight) -> tuple[float, float] | None:
    """Distance of delta from its target now and after the book's own hedge has gone; None while not known."""
    if sight.inputs is None:
        return None
    now_coin = sight.inputs.delta_coin - sight.inputs.target_delta_coin
    closed_coin = closable_coin(state, book, sight) + places.others_coin(
        state, book, book.settings.hedge_instrument
    )
    return now_coin, now_coin - closed_coin


def refusal(state: State, book: BookState | None, event: CommandGiven, now: Now) -> str:
    """Why a command that would leave more delta than there is is refused; empty where it may be obeyed.

    A delta that is not known counts as larger.
    """
    asked = breaker.COMMANDS.get(event.command)
    if asked is not BreakerState.FLATTENING or event.accept_naked_delta:
        return ""
    books = (book,) if book is not None else tuple(state.books.values())
    told = [_told(one, deltas_coin(state, one, look(state, one, now))) for one in books]
    return "; ".join(why for why in told if why)


def _told(book: BookState, deltas: tuple[float, float] | None) -> str:
    coin = book.settings.underlying
    if deltas is None:
        return f"{book.name}: delta is not known, flattening needs {ACCEPT}"
    before, after = deltas
    if abs(after) <= abs(before):
        return ""
    return (
        f"{book.name}: flattening leaves {after:+.4f} {coin} of naked delta where there is {before:+.4f}; "
        f"say so with {ACCEPT}"
    )
