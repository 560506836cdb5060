"""Once per batch and book: gates -> exposure -> policy -> review -> plan -> admit, and the record of it.

The policy's memory advances when it holds or when its order was handed on; a trade that something refused
leaves the memory as it was, so that the reason to trade is still there at the next step.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple, assert_never

from hedger.domain.approval import Approved, Refused
from hedger.domain.instrument import Instrument
from hedger.domain.order import OrderIntent
from hedger.domain.quote import IndexPrice, Quote
from hedger.domain.vocabulary import Action, BreakerState, Mode, Neutral, Reason, Severity
from hedger.engine import gates, holdings, work
from hedger.engine.decision import Decision
from hedger.engine.events import Now
from hedger.engine.gates import Gate
from hedger.engine.records import Decided
from hedger.engine.state import BookState, State, Step
from hedger.execution.labels import make_label
from hedger.execution.plan import NoPlan, Planned, Round, plan
from hedger.policies.inputs import Inputs, Interval
from hedger.policies.reasons import ACTS, EXPLANATION, WORD
from hedger.policies.reasons import Reason as PolicyReason
from hedger.portfolio.exposure import Exposure, controlled, gamma_of_controlled
from hedger.risk.admit import admit
from hedger.risk.review import review

MOST_VALIDITY_S = 60.0  # wire time: no order may stay executable longer than this
_NOT_READY = Gate(Action.BLOCKED, Reason.MISSING_QUOTE, "the hedge instrument is not quoted")


class Verdict(NamedTuple):
    """What a book's decision came to, before it is written down."""

    action: Action
    reason: Reason
    detail: str
    target: float | None = None
    planned: Planned | None = None
    label: str = ""


class Sight(NamedTuple):
    """What a decision sees."""

    exposure: Exposure
    y: float | None  # the controlled quantity without orders in flight
    in_flight_coin: float
    inputs: Inputs | None  # None while the data gate is shut


class Outcome(NamedTuple):
    """A verdict and what follows from it; nothing has been changed yet."""

    verdict: Verdict
    sight: Sight
    memory: Any = None  # the policy's, to be adopted; None: keep the old one
    approved: Approved | None = None  # the order to be handed on


_NOTHING_KNOWN = Exposure(
    black=None,
    net_transaction=None,
    with_equity=None,
    hedge_coin=None,
    options_value_coin=None,
    non_option_cash=None,
    equity_coin=None,
    gamma_coin_per_usd=None,
    theta_usd_per_day=None,
    vega_usd=None,
    iv=None,
    index_usd=None,
    identity_gap=None,
    settled_in_coin=True,
    missing=("positions: the venue has not told them yet",),
    stale=(),
    oldest_option_age_s=None,
    oldest_hedge_age_s=None,
    index_age_s=None,
)
"""Before the first snapshot: a book nobody has told us of is not a flat book."""


def decide(state: State, book: BookState, step: Step) -> None:
    """Decide for one book, hand on the order if there is one, and write the decision down."""
    outcome = judge(state, book, step.now)
    if outcome.approved is not None and not work.adds_up(state, book, outcome.sight.exposure, step):
        outcome = judge(state, book, step.now)  # halted: the gate now says so
    if outcome.memory is not None:
        book.memory = outcome.memory
    if outcome.approved is not None:
        state.label_sequence += 1
        book.counters.add_order(step.now)
        work.submit(state, outcome.approved, step)
    _conclude(state, book, outcome.verdict, outcome.sight, step)


def preview(state: State, book: BookState, now: Now) -> Decision:
    """What the book would do now: judged like any decision, and nothing of it is kept or sent."""
    outcome = judge(state, book, now)
    return describe(state, book, outcome.verdict, outcome.sight, now)


def judge(state: State, book: BookState, now: Now) -> Outcome:
    """Gates, exposure, policy, review, plan, admit. Changes nothing but the exactness of the sums."""
    sight = look(state, book, now)
    gate = gates.daemon_gate(state, book) or gates.data_gate(state, book, sight.exposure, sight.y, now)
    gate = gate or gates.order_gate(state, book, now)
    if gate is not None:
        return Outcome(_of_gate(gate), sight)
    if sight.inputs is None:
        return Outcome(
            Verdict(Action.BLOCKED, Reason.MISSING_QUOTE, "no quote of the hedge instrument"), sight
        )
    if gates.breaker_of(state, book) is BreakerState.FLATTENING:
        return _flatten(state, book, sight, sight.inputs, now)
    return _by_policy(state, book, sight, sight.inputs, now)


