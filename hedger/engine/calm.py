"""Steps in which only prices moved and the policy says again what it said: most steps of a flood.

A full step looks at every gate, deadline, cap and alarm. A calm one asks the policy with the quantities of
this instant, and nothing else: while it answers as it did at the last full step, the answer stands. Anything
else is judged in full at once, and so is every step that brings more than prices, and the first one CALM_S or
CALM_MS after the last full step, or at the engine's next deadline. So a calm step can only hold: what is
traded on has passed every gate at its own instant, and what is shown is at most CALM_S old.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from hedger.domain.instrument import Instrument
from hedger.domain.vocabulary import Action, BreakerState, Neutral, Reason
from hedger.engine.delta import settlement
from hedger.engine.events import Durable, Event, Indexed, LeaseRenewed, Now, Quoted
from hedger.engine.one_writer import ALARM as LEASE_ALARM
from hedger.engine.shadow import follow as shadow
from hedger.engine.state import BookState, State, Step
from hedger.engine.verdict import Outcome
from hedger.policies.inputs import Inputs
from hedger.portfolio.contribution import Sums
from hedger.portfolio.exposure import Source, gamma_weighted_years

NO_NEWS = frozenset({Durable, LeaseRenewed})  # unless somebody waits for them
CALM_S = 0.1  # wire time
CALM_MS = 100  # market time, which may run faster


class Held(NamedTuple):
    """What a book's policy said at the last full step, and what of its inputs no price can change."""

    code: int
    action: Action
    reason: Reason
    inputs: Inputs
    listed: Instrument  # the hedge instrument
    mark: float  # its price, of which `inputs.lot_coin` is made


class Calm(NamedTuple):
    """Until when calm steps are allowed: wire time in s, market time in ms."""

    until_wire_s: float
    until_ms: float


STORM = Calm(float("-inf"), float("-inf"))


def held(state: State, book: BookState, outcome: Outcome, now: Now) -> Held | None:
    """What a decision leaves to be repeated: nothing unless the policy itself let the book be."""
    sight, settings = outcome.sight, book.settings
    if outcome.code is None or sight.inputs is None or sight.listed is None or sight.quote is None:
        return None
    running = state.breaker is BreakerState.RUNNING and book.breaker is BreakerState.RUNNING
    moving = book.by_expiry.leg or book.by_expiry.spread
    if not running or book.working.hedge is not None or settings.execution.resting or moving:
        return None
    if settings.delta.source is Source.ACCOUNT or book.book.currencies != (book.book.underlying,):
        return None  # these rest on more than the running sums
    if book.book.sums is None or book.book.sums.marked_down:
        return None
    verdict = outcome.verdict
    found = Held(outcome.code, verdict.action, verdict.reason, sight.inputs, sight.listed, sight.quote.mark)
    # The proof of the short way: here and now it finds what the full look found, whatever that rests on.
    return found if _inputs(state, book, found, now) == sight.inputs else None


def begin(state: State, step: Step, next_deadline: Callable[[], float]) -> Calm:
    """How long the full step that ends here may be repeated; `next_deadline` is the engine's."""
    if step.effects or state.stopping or not state.orders.quiet or state.outbox.held:
        return STORM
    now, until_wire_s = step.now, math.inf
    until_ms = float(now.market_ms + CALM_MS)
    for book in state.books.values():
        if book.held is None or settlement.near(book, Now(now.market_ms + CALM_MS, now.wire_s)):
            return STORM
        recorded_s = book.recorded_wire_s + state.settings.timing.decision_record_s
        until_wire_s = min(until_wire_s, recorded_s, book.refreshed_wire_s + state.settings.timing.refresh_s)
        override = book.profile.override
        until_ms = min(until_ms, book.profile.change_ms, override.until_ms if override else until_ms)
    return Calm(min(until_wire_s, now.wire_s + CALM_S, next_deadline()), until_ms)


