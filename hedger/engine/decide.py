"""Once per batch and book: gates -> exposure -> policy -> review -> plan -> admit.

The policy's memory advances when it holds or when its order was handed on; a trade that something refused
leaves the memory as it was, so that the reason to trade is still there at the next step.
"""

from __future__ import annotations

from hedger.domain.vocabulary import Action, BreakerState, Reason
from hedger.engine import gates, work
from hedger.engine.decision import Decision
from hedger.engine.describe import conclude, describe
from hedger.engine.events import Now
from hedger.engine.gates import Gate
from hedger.engine.sight import Sight, interval_of, look
from hedger.engine.state import BookState, State, Step
from hedger.engine.trade import Wish, hedge_position_coin, room_coin, trade
from hedger.engine.verdict import Outcome, Verdict
from hedger.execution.plan import Round
from hedger.policies.inputs import Inputs
from hedger.policies.reasons import ACTS, EXPLANATION, WORD
from hedger.policies.reasons import Reason as PolicyReason

_WAITS = frozenset({Reason.DWELL, Reason.COOLDOWN, Reason.WINDOW})


def decide(state: State, book: BookState, step: Step) -> None:
    """Decide for one book, hand on the order if there is one, and write the decision down."""
    outcome = judge(state, book, step.now)
    if not book.warm and gates.data_gap(state, book, outcome.sight, step.now) is None:
        book.warm = True
    if outcome.approved is not None:
        work.refresh(state, book, step)  # exact sums before an order, and proof that they add up
        outcome = judge(state, book, step.now)
    if outcome.memory is not None:
        book.memory = outcome.memory
    if outcome.approved is not None:
        state.label_sequence += 1
        book.counters.add_order(step.now)
        work.submit(state, outcome.approved, step)
    conclude(state, book, outcome.verdict, outcome.sight, step)


def preview(state: State, book: BookState, now: Now) -> Decision:
    """What the book would do now: judged like any decision, and nothing of it is kept or sent."""
    outcome = judge(state, book, now)
    return describe(state, book, outcome.verdict, outcome.sight, now)


def judge(state: State, book: BookState, now: Now) -> Outcome:
    """The verdict on one book as of now. Changes nothing."""
    sight = look(state, book, now)
    flattening = gates.breaker_of(state, book) is BreakerState.FLATTENING
    data_gate = gates.hedge_gap if flattening else gates.data_gate
    gate = gates.daemon_gate(state, book, sight) or data_gate(state, book, sight, now)
    gate = gate or gates.order_gate(state, book, now)
    if gate is not None:
        return _stopped(gate, sight)
    if flattening:
        return _flatten(state, book, sight, now)
    if sight.inputs is None:
        return _stopped(gates.NOT_READY, sight)
    return _by_policy(state, book, sight, sight.inputs, now)


def _stopped(gate: Gate, sight: Sight) -> Outcome:
    return Outcome(Verdict(gate.action, gate.reason, gate.detail), sight)


def _by_policy(state: State, book: BookState, sight: Sight, inputs: Inputs, now: Now) -> Outcome:
    memory, target, code = book.policy.decide(book.params, book.memory, inputs)
    reason = PolicyReason(code)
    word, why = WORD[reason], EXPLANATION[reason]
    if reason in ACTS:
        change, gap = target - inputs.delta_coin, inputs.target_delta_coin - inputs.delta_coin
        wish = Wish(
            state,
            book,
            sight,
            now,
            change_coin=change,
            gap_coin=gap,
            room_coin=room_coin(change, inputs, interval_of(book, inputs)),
            target=target,
            rounding=Round(book.policy.rounding(reason).value),
            why=Gate(Action.HEDGE, word, why),
            memory=memory,
        )
        return trade(wish)
    verdict = Verdict(Action.WAIT if word in _WAITS else Action.HOLD, word, why, target)
    return Outcome(verdict, sight, memory)


def _flatten(state: State, book: BookState, sight: Sight, now: Now) -> Outcome:
    """The position in the hedge instrument to zero, whatever the options do: an operator's order."""
    position = hedge_position_coin(book, sight)
    if not position:
        return Outcome(Verdict(Action.HOLD, Reason.FLATTENING, "the hedge position is flat"), sight)
    why = Gate(Action.HEDGE, Reason.FLATTEN, "an operator asked for the hedge to be closed")
    wish = Wish(
        state,
        book,
        sight,
        now,
        change_coin=-position,
        gap_coin=-position,
        room_coin=None,
        target=None if sight.inputs is None else sight.inputs.delta_coin - position,
        rounding=Round.NEAREST,
        why=why,
        memory=None,
    )
    return trade(wish)
