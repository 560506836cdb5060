"""Once per batch and book: gates -> exposure -> policy -> review -> plan -> admit.

The policy's memory advances when it holds or when its order was handed on; a trade that something refused
leaves the memory as it was, so that the reason to trade is still there at the next step.
"""

from __future__ import annotations

import math
from dataclasses import replace

from hedger.domain.order import Purpose
from hedger.domain.vocabulary import Action, BreakerState, Reason, Rung
from hedger.engine import calm, clock, gates, profile, work
from hedger.engine.by_expiry import legs, moving, spreads
from hedger.engine.decision import Decision
from hedger.engine.delta import ladder, settlement, sources
from hedger.engine.delta.agreed import agreed_coin
from hedger.engine.delta.smile import tend as smile
from hedger.engine.describe import conclude, describe
from hedger.engine.events import Now
from hedger.engine.gates import Gate
from hedger.engine.guard import guard, margins
from hedger.engine.hedging import blocked, chase, confirmation, neutral, resting, stopped, working
from hedger.engine.hedging.hedge import Working
from hedger.engine.ownership import ownership_gate
from hedger.engine.shadow import follow as shadow
from hedger.engine.sight import Sight, interval_of, look
from hedger.engine.state import BookState, State, Step
from hedger.engine.trade import URGENT, Wish, closable_coin, room_coin, trade
from hedger.engine.verdict import Outcome, Verdict
from hedger.execution.plan import Round
from hedger.policies.calendar import spoken
from hedger.policies.due import window_end_s
from hedger.policies.inputs import Inputs
from hedger.policies.reasons import ACTS, EXPLANATION, WORD
from hedger.policies.reasons import Reason as PolicyReason

_WAITS = frozenset({Reason.DWELL, Reason.COOLDOWN, Reason.WINDOW, Reason.MIN_MOVE, Reason.BLACKOUT})


def decide(state: State, book: BookState, step: Step) -> None:
    """Decide for one book, hand on the order if there is one, and write the decision down."""
    if settlement.near(book, step.now) and not clock.doubted(state, book):
        settlement.follow(state, book, look(state, book, step.now), step)
    outcome = judge(state, book, step.now)
    if outcome.verdict.reason is Reason.ACCOUNT_UNKNOWN and margins.look(state, book, step.now):
        outcome = judge(state, book, step.now)  # what was missing has come since the last look
    if not book.warm and gates.data_gap(state, book, outcome.sight, step.now) is None:
        book.warm = True
    if outcome.approved is not None:
        work.refresh(state, book, step)  # exact sums before an order, and proof that they add up
        outcome = resting.first(state, book, judge(state, book, step.now))
    if outcome.memory is not None:
        book.memory = outcome.memory
    if outcome.settling is not None:
        book.settling = outcome.settling
    if outcome.approved is not None:
        state.label_sequence += 1
        book.counters.add_order(step.now)
        work.submit(state, outcome.approved, step)
        if outcome.approved.intent.purpose is Purpose.MOVE:
            legs.sent(state, book, outcome, step)
        else:
            working.child(state, book, outcome, step)
    if book.warm:
        ladder.tell(state, book, outcome.sight.exposure, step)
        sources.tell_parted(state, book, outcome.sight.figures, step)
    conclude(state, book, outcome.verdict, outcome.sight, step)
    _follow(state, book, outcome, step)
    guard.concluded(state, book, outcome.verdict, step)
    book.held = calm.held(state, book, outcome, step.now)
    if book.shadows:
        shut = _gate(state, book, outcome.sight, step.now, alone=True) is not None
        shadow.after(state, book, outcome, step.now, shut=shut)


def _follow(state: State, book: BookState, outcome: Outcome, step: Step) -> None:
    """What the decision means for the hedge being worked, for what rests, and for whoever must know."""
    working.follow(state, book, outcome, step)
    legs.follow(state, book, outcome, step)
    if book.by_expiry.spread:
        spreads.follow(state, book, step.now)
    if chase.child_of(state, book) is not None:
        chase.tend(state, book, judge(state, book, step.now, alone=True), step)
    resting.tend(state, book, outcome, step)
    confirmation.watch(state, book, outcome.verdict, step)
    stopped.watch(state, book, outcome.sight, step)
    blocked.watch(state, book, outcome.verdict, outcome.sight, step)
    neutral.watch(state, book, outcome.verdict, step)


def preview(state: State, book: BookState, now: Now, *, resumed: bool = False) -> Decision:
    """What the book would do now: judged like any decision, and nothing of it is kept or sent.

    `resumed`: what it would do first after a resume, which ends its latches, too.
    """
    if resumed:
        state = replace(state, breaker=BreakerState.RUNNING)
        book = replace(
            book,
            breaker=BreakerState.RUNNING,
            working=Working(),
            guard=replace(book.guard, latch=""),
            ownership=replace(book.ownership, rival=""),
        )
    outcome = judge(state, book, now)
    return describe(state, book, outcome.verdict, outcome.sight, now)