def look(state: State, book: BookState, now: Now) -> Sight:
    """Exposure, the controlled quantity and the policy's inputs as of now."""
    timing = state.settings.timing
    if not state.venues[book.settings.venue].reconciled:
        return Sight(_NOTHING_KNOWN, None, 0.0, None)
    exposure = book.book.exposure(
        now,
        option_stale_s=timing.option_stale_s,
        hedge_stale_s=timing.hedge_stale_s,
        index_stale_s=timing.index_stale_s,
    )
    neutral = book.settings.neutral or Neutral.COIN
    y = controlled(exposure, neutral)
    in_flight = _in_flight_coin(state, book)
    return Sight(exposure, y, in_flight, _inputs(state, book, exposure, neutral, y, in_flight, now))


def _in_flight_coin(state: State, book: BookState) -> float:
    quote, listed = _hedge_quote(state, book), holdings.hedge_listing(state, book)
    if quote is None or listed is None:
        return 0.0
    amount = state.orders.in_flight(book.settings.venue, book.settings.hedge_instrument)
    return listed.amount_to_coin(amount, quote.mark) if amount else 0.0


def _hedge_quote(state: State, book: BookState) -> Quote | None:
    return state.venues[book.settings.venue].quotes.get(book.settings.hedge_instrument)


def _index(state: State, book: BookState) -> IndexPrice | None:
    return state.venues[book.settings.venue].indices.get(holdings.index_of(state, book))


def _inputs(
    state: State,
    book: BookState,
    exposure: Exposure,
    neutral: Neutral,
    y: float | None,
    in_flight: float,
    now: Now,
) -> Inputs | None:
    quote, listed = _hedge_quote(state, book), holdings.hedge_listing(state, book)
    gamma = gamma_of_controlled(exposure, neutral)
    if y is None or gamma is None or quote is None or listed is None or exposure.index_usd is None:
        return None
    return Inputs(
        now_s=now.market_ms / 1000,
        delta_coin=y + in_flight,
        target_delta_coin=book.settings.target_delta_coin,
        gamma_coin_per_usd=gamma,
        theta_usd_per_day=exposure.theta_usd_per_day or 0.0,
        index_usd=exposure.index_usd,
        iv=exposure.iv or 0.0,
        lot_coin=listed.amount_to_coin(listed.amount_step, quote.mark),
        last_hedge_s=book.last_hedge_s,
        book_epoch=book.epoch,
    )


def _by_policy(state: State, book: BookState, sight: Sight, inputs: Inputs, now: Now) -> Outcome:
    """Ask the policy; before it trades, once more on exactly refreshed sums."""
    memory, target, code = book.policy.decide(book.params, book.memory, inputs)
    if PolicyReason(code) in ACTS:
        book.book.refresh(now)
        sight = look(state, book, now)
        inputs = sight.inputs or inputs
        memory, target, code = book.policy.decide(book.params, book.memory, inputs)
    reason = PolicyReason(code)
    why = Gate(Action.HEDGE, WORD[reason], EXPLANATION[reason])
    if reason in ACTS:
        rounding = Round(book.policy.rounding(reason).value)
        return _trade(_Wish(state, book, sight, inputs, now, target, rounding, why, memory))
    waits = WORD[reason] in (Reason.DWELL, Reason.COOLDOWN, Reason.WINDOW)
    verdict = Verdict(Action.WAIT if waits else Action.HOLD, why.reason, why.detail, target)
    return Outcome(verdict, sight, memory)


def _flatten(state: State, book: BookState, sight: Sight, inputs: Inputs, now: Now) -> Outcome:
    """The hedge position to zero: an operator's order, through the same doors."""
    position = sight.exposure.hedge_coin or 0.0  # known: the data gate is open
    if abs(position) < inputs.lot_coin / 2:
        flat = Verdict(Action.HOLD, Reason.FLATTENING, "the hedge position is flat", inputs.delta_coin)
        return Outcome(flat, sight)
    why = Gate(Action.HEDGE, Reason.FLATTEN, "an operator asked for the hedge to be closed")
    target = inputs.delta_coin - position
    return _trade(_Wish(state, book, sight, inputs, now, target, Round.NEAREST, why, None))


