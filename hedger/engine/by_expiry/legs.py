"""The step of a move under way: what its first leg traded, what is left to give back, and when it is over."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

from hedger.domain.order import Purpose
from hedger.domain.vocabulary import Action, Reason, Severity
from hedger.engine.by_expiry import advice, places
from hedger.engine.by_expiry.memory import Leg
from hedger.engine.events import Now
from hedger.engine.gates import Gate
from hedger.engine.hedging import working
from hedger.engine.ownership.ownership import own_size
from hedger.engine.sight import Sight, interval_of
from hedger.engine.state import BookState, State, Step
from hedger.engine.trade import Wish
from hedger.engine.verdict import Outcome
from hedger.execution.plan import Round, smallest_amount
from hedger.policies.inputs import Inputs

ROOM_SHARE = 0.5  # of the way to the interval's edge that a first leg may take
EDGE_SHARE = 0.05  # of the interval's width that a second leg keeps away from its edge
MOST_TRIES = 4  # of a second leg at all; what it leaves is the policy's


def through(sight: Sight, state: State, book: BookState, instrument: str) -> Sight:
    """The same look, with another instrument to trade in."""
    venue = state.venues[book.settings.venue]
    return sight._replace(listed=venue.instruments.get(instrument), quote=venue.quotes.get(instrument))


def wish(
    state: State,
    book: BookState,
    sight: Sight,
    inputs: Inputs,
    memory: Any,
    now: Now,
    change_coin: float,
    rounding: Round,
    detail: str,
) -> Wish:
    """An order of a move that changes delta by so much: a leg by its size, a spread by next to nothing."""
    return Wish(
        state,
        book,
        sight,
        now,
        change_coin=change_coin,
        gap_coin=change_coin,
        room_coin=None,
        target=inputs.delta_coin + change_coin,
        rounding=rounding,
        why=Gate(Action.HEDGE, Reason.BY_EXPIRY, detail),
        memory=memory,
        purpose=Purpose.MOVE,
    )


def too_long(book: BookState, leg: Leg, now: Now) -> bool:
    """Whether what is left is left to the policy."""
    return leg.tries >= MOST_TRIES or now.wire_s - leg.started_wire_s >= book.settings.execution.give_up_s


def give_back_coin(state: State, book: BookState, leg: Leg, sight: Sight) -> float:
    """What is left to give back, signed coin; 0 where that is less than a lot.

    Not what would bring delta to the edge of the policy's interval: there the policy would trade, and for it
    that part is given already.
    """
    open_amount, inputs = _open_amount(state, book, leg), sight.inputs
    interval = interval_of(book, inputs)
    if not open_amount or sight.listed is None or sight.quote is None or inputs is None or interval is None:
        return 0.0
    sign = -1.0 if open_amount > 0 else 1.0
    edge = interval.upper_delta if sign > 0.0 else interval.lower_delta
    width = interval.upper_delta - interval.lower_delta
    way = sign * (edge - inputs.delta_coin) - (EDGE_SHARE * width if math.isfinite(width) else 0.0)
    size = min(sight.listed.amount_to_coin(abs(open_amount), sight.quote.mark), way)
    least = sight.listed.amount_to_coin(smallest_amount(sight.listed), sight.quote.mark)
    return sign * size if size >= least else 0.0


def _open_amount(state: State, book: BookState, leg: Leg) -> Decimal:
    """What the first leg traded and the second has not given back; 0 where it is less than a lot.

    By the sums of the book's own trades, in which nothing told twice counts twice and nobody else's trade
    counts at all; more than the leg can have traded is no leg's doing and left to the policy.
    """
    home = book.settings.hedge_instrument
    future = own_size(state, book, leg.future) - leg.future_size
    both = future + own_size(state, book, home) - leg.home_size
    listed = state.venues[book.settings.venue].instruments.get(home)
    if listed is None or abs(both) > leg.most or abs(both) < smallest_amount(listed):
        return Decimal(0)
    return both


def sent(state: State, book: BookState, outcome: Outcome, step: Step) -> None:
    """A leg was handed on, or an order in the spread of both."""
    assert outcome.approved is not None
    intent, known = outcome.approved.intent, book.by_expiry
    if len(intent.legs) > 1:
        known.steps, known.stepped_ms, known.spread = known.steps + 1, step.now.market_ms, intent.label
        return
    if known.leg is not None:
        known.leg.tries, known.leg.tried_wire_s = known.leg.tries + 1, step.now.wire_s
        return
    home = book.settings.hedge_instrument
    future = intent.instrument if intent.instrument != home else advice.furthest(state, book)[0]
    known.steps, known.stepped_ms = known.steps + 1, step.now.market_ms
    known.leg = Leg(
        first=intent.instrument,
        future=future,
        future_size=own_size(state, book, future),
        home_size=own_size(state, book, home),
        most=intent.amount,
        started_wire_s=step.now.wire_s,
    )


def follow(state: State, book: BookState, outcome: Outcome, step: Step) -> None:
    """End a step that is done, is overtaken by a hedge of the policy, or takes too long."""
    known = book.by_expiry
    known.held_back = outcome.held_back
    leg = known.leg
    if leg is None:
        return
    if outcome.approved is not None and outcome.approved.intent.purpose is not Purpose.MOVE:
        known.leg = None
    elif outcome.approved is None and not working.busy(state, book):
        late = too_long(book, leg, step.now)
        left = give_back_coin(state, book, leg, outcome.sight)
        if late and left:
            told = f"{left:+.4f} coin of a step through {leg.future} are left to the policy"
            step.note(Severity.WARNING, "move_given_up", book=book.name, detail=told)
        if late or (not left and outcome.sight.inputs is not None):
            known.leg = None


def room_coin(book: BookState, inputs: Inputs, towards: float) -> float:
    """Half of the way to the edge of the no-trade interval on the side of a leg; nothing outside it."""
    interval = interval_of(book, inputs)
    if interval is None:
        return 0.0
    edge = interval.upper_delta if towards > 0.0 else interval.lower_delta
    way = (edge - inputs.delta_coin) * (1.0 if towards > 0.0 else -1.0)
    return max(0.0, ROOM_SHARE * way) if way == way else 0.0


def close_next(state: State, book: BookState, sight: Sight) -> Sight:
    """The look through the instrument that a flattening closes next: the perpetual first, then futures."""
    names = places.hedged_in(state, book)
    held = next((name for name in names if places.size(state, book, name)), names[0])
    return sight if held == names[0] else through(sight, state, book, held)
