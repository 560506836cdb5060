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
from hedger.engine.sight import Sight, look
from hedger.engine.state import BookState, State, Step
from hedger.engine.trade import Wish, trade
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
    gate = gates.daemon_gate(state, book, sight) or gates.data_gate(state, book, sight, now)
    gate = gate or gates.order_gate(state, book, now)
    if gate is not None or sight.inputs is None:
        return _stopped(gate or gates.NOT_READY, sight)
    if gates.breaker_of(state, book) is BreakerState.FLATTENING:
        return _flatten(state, book, sight, sight.inputs, now)
    return _by_policy(state, book, sight, sight.inputs, now)


def _stopped(gate: Gate, sight: Sight) -> Outcome:
    return Outcome(Verdict(gate.action, gate.reason, gate.detail), sight)


def _by_policy(state: State, book: BookState, sight: Sight, inputs: Inputs, now: Now) -> Outcome:
    memory, target, code = book.policy.decide(book.params, book.memory, inputs)
    reason = PolicyReason(code)
    word, why = WORD[reason], EXPLANATION[reason]
    if reason in ACTS:
        rounding = Round(book.policy.rounding(reason).value)
        gate = Gate(Action.HEDGE, word, why)
        return trade(Wish(state, book, sight, inputs, now, target, rounding, gate, memory))
    verdict = Verdict(Action.WAIT if word in _WAITS else Action.HOLD, word, why, target)
    return Outcome(verdict, sight, memory)


def _flatten(state: State, book: BookState, sight: Sight, inputs: Inputs, now: Now) -> Outcome:
    """The hedge position to zero: an operator's order, through the same doors."""
    position = sight.exposure.hedge_coin or 0.0  # known: the data gate is open
    if abs(position) < inputs.lot_coin / 2:
        flat = Verdict(Action.HOLD, Reason.FLATTENING, "the hedge position is flat", inputs.delta_coin)
        return Outcome(flat, sight)
    why = Gate(Action.HEDGE, Reason.FLATTEN, "an operator asked for the hedge to be closed")
    target = inputs.delta_coin - position
    return trade(Wish(state, book, sight, inputs, now, target, Round.NEAREST, why, None))
