"""Orders at both edges of the band, for a long-gamma book that asked for them.

They rest only while the policy holds inside its band with every gate open. Whatever else happens (gamma
flips, a gate closes, a blackout begins, sources part, a hedge is due, a stop) they are taken back first, and
a hedge waits for the evidence of that.
"""

from __future__ import annotations

import math
from decimal import ROUND_DOWN

from hedger.domain.approval import Approved, Refused
from hedger.domain.order import Order, OrderIntent, OrderState, OrderType, Purpose, TimeInForce
from hedger.domain.vocabulary import Action, Reason, Severity
from hedger.engine import gates, work
from hedger.engine.doors import door, valid_until_ms
from hedger.engine.guard import margins
from hedger.engine.hedging import chase
from hedger.engine.hedging.working import POST_ONLY_REJECT
from hedger.engine.sight import Sight, interval_of
from hedger.engine.state import BookState, State, Step
from hedger.engine.trade import hedge_position_coin
from hedger.engine.verdict import Outcome, Verdict
from hedger.execution.chase import Repeg
from hedger.execution.edges import Band, Edge, edges, moved, outgrown
from hedger.execution.labels import make_label
from hedger.execution.plan import judged_at_usd
from hedger.risk.review import review

_CALM = frozenset({Reason.WITHIN_BAND, Reason.SIGMA_BAND})
_PASSING = frozenset({Reason.RECOVERING, Reason.IN_FLIGHT})  # a look at the venue, a trade on its way
REFUSED_PAUSE_S = 60.0  # wire time before an edge the venue or the envelope refused is asked for again


def live(state: State, book: BookState) -> list[Order]:
    """Orders of the book at the edges of its band that may still trade."""
    if state.orders.quiet:
        return []
    orders = state.orders.live(book.settings.venue)
    return [o for o in orders if o.intent.purpose is Purpose.RESTING and o.intent.book == book.name]


def first(state: State, book: BookState, outcome: Outcome) -> Outcome:
    """A hedge waits until nothing rests at the edges: both filling would hedge twice."""
    orders = [] if outcome.approved is None else live(state, book)
    if not orders:
        return outcome
    labels = ", ".join(order.intent.label for order in orders)
    verdict = Verdict(
        Action.WAIT, Reason.RESTING_CANCEL, f"{labels} at the band's edges taken back before a hedge"
    )
    return Outcome(verdict, outcome.sight)


def tend(state: State, book: BookState, outcome: Outcome, step: Step) -> None:
    """Place, re-price or take back what rests, as the decision of this step allows."""
    orders = live(state, book)
    if not orders and not book.settings.execution.resting:
        return
    verdict = outcome.verdict
    if verdict.action is Action.WAIT and verdict.reason in _PASSING:
        return
    wanted = {edge.side: edge for edge in _wanted(state, book, outcome, step)}
    for order in orders:
        edge = wanted.pop(order.intent.side, None)
        if edge is None or order.intent.instrument != book.settings.hedge_instrument:
            _take_back(state, order, verdict, step)
        else:
            _follow(state, book, order, edge, step)
    for edge in wanted.values():
        _place(state, book, edge, step)


def _wanted(state: State, book: BookState, outcome: Outcome, step: Step) -> tuple[Edge, ...]:
    sight, verdict, working = outcome.sight, outcome.verdict, book.working
    calm = verdict.action is Action.HOLD and verdict.reason in _CALM and working.hedge is None
    if not (book.settings.execution.resting and calm and not state.stopping):
        return ()
    interval, inputs = interval_of(book, sight.inputs), sight.inputs
    if interval is None or inputs is None or sight.listed is None or sight.quote is None:
        return ()
    if inputs.blackout or sight.figures.parted:
        return ()  # no hedge inside the hard limit, or none that one source alone asks for
    band = Band(
        inputs.delta_coin,
        inputs.target_delta_coin,
        interval.lower_delta,
        interval.upper_delta,
        inputs.gamma_coin_per_usd,
        inputs.index_usd,
    )
    made = edges(band, sight.listed, sight.quote)
    fitted = [_fitted(state, book, edge, sight, step) for edge in made]
    return tuple(edge for edge in fitted if edge is not None)


