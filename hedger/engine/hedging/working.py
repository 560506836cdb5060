"""The hedge being worked: one child order after the other until the target the policy named is reached.

It ends when it is reached, when the policy wants something else, when it takes too long, or when somebody
stops it; what it cost against the mark at its decision is written down then.
"""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal

from hedger.domain.instrument import plain
from hedger.domain.order import HEDGES, Order, OrderState
from hedger.domain.vocabulary import Action, BreakerState, Reason, Severity
from hedger.engine import gates
from hedger.engine.events import Now
from hedger.engine.hedging.hedge import Hedge
from hedger.engine.records import HedgeDone, HedgeEnd
from hedger.engine.sight import interval_of
from hedger.engine.state import BookState, State, Step
from hedger.engine.verdict import Outcome
from hedger.execution.costs import NOTHING, Shortfall, shortfall
from hedger.execution.plan import Round
from hedger.policies.inputs import Inputs

_NOISE = 1e-9  # of a lot
_SHUT = (BreakerState.PAUSED, BreakerState.HALTED)
_KEEPS = frozenset({Reason.IN_FLIGHT, Reason.RECOVERING, Reason.RESTING_CANCEL, Reason.NEXT_CLIP})


def unfinished(state: State, book: BookState) -> Hedge | None:
    """The hedge under way, where its last child was cut or has not traded whole.

    Once the whole of it has traded it is over: that delta has moved on since is for a new decision to judge.
    """
    hedge = book.working.hedge
    if hedge is None or hedge.target_coin is None or hedge.config_hash != state.settings.config_hash:
        return None
    return None if _all_traded(state, hedge) else hedge


def _all_traded(state: State, hedge: Hedge) -> bool:
    last = state.orders.get(hedge.children[-1])
    return not hedge.cut and last is not None and last.filled_amount == last.amount


def continued(state: State, book: BookState, inputs: Inputs) -> Hedge | None:
    """The unfinished hedge, where the policy asks for nothing and it is short of its target by a lot or more.

    A hedge to the centre that is worked in clips would otherwise stop at the edge of the band.
    """
    hedge = unfinished(state, book)
    if hedge is None or hedge.target_coin is None:
        return None
    ahead = (hedge.target_coin - inputs.delta_coin) * hedge.side.sign
    lot = 0.0 if hedge.rounding is Round.INWARD else inputs.lot_coin * (1.0 - _NOISE)
    if not (math.isfinite(ahead) and ahead > 0.0 and ahead >= lot):
        return None
    return hedge if _still_wanted(book, hedge.target_coin, inputs) else None


def _still_wanted(book: BookState, target_coin: float, inputs: Inputs) -> bool:
    """Whether the policy would leave delta alone there; bounds it does not know exclude nothing."""
    interval = interval_of(book, inputs)
    if interval is None:
        return False
    lot = inputs.lot_coin
    return not (target_coin < interval.lower_delta - lot or target_coin > interval.upper_delta + lot)


def child(state: State, book: BookState, outcome: Outcome, step: Step) -> None:
    """An order was handed on: it belongs to the hedge under way, or begins one."""
    assert outcome.approved is not None
    assert outcome.whole is not None
    intent, verdict = outcome.approved.intent, outcome.verdict
    hedge = book.working.hedge
    flat = verdict.reason is Reason.FLATTEN
    if hedge is not None and (hedge.instrument, hedge.side, hedge.target_coin is None) != (
        intent.instrument,
        intent.side,
        flat,
    ):
        finish(state, book, HedgeEnd.CHANGED, step)
        hedge = None
    if hedge is None:
        hedge = book.working.hedge = _begun(state, outcome, step.now)
    hedge.target_coin = None if flat else verdict.target
    hedge.children.append(intent.label)
    hedge.clipped = intent.amount < outcome.whole.amount
    hedge.cut = _cut(outcome)
    book.working.confirmed, book.working.allowed = True, None
    if intent.post_only:
        hedge.tries, hedge.pegged_wire_s = hedge.tries + 1, step.now.wire_s


def _cut(outcome: Outcome) -> bool:
    """Whether clip or limit leave a lot or more of the way to the target for a later child."""
    verdict, inputs = outcome.verdict, outcome.sight.inputs
    if verdict.target is None or verdict.planned is None or inputs is None:
        return False
    left_coin = abs(verdict.target - inputs.delta_coin) - verdict.planned.coin
    return left_coin >= inputs.lot_coin * (1.0 - _NOISE)


def _begun(state: State, outcome: Outcome, now: Now) -> Hedge:
    assert outcome.approved is not None
    assert outcome.whole is not None
    assert outcome.rounding is not None
    intent, verdict = outcome.approved.intent, outcome.verdict
    return Hedge(
        instrument=intent.instrument,
        side=intent.side,
        target_coin=verdict.target,
        reason=verdict.reason,
        detail=verdict.detail.partition(";")[0],
        rounding=outcome.rounding,
        decided=outcome.whole.amount,
        reference_price=intent.reference_price,
        config_hash=state.settings.config_hash,
        started_ms=now.market_ms,
        started_wire_s=now.wire_s,
    )


