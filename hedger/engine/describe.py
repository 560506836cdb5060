"""Writes decisions down: the record a trader reads, when it is kept, and when it is said aloud."""

from __future__ import annotations

import math

from hedger.domain.names import legs_of
from hedger.domain.vocabulary import Action, Mode, Severity
from hedger.engine.decision import Decision, coin_to_trigger
from hedger.engine.events import Now
from hedger.engine.records import Decided
from hedger.engine.sight import Sight, interval_of
from hedger.engine.state import BookState, State, Step
from hedger.engine.verdict import Verdict
from hedger.execution.costs import expected_usd, rates_of_legs
from hedger.policies.inputs import Interval


def conclude(state: State, book: BookState, verdict: Verdict, sight: Sight, step: Step) -> None:
    """Write the decision down: always when it acted or changed its mind, else at most once a period."""
    state.decisions[verdict.action, verdict.reason] += 1
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
    lower = known(interval.lower_delta) if interval else None
    upper = known(interval.upper_delta) if interval else None
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
        lower_coin=lower,
        upper_coin=upper,
        in_flight_coin=sight.in_flight_coin,
        gamma_coin_per_usd=exposure.gamma_coin_per_usd,
        theta_usd_per_day=exposure.theta_usd_per_day,
        index_usd=exposure.index_usd,
        iv=exposure.iv,
        instrument=sight.listed.name if planned and sight.listed else "",
        side=planned.side.value if planned else "",
        label=verdict.label,
        amount=str(planned.amount) if planned else "",
        amount_coin=sign * planned.coin if planned else 0.0,
        amount_usd=sign * planned.usd if planned else 0.0,
        amount_contracts=sign * float(planned.contracts) if planned else 0.0,
        expected_cost_usd=_expected_cost_usd(state, book, verdict, sight),
        distance_coin=coin_to_trigger(y, lower, upper),
        distance_move_pct=_distance_move_pct(exposure.index_usd, interval),
    )


def _expected_cost_usd(state: State, book: BookState, verdict: Verdict, sight: Sight) -> float | None:
    if verdict.planned is None or sight.listed is None or sight.quote is None:
        return None
    venue = state.venues[book.settings.venue]
    legs = [venue.instruments.get(name, sight.listed) for name, _ in legs_of(sight.listed.name)]
    rates = rates_of_legs(legs, venue.fees)
    return expected_usd(verdict.planned, sight.listed, sight.quote, rates)


def known(value: float) -> float | None:
    """None for what a policy marks as unknown."""
    return None if math.isnan(value) or math.isinf(value) else value


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
