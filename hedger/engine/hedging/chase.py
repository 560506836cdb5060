"""Looks after the child order that rests: re-pegs it, makes it smaller, or takes it back.

What is wanted now is judged as if the order were not there; it is never replaced before it is proved to have
ended, so no two children can trade.
"""

from __future__ import annotations

from typing import assert_never

import msgspec

from hedger.domain.approval import Approved, Refused
from hedger.domain.order import Order, OrderIntent, OrderState, Purpose
from hedger.domain.vocabulary import Action, Reason, Severity
from hedger.engine import work
from hedger.engine.doors import door, valid_until_ms
from hedger.engine.hedging import amend
from hedger.engine.hedging.hedge import Hedge
from hedger.engine.state import BookState, State, Step
from hedger.engine.verdict import Outcome
from hedger.execution.chase import Keep, Move, Pace, Repeg, Standing, Withdraw, next_move
from hedger.execution.plan import NoPlan, peg

_PATIENT = frozenset({Reason.ORDER_RATE, Reason.AMEND_RATE})  # limits on new messages, not on what stands

_LOOKING = (Action.WAIT, Reason.RECOVERING)  # positions are being compared, as every minute


def child_of(state: State, book: BookState) -> Order | None:
    """The post-only hedge of a book that the venue holds open at terms we know."""
    if book.working.hedge is None or state.orders.quiet:
        return None
    for order in state.orders.live():
        intent = order.intent
        mine = intent.book == book.name and intent.purpose is Purpose.HEDGE and intent.post_only
        if mine and order.state is OrderState.OPEN and order.amendment is None:
            return order
    return None


def tend(state: State, book: BookState, wanted: Outcome, step: Step) -> None:
    """Make the next move. `wanted` is the decision as it would be without the order."""
    order, hedge = child_of(state, book), book.working.hedge
    if order is None or hedge is None:
        return
    move = _move(book, order, hedge, wanted, step)
    match move:
        case Keep():
            pass
        case Withdraw():
            hedge.crossing = hedge.crossing or move.cross
            withdraw(state, order, move.why, step)
        case Repeg():
            if reprice(state, book, order, move, step):
                hedge.tries += order.price != move.price
                hedge.pegged_wire_s = step.now.wire_s
        case _:
            assert_never(move)


def _move(book: BookState, order: Order, hedge: Hedge, wanted: Outcome, step: Step) -> Move:
    verdict, planned, sight = wanted.verdict, wanted.whole, wanted.sight
    if order.intent.instrument != book.settings.hedge_instrument:
        return Withdraw(f"{book.settings.hedge_instrument} is the hedge now")
    if (verdict.action, verdict.reason) == _LOOKING:
        return Keep()
    limited = verdict.reason is Reason.ORDER_RATE  # what is taken back to cross could not be placed again
    if planned is None or not (limited or verdict.action is Action.HEDGE):
        return Withdraw(f"{verdict.action} {verdict.reason}: {verdict.detail}")
    if planned.side is not order.intent.side:
        return Withdraw("the other side is wanted now")
    if not planned.post_only:
        return Keep() if limited else Withdraw(f"{verdict.reason} does not wait for a fill", cross=True)
    if order.price is None or sight.listed is None or sight.quote is None:
        return Keep()  # where it stands has not been told yet
    touch = peg(planned.side, sight.listed, sight.quote)
    if isinstance(touch, NoPlan):
        return Withdraw(touch.detail)
    standing = Standing(planned.side, order.price, order.amount, order.filled_amount)
    pace = Pace(hedge.tries, hedge.started_wire_s, hedge.pegged_wire_s)
    move = next_move(book.settings.execution, standing, planned.amount, touch, pace, step.now.wire_s)
    return Keep() if limited and isinstance(move, Withdraw) and move.cross else move


def withdraw(state: State, order: Order, why: str, step: Step) -> None:
    """Take an open order back; what follows waits for the evidence that it has ended."""
    step.note(Severity.INFO, "order_withdrawn", label=order.intent.label, detail=why)
    work.cancel(state, order, step)


def reprice(state: State, book: BookState, order: Order, move: Repeg, step: Step) -> bool:
    """Ask for new terms through the same door as a new order; True where they were handed on.

    Terms that the door refuses are no reason to leave the order at the old ones: it is taken back, unless
    only the number of messages is limited.
    """
    answer = _admitted(state, book, order, move, step)
    if isinstance(answer, Approved):
        book.working.amends_wire_s.append(step.now.wire_s)
        amend.submit(state, answer, step)
        return True
    if answer.reason not in _PATIENT:
        withdraw(state, order, f"{answer.reason}: {answer.detail}", step)
    return False


def _admitted(state: State, book: BookState, order: Order, move: Repeg, step: Step) -> Approved | Refused:
    intent: OrderIntent = msgspec.structs.replace(
        order.intent,
        price=move.price,
        amount=move.amount,
        valid_until_ms=valid_until_ms(state, book, step.now),
    )
    return door(state, book, intent, step.now, amends=order)
