"""New terms for open orders of ours: written down, sent when durable, and every way back.

The write-ahead record is the order's own row with the terms asked for: after a crash it is UNKNOWN and is
looked up like any order, and whichever terms the venue names are the ones it stands at.
"""

from __future__ import annotations

import msgspec

from hedger.domain.approval import Approved
from hedger.domain.errors import InvariantError
from hedger.domain.order import Amendment, Order, OrderState
from hedger.domain.vocabulary import Severity
from hedger.engine import events as ev
from hedger.engine.effects import Amend
from hedger.engine.records import OrderChanged
from hedger.engine.state import State, Step


def submit(state: State, approved: Approved, step: Step) -> None:
    """Write ahead: the order's row with its new terms; they leave when that is durable."""
    intent = approved.intent
    order = state.orders.get(intent.label)
    if order is None or order.order_id is None or intent.price is None or order.amendment is not None:
        raise InvariantError(f"{intent.label}: cannot be amended, it is {order and order.state}")
    terms = Amendment(price=intent.price, amount=intent.amount, valid_until_ms=intent.valid_until_ms)
    state.orders.amend(intent.label, terms)
    effect = Amend(approved=approved, order_id=order.order_id)
    state.outbox.hold(effect, step.now.wire_s + state.settings.timing.outbox_wait_s)
    step.record(_row(order, step))
    state.outcomes["amended"] += 1


def send(state: State, effect: Amend, step: Step) -> None:
    """Durable: it goes, if the order still stands as it did and has not filled into the new total."""
    order = state.orders.get(effect.approved.intent.label)
    if order is None:
        return
    terms, fits = order.amendment, order.filled_amount < effect.approved.intent.amount
    if order.state is not OrderState.OPEN or terms is None or not fits:
        drop(state, effect, f"the order is {order.state} with {order.filled_amount} filled", step)
        return
    state.orders.amend_sent(order.intent.label, step.now.wire_s)
    step.ask(effect)


def drop(state: State, effect: Amend, why: str, step: Step) -> None:
    """New terms that never left this process: the old ones stand."""
    label = effect.approved.intent.label
    state.orders.amend_refused(label)
    step.note(Severity.INFO, "amendment_dropped", label=label, detail=why)


def refused(state: State, event: ev.AmendRefused, step: Step) -> None:
    """A definite refusal: the old terms stand."""
    order = state.orders.get(event.label)
    if order is None:
        return
    state.orders.amend_refused(event.label)
    state.orders.touched(event.label, step.now.wire_s)
    step.record(_row(order, step))
    step.note(
        Severity.WARNING, "amendment_refused", label=event.label, detail=f"{event.code} {event.message}"
    )


def _row(order: Order, step: Step) -> OrderChanged:
    return OrderChanged(market_ms=step.now.market_ms, order=msgspec.structs.replace(order))