def holds_on(state: State, calm: Calm, events: Sequence[Event], step: Step) -> bool:
    """Whether every policy says again what it said; if so their memories and the counts have moved on."""
    now = step.now
    if now.wire_s >= calm.until_wire_s or now.market_ms >= calm.until_ms or step.effects or not events:
        return False
    for event in events:
        if type(event) is not Quoted and type(event) is not Indexed:
            return False
    memories = []
    for book in state.books.values():
        memory = _again(state, book, now)
        if memory is None:
            return False
        memories.append(memory)
    for book, memory in zip(state.books.values(), memories, strict=True):
        assert book.held is not None
        book.memory = memory
        state.decisions[book.held.action, book.held.reason] += 1
        if book.shadows:
            _shadows(state, book, book.held, now)
    return True


def passes_by(state: State, events: Sequence[Event], step: Step) -> bool:
    """Whether a step brings nothing to decide on: the lease goes on or records are durable, and nothing has
    waited for it (an order that has is sent or dropped by now).

    Ages, windows and periods are judged at the engine's next deadline, as if nothing had arrived.
    """
    if not events or step.effects or any(type(event) not in NO_NEWS for event in events):
        return False
    if state.stopping or state.outbox.carries or any(name == LEASE_ALARM for _, name in state.alarms):
        return False
    last = [book.last_decision for book in state.books.values()]
    return all(one is not None and one.reason is not Reason.LEASE for one in last)


def _shadows(state: State, book: BookState, before: Held, now: Now) -> None:
    """Shadows are asked with what the live policy was; the inputs are made anew, so that only they pay."""
    inputs = _inputs(state, book, before, now)
    if inputs is not None:
        shadow.again(state, book, inputs, now)


def _again(state: State, book: BookState, now: Now) -> Any:
    """The policy's memory after it said the same again; None where it did not, or could not be asked."""
    before = book.held
    if before is None or book.bad:
        return None
    inputs = _inputs(state, book, before, now)
    if inputs is None:
        return None
    memory, _, code = book.policy.decide(book.params, book.memory, inputs)
    return memory if code == before.code else None


def _inputs(state: State, book: BookState, before: Held, now: Now) -> Inputs | None:
    """The policy's inputs of this instant, exactly as a full look would find them (sight.inputs)."""
    sums, index_usd, settings = book.book.sums, book.book.index_usd, book.settings
    if sums is None or index_usd is None or sums.marked_down:
        return None
    mark = state.venues[settings.venue].quotes[settings.hedge_instrument].mark
    if mark != before.mark:
        before = book.held = _at_mark(before, mark)
    was = before.inputs
    gamma = sums.gamma if settings.neutral is not Neutral.COIN else sums.curvature
    iv = sums.weighted_iv / sums.vega_weight if sums.vega_weight > 0.0 else 0.0
    return Inputs(
        now.market_ms / 1000,
        _controlled(sums, book, was) - (book.kept_coin - book.smile_coin),
        was.target_delta_coin,
        gamma,
        sums.theta,
        index_usd,
        iv,
        was.lot_coin,
        was.last_hedge_s,
        was.book_epoch,
        was.equity_coin,
        sums.gamma,
        was.band_scale,
        was.blackout,
        was.centre_s,
        sums.vanna,
        gamma_weighted_years(sums.gamma, sums.vega, iv, index_usd),
    )


def _at_mark(before: Held, mark: float) -> Held:
    """The lot in coin follows the price of the hedge instrument, which moves less often than the options'."""
    lot_coin = before.listed.amount_to_coin(before.listed.amount_step, mark)
    return before._replace(inputs=before.inputs._replace(lot_coin=lot_coin), mark=mark)


def _controlled(sums: Sums, book: BookState, was: Inputs) -> float:
    """The controlled quantity of the running sums (exposure.controlled)."""
    options = sums.options_model if book.settings.delta.source is Source.MODEL else sums.options_delta
    black = options + sums.futures
    if book.settings.neutral is Neutral.BLACK:
        return black
    net = black - sums.options_value
    return was.equity_coin + net if book.settings.neutral is Neutral.USD else net