def judge(state: State, book: BookState, now: Now, *, alone: bool = False) -> Outcome:
    """The verdict on one book as of now. Changes nothing. `alone`: as if its resting hedge were not there."""
    sight = look(state, book, now, alone=alone)
    breaker = gates.breaker_of(state, book)
    flattening = breaker is BreakerState.FLATTENING
    if flattening:
        sight = legs.close_next(state, book, sight)
    gate = _gate(state, book, sight, now, alone=alone)
    if gate is not None:
        return _stopped(gate, sight)
    if flattening:
        return _flatten(state, book, sight, now)
    if sight.inputs is None:
        return _stopped(gates.NOT_READY, sight)
    if ladder.rung_of(sight.exposure, book.settings.delta) is Rung.LAST_RESORT:
        return _last_resort(state, book, sight, sight.inputs, now)
    if breaker is BreakerState.NEUTRALISING:
        return _neutralise(state, book, sight, sight.inputs, now)
    if book.settling.close_due or settlement.unwinding(book, now):
        return _settle(state, book, sight, sight.inputs, now)
    return _by_policy(state, book, sight, sight.inputs, now)


def _gate(state: State, book: BookState, sight: Sight, now: Now, *, alone: bool) -> Gate | None:
    """What stands between the book and a trade before anything is asked; the first that does."""
    flattening = gates.breaker_of(state, book) is BreakerState.FLATTENING
    data_gate = gates.hedge_gap if flattening else gates.data_gate
    gate = gates.daemon_gate(state, book, sight, now) or guard.gate(state, book, sight, now)
    gate = gate or ownership_gate.gate(state, book, sight, now) or data_gate(state, book, sight, now)
    gate = gate or (None if flattening else gates.legs_gate(book)) or settlement.gate(book, sight, now)
    return gate or gates.order_gate(state, book, now, alone=alone)


def _stopped(gate: Gate, sight: Sight) -> Outcome:
    return Outcome(Verdict(gate.action, gate.reason, gate.detail), sight)


def _by_policy(state: State, book: BookState, sight: Sight, inputs: Inputs, now: Now) -> Outcome:
    memory, target, code = book.policy.decide(book.params, book.memory, inputs)
    reason = PolicyReason(code)
    why = EXPLANATION[reason]
    if reason is PolicyReason.WAITING_WINDOW:
        why += f", it lasts until {spoken(int(window_end_s(book.params.window_s, inputs.now_s) * 1000.0))}"
    word, why = WORD[reason], why + profile.told(book) + smile.told(book)
    if reason not in ACTS:
        goes_on = None if reason is PolicyReason.NOT_FINITE else _goes_on(state, book, sight, inputs, now)
        if goes_on is not None:
            return goes_on._replace(memory=memory) if goes_on.approved is not None else goes_on
        leg = moving.next_leg(state, book, sight, inputs, memory, now)
        if isinstance(leg, Outcome):
            return leg
        verdict = Verdict(Action.WAIT if word in _WAITS else Action.HOLD, word, why, target)
        return Outcome(verdict, sight, memory, held_back=leg, code=code)
    change, gap = target - inputs.delta_coin, inputs.target_delta_coin - inputs.delta_coin
    agreed = _agreed(book, sight, inputs, change) if sight.figures.parted else change
    if agreed == 0.0:
        return _stopped(_parted(sight, change), sight)
    wish = Wish(
        state,
        book,
        sight,
        now,
        change_coin=agreed,
        gap_coin=gap,
        room_coin=room_coin(change, inputs, interval_of(book, inputs)),
        target=inputs.delta_coin + agreed,
        rounding=Round(book.policy.rounding(reason).value),
        why=Gate(Action.HEDGE, word, why),
        memory=memory,
    )
    return trade(wish)


def _goes_on(state: State, book: BookState, sight: Sight, inputs: Inputs, now: Now) -> Outcome | None:
    """The next child of a hedge that is short of its target; while sources part nothing goes on by itself,
    nor in a blackout what no limit and no settlement asked for.
    """
    under_way = None if sight.figures.parted else working.continued(state, book, inputs)
    if under_way is None or under_way.target_coin is None:
        return None
    if inputs.blackout and under_way.reason not in URGENT:
        return None
    why = Gate(Action.HEDGE, under_way.reason, f"{under_way.detail}; goes on to its target")
    change = under_way.target_coin - inputs.delta_coin
    room = room_coin(change, inputs, interval_of(book, inputs))
    gap = inputs.target_delta_coin - inputs.delta_coin
    return _to(state, book, sight, now, change, why, under_way.rounding, gap_coin=gap, room=room)


def _neutralise(state: State, book: BookState, sight: Sight, inputs: Inputs, now: Now) -> Outcome:
    """To the book's target whatever band, dwell and cooldown say: an operator's order."""
    why = Gate(Action.HEDGE, Reason.NEUTRALISE, "an operator asked for delta at its target")
    target = inputs.target_delta_coin
    if book.working.neutral and not ownership_gate.beyond_hard_limit(book, sight):
        there = "was brought to its target; other books are not there yet"
        return Outcome(Verdict(Action.HOLD, Reason.NEUTRALISING, there, target), sight)
    outcome = _agreed_to(state, book, sight, now, target - inputs.delta_coin, why)
    if outcome.verdict.reason is not Reason.MIN_LOT:
        return outcome
    detail = f"at the target within a lot: {outcome.verdict.detail}"
    return Outcome(Verdict(Action.HOLD, Reason.NEUTRALISING, detail, target), sight)


