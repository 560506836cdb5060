"""Moves the standing part of a hedge between perpetual and dated futures, a clip at a time.

Where the venue lists the spread of the two futures a clip is one order in it (`spreads`), else two legs. The
first leg is the one that brings delta inwards in the policy's no-trade interval, or has the longer way to
its edge; the second gives back what the first really traded: in the other instrument, and in the perpetual
where the future does not fill. Both are immediate orders, judged by every gate and by `risk.admit`.

Nothing of a step has to be remembered for the book to be safe. The first leg takes no more than half of the
way to the interval's edge, so a book with half a step done is one its policy lets be; whatever ends a step
there (a restart, a pause, a refusal) leaves delta to the policy, which sees all of it. The policy comes
first: it is asked before every leg, a step waits while it wants anything, and a hedge of its own ends the
step.
"""

from __future__ import annotations

import math
from typing import Any

from hedger.domain.vocabulary import BreakerState, Mode
from hedger.engine import gates
from hedger.engine.by_expiry import advice, legs, places, spreads
from hedger.engine.by_expiry.memory import Leg
from hedger.engine.delta import settlement
from hedger.engine.events import Now
from hedger.engine.hedging import resting, working
from hedger.engine.sight import Sight, interval_of
from hedger.engine.state import BookState, State
from hedger.engine.trade import Wish, trade
from hedger.engine.verdict import Outcome
from hedger.execution.by_expiry_params import Use
from hedger.execution.plan import Round, smallest_amount
from hedger.policies.inputs import Inputs

CAP_SHARE = 0.5  # of the part of a cap that changes nothing yet that moves may fill
FUTURE_TRIES = 2  # of a second leg in the future before the perpetual gives back
RETRY_S = 2.0  # wire time between two tries of a second leg
OLD_S = 3.0 * advice.LOOK_S  # wire time after which a look is no reason to trade


def next_leg(
    state: State, book: BookState, sight: Sight, inputs: Inputs, memory: Any, now: Now
) -> Outcome | str:
    """The order of the next leg, judged and admitted, or why there is none; empty: there is nothing to move.

    To be asked where the policy lets the book be; `memory` is the policy's, adopted with the order.
    """
    if book.settings.by_expiry.use is not Use.MOVE:
        return ""
    gate = _gate(state, book, sight, inputs, now)
    if gate:
        return gate
    leg = book.by_expiry.leg
    made = (
        _first(state, book, sight, inputs, memory, now)
        if leg is None
        else _second(state, book, leg, sight, inputs, memory, now)
    )
    if isinstance(made, str | Outcome):
        return made
    outcome = trade(made)
    return outcome if outcome.approved is not None else outcome.verdict.detail


def _gate(state: State, book: BookState, sight: Sight, inputs: Inputs, now: Now) -> str:
    """What a move waits for that a hedge may not wait for."""
    if state.settings.mode is Mode.OBSERVE:
        return "observe mode: nothing is sent"
    if gates.breaker_of(state, book) is not BreakerState.RUNNING:
        return f"breaker is {gates.breaker_of(state, book)}"
    if sight.figures.parted:
        return "the sources of delta part"
    if inputs.blackout:
        return "no hedge in a blackout"
    if settlement.near(book, now):
        return "the settlement window is open"
    if book.working.hedge is not None or working.busy(state, book):
        return "a hedge is being worked"
    if not _inside(book, inputs):
        return "delta is outside the policy's interval: a hedge comes first"
    if resting.live(state, book):
        return "orders rest at the edges of the band"
    if book.settings.execution.confirm_above_coin and not book.working.confirmed:
        return "the first hedge has not passed yet"
    return ""


def _first(
    state: State, book: BookState, sight: Sight, inputs: Inputs, memory: Any, now: Now
) -> Outcome | Wish | str:
    """A clip towards the allocation, in the future that is furthest from its target: the order in its spread,
    else the wish of a first leg."""
    known, params = book.by_expiry, book.settings.by_expiry
    if known.allocation is None or now.wire_s - known.looked_wire_s > OLD_S:
        return known.waits or "the division of the hedge is being looked at"
    if now.market_ms - known.stepped_ms < params.pace_s * 1000.0:
        return ""
    name, gap_coin = advice.furthest(state, book)
    there = legs.through(sight, state, book, name)
    if not name or there.listed is None or there.quote is None:
        return ""
    why = places.gap(state, book, there.listed, there.quote, now)
    if why:
        return f"{name}: {why}"
    crowded = _crowded(book, now)
    if crowded:
        return f"{crowded} is kept for hedges"
    whole = spreads.order(state, book, sight, inputs, memory, now, name, gap_coin)
    if isinstance(whole, Outcome):
        return whole
    most_coin = min(abs(gap_coin), params.clip_usd / there.quote.mark)
    ahead, back = (legs.room_coin(book, inputs, sign * gap_coin) for sign in (1.0, -1.0))
    future_first = ahead >= min(back, most_coin)
    size = min(most_coin, ahead if future_first else back)
    if size < there.listed.amount_to_coin(smallest_amount(there.listed), there.quote.mark):
        return "the policy leaves no room for a leg"
    change = math.copysign(size, gap_coin if future_first else -gap_coin)
    detail = f"{gap_coin:+.4f} coin to move into {name}, one clip of it in two legs: {whole}"
    where = there if future_first else sight
    return legs.wish(state, book, where, inputs, memory, now, change, Round.DOWN_AT_LEAST_ONE, detail)


def _second(
    state: State, book: BookState, leg: Leg, sight: Sight, inputs: Inputs, memory: Any, now: Now
) -> Wish | str:
    """What the first leg traded, given back."""
    there = _back_through(state, book, leg, sight, now)
    change = legs.give_back_coin(state, book, leg, there)
    if not change:
        return ""
    if legs.too_long(book, leg, now) or now.wire_s - leg.tried_wire_s < RETRY_S:
        return "the second leg was tried a moment ago"
    detail = f"{change:+.4f} coin to give back for {leg.first}"
    return legs.wish(state, book, there, inputs, memory, now, change, Round.NEAREST, detail)


def _back_through(state: State, book: BookState, leg: Leg, sight: Sight, now: Now) -> Sight:
    """The perpetual, or the future that the first leg made room for while it fills."""
    there = legs.through(sight, state, book, leg.future)
    if leg.first == leg.future or leg.tries >= FUTURE_TRIES or there.listed is None:
        return sight
    return sight if places.gap(state, book, there.listed, there.quote, now) else there


def _inside(book: BookState, inputs: Inputs) -> bool:
    interval = interval_of(book, inputs)
    return interval is not None and interval.lower_delta <= inputs.delta_coin <= interval.upper_delta


def _crowded(book: BookState, now: Now) -> str:
    """The cap of which half the part that changes nothing would be gone with a step; empty: none.

    Caps are there for hedges: from `soft_fraction` of one on the band is doubled.
    """
    envelope, counters = book.settings.envelope, book.counters
    step_usd = 2.0 * book.settings.by_expiry.clip_usd
    caps = (
        ("max_turnover_hour_usd", counters.turnover_hour_usd(now) + step_usd, envelope.max_turnover_hour_usd),
        ("max_turnover_day_usd", counters.turnover_day_usd(now) + step_usd, envelope.max_turnover_day_usd),
        (
            "max_orders_per_minute",
            counters.orders_minute(now) + 1.0 + legs.MOST_TRIES,
            envelope.max_orders_per_minute,
        ),
    )
    share = CAP_SHARE * envelope.soft_fraction
    return next((name for name, used, cap in caps if used > share * cap), "")
