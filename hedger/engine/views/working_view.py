"""A book's execution as status shows it."""

from __future__ import annotations

from decimal import Decimal

from hedger.domain.instrument import plain
from hedger.domain.order import Order
from hedger.engine.events import Now
from hedger.engine.hedging import naked, resting
from hedger.engine.hedging.hedge import Hedge
from hedger.engine.sight import Sight
from hedger.engine.state import BookState, State
from hedger.engine.views.execution_view import EdgeView, HedgeView, WorkingView


def working_view(state: State, book: BookState, sight: Sight, now: Now) -> WorkingView:
    """The execution of one book now."""
    working = book.working
    deltas = naked.deltas_coin(state, book, sight)
    return WorkingView(
        hedge=None if working.hedge is None else _hedge(state, working.hedge, now),
        last=working.last,
        hedges_done=working.done,
        shortfall_usd=working.shortfall_usd,
        fees_usd=working.fees_usd,
        awaits_confirmation="" if working.awaited is None else working.awaited.detail,
        resting=tuple(_edge(order) for order in resting.live(state, book)),
        resting_note=working.resting_note,
        naked_delta_coin=None if deltas is None else deltas[1],
    )


def _hedge(state: State, hedge: Hedge, now: Now) -> HedgeView:
    orders = [order for label in hedge.children if (order := state.orders.get(label)) is not None]
    return HedgeView(
        instrument=hedge.instrument,
        side=hedge.side.value,
        reason=hedge.reason,
        detail=hedge.detail,
        target_coin=hedge.target_coin,
        decided=str(plain(hedge.decided)),
        filled=str(plain(sum((order.filled_amount for order in orders), Decimal(0)))),
        tries=hedge.tries,
        crossing=hedge.crossing,
        started_ms=hedge.started_ms,
        age_s=now.wire_s - hedge.started_wire_s,
        reference_price=hedge.reference_price,
        children=tuple(hedge.children),
    )


def _edge(order: Order) -> EdgeView:
    intent = order.intent
    price = intent.price if order.price is None else order.price
    return EdgeView(
        label=intent.label,
        side=intent.side.value,
        price="" if price is None else str(price),
        amount=str(plain(order.amount)),
        filled=str(plain(order.filled_amount)),
        state=order.state.value,
    )