class _Wish(NamedTuple):
    """A target that asks for a trade, and everything it is judged by."""

    state: State
    book: BookState
    sight: Sight
    inputs: Inputs
    now: Now
    target: float
    rounding: Round
    why: Gate
    memory: Any

    def stood(self, no_plan: NoPlan) -> Outcome:
        """No lot ends nearer: a hold. No liquidity or bad input: blocked."""
        action = Action.HOLD if no_plan.reason is Reason.MIN_LOT else Action.BLOCKED
        return Outcome(Verdict(action, no_plan.reason, no_plan.detail, self.target), self.sight)

    def blocked(self, refused: Refused, planned: Planned | None = None) -> Outcome:
        verdict = Verdict(Action.BLOCKED, refused.reason, refused.detail, self.target, planned)
        return Outcome(verdict, self.sight)


def _trade(wish: _Wish) -> Outcome:
    """Review the target, plan the order, have it admitted."""
    state, book, inputs = wish.state, wish.book, wish.inputs
    quote, listed, index = _hedge_quote(state, book), holdings.hedge_listing(state, book), _index(state, book)
    if quote is None or listed is None or index is None:
        return wish.blocked(Refused(_NOT_READY.reason, _NOT_READY.detail))
    reviewed = review(
        wish.target - inputs.delta_coin,
        hedge_position_coin=wish.sight.exposure.hedge_coin or 0.0,  # known: the data gate is open
        in_flight_coin=wish.sight.in_flight_coin,
        index_usd=index.price_usd,
        hedge_price_usd=quote.mark,
        envelope=book.settings.envelope,
        breaker=gates.breaker_of(state, book),
        counters=book.counters,
        now=wish.now,
    )
    if isinstance(reviewed, Refused):
        return wish.blocked(reviewed)
    whole = reviewed.shrunk_by is None
    planned = plan(
        reviewed.change_coin,
        listed,
        quote,
        book.settings.execution,
        wish.rounding if whole else Round.DOWN_AT_LEAST_ONE,  # a cap is not rounded past
        gap_coin=_gap_coin(reviewed.change_coin, inputs),
        room_coin=_room_coin(reviewed.change_coin, inputs, interval_of(book, inputs)),
    )
    if isinstance(planned, NoPlan):
        return wish.stood(planned)
    shrunk = "" if whole else f"; shrunk: {reviewed.detail}"
    return _admitted(wish, planned, quote, listed, index, wish.why.detail + shrunk)


def _gap_coin(change_coin: float, inputs: Inputs) -> float | None:
    """The whole way to the target, where the change is a part of it."""
    gap = inputs.target_delta_coin - inputs.delta_coin
    return gap if gap * change_coin > 0 and abs(gap) >= abs(change_coin) else None


def _room_coin(change_coin: float, inputs: Inputs, interval: Interval | None) -> float | None:
    """The way to the far edge of the no-trade interval, which rounding must not overstep."""
    if interval is None:
        return None
    far = interval.lower_delta if change_coin < 0 else interval.upper_delta
    return abs(far - inputs.delta_coin) if math.isfinite(far) else None


def _admitted(
    wish: _Wish, planned: Planned, quote: Quote, listed: Instrument, index: IndexPrice, detail: str
) -> Outcome:
    """The second door. An order that only observe mode refuses is one that would have been sent."""
    state, book = wish.state, wish.book
    intent = _intent(state, book, planned, quote, wish.now)
    answer = admit(
        intent,
        listed,
        quote,
        index,
        envelope=book.settings.envelope,
        breaker=gates.breaker_of(state, book),
        mode=state.settings.mode,
        counters=book.counters,
        hedge_position=book.book.size(intent.instrument),
        now=wish.now,
        max_validity_ms=int(MOST_VALIDITY_S * 1000 * state.settings.market_speed),
    )
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


def _intent(state: State, book: BookState, planned: Planned, quote: Quote, now: Now) -> OrderIntent:
    params = book.settings.execution
    validity_ms = int(params.validity_s * 1000 * state.settings.market_speed)
    venue = state.venues[book.settings.venue]
    return OrderIntent(
        label=make_label(book.name, venue.epoch, state.label_sequence + 1),
        book=book.name,
        venue=book.settings.venue,
        instrument=book.settings.hedge_instrument,
        side=planned.side,
        amount=planned.amount,
        order_type=planned.order_type,
        time_in_force=planned.time_in_force,
        valid_until_ms=now.market_ms + validity_ms,
        created_ms=now.market_ms,
        price=planned.price,
        reference_price=quote.mark,
    )


