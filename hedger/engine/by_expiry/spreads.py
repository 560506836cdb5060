"""A step of a move as one order in the spread of its two futures, where the venue lists one.

Both legs trade at once or not at all, so nothing has to be given back and delta stays where it is but for the
basis. A roll goes from the future that is left straight into the one that is to be held. Where there is no
spread, or its book is old, empty or dearer than both legs' books, the step is made in two legs; an order in a
spread that traded nothing is not tried again for RETRY_PACES steps.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

from hedger.domain.approval import Approved, Refused
from hedger.domain.names import legs_of
from hedger.domain.order import TERMINAL, OrderState, Side
from hedger.domain.time_units import HOUR_MS
from hedger.domain.vocabulary import Action, Mode, Reason
from hedger.engine.by_expiry import advice, legs, places
from hedger.engine.doors import door
from hedger.engine.events import Now
from hedger.engine.sight import Sight
from hedger.engine.state import BookState, State
from hedger.engine.trade import Wish, first_door, intent_of
from hedger.engine.verdict import Outcome, Verdict
from hedger.execution.plan import NoPlan, Planned, Round
from hedger.execution.spread import Book, change_coin, plan_spread
from hedger.policies.inputs import Inputs

RETRY_PACES = 10.0  # of `pace_s`, after an order in a spread that traded nothing
LEAST_LEFT_MS = HOUR_MS  # market time to its first expiry: in the last half hour its deltas decay


_REFUSED = (OrderState.CANCELLED, OrderState.REJECTED)  # its book, or the venue, would not have it


class Way(NamedTuple):
    """A spread that can be traded, and how."""

    spread: Book
    bought: Book  # its legs, as who buys it trades them
    sold: Book
    side: Side
    other: str  # the future on the other side of the move
    most: float  # unsigned, in the venue's unit: the shorter of the two ways


def way(state: State, book: BookState, future: str, gap_coin: float, now: Now) -> Way | str:
    """The spread for a move of `gap_coin` into `future`, or why there is none.

    Out of another future that is to be left, the longest way first, else out of the hedge instrument.
    """
    if state.settings.mode is Mode.PAPER:
        return "paper mode trades no spreads"
    if now.market_ms < book.by_expiry.two_legs_until_ms:
        return book.by_expiry.two_legs_why
    found: Way | str = ""
    for other, most_coin in _others(state, book, future, gap_coin):
        found = _between(state, book, future, gap_coin, other, most_coin, now)
        if isinstance(found, Way):
            return found
    return found


def _others(state: State, book: BookState, future: str, gap_coin: float) -> Iterator[tuple[str, float]]:
    """Where the move may come from, and how much of it, unsigned coin."""
    back = [(name, abs(gap)) for name, gap in advice.gaps(state, book) if gap * gap_coin < 0.0]
    yield from sorted(back, key=lambda other: -other[1])
    yield book.settings.hedge_instrument, math.inf


def _between(
    state: State, book: BookState, future: str, gap_coin: float, other: str, most_coin: float, now: Now
) -> Way | str:
    venue = state.venues[book.settings.venue]
    name = places.spread_name(future, other)
    if name not in venue.instruments:
        return f"{name or f'a spread of {future} and {other}'} is not listed"
    books = []
    for each in (name, *(leg for leg, _ in legs_of(name))):
        listed, quote = venue.instruments.get(each), venue.quotes.get(each)
        why = "is not listed" if listed is None else places.gap(state, book, listed, quote, now)
        if why or listed is None or quote is None:
            return f"{each}: {why}"
        books.append(Book(listed, quote))
    spread, bought, sold = books
    if not spread.listed.is_spread or not places.like(bought.listed, sold.listed):
        return f"{name} is no spread of two futures alike"
    left_ms = math.inf if spread.listed.expiration_ms is None else spread.listed.expiration_ms - now.market_ms
    if left_ms <= LEAST_LEFT_MS:
        return f"{name}: a leg expires within an hour"
    here = bought if bought.listed.name == future else sold
    sign = 1.0 if here is bought else -1.0
    most_coin = min(abs(gap_coin), most_coin)
    most = here.listed.coin_to_amount(most_coin, here.quote.mark)
    return Way(spread, bought, sold, Side.of(sign * gap_coin), other, most)


def order(
    state: State,
    book: BookState,
    sight: Sight,
    inputs: Inputs,
    memory: Any,
    now: Now,
    future: str,
    gap_coin: float,
) -> Outcome | str:
    """A clip of the move in one order, reviewed in both legs and admitted, or why it takes two."""
    found = way(state, book, future, gap_coin, now)
    if isinstance(found, str):
        return found
    name = found.spread.listed.name
    usd = found.bought.listed.amount_to_usd(1, found.bought.quote.mark)
    most = min(found.most, book.settings.by_expiry.clip_usd / usd)
    detail = f"{gap_coin:+.4f} coin to move into {future} from {found.other}, one clip of it in one order"
    wish = legs.wish(state, book, sight, inputs, memory, now, 0.0, Round.DOWN_AT_LEAST_ONE, detail)
    for leg, sign in ((found.bought, 1.0), (found.sold, -1.0)):
        fits = _fits(wish, leg, sign * found.side.sign * most)
        if isinstance(fits, Refused):
            return f"{name}: {fits.detail}"
        most = fits
    planned = plan_spread(found.side, most, found.spread, found.bought, found.sold, book.settings.execution)
    if isinstance(planned, NoPlan):
        return f"{name}: {planned.detail}"
    moved = change_coin(planned, found.bought, found.sold)
    if abs(moved) > legs.room_coin(book, inputs, moved):
        return f"{name}: the basis would move delta by {moved:+.4f} coin, the policy leaves no room for that"
    return _admitted(
        wish._replace(change_coin=moved, target=inputs.delta_coin + moved), found.spread, planned
    )


def _fits(wish: Wish, leg: Book, amount: float) -> float | Refused:
    """The first door for one leg: how much of a signed amount it lets pass, unsigned.

    The other leg takes as much off the whole hedge as this one adds: the sum of all is not asked about.
    """
    index = wish.state.venues[leg.listed.venue].indices.get(leg.listed.price_index)
    if index is None:
        return Refused(Reason.MISSING_QUOTE, f"{leg.listed.price_index} is not quoted")
    there = legs.through(wish.sight, wish.state, wish.book, leg.listed.name)
    change = leg.listed.amount_to_coin(amount, leg.quote.mark)
    answer = first_door(wish._replace(sight=there, change_coin=change), leg.listed, leg.quote, index, 0.0)
    if isinstance(answer, Refused):
        return answer
    return abs(amount) * (1.0 if answer.shrunk_by is None else abs(answer.change_coin / change))


def _admitted(wish: Wish, spread: Book, planned: Planned) -> Outcome | str:
    """The second door."""
    intent = intent_of(wish, planned, spread.quote)
    answer = door(wish.state, wish.book, intent, wish.now)
    if not isinstance(answer, Approved):
        return f"{spread.listed.name}: {answer.detail}"
    verdict = Verdict(Action.HEDGE, Reason.BY_EXPIRY, wish.why.detail, wish.target, planned, intent.label)
    there = legs.through(wish.sight, wish.state, wish.book, spread.listed.name)
    return Outcome(verdict, there, wish.memory, answer, whole=planned, rounding=wish.rounding)


def told(state: State, book: BookState, now: Now) -> str:
    """The spread the next step would go through, or why it takes two legs; empty: there is none to make."""
    future, gap_coin = advice.furthest(state, book)
    if not future:
        return ""
    found = way(state, book, future, gap_coin, now)
    return f"in two legs: {found}" if isinstance(found, str) else found.spread.listed.name


def follow(state: State, book: BookState, now: Now) -> None:
    """An order in a spread that ended with nothing sends the next steps through two legs."""
    known = book.by_expiry
    placed = state.orders.get(known.spread)
    if placed is not None and placed.state not in TERMINAL:
        return
    known.spread = ""
    if placed is None or placed.filled_amount or placed.state not in _REFUSED:
        return
    known.two_legs_until_ms = now.market_ms + RETRY_PACES * book.settings.by_expiry.pace_s * 1000.0
    words = f"{placed.intent.label} is {placed.state} with nothing filled"
    known.two_legs_why = f"{placed.intent.instrument}: {words}{f': {placed.detail}' if placed.detail else ''}"
