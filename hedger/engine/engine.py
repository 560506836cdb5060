"""`Engine.step(now, events) -> effects`: the one call around which every driver is built.

    now      market time and wire time, both given
    events   whatever has arrived, in order; may be empty when only a deadline passed
    effects  what the driver is to do, in order

The same events at the same times give the same effects: nothing here reads a clock, a socket or a random
source, and no iteration depends on hashing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hedger.engine import (
    calm,
    clock,
    commands,
    durability,
    one_writer,
    profile,
    recover,
    shadows_kept,
    standby,
    work,
)
from hedger.engine.apply import apply
from hedger.engine.attribution import follow
from hedger.engine.by_expiry import advice
from hedger.engine.decide import decide, preview
from hedger.engine.decision import Decision
from hedger.engine.delta.smile import tend as smile
from hedger.engine.effects import Effect
from hedger.engine.events import AcceptGiven, CommandGiven, Event, Now
from hedger.engine.guard import guard
from hedger.engine.hedging import manual
from hedger.engine.hedging.hedge import Manual
from hedger.engine.hedging.once import Rest, at_rest, holding_up
from hedger.engine.ownership import cash_gate, ownership_gate, waits
from hedger.engine.reconcile import accept, account_log, equity, positions
from hedger.engine.settings import EngineSettings
from hedger.engine.shadow.terms import ShadowSettings
from hedger.engine.state import State, Step
from hedger.engine.views.chain import Expiry, chain
from hedger.engine.views.outlook import Outlook, outlook
from hedger.engine.views.view import StatusView
from hedger.engine.views.view_builder import build_view

IDLE_S = 1.0  # the engine is stepped at least this often, so that ages and windows are judged


class Engine:
    """Owns the state; everything else sees `view`."""

    def __init__(
        self, settings: EngineSettings, started: Now, *, calm_steps: bool = True, idle_s: float = IDLE_S
    ) -> None:
        """Without `calm_steps` every step is judged in full: the same decisions, at three times the cost.

        `idle_s`: what IDLE_S says, wire time; longer where thousands of lives are to be simulated.
        """
        self._state, self._calm, self._calm_steps = State(settings, started), calm.STORM, calm_steps
        self._idle_s, self._look_by_wire_s = idle_s, started.wire_s + idle_s
        commands.install(self._state, settings)

    def step(self, now: Now, events: Sequence[Event]) -> list[Effect]:
        """Take in events, meet deadlines, decide once per book, and say what is to be done."""
        state = self._state
        step = Step(state, now)
        clock.look(state, step)
        for event in events:
            apply(state, event, step)
        no_news = self._calm_steps and calm.passes_by(state, events, step)
        if not no_news or now.wire_s >= self.next_deadline():
            self._look_by_wire_s = now.wire_s + self._idle_s
            if not calm.holds_on(state, self._calm, events, step):
                self._calm = calm.STORM  # also where the full step raises
                self._decide(step)
                if self._calm_steps:
                    self._calm = calm.begin(state, step, self.next_deadline)
        state.steps, state.events, state.last_step = state.steps + 1, state.events + len(events), now
        return step.effects

    def _decide(self, step: Step) -> None:
        """A full step: meet deadlines, decide once per book. Nothing is done after the exit."""
        state, now = self._state, step.now
        if state.exited:
            return
        self._deadlines(step)
        durability.tell(state, step)
        guard.look(state, step)
        for book in state.books.values():
            book.book.age(now, state.settings.timing.option_stale_s)
            if standby.waits(state, book):
                standby.tend(state, book, step)
                continue
            if not clock.doubted(state, book):
                profile.advance(book, step)
            decide(state, book, step)
        work.stop_when_quiet(state, step)
        shadows_kept.write(state, step)
        write = state.outbox.flush()
        if write is not None:
            step.ask(write)

    def _deadlines(self, step: Step) -> None:
        work.drop_overdue(self._state, step)
        work.time_outs(self._state, step)
        for venue in self._state.venues.values():
            cash_gate.confirm(self._state, venue, step)
        account_log.look(self._state, step)
        positions.look(self._state, step)
        equity.look(self._state, step)
        follow.look(self._state, step)
        recover.keep_looking(self._state, step)
        manual.forget_tickers(self._state, step)
        one_writer.watch(self._state, step)
        for book in self._state.books.values():
            waits.lapse(book, step.now)
            if standby.waits(self._state, book):
                continue
            manual.judge_waiting(self._state, book, step)
            smile.tend(self._state, book, step)
            if step.now.wire_s - book.refreshed_wire_s >= self._state.settings.timing.refresh_s:
                book.refreshed_wire_s = step.now.wire_s
                work.refresh(self._state, book, step)
                ownership_gate.watch(self._state, book, step)
                advice.look(self._state, book, step)

    def next_deadline(self) -> float:
        """Wire time at which `step` is to be called even if nothing arrives."""
        state = self._state
        due = [self._look_by_wire_s, state.stop_by_wire_s]
        timing = state.settings.timing
        for deadline in (
            state.outbox.next_deadline(),
            waits.next_deadline(state),
            state.orders.next_deadline(timing.ack_timeout_s, timing.lookup_interval_s),
            *(venue.snapshot_due_wire_s for venue in state.venues.values()),
        ):
            if deadline is not None:
                due.append(deadline)
        return min(due)

    def shade(self, shadows: Mapping[str, tuple[ShadowSettings, ...]]) -> None:
        """Run these shadows, and no others, beside the books named, from now on; nothing else changes."""
        commands.shade(self._state, shadows)

    @property
    def settings(self) -> EngineSettings:
        return self._state.settings

    @property
    def last_step(self) -> Now | None:
        return self._state.last_step

    def plan(self, book: str, now: Now, *, resumed: bool = False) -> Decision:
        """What a book would do now, or first after a resume, sending nothing. Raises KeyError for a book that
        does not exist."""
        return preview(self._state, self._state.books[book], now, resumed=resumed)

    def objection(self, given: CommandGiven, now: Now) -> str:
        """Why a command would be refused now; empty where it would be obeyed."""
        return commands.objection(self._state, given, now)

    def accept_objection(self, given: AcceptGiven) -> str:
        """Why there is nothing to accept; empty where there is."""
        return accept.objection(self._state, given)

    def manual_answer(self, book: str, number: str) -> Manual | None:
        """What became of an operator's order, once that is known."""
        found = self._state.books[book].working.manual.get(number)
        return found if found is not None and found.told else None

    def at_rest(self) -> Rest | None:
        """Whether every book has done what there is to do now, and how that went."""
        return at_rest(self._state)

    def holding_up(self) -> str:
        """Why it is not at rest, in words."""
        return holding_up(self._state)

    def outlook(self, book: str, now: Now) -> Outlook:
        """The next orders by index level and the spot x vol grid. Raises KeyError for an unknown book."""
        return outlook(self._state, self._state.books[book], now)

    def chain(self, underlying: str, now: Now) -> tuple[Expiry, ...]:
        """Puts and calls side by side, by expiry."""
        return chain(self._state, underlying, now)

    def last_decision(self, book: str) -> Decision | None:
        """What a book decided last; None before its first look. Raises KeyError for an unknown book."""
        return self._state.books[book].last_decision

    def view(self, now: Now) -> StatusView:
        """The frozen picture of this instant."""
        return build_view(self._state, now)