def _of_gate(gate: Gate) -> Verdict:
    return Verdict(gate.action, gate.reason, gate.detail)


def interval_of(book: BookState, inputs: Inputs | None) -> Interval | None:
    """The policy's no-trade interval now."""
    return None if inputs is None else book.policy.interval(book.params, book.memory, inputs)


def _conclude(state: State, book: BookState, verdict: Verdict, sight: Sight, step: Step) -> None:
    """Write the decision down: always when it acted or changed its mind, else at most once a period."""
    state.decisions[f"{verdict.action}|{verdict.reason}"] += 1
    last = book.last_decision
    changed = last is None or (last.action, last.reason) != (verdict.action, verdict.reason)
    acted = verdict.action is Action.HEDGE
    due = step.now.wire_s - book.recorded_wire_s >= state.settings.timing.decision_record_s
    said_otherwise = last is not None and last.detail != verdict.detail
    if not (changed or acted or due or said_otherwise):
        return
    decision = describe(state, book, verdict, sight, step.now)
    book.last_decision, book.recorded_wire_s = decision, step.now.wire_s
    if changed or acted:
        step.record(Decided(market_ms=step.now.market_ms, decision=decision))
    if acted:
        book.last_hedge = decision
    if acted or (changed and verdict.action is Action.WOULD_HEDGE):
        _say(step, decision)


def describe(state: State, book: BookState, verdict: Verdict, sight: Sight, now: Now) -> Decision:
    """The decision as a trader reads it."""
    interval = interval_of(book, sight.inputs)
    planned, exposure = verdict.planned, sight.exposure
    sign = 0 if planned is None else planned.side.sign
    y = None if sight.y is None else sight.y + sight.in_flight_coin
    return Decision(
        market_ms=now.market_ms,
        wire_s=now.wire_s,
        book=book.name,
        mode=state.settings.mode,
        action=verdict.action,
        reason=verdict.reason,
        detail=verdict.detail,
        config_hash=state.settings.config_hash,
        delta_coin=y,
        target_delta_coin=verdict.target,
        lower_coin=known(interval.lower_delta) if interval else None,
        upper_coin=known(interval.upper_delta) if interval else None,
        in_flight_coin=sight.in_flight_coin,
        gamma_coin_per_usd=exposure.gamma_coin_per_usd,
        theta_usd_per_day=exposure.theta_usd_per_day,
        index_usd=exposure.index_usd,
        iv=exposure.iv,
        instrument=book.settings.hedge_instrument if planned else "",
        side=planned.side.value if planned else "",
        label=verdict.label,
        amount=str(planned.amount) if planned else "",
        amount_coin=sign * planned.coin if planned else 0.0,
        amount_usd=sign * planned.usd if planned else 0.0,
        amount_contracts=sign * float(planned.contracts) if planned else 0.0,
        distance_coin=_distance_coin(y, interval),
        distance_move_pct=_distance_move_pct(exposure.index_usd, interval),
    )


def known(value: float) -> float | None:
    """None for what a policy marks as unknown."""
    return None if math.isnan(value) or math.isinf(value) else value


def _distance_coin(y: float | None, interval: Interval | None) -> float | None:
    if y is None or interval is None:
        return None
    gaps = [y - interval.lower_delta, interval.upper_delta - y]
    finite = [gap for gap in gaps if math.isfinite(gap)]
    return max(0.0, min(finite)) if finite else None


def _distance_move_pct(index_usd: float | None, interval: Interval | None) -> float | None:
    if index_usd is None or interval is None:
        return None
    levels = (interval.lower_index_usd, interval.upper_index_usd)
    moves = [abs(level / index_usd - 1) * 100 for level in levels if math.isfinite(level)]
    return min(moves) if moves else None


def _say(step: Step, decision: Decision) -> None:
    """The canonical line of a decision that did or would trade."""
    would = decision.mode is not Mode.LIVE
    step.note(
        Severity.INFO,
        "would_hedge" if decision.action is Action.WOULD_HEDGE else ("paper_hedge" if would else "hedge"),
        book=decision.book,
        reason=decision.reason,
        delta_coin=decision.delta_coin,
        target_delta_coin=decision.target_delta_coin,
        side=decision.side,
        amount=decision.amount,
        instrument=decision.instrument,
        amount_coin=decision.amount_coin,
        amount_usd=decision.amount_usd,
        index_usd=decision.index_usd,
        label=decision.label,
        config_hash=decision.config_hash,
    )
