"""What must hold, whatever goes wrong: watched at every frame, step and tick, and at the end of a life.

The checks keep books of their own, from frames, effects and the exchange's truth; they ask the engine nothing
that they could count themselves.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice

from hedger.backtest.simulate.alarmed import WITHIN_S, Alarmed
from hedger.backtest.simulate.disk import Store
from hedger.backtest.simulate.plan import BOOK, HARD_COIN, Plan
from hedger.backtest.simulate.process import Process
from hedger.backtest.simulate.venue import Venue
from hedger.domain.approval import Approved
from hedger.domain.order import Purpose
from hedger.domain.vocabulary import Action, Mode, Reason, Severity
from hedger.engine import events as ev
from hedger.engine.effects import Amend, Effect, Note, Place
from hedger.engine.events import Event, Now
from hedger.engine.settings import SettlementMode
from hedger.execution.labels import parse_label

PLACES = ("private/buy", "private/sell")
AGE_SLACK_S = 0.01
HOUR_MS, DAY_MS = 3_600_000, 86_400_000
MOST_INBOX, MOST_WAITING = 5_000, 20_000
BACK_S = 180.0
"""Delta may be beyond the hard limit for this long while nothing blocks the book: two looks at the venue for
what a silent channel never told, and the hedge."""
BY_A_PERSON = (Reason.FLATTENING, Reason.FLATTEN, Reason.REDUCE_ONLY, Reason.NEUTRALISING, Reason.HOLD)
"""A person wants it so, whatever the delta is."""
FORCED_S = 75.0  # a look at the venue tells of a forced trade whatever the channels left out
SLACK_COIN = 0.02  # tickers tell rounded greeks, some seconds old


class Violation(AssertionError):
    """Something that must hold does not; `name` says which."""

    def __init__(self, name: str, detail: str) -> None:
        super().__init__(f"{name}: {detail}")
        self.name, self.detail = name, detail


@dataclass(slots=True)
class Tally:
    """What a life came to, for the table."""

    events: int = 0
    frames: int = 0
    steps: int = 0
    placed: int = 0
    fills: int = 0
    restarts: int = 0
    takeovers: int = 0
    turnover_usd: float = 0.0
    incidents: Counter[str] = field(default_factory=Counter)
    blocked_s: dict[str, float] = field(default_factory=dict)
    beyond_s: dict[str, float] = field(default_factory=dict)
    watched_s: float = 0.0
    blocked_at_end: Counter[str] = field(default_factory=Counter)


class Checks:
    """Sees everything of one life. Raises Violation at the first thing that must not be."""

    def __init__(
        self, plan: Plan, now_s: Callable[[], float], trace: Callable[[str], None] | None = None
    ) -> None:
        self.plan, self._now_s, self._trace = plan, now_s, trace
        self.tally = Tally()
        self._digest = hashlib.sha256()
        self._venue: Venue | None = None
        self._store: Store | None = None
        self._read = 0  # rows of the store looked at
        self._durable: set[str] = set()  # labels
        self._terms: set[tuple[str, str, str]] = set()  # label, price, amount of amendments written down
        self._breakers: dict[str, str] = {}  # by book ("" the daemon), as last made durable
        self._forced_s: float | None = None  # when the exchange traded for us, until a resume
        self._resumed_ms = -1  # market time of the last one
        self.asked: dict[str, Approved] = {}  # by label, what the engine asked for
        self._arrived: set[str] = set()
        self._overtaken: list[tuple[int, int]] = []  # since when (market ms) only this epoch may trade
        self._ordered = 0  # orders of the exchange looked at
        self.on_end: Callable[[Process, str], None] = lambda process, why: None
        self._awaited: dict[str, Approved] = {}  # hedges of whose end nobody has been told
        self._told_filled: dict[str, Decimal] = {}
        self._told_amount: dict[str, Decimal] = {}
        self._heard: dict[int, dict[str, float]] = {}  # process -> instrument -> when its last ticker came
        self._alarms: defaultdict[int, Alarmed] = defaultdict(Alarmed)  # by process
        self._beyond_since_s: float | None = None
        self._looked_s = 0.0
        self._turnover: deque[tuple[int, float]] = deque()
        self._counted = 0  # trades of the exchange looked at

    def attend(self, venue: Venue, store: Store) -> None:
        """Watch this exchange and this store."""
        self._venue, self._store = venue, store
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
        self._learn_rows()
        if request["method"] == "private/edit":
            self._edit_sent(params)
            return
        label = params["label"]
        self.say(
            f"{process.number} sends {request['method']} {label} {params['amount']} at {params.get('price')}"
        )
        if label not in self._durable:
            raise Violation("write-ahead", f"{label} left before it was durable")
        asked = self.asked.get(label)
        if asked is None or float(asked.intent.amount) != float(params["amount"]):
            raise Violation("approval", f"{label} left as {params}, approved was {asked}")
        if params.get("valid_until") is None:
            raise Violation("validity", f"{label} left without valid_until")

    def _edit_sent(self, params: dict[str, object]) -> None:
        assert self._venue is not None
        order = self._venue.exchange.desk.orders.get(str(params["order_id"]))
        label = "" if order is None else order.label
        self.say(f"edit {label} to {params['amount']} at {params['price']}")
        terms = (label, _plain(params["price"]), _plain(params["amount"]))
        if order is not None and terms not in self._terms:
            raise Violation("write-ahead", f"new terms {terms} left before they were durable")

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

    def _learn_rows(self) -> None:
        """Labels and terms that have become durable."""
        assert self._store is not None
        rows = self._store.rows
        for row in rows[self._read :]:
            if row.table.name == "orders":
                self._durable.add(row.values["label"])
                terms = json.loads(row.values["body"]).get("amendment")
                if terms is not None:
                    self._terms.add((row.values["label"], _plain(terms["price"]), _plain(terms["amount"])))
            elif row.table.name == "commands":
                self._breakers[row.values["book"]] = row.values["state"]
        self._read = len(rows)

    # -- steps --------------------------------------------------------------------------------------

    def stepped(self, process: Process, now: Now, events: list[Event], effects: list[Effect]) -> None:
        """A step of an engine."""
        self.tally.steps += 1
        self.tally.events += len(events)
        for event in events:
            self._evidence(event)
        for effect in effects:
            if isinstance(effect, Place):
                self._placed(process, effect)
            elif isinstance(effect, Amend):
                self._approved(effect.approved)
            elif isinstance(effect, Note):
                self._noted(process, effect)
        self._alarmed(process)
        if len(events) > MOST_INBOX or process.disk.waiting > MOST_WAITING:
            raise Violation(
                "queues", f"{len(events)} events in a batch, {process.disk.waiting} writes waiting"
            )

    def _noted(self, process: Process, note: Note) -> None:
        self.tally.takeovers += note.name == "taken_over"
        self._alarms[process.number].noted(note)
        if note.severity is not Severity.DEBUG:
            self.say(f"{process.number} {note.severity} {note.name} {note.fields}")

    def _alarmed(self, process: Process) -> None:
        """Blocked beyond the hard limit, and a person told within a second, or at the next step."""
        if not self._has_hard_limit:
            return
        decision = process.engine.last_decision(BOOK) if process.tenancy.holds else None
        silent_s = self._alarms[process.number].silent_s(decision, self._now_s())
        if decision is not None and silent_s > WITHIN_S + self.plan.idle_s:
            told = f"{process.number} is blocked beyond the hard limit for {silent_s:.1f} s without an alarm"
            raise Violation("alarm", f"{told}: {decision.reason}: {decision.detail}")

    def _approved(self, approved: object) -> None:
        if not isinstance(approved, Approved) or approved.mode is not Mode.LIVE:
            raise Violation("approval", f"an order left with {approved!r}")

    def _placed(self, process: Process, effect: Place) -> None:
        self._approved(effect.approved)
        intent = effect.approved.intent
        if not process.tenancy.holds:
            raise Violation(
                "one writer", f"{intent.label} was asked for by a run that does not hold the account"
            )
        if intent.label in self.asked:
            raise Violation("label twice", f"{intent.label} was asked for twice")
        self.asked[intent.label] = effect.approved
        self.tally.placed += 1
        heard_s = self._heard.get(process.number, {}).get(intent.instrument, -1e9)
        age_s = self._now_s() - heard_s
        most_s = (
            self.plan.settings.timing.hedge_stale_s + self.plan.settings.timing.outbox_wait_s + AGE_SLACK_S
        )
        if intent.purpose is Purpose.HEDGE and age_s > most_s:
            raise Violation("stale quote", f"{intent.label} was asked for on a ticker {age_s:.2f} s old")
        if intent.purpose is Purpose.MANUAL:
            return
        self._allowed(intent.label)
        if intent.purpose is Purpose.HEDGE:
            self._alone(effect.approved)

    def _allowed(self, label: str) -> None:
        """Nothing while a breaker says so, across restarts, nor against the exchange's own hand."""
        self._learn_rows()
        shut = [state for state in self._breakers.values() if state in ("paused", "halted")]
        if shut:
            raise Violation("breaker", f"{label} was sent while {shut[0]}")
        if self._forced_s is not None and self._now_s() - self._forced_s > FORCED_S:
            raise Violation("liquidation", f"{label} was sent though the exchange liquidates the account")

    def resumed(self) -> None:
        """A person has looked and lets it trade again, whatever the exchange has done until now."""
        assert self._venue is not None
        self._forced_s, self._resumed_ms = None, self._venue.market_ms()

    def _alone(self, approved: Approved) -> None:
        """One hedge at a time, until the venue's word on the one before has come."""
        if self._awaited:
            other = next(iter(self._awaited))
            raise Violation(
                "one hedge at a time", f"{approved.intent.label} beside {other}, whose end nobody told"
            )
        self._awaited[approved.intent.label] = approved

    def _evidence(self, event: Event) -> None:
        """What tells the end of an order."""
        match event:
            case ev.Reported():
                if event.report.state in ("filled", "cancelled", "rejected"):
                    self._awaited.pop(event.report.label, None)
                self._told_amount[event.report.label] = event.report.amount  # as amended
            case ev.Filled():
                self._traded(event)
            case ev.PlacementRefused() | ev.PlacementUnsent():
                self._awaited.pop(event.label, None)
            case ev.LookedUp():
                self._looked_up(event)
            case ev.SnapshotTaken():
                for fill in event.fills:
                    self._traded(ev.Filled(fill))
            case _:
                pass

    def _traded(self, event: ev.Filled) -> None:
        """The last part of an order may be told by its trade alone."""
        label, key = event.fill.label, f"{event.fill.label} {event.fill.trade_id}"
        if label not in self._awaited or key in self._told_filled:
            return
        self._told_filled[key] = Decimal(0)
        self._told_filled[label] = self._told_filled.get(label, Decimal(0)) + event.fill.amount
        if self._told_filled[label] >= self._told_amount.get(label, self._awaited[label].intent.amount):
            del self._awaited[label]

    def _looked_up(self, event: ev.LookedUp) -> None:
        approved = self._awaited.get(event.label)
        if approved is None:
            return
        for fill in event.fills:
            self._traded(ev.Filled(fill))
        ended = any(report.state in ("filled", "cancelled", "rejected") for report in event.reports)
        gone = not event.reports and event.server_ms > approved.intent.valid_until_ms
        if ended or gone:
            self._awaited.pop(event.label, None)

    def took(self, process: Process, epoch: int, before: Process | None) -> None:
        """The account is another run's; whoever held it may be frozen and not know yet."""
        alive = before is not None and before.alive
        self.say(f"{process.number} takes the account, epoch {epoch}{', from one alive' if alive else ''}")
        assert self._venue is not None
        if alive:
            self._overtaken.append((self._venue.market_ms(), epoch))

    def ended(self, process: Process, why: str) -> None:
        """A process is gone."""
        self.say(f"{process.number} ends: {why}")
        self.on_end(process, why)

    # -- the exchange's truth -----------------------------------------------------------------------

    def market(self, process: Process) -> None:
        """After every tick: what hedges have turned over is within budget, and delta within its limit."""
        assert self._venue is not None
        self._delta(process)
        self._one_writer()
        trades = self._venue.exchange.desk.trades
        for trade in trades[self._counted :]:
            self.say(
                f"exchange: {trade.label or 'no label'} {trade.direction} {trade.amount} "
                f"{trade.instrument_name} at {trade.price}"
            )
            forced = trade.provenance.liquidation is not None and trade.timestamp_ms > self._resumed_ms
            if forced and self._forced_s is None:
                self._forced_s = self._now_s()
            if trade.label in self.asked and self.asked[trade.label].intent.purpose is not Purpose.MANUAL:
                self._turnover.append((trade.timestamp_ms, float(trade.amount)))
                self.tally.turnover_usd += float(trade.amount)
                self.tally.fills += 1
                self._within_budget(trade.timestamp_ms)
        self._counted = len(trades)

    def _one_writer(self) -> None:
        """Nothing that a run sent is executed once another has taken the account from it, alive as it was."""
        assert self._venue is not None
        orders = self._venue.exchange.desk.orders
        for order in islice(orders.values(), self._ordered, None):
            label = parse_label(order.label)
            late = label and [e for at, e in self._overtaken if at < order.creation_ms and label.epoch < e]
            if late:
                told = f"{order.label} was executed after epoch {late[0]} had taken the account"
                raise Violation("one writer", told)
        self._ordered = len(orders)

    def _delta(self, process: Process) -> None:
        """Within the hard limit, or coming back, or blocked by name; the time of each is counted."""
        assert self._venue is not None
        passed_s, self._looked_s = self._now_s() - self._looked_s, self._now_s()
        decision = process.engine.last_decision(BOOK) if process.alive else None
        self.tally.watched_s += passed_s
        if decision is None:
            blocked = "process_down" if not process.alive else "starting"
        else:
            stopped = decision.action is Action.BLOCKED or decision.reason in BY_A_PERSON
            blocked = str(decision.reason) if stopped else ""
        if blocked:
            _add(self.tally.blocked_s, blocked, passed_s)
        if not self._has_hard_limit or abs(self._venue.net_delta_coin()) <= HARD_COIN + SLACK_COIN:
            self._beyond_since_s = None
            return
        _add(self.tally.beyond_s, blocked or "not_blocked", passed_s)
        if blocked or self._beyond_since_s is None:
            self._beyond_since_s = self._now_s()
        elif self._now_s() - self._beyond_since_s > BACK_S:
            told = (
                "nothing" if decision is None else f"{decision.action} {decision.reason}: {decision.detail}"
            )
            delta_coin = self._venue.net_delta_coin()
            raise Violation(
                "hard limit", f"delta {delta_coin:+.4f} coin for {BACK_S:g} s, the daemon says {told}"
            )

    @property
    def _has_hard_limit(self) -> bool:
        """A kept hedge of delivered options moves the target; other policies have a cap of their own."""
        book = self.plan.settings.books[0]
        return book.policy == "band" and book.settlement.mode is not SettlementMode.KEEP

    def _within_budget(self, now_ms: int) -> None:
        envelope = self.plan.settings.books[0].envelope
        while self._turnover and self._turnover[0][0] <= now_ms - DAY_MS:
            self._turnover.popleft()
        for span_ms, most_usd, word in (
            (HOUR_MS, envelope.max_turnover_hour_usd, "hour"),
            (DAY_MS, envelope.max_turnover_day_usd, "day"),
        ):
            spent = sum(usd for at_ms, usd in self._turnover if at_ms > now_ms - span_ms)
            if spent > most_usd:
                raise Violation("turnover", f"{spent:.0f} USD in an {word}, at most {most_usd:.0f}")


def _plain(value: object) -> str:
    """A number of the wire or of the journal, written in one way."""
    return str(Decimal(str(value)).normalize())


def _add(sums: dict[str, float], name: str, value: float) -> None:
    sums[name] = sums.get(name, 0.0) + value