def _agreed(book: BookState, sight: Sight, inputs: Inputs, change: float) -> float:
    """The hedge that every source asks for: the same sign, the smallest size; 0 where one asks for none."""
    return agreed_coin(book.policy, book.params, book.memory, inputs, sight.figures.apart_coin, change)


def _parted(sight: Sight, change: float) -> Gate:
    opinions = ", ".join(f"{other.source} {other.y:+.6g}" for other in sight.figures.parted)
    used = sight.figures.used
    detail = f"{used.source if used else ''} asks for {change:+.6g} coin, not so delta by {opinions}"
    return Gate(Action.BLOCKED, Reason.SOURCES_PART, detail)


def _last_resort(state: State, book: BookState, sight: Sight, inputs: Inputs, now: Now) -> Outcome:
    """Greeks beyond the model's age: only from beyond the hard limit back to it, in clips."""
    interval, clip = interval_of(book, inputs), book.settings.delta.last_resort_clip_coin
    y, words = inputs.delta_coin, ladder.describe(sight.exposure)
    change = 0.0
    if interval is not None and math.isfinite(interval.hard_lower + interval.hard_upper):
        change = ladder.last_resort_change_coin(y, interval.hard_lower, interval.hard_upper, clip)
    if change == 0.0:
        return Outcome(Verdict(Action.HOLD, Reason.LAST_RESORT, f"{words}; inside the hard limit"), sight)
    why = Gate(Action.HEDGE, Reason.LAST_RESORT, f"{words}; back to the hard limit")
    return _to(state, book, sight, now, change, why, Round.DOWN_AT_LEAST_ONE)


def _settle(state: State, book: BookState, sight: Sight, inputs: Inputs, now: Now) -> Outcome:
    """A slice of the unwind, or the close after delivery: to the target, whatever the policy tolerates."""
    settling = book.settling
    number = settlement.slice_of(book, now) if settlement.unwinding(book, now) else None
    over = working.unfinished(state, book) is None
    if number is not None and number <= settling.sliced and over:
        if ownership_gate.beyond_hard_limit(book, sight):
            return _by_policy(state, book, sight, inputs, now)
        detail = f"{settlement.spoken(number)} of the unwind to 08:00 UTC is done"
        return Outcome(Verdict(Action.WAIT, Reason.SETTLEMENT_SLICE, detail), sight)
    gap = inputs.target_delta_coin - inputs.delta_coin
    if number is None:
        done = replace(settling, close_due=False)
        why = Gate(Action.HEDGE, Reason.SETTLEMENT_CLOSE, "delivered: the hedge of what expired is closed")
    else:
        gap += settlement.still_to_come_coin(book, now, number)
        done = replace(settling, sliced=number)
        why = Gate(Action.HEDGE, Reason.SETTLEMENT_SLICE, "unwinding with the delivery average")
    outcome = _agreed_to(state, book, sight, now, gap, why)
    acted = outcome.verdict.action in (Action.HEDGE, Action.WOULD_HEDGE, Action.HOLD)
    return outcome._replace(settling=done) if acted else outcome


def _agreed_to(state: State, book: BookState, sight: Sight, now: Now, change: float, why: Gate) -> Outcome:
    """The whole way to a target, as far as every source of delta asks for it."""
    used, agreed = sight.figures.used, change
    for other in sight.figures.parted:
        assert used is not None
        wanted = change + used.y - other.y
        agreed = min(agreed, wanted, key=abs) if wanted * change > 0.0 else 0.0
        if agreed == 0.0:
            return _stopped(_parted(sight, change), sight)
    gap = change if agreed == change else None
    return _to(state, book, sight, now, agreed, why, Round.NEAREST, gap_coin=gap)


def _to(
    state: State,
    book: BookState,
    sight: Sight,
    now: Now,
    change: float,
    why: Gate,
    rounding: Round,
    *,
    gap_coin: float | None = None,
    room: float | None = None,
) -> Outcome:
    """A change of the hedge that no policy asked for."""
    target = None if sight.inputs is None else sight.inputs.delta_coin + change
    wish = Wish(
        state,
        book,
        sight,
        now,
        change_coin=change,
        gap_coin=change if gap_coin is None else gap_coin,
        room_coin=room,
        target=target,
        rounding=rounding,
        why=why,
        memory=None,
    )
    return trade(wish)


def _flatten(state: State, book: BookState, sight: Sight, now: Now) -> Outcome:
    """The position in the hedge instrument to zero, whatever the options do: an operator's order."""
    position = closable_coin(state, book, sight)
    if not position:
        return Outcome(Verdict(Action.HOLD, Reason.FLATTENING, "the hedge position is flat"), sight)
    why = Gate(Action.HEDGE, Reason.FLATTEN, "an operator asked for the hedge to be closed")
    return _to(state, book, sight, now, -position, why, Round.NEAREST)
