"""From a target to an admitted order: review, plan, admit. Changes nothing."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, NamedTuple, assert_never

from hedger.domain.approval import Approved, Refused
from hedger.domain.instrument import Instrument
from hedger.domain.order import OrderIntent, Purpose, Side
from hedger.domain.quote import IndexPrice, Quote
from hedger.domain.vocabulary import Action, Reason
from hedger.engine import gates
from hedger.engine.by_expiry import places
from hedger.engine.doors import door, valid_until_ms
from hedger.engine.events import Now
from hedger.engine.gates import Gate
from hedger.engine.guard import margins
from hedger.engine.hedging import confirmation
from hedger.engine.sight import Sight
from hedger.engine.state import BookState, State
from hedger.engine.verdict import Outcome, Verdict
from hedger.execution.labels import make_label
from hedger.execution.params import ExecutionParams, Style
from hedger.execution.plan import NoPlan, Planned, Round, clip, dearest_usd, plan
from hedger.policies.inputs import Inputs, Interval
from hedger.risk.review import Reviewed, review

URGENT = frozenset(
    {
        Reason.HARD_LIMIT,
        Reason.DELTA_CAP,
        Reason.FLATTEN,
        Reason.NEUTRALISE,
        Reason.LAST_RESORT,
        Reason.SETTLEMENT_SLICE,
        Reason.SETTLEMENT_CLOSE,
    }
)
"""What rests for no better price and waits for no blackout to end."""


class Wish(NamedTuple):
    """A change of the hedge position that is asked for, and everything it is judged by."""

    state: State
    book: BookState
    sight: Sight
    now: Now
    change_coin: float  # wanted, signed
    gap_coin: float  # the whole way to the target, signed
    room_coin: float | None  # the way to the far edge, which rounding must not overstep
    target: float | None  # the delta aimed at, as the decision tells it
    rounding: Round
    why: Gate
    memory: Any  # the policy's, adopted when the order is handed on
    purpose: Purpose = Purpose.HEDGE

    def stood(self, no_plan: NoPlan) -> Outcome:
        """No lot ends nearer: a hold. No liquidity or bad input: blocked."""
        action = Action.HOLD if no_plan.reason is Reason.MIN_LOT else Action.BLOCKED
        return Outcome(Verdict(action, no_plan.reason, no_plan.detail, self.target), self.sight)

    def blocked(self, refused: Refused, planned: Planned | None = None) -> Outcome:
        """A limit of the envelope, by name."""
        verdict = Verdict(Action.BLOCKED, refused.reason, refused.detail, self.target, planned)
        return Outcome(verdict, self.sight)


def hedge_position_coin(book: BookState, sight: Sight) -> float:
    """The position in the instrument that is looked through."""
    if sight.listed is None or sight.quote is None:
        return 0.0
    return sight.listed.amount_to_coin(book.book.size(sight.listed.name), sight.quote.mark)


def closable_coin(state: State, book: BookState, sight: Sight) -> float:
    """What an operator's `flatten` closes through this look: the book's own hedge, or all of a future it
    adopts whole.

    What a person traded, or nobody has claimed, is not the daemon's to close.
    """
    if sight.listed is None or sight.quote is None:
        return 0.0
    return sight.listed.amount_to_coin(places.size(state, book, sight.listed.name), sight.quote.mark)


def trade(wish: Wish) -> Outcome:
    """Review the change, plan the order, have it admitted."""
    state, book = wish.state, wish.book
    quote, listed, index = wish.sight.quote, wish.sight.listed, wish.sight.index_price
    if quote is None or listed is None or index is None:
        return wish.blocked(Refused(Reason.MISSING_QUOTE, "the hedge instrument or its index is not quoted"))
    reviewed = first_door(wish, listed, quote, index, places.others_coin(state, book, listed.name))
    if isinstance(reviewed, Refused):
        return wish.blocked(reviewed)
    whole, change = reviewed.shrunk_by is None, reviewed.change_coin
    leads_there = wish.gap_coin * change > 0 and abs(wish.gap_coin) >= abs(change)
    params = _params(wish)
    planned = plan(
        change,
        listed,
        quote,
        params,
        wish.rounding if whole else Round.DOWN_AT_LEAST_ONE,  # a cap is not rounded past
        gap_coin=wish.gap_coin if leads_there else None,
        room_coin=wish.room_coin,
    )
    if isinstance(planned, NoPlan):
        return wish.stood(planned)
    if planned.post_only and wish.now.wire_s < book.working.peg_wire_s:
        return wish.blocked(Refused(Reason.NO_LIQUIDITY, book.working.peg_detail), planned)
    shrunk = "" if whole else f"; shrunk: {reviewed.detail}"
    child = clip(planned, listed, quote, params)
    if _taken_already(wish, quote):
        detail = f"{planned.amount} to go: waiting for a ticker newer than the last clip"
        return Outcome(Verdict(Action.WAIT, Reason.NEXT_CLIP, detail, wish.target), wish.sight)
    part = "" if child is planned else f"; {child.amount} of {planned.amount} now, no more is shown"
    outcome = _admitted(wish, child, quote, wish.why.detail + shrunk + part)
    return confirmation.asked(
        wish.book, outcome._replace(whole=planned, rounding=wish.rounding), wish.change_coin
    )


def first_door(
    wish: Wish, listed: Instrument, quote: Quote, index: IndexPrice, others_coin: float
) -> Reviewed | Refused:
    """How much of the change may be asked for; `others_coin` is the hedge in other instruments."""
    state, book = wish.state, wish.book
    return review(
        wish.change_coin,
        hedge_position_coin=hedge_position_coin(book, wish.sight),
        in_flight_coin=wish.sight.in_flight_coin + _beside_coin(wish, listed, quote),
        index_usd=index.price_usd,
        hedge_price_usd=dearest_usd(listed, quote, book.settings.execution),
        envelope=book.settings.envelope,
        breaker=gates.breaker_of(state, book),
        counters=book.counters,
        now=wish.now,
        account=book.guard.margin,
        floor=book.settings.margin,
        listed=listed,
        beside_coin=margins.beside_coin(state, book, listed, quote.mark),
        others_coin=others_coin,
    )


def _taken_already(wish: Wish, quote: Quote) -> bool:
    """Whether the amount shown is what the last clip of this hedge has taken: the ticker is older than it."""
    hedge = wish.book.working.hedge
    if hedge is None or not hedge.clipped:
        return False
    filled_ms = wish.state.venues[quote.venue].filled_ms.get(quote.instrument, -1)
    return quote.market_ms < filled_ms


def _beside_coin(wish: Wish, listed: Instrument, quote: Quote) -> float:
    """What an operator's orders and those at the band's edges add to the hedge if all on its side fill."""
    if wish.state.orders.quiet or not wish.change_coin:
        return 0.0
    side = Side.of(wish.change_coin)
    amount = wish.state.orders.worst_case(listed.venue, listed.name, side, hedges=False)
    return listed.amount_to_coin(amount, quote.mark)


def _params(wish: Wish) -> ExecutionParams:
    """The book's own; what is urgent does not rest, nor does a chase that gave up resting, nor a move."""
    params, hedge = wish.book.settings.execution, wish.book.working.hedge
    if wish.purpose is Purpose.MOVE:
        return replace(params, style=Style.LIMIT_IOC)
    crossing = hedge is not None and hedge.crossing
    if params.style is Style.CHASE and (crossing or wish.why.reason in URGENT):
        return replace(params, style=Style.LIMIT_IOC)
    return params


