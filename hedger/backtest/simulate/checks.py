"""What must hold, whatever goes wrong: watched at every frame, step and tick.

The checks keep books of their own, from frames, effects and the exchange's truth; they ask the engine nothing
that they could count themselves.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable

from hedger.backtest.simulate.alarmed import WITHIN_S, Alarmed
from hedger.backtest.simulate.awaited import Awaited
from hedger.backtest.simulate.disk import Store
from hedger.backtest.simulate.plan import HARD_BTC, Plan, has_hard_limit
from hedger.backtest.simulate.process import Process
from hedger.backtest.simulate.tally import Tally, Violation
from hedger.backtest.simulate.truth import Truth
from hedger.backtest.simulate.underlyings import Underlying
from hedger.backtest.simulate.venue import Venue
from hedger.backtest.simulate.written import Written
from hedger.domain.approval import Approved
from hedger.domain.order import HEDGES, Purpose
from hedger.domain.vocabulary import Action, Mode, Reason, Severity
from hedger.engine.decision import Decision
from hedger.engine.effects import Amend, Effect, Note, Place, Write
from hedger.engine.events import Event, Now

PLACES = ("private/buy", "private/sell")
AGE_SLACK_S = 0.01
BY_A_COMMAND = (Reason.PAUSED, Reason.HALTED)
OF_THE_ACCOUNT = (Reason.LIQUIDATION, Reason.LINK_DOWN, Reason.CONNECTING)
"""What concerns every book: those for whose positions the same money answers, and those on the same link."""
MOST_INBOX, MOST_WAITING = 5_000, 20_000


class Checks:
    """Sees everything of one life. Raises Violation at the first thing that must not be."""

    def __init__(
        self, plan: Plan, now_s: Callable[[], float], trace: Callable[[str], None] | None = None
    ) -> None:
        self.plan, self._now_s, self._trace = plan, now_s, trace
        self.tally = Tally()
        self.tally.kinds[" + ".join(one.book for one in plan.underlyings)] += 1
        self._digest = hashlib.sha256()
        self._venue: Venue | None = None
        self.asked: dict[str, Approved] = {}  # by label, what the engine asked for
        self._awaited = Awaited()
        self._arrived: set[str] = set()  # labels that have reached the exchange
        self._heard: dict[int, dict[str, float]] = {}  # process -> instrument -> when its last ticker came
        self._alarms: dict[tuple[int, str], Alarmed] = {}  # by process and book
        self.on_end: Callable[[Process, str], None] = lambda process, why: None

    def attend(self, venue: Venue, store: Store) -> None:
        """Watch this exchange and this store."""
        self._venue, self._written = venue, Written(store)
        self._truth = Truth(self.plan, venue, self.tally, self._now_s)
        venue.arrived = self.arrived

    @property
    def digest(self) -> str:
        """SHA-256 over every frame and every note so far, with their times."""
        return self._digest.hexdigest()

    def say(self, text: str) -> None:
        """A line of the trace."""
        self._digest.update(f"{self._now_s():.6f} {text}\n".encode())
        if self._trace is not None:
            self._trace(f"{self._now_s():10.3f}  {text}")

    # -- frames -------------------------------------------------------------------------------------

    def sent(self, process: Process, frame: str) -> None:
        """A frame leaves a process: what places or amends must be durable, asked for and approved."""
        self.tally.frames += 1
        self._digest.update(frame.encode())
        if not any(f'"{method}"' in frame for method in (*PLACES, "private/edit")):
            return
        request = json.loads(frame)
        params = request["params"]
        self._written.learn()
        if request["method"] == "private/edit":
            self._edit_sent(params)
            return
        label = params["label"]
        self.say(
            f"{process.number} sends {request['method']} {label} {params['amount']} at {params.get('price')}"
        )
        if label not in self._written.labels:
            raise Violation("write-ahead", f"{label} left before it was durable")
        asked = self.asked.get(label)
        if asked is None or float(asked.intent.amount) != float(params["amount"]):
            raise Violation("approval", f"{label} left as {params}, approved was {asked}")
        if params.get("valid_until") is None:
            raise Violation("validity", f"{label} left without valid_until")

    def _edit_sent(self, params: dict[str, object]) -> None:
        assert self._venue is not None
        order = self._venue.exchange.desk.orders.get(str(params["order_id"]))
        label, price, amount = "" if order is None else order.label, params["price"], params["amount"]
        self.say(f"edit {label} to {amount} at {price}")
        if order is not None and not self._written.has_terms(label, price, amount):
            raise Violation("write-ahead", f"{label}: {amount} at {price} left before it was durable")

    def arrived(self, frame: str) -> None:
        """A frame reaches the exchange: no label twice."""
        if not any(f'"{method}"' in frame for method in PLACES):
            return
        label = json.loads(frame)["params"]["label"]
        if label in self._arrived:
            raise Violation("label twice", f"{label} reached the exchange a second time")
        self._arrived.add(label)

    def heard(self, process: Process, frame: str) -> None:
        """A frame reaches a process; of tickers it is kept when they came."""
        self.tally.frames += 1
        self._digest.update(frame.encode())
        at = frame.find('"ticker.')
        if at >= 0:
            instrument = frame[at + 8 :].split(".", 1)[0]
            self._heard.setdefault(process.number, {})[instrument] = self._now_s()

    # -- steps --------------------------------------------------------------------------------------

    def stepped(self, process: Process, now: Now, events: list[Event], effects: list[Effect]) -> None:
        """A step of an engine."""
        self.tally.steps += 1
        self.tally.events += len(events)
        for event in events:
            self._awaited.hear(event)
        for effect in effects:
            if isinstance(effect, Place):
                self._placed(process, effect)
            elif isinstance(effect, Amend):
                _approved(effect.approved)
            elif isinstance(effect, Note):
                self._noted(process, effect)
        self._alarmed(process)
        self._apart(process, settled=not any(isinstance(effect, Write) for effect in effects))
        if len(events) > MOST_INBOX or process.disk.waiting > MOST_WAITING:
            raise Violation(
                "queues", f"{len(events)} events in a batch, {process.disk.waiting} writes waiting"
            )

    def _noted(self, process: Process, note: Note) -> None:
        self.tally.takeovers += note.name == "taken_over"
        book = note.fields.get("book", "")
        for one in self.plan.underlyings:
            if book in ("", one.book):
                self._alarms_of(process, one).noted(note)
        if note.severity is not Severity.DEBUG:
            self.say(f"{process.number} {note.severity} {note.name} {note.fields}")

    def _alarmed(self, process: Process) -> None:
        """Blocked beyond the hard limit, and a person told within a second, or at the next step."""
        for one, book in self.plan.books:
            if not has_hard_limit(book):
                continue
            decision = process.engine.last_decision(book.name) if process.tenancy.holds else None
            silent_s = self._alarms_of(process, one).silent_s(decision, self._now_s())
            if decision is not None and silent_s > WITHIN_S + self.plan.idle_s:
                told = f"{process.number}: {book.name} is blocked beyond the hard limit for {silent_s:.1f} s"
                raise Violation("alarm", f"{told} without an alarm: {decision.reason}: {decision.detail}")

    def _other_is_blocked(self, process: Process, book: str) -> bool:
        others = (one.book for one in self.plan.underlyings if one.book != book)
        decisions = (process.engine.last_decision(name) for name in others)
        return any(each is not None and each.action is Action.BLOCKED for each in decisions)

    def _apart(self, process: Process, *, settled: bool) -> None:
        """What keeps one book from trading is its own, or the account's; never another book's."""
        if len(self.plan.underlyings) < 2:
            return
        decisions = {one: process.engine.last_decision(one.book) for one in self.plan.underlyings}
        for one, decision in decisions.items():
            if decision is None or decision.action is not Action.BLOCKED or decision.reason in OF_THE_ACCOUNT:
                continue
            if settled and decision.reason in BY_A_COMMAND:
                self._commanded(process, one.book, decision)
            for other in self.plan.underlyings:
                if other is not one and other.named_in(decision.detail):
                    told = f"{process.number}: {one.book} is blocked by another book's trouble"
                    raise Violation("apart", f"{told}: {decision.reason}: {decision.detail}")

    def _commanded(self, process: Process, book: str, decision: Decision) -> None:
        """A breaker that is shut has been written down, once there is nothing left to write."""
        self._written.learn()
        if process.tenancy.holds and not process.disk.waiting and not self._written.shut(book):
            told = f"{process.number}: {book} is {decision.reason} though nobody stopped it"
            raise Violation("apart", f"{told}: {decision.detail}")

    def _alarms_of(self, process: Process, underlying: Underlying) -> Alarmed:
        key = process.number, underlying.book
        if key not in self._alarms:
            self._alarms[key] = Alarmed(HARD_BTC * underlying.coins)
        return self._alarms[key]

    def _placed(self, process: Process, effect: Place) -> None:
        _approved(effect.approved)
        intent = effect.approved.intent
        if not process.tenancy.holds:
            raise Violation(
                "one writer", f"{intent.label} was asked for by a run that does not hold the account"
            )
        if intent.label in self.asked:
            raise Violation("label twice", f"{intent.label} was asked for twice")
        self.asked[intent.label] = effect.approved
        self.tally.placed += 1
        self.tally.beside += self._other_is_blocked(process, intent.book)
        if intent.purpose is Purpose.MANUAL:
            return
        if intent.purpose in HEDGES:
            self._on_live_data(process, intent.label, intent.instrument)
        self._allowed(intent.label, intent.book)
        if intent.purpose in HEDGES:
            self._awaited.begin(effect.approved)

    def _on_live_data(self, process: Process, label: str, instrument: str) -> None:
        timing = self.plan.settings.timing
        age_s = self._now_s() - self._heard.get(process.number, {}).get(instrument, -1e9)
        if age_s > timing.hedge_stale_s + timing.outbox_wait_s + AGE_SLACK_S:
            raise Violation("stale quote", f"{label} was asked for on a ticker {age_s:.2f} s old")

    def _allowed(self, label: str, book: str) -> None:
        """Nothing while a breaker says so, across restarts, nor against the exchange's own hand."""
        self._written.learn()
        shut = self._written.shut(book)
        if shut:
            raise Violation("breaker", f"{label} was sent while {shut}")
        if self._truth.takes_apart(book):
            raise Violation("liquidation", f"{label} was sent though the exchange liquidates the account")

    # -- who trades, and what comes of it -----------------------------------------------------------

    def took(self, process: Process, epoch: int, before: Process | None) -> None:
        """The account is another run's."""
        alive = before is not None and before.alive
        self.say(f"{process.number} takes the account, epoch {epoch}{', from one alive' if alive else ''}")
        if alive:
            self._truth.overtaken(epoch)

    def ended(self, process: Process, why: str) -> None:
        """A process is gone."""
        self.say(f"{process.number} ends: {why}")
        self.on_end(process, why)

    def resumed(self, book: str) -> None:
        """A person has looked and lets a book, or all of them (""), trade again."""
        self._truth.resumed(book)

    def market(self, process: Process) -> None:
        """After every tick; `process` is the daemon that holds the account."""
        self._truth.look(process, self.asked, self.say)


def _approved(approved: object) -> None:
    if not isinstance(approved, Approved) or approved.mode is not Mode.LIVE:
        raise Violation("approval", f"an order left with {approved!r}")