def _fitted(state: State, book: BookState, edge: Edge, sight: Sight, step: Step) -> Edge | None:
    """What the envelope leaves of an edge's order; None where nothing is left."""
    assert sight.listed is not None
    assert sight.quote is not None
    if sight.index_price is None:
        return None
    listed, mark_usd = sight.listed, sight.quote.mark
    coin = listed.amount_to_coin(edge.amount, mark_usd)
    reviewed = review(
        edge.side.sign * coin,
        hedge_position_coin=hedge_position_coin(book, sight),
        in_flight_coin=sight.in_flight_coin,
        index_usd=sight.index_price.price_usd,
        hedge_price_usd=judged_at_usd(listed, mark_usd, float(edge.price)),
        envelope=book.settings.envelope,
        breaker=gates.breaker_of(state, book),
        counters=book.counters,
        now=step.now,
        account=book.guard.margin,
        floor=book.settings.margin,
        listed=listed,
        beside_coin=margins.beside_coin(state, book, listed, mark_usd),
    )
    if isinstance(reviewed, Refused):
        book.working.resting_note = f"{edge.side} at {edge.price}: {reviewed.detail}"
        return None
    most = book.settings.execution.confirm_above_coin
    if most and coin > most and not book.working.confirmed:
        book.working.resting_note = f"{edge.side} at {edge.price}: the first hedge is to be confirmed first"
        return None
    if reviewed.shrunk_by is None:
        return edge
    amount = listed.coin_to_amount(abs(reviewed.change_coin), mark_usd)
    whole = listed.round_amount(amount, ROUND_DOWN)
    return edge._replace(amount=whole) if listed.legal_amount(whole) else None


def _take_back(state: State, order: Order, verdict: Verdict, step: Step) -> None:
    """At once where the venue has it; what is on its way is taken back when it has been answered."""
    label = order.intent.label
    why = f"{verdict.action} {verdict.reason}"
    if order.state is OrderState.DRAFT:
        work.drop_held(state, lambda approved: approved.intent.label == label, why, step)
    elif order.state in (OrderState.OPEN, OrderState.AMENDING):
        chase.withdraw(state, order, why, step)


def _follow(state: State, book: BookState, order: Order, edge: Edge, step: Step) -> None:
    """Move an open order to its edge where that has moved; replace one that has become far too small."""
    params, now = book.settings.execution, step.now
    if order.state is not OrderState.OPEN or order.amendment is not None or order.price is None:
        return
    if outgrown(edge, order.remaining_amount):
        chase.withdraw(state, order, f"{edge.amount} is wanted at this edge", step)
        return
    due = now.wire_s - book.working.edge_wire_s.get(edge.side, -math.inf) >= params.repeg_s
    if due and moved(edge, order.price, order.remaining_amount, params.resting_reprice_fraction):
        total = order.filled_amount + min(order.remaining_amount, edge.amount)
        book.working.edge_wire_s[edge.side] = now.wire_s
        chase.reprice(state, book, order, Repeg(edge.price, total), step)


def _place(state: State, book: BookState, edge: Edge, step: Step) -> None:
    """A new order at an edge; it leaves half of the order rate to hedges."""
    working, now, params = book.working, step.now, book.settings.execution
    since_s = now.wire_s - working.edge_wire_s.get(edge.side, -math.inf)
    pause_s = REFUSED_PAUSE_S if _was_refused(state, book, edge) else params.repeg_s
    if (
        since_s < pause_s
        or book.counters.orders_minute(now) * 2 >= book.settings.envelope.max_orders_per_minute
    ):
        return
    answer = door(state, book, _intent(state, book, edge, step), now)
    if not isinstance(answer, Approved):
        working.resting_note = f"{edge.side} at {edge.price}: {answer.detail}"
        return
    working.resting_note = ""
    working.edge_wire_s[edge.side] = now.wire_s
    state.label_sequence += 1
    book.counters.add_order(now)
    work.submit(state, answer, step)
    step.note(
        Severity.INFO,
        "edge_order",
        book=book.name,
        label=answer.intent.label,
        side=edge.side,
        amount=str(edge.amount),
        price=str(edge.price),
    )


def _was_refused(state: State, book: BookState, edge: Edge) -> bool:
    """Whether the venue turned the last order at this edge away, other than because the market had come."""
    for order in state.orders.recent(10):
        intent = order.intent
        if intent.purpose is Purpose.RESTING and (intent.book, intent.side) == (book.name, edge.side):
            crossed = order.detail.startswith(POST_ONLY_REJECT)
            return order.state is OrderState.REJECTED and not crossed
    return False


def _intent(state: State, book: BookState, edge: Edge, step: Step) -> OrderIntent:
    venue = state.venues[book.settings.venue]
    quote = venue.quotes.get(book.settings.hedge_instrument)
    return OrderIntent(
        label=make_label(book.name, venue.epoch, state.label_sequence + 1),
        book=book.name,
        venue=venue.name,
        instrument=book.settings.hedge_instrument,
        side=edge.side,
        amount=edge.amount,
        order_type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
        valid_until_ms=valid_until_ms(state, book, step.now),
        created_ms=step.now.market_ms,
        price=edge.price,
        post_only=True,
        reference_price=0.0 if quote is None else quote.mark,
        purpose=Purpose.RESTING,
    )