def room_coin(change_coin: float, inputs: Inputs, interval: Interval | None) -> float | None:
    """The way to the far edge of the no-trade interval."""
    if interval is None:
        return None
    far = interval.lower_delta if change_coin < 0 else interval.upper_delta
    return abs(far - inputs.delta_coin) if math.isfinite(far) else None


def _admitted(wish: Wish, planned: Planned, quote: Quote, detail: str) -> Outcome:
    """The second door. An order that only observe mode refuses is one that would have been sent."""
    state, book = wish.state, wish.book
    intent = intent_of(wish, planned, quote)
    answer = door(state, book, intent, wish.now)
    match answer:
        case Approved():
            verdict = Verdict(Action.HEDGE, wish.why.reason, detail, wish.target, planned, intent.label)
            return Outcome(verdict, wish.sight, wish.memory, answer)
        case Refused(reason=Reason.OBSERVE_MODE):
            verdict = Verdict(Action.WOULD_HEDGE, wish.why.reason, detail, wish.target, planned)
            return Outcome(verdict, wish.sight)
        case Refused():
            return wish.blocked(answer, planned)
        case _:
            assert_never(answer)


def intent_of(wish: Wish, planned: Planned, quote: Quote) -> OrderIntent:
    """The order as it is to be written down and sent, in the instrument of the quote."""
    state, book, now = wish.state, wish.book, wish.now
    venue = state.venues[book.settings.venue]
    return OrderIntent(
        label=make_label(book.name, venue.epoch, state.label_sequence + 1),
        book=book.name,
        venue=book.settings.venue,
        instrument=quote.instrument,
        side=planned.side,
        amount=planned.amount,
        order_type=planned.order_type,
        time_in_force=planned.time_in_force,
        valid_until_ms=valid_until_ms(state, book, now),
        created_ms=now.market_ms,
        price=planned.price,
        post_only=planned.post_only,
        reference_price=quote.mark,
        purpose=wish.purpose,
    )