def busy(state: State, book: BookState) -> bool:
    """Whether a child of the hedge may still trade, or has and its trades have not all arrived."""
    if state.orders.quiet:
        return False
    orders = (*state.orders.live(), *state.orders.settling())
    return any(o.intent.book == book.name and o.intent.purpose in HEDGES for o in orders)


def follow(state: State, book: BookState, outcome: Outcome, step: Step) -> None:
    """End the hedge under way where the decision says so and nothing of it can trade any more."""
    hedge = book.working.hedge
    if hedge is None or outcome.approved is not None or busy(state, book):
        return
    verdict = outcome.verdict
    if state.stopping or gates.breaker_of(state, book) in _SHUT:
        finish(state, book, HedgeEnd.STOPPED, step)
    elif verdict.action in (Action.HOLD, Action.WAIT) and verdict.reason not in _KEEPS:
        finish(state, book, _end(state, hedge, outcome), step)
    elif step.now.wire_s - hedge.started_wire_s >= book.settings.execution.give_up_s:
        finish(state, book, HedgeEnd.GIVEN_UP, step)
        book.settling = replace(book.settling, sliced=-1)  # a slice, too, is decided afresh


def _end(state: State, hedge: Hedge, outcome: Outcome) -> HedgeEnd:
    inputs = outcome.sight.inputs
    if hedge.target_coin is None or inputs is None or _all_traded(state, hedge):
        return HedgeEnd.REACHED
    short = (hedge.target_coin - inputs.delta_coin) * hedge.side.sign
    return HedgeEnd.REACHED if short <= inputs.lot_coin else HedgeEnd.CHANGED


def finish(state: State, book: BookState, end: HedgeEnd, step: Step) -> None:
    """The hedge is over: what it cost is written down, said, and summed."""
    working, hedge = book.working, book.working.hedge
    if hedge is None:
        return
    working.hedge = None
    cost = _cost(state, book, hedge)
    working.last = done = _record(book, hedge, end, cost, step.now)
    working.done += 1
    working.shortfall_usd += cost.usd
    working.fees_usd += cost.fees_usd
    step.record(done)
    step.note(
        Severity.WARNING if end is HedgeEnd.GIVEN_UP else Severity.INFO,
        "hedge_done",
        book=book.name,
        end=end,
        filled=done.filled,
        decided=done.decided,
        children=len(done.children),
        average_price=done.average_price,
        reference_price=done.reference_price,
        shortfall_usd=done.shortfall_usd,
        shortfall_bps=done.shortfall_bps,
    )


def _cost(state: State, book: BookState, hedge: Hedge) -> Shortfall:
    listed = state.venues[book.settings.venue].instruments.get(hedge.instrument)
    orders = [order for label in hedge.children if (order := state.orders.get(label)) is not None]
    if listed is None or not hedge.reference_price > 0.0:
        return NOTHING
    parts = [(order.filled_amount, order.average_price) for order in orders]
    fees = sum((order.fees for order in orders), Decimal(0))
    return shortfall(listed, hedge.side, hedge.reference_price, parts, fees)


def _record(book: BookState, hedge: Hedge, end: HedgeEnd, cost: Shortfall, now: Now) -> HedgeDone:
    return HedgeDone(
        market_ms=now.market_ms,
        venue=book.settings.venue,
        book=book.name,
        instrument=hedge.instrument,
        side=hedge.side.value,
        reason=hedge.reason,
        end=end,
        started_ms=hedge.started_ms,
        worked_s=now.wire_s - hedge.started_wire_s,
        children=tuple(hedge.children),
        decided=str(plain(hedge.decided)),
        filled=str(plain(cost.filled)),
        reference_price=hedge.reference_price,
        average_price=cost.average_price,
        fees_usd=cost.fees_usd,
        shortfall_coin=cost.coin,
        shortfall_usd=cost.usd,
        shortfall_bps=cost.bps,
    )


def passive_end(book: BookState, order: Order, now: Now) -> bool:
    """Whether an order that ended was one of ours that rested and whose end needs no growing pause.

    We took it back, or the market came through its price on the way (a post-only reject): the next one waits
    for `repeg_s` only where the market was faster than we are, and only to rest: what crosses goes at once.
    """
    if not order.intent.post_only or order.state is OrderState.DROPPED:
        return False
    if order.state is OrderState.CANCELLED and order.detail != POST_ONLY_EDIT:
        return True
    if order.state is OrderState.CANCELLED or order.detail.startswith(POST_ONLY_REJECT):
        book.working.peg_wire_s = now.wire_s + book.settings.execution.repeg_s
        book.working.peg_detail = f"{order.intent.label} would have taken: {order.detail}"
        return True
    return False


POST_ONLY_REJECT = "11054"  # Deribit's code of a placement that would have taken
POST_ONLY_EDIT = "edit_post_only_reject"  # and its word for an amendment that would have
