"""A venue that knows the truth, and a world of late, lost and repeated messages around an engine.

`TrueVenue` executes; it never lies, it only answers as of the moment it is asked. `World` carries messages
between it and the engine in virtual time: everything random comes from one seed.
"""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal

import msgspec

from hedger.domain.account import Fill, LedgerEntry, Position
from hedger.domain.order import Order, OrderIntent, OrderReport, Purpose, Side, TimeInForce
from hedger.domain.vocabulary import BreakerState, Environment
from hedger.engine import effects as fx
from hedger.engine import events as ev
from hedger.engine import records as rc
from hedger.engine.engine import Engine
from hedger.engine.ownership.owned import LabelSum
from hedger.engine.settings import EngineSettings
from tests.engine.rig import CALL, PERP, PUT, VENUE, Rig

OPTIONS = (CALL, PUT)
LOT = {PERP: Decimal(10), CALL: Decimal("0.1"), PUT: Decimal("0.1")}


class Broken(AssertionError):
    """An invariant does not hold."""


@dataclass
class Chances:
    """How unkind the world is; the kind one is `Chances(0)`."""

    harm: float = 1.0

    def of(self, random_: random.Random, chance: float) -> bool:
        return random_.random() < chance * self.harm


@dataclass
class TrueVenue:
    """Positions, orders by label and trades as they are; `executions` counts what each label did here."""

    rig: Rig
    positions: dict[str, Decimal]
    reports: dict[str, OrderReport] = field(default_factory=dict)
    fills: list[Fill] = field(default_factory=list)
    executions: dict[str, int] = field(default_factory=dict)
    alive: list[str] = field(default_factory=lambda: list(OPTIONS))  # options not delivered yet
    book: dict[str, OrderIntent] = field(default_factory=dict)  # what rests, at the terms it stands at
    log: list[LedgerEntry] = field(default_factory=list)  # the account's, as the venue keeps it

    def trade(self, instrument: str, side: Side, amount: Decimal, label: str = "") -> Fill:
        fill = self.rig.fill(instrument, side, amount, Decimal(int(self.rig.index)), label)
        self.fills.append(fill)
        self.positions[instrument] = self.positions.get(instrument, Decimal(0)) + fill.signed_amount
        self._log("trade", instrument, fill.signed_amount, fill.trade_id)
        return fill

    def deliver(self, name: str) -> None:
        """An option has come to its end."""
        self.alive.remove(name)
        size = self.positions.pop(name, Decimal(0))
        if size:
            self._log("delivery", name, -size)

    def _log(self, kind: str, instrument: str, amount: Decimal, trade_id: str = "") -> None:
        self.log.append(
            LedgerEntry(
                venue=VENUE,
                number=str(len(self.log) + 1),
                kind=kind,
                currency="BTC",
                market_ms=self.rig.market_ms,
                change=Decimal(0),
                instrument=instrument,
                amount=amount,
                trade_id=trade_id,
            )
        )

    def execute(self, intent: OrderIntent, parts: list[Decimal]) -> tuple[list[ev.Event], list[ev.Event]]:
        """An immediate order trades `parts` and ends: the reply's events and the notification's."""
        self.executions[intent.label] = self.executions.get(intent.label, 0) + 1
        done = [ev.Filled(self.trade(intent.instrument, intent.side, part, intent.label)) for part in parts]
        filled = sum(parts, Decimal(0))
        state = "filled" if filled == intent.amount else "cancelled"
        average = done[0].fill.price if done else Decimal(0)
        report = self.rig.report_of(intent, state, filled, average)
        self.reports[intent.label] = report.report
        return [report, *done], [*done, report, self.position(intent.instrument)]

    # --- what rests ---------------------------------------------------------------------------------

    def would_take(self, intent: OrderIntent) -> bool:
        assert intent.price is not None
        touch = self.rig.index + 0.5 * intent.side.sign
        return (float(intent.price) - touch) * intent.side.sign >= 0

    def rest(self, intent: OrderIntent) -> list[ev.Event]:
        self.executions[intent.label] = self.executions.get(intent.label, 0) + 1
        self.book[intent.label] = intent
        return [self._reported(intent, "open")]

    def left(self, label: str) -> Decimal:
        return self.book[label].amount - self.reports[label].filled_amount

    def meet(self, label: str, amount: Decimal) -> list[ev.Event]:
        """Somebody takes `amount` of an order that rests."""
        intent = self.book[label]
        fill = self.trade(intent.instrument, intent.side, amount, label)
        done = self.left(label) == amount
        report = self._reported(intent, "filled" if done else "open", amount)
        if done:
            del self.book[label]
        return [ev.Filled(fill), report, self.position(intent.instrument)]

    def amend(self, intent: OrderIntent) -> list[ev.Event]:
        """New terms, or the end of an order whose new price would take."""
        if self.would_take(intent):
            return [self.end(intent.label, "edit_post_only_reject")]
        self.book[intent.label] = intent
        return [self._reported(intent, "open")]

    def end(self, label: str, why: str) -> ev.Reported:
        intent = self.book.pop(label)
        told = self._reported(intent, "cancelled")
        ended = msgspec.structs.replace(told.report, cancel_reason=why)
        self.reports[label] = ended
        return ev.Reported(ended)

    def _reported(self, intent: OrderIntent, state: str, more: Decimal = Decimal(0)) -> ev.Reported:
        known = self.reports.get(intent.label)
        filled = (Decimal(0) if known is None else known.filled_amount) + more
        average = Decimal(int(self.rig.index)) if filled else Decimal(0)
        told = self.rig.report_of(intent, state, filled, average)
        self.reports[intent.label] = told.report
        return told

    def position(self, instrument: str) -> ev.PositionReported:
        return self.rig.position(instrument, str(self.positions.get(instrument, Decimal(0))))

    def held(self) -> dict[str, Decimal]:
        return {name: size for name, size in self.positions.items() if size}


@dataclass
class Journal:
    """Records in the order they became durable, over every run."""

    records: list[rc.Record] = field(default_factory=list)
    intended: set[str] = field(default_factory=set)
    amendments: set[tuple[str, Decimal, Decimal]] = field(default_factory=set)  # label, price, amount
    epoch: int = 0

    def keep(self, records: tuple[rc.Record, ...]) -> None:
        self.records.extend(records)
        self.intended |= {r.intent.label for r in records if isinstance(r, rc.Intended)}
        changed = [r.order for r in records if isinstance(r, rc.OrderChanged)]
        asked = [(o.intent.label, o.amendment) for o in changed if o.amendment is not None]
        self.amendments |= {(label, terms.price, terms.amount) for label, terms in asked}

    def load(self) -> ev.JournalLoaded:
        orders: dict[str, Order] = {}
        fills: dict[tuple[str, str, str], Fill] = {}
        breakers: dict[str, BreakerState] = {}
        baseline: rc.Snapshot | None = None
        for record in self.records:
            match record:
                case rc.Intended():
                    orders[record.intent.label] = Order(record.intent)
                case rc.OrderChanged():
                    orders[record.order.intent.label] = msgspec.structs.replace(record.order)
                case rc.Traded():
                    fills[record.fill.key] = record.fill
                case rc.Commanded():
                    breakers[record.book] = record.state
                case rc.Snapshot():
                    baseline = record
                case rc.EpochRaised():
                    self.epoch = max(self.epoch, record.epoch)
                case _:
                    pass
        self.epoch += 1
        return ev.JournalLoaded(
            venue=VENUE,
            environment=Environment.LOCAL,
            account_id="1",
            epoch=self.epoch,
            orders=tuple(orders.values()),
            fills=tuple(fills.values()),
            breakers=breakers,
            last_fill_ms=max((fill.market_ms for fill in fills.values()), default=0),
            baseline=baseline,
            sums=tuple(
                LabelSum(label="h-btc", instrument=name, size=size)
                for name, size in own_sums(fills.values(), self.adjusted()).items()
            ),
        )

    def adjusted(self) -> list[LabelSum]:
        """Corrections of what our own trades come to."""
        return [record.sum for record in self.records if isinstance(record, rc.Adjusted)]


def own_sums(fills: Iterable[Fill], adjusted: Iterable[LabelSum]) -> dict[str, Decimal]:
    """What trades under our own labels come to, by instrument."""
    sums: dict[str, Decimal] = {}
    own = [(fill.instrument, fill.signed_amount) for fill in fills if fill.label.startswith("h-btc-")]
    for name, size in [*own, *((each.instrument, each.size) for each in adjusted)]:
        sums[name] = sums.get(name, Decimal(0)) + size
    return {name: size for name, size in sums.items() if size}


class World:
    """One heap of virtual time; every engine run and connection has a number, and dies with its messages."""

    def __init__(self, seed: int, engine_settings: EngineSettings) -> None:
        self.random = random.Random(seed)
        self.chances = Chances()
        self.rig = Rig(engine_settings)
        self.venue = TrueVenue(
            self.rig,
            {PERP: Decimal(0), **{n: self.some(n, 40) for n in OPTIONS if self.random.random() < 0.8}},
        )
        self.journal = Journal()
        self.heap: list[tuple[float, int, Callable[[], None]]] = []
        self.number, self.run, self.link = 0, 0, 0
        self.connected = False
        self.queue_s = {"reply": 0.0, "notice": 0.0}
        self.unwritten: list[fx.Write] = []
        self.flying: dict[str, OrderIntent] = {}  # sent by the daemon, not yet at the venue
        self.untold: dict[str, Decimal] = {}  # a person's trades in the perpetual no message has told yet
        self.grid_s = self.random.choice((0.0, 0.0, 0.05))  # in some lives much happens in one millisecond
        self.placed: list[str] = []
        self.trail: list[str] = []
        self.started_s = self.rig.wire_s
        self.engine = Engine(engine_settings, self.rig.now)

    # --- time ----------------------------------------------------------------------------------------

    def after(self, delay_s: float, action: Callable[[], None]) -> None:
        self.number += 1
        heapq.heappush(self.heap, (self.rig.wire_s + delay_s, self.number, action))

    def advance(self, until_s: float) -> None:
        """Do everything due until then, at its own time."""
        while self.heap and self.heap[0][0] <= until_s:
            due_s, _, action = heapq.heappop(self.heap)
            self._clock(due_s)
            action()
        self._clock(until_s)

    def _clock(self, wire_s: float) -> None:
        self.rig.market_ms += round(wire_s * 1000) - round(self.rig.wire_s * 1000)
        self.rig.wire_s = wire_s

    def say(self, text: str) -> None:
        self.trail.append(f"{self.rig.wire_s - self.started_s:8.3f} {text}")

    def delay_s(self) -> float:
        if self.chances.of(self.random, 0.06):
            return self._on_grid(self.random.uniform(1.0, 7.0))
        return self._on_grid(self.random.uniform(0.001, 0.15))

    def _on_grid(self, delay_s: float) -> float:
        if not self.grid_s:
            return delay_s
        due_s = math.ceil((self.rig.wire_s + delay_s) / self.grid_s) * self.grid_s
        return max(0.0, due_s - self.rig.wire_s)

    # --- the engine ----------------------------------------------------------------------------------

    def step(self, *events: ev.Event) -> None:
        for event in events:
            if not isinstance(event, ev.Quoted | ev.Indexed):
                self.say(f"-> {_short(event)}")
            for fill in _told(event):
                self.untold.pop(fill.trade_id, None)
        for effect in self.engine.step(self.rig.now, events):
            if not isinstance(effect, fx.Watch | fx.Note):
                self.say(f"<- {_short(effect)}")
            self._perform(effect)

    def _perform(self, effect: fx.Effect) -> None:
        match effect:
            case fx.Write():
                self.unwritten.append(effect)
                slow = self.chances.of(self.random, 0.1)
                run, delay_s = self.run, self.random.uniform(0.5, 3.0) if slow else 0.004
                self.after(delay_s, lambda: self._durable(effect, run))
            case fx.Place():
                self._place(effect.approved.intent)
            case fx.LoadJournal():
                run = self.run
                load = self.journal.load
                self.after(self.delay_s(), lambda: self.step(load()) if run == self.run else None)
            case fx.RequestSnapshot():
                self.sent(lambda: self._snapshot(effect.since_ms))
            case fx.RequestLog():
                self.sent(lambda: self._log_asked(effect.since_ms))
            case fx.LookUp():
                self.sent(lambda: self._look_up(effect))
            case fx.Amend():
                self._amend(effect.approved.intent)
            case fx.Cancel():
                self.sent(lambda: self._cancel(effect.label))
            case fx.Exit():
                raise Broken(f"the engine asked to exit: {effect.reason}")
            case fx.Watch() | fx.Note():
                pass

    def _durable(self, write: fx.Write, run: int) -> None:
        if run != self.run or write not in self.unwritten:
            return
        upto = self.unwritten.index(write) + 1
        for earlier in self.unwritten[:upto]:
            self.journal.keep(earlier.records)
        del self.unwritten[:upto]
        self.step(ev.Durable(sequence=write.sequence))

    def restart(self, kept: int | None = None) -> None:
        """kill -9: a prefix of the writes under way is on disk (`kept`, or any), the rest never was."""
        self.say("RESTART")
        for write in self.unwritten[: self.random.randint(0, len(self.unwritten)) if kept is None else kept]:
            self.journal.keep(write.records)
        self.unwritten.clear()
        self.run += 1
        self.link += 1
        self.connected = False
        self._cancel_on_disconnect()
        self.engine = Engine(self.rig.settings, self.rig.now)
        self.after(self.delay_s(), self.link_up)

    # --- the wire ------------------------------------------------------------------------------------

    def link_up(self) -> None:
        if self.connected:
            return
        self.connected = True
        self.queue_s = {"reply": 0.0, "notice": 0.0}
        self.step(self.rig.listed(*self.venue.alive), self.rig.link_up())

    def link_down(self) -> None:
        if not self.connected:
            return
        self.connected = False
        self.link += 1
        self._cancel_on_disconnect()
        self.step(ev.LinkDown(VENUE, "cut"))
        self.after(self.random.uniform(0.1, 3.0), self.link_up)

    def sent(self, action: Callable[[], None]) -> None:
        """A question on its way to the venue."""
        self.linked(self.delay_s(), action)

    def linked(self, delay_s: float, action: Callable[[], None]) -> None:
        """Do this later, unless the connection has gone by then: what travels dies with it."""
        link = self.link
        self.after(delay_s, lambda: action() if link == self.link else None)

    def _carry(self, queue: str, events: tuple[ev.Event, ...], delay_s: float) -> None:
        due_s = max(self.queue_s[queue], self.rig.wire_s + delay_s)
        self.queue_s[queue] = due_s
        self.linked(due_s - self.rig.wire_s, lambda: self.step(*events))

    def reply(self, *events: ev.Event) -> None:
        self._carry("reply", events, self.delay_s())

    def notify(self, *events: ev.Event) -> None:
        """A notification: in order, at times lost (the gap is then mostly noticed), at times repeated."""
        if not self.connected:
            return
        if self.chances.of(self.random, 0.08):
            self.say(f"LOST notice {[_short(e) for e in events]}")
            if self.random.random() < 0.6:
                self.linked(self.delay_s(), self.link_down)
            return
        self._carry("notice", events, self.delay_s())
        if self.chances.of(self.random, 0.08):
            self.linked(self.delay_s() + self.delay_s(), lambda: self.step(*events))

    # --- the venue's side ----------------------------------------------------------------------------

    def _place(self, intent: OrderIntent) -> None:
        self._may_place(intent)
        self.placed.append(intent.label)
        link = self.link
        if self.chances.of(self.random, 0.05):  # never arrives
            self._lose(intent.label, link)
            return
        self.flying[intent.label] = intent
        self.after(self.delay_s(), lambda: self._arrive(intent, link))

    def _may_place(self, intent: OrderIntent) -> None:
        if intent.label not in self.journal.intended:
            raise Broken(f"{intent.label} was placed before its intent was durable")
        if intent.label in self.placed:
            raise Broken(f"{intent.label} was placed twice")
        if self.paused:
            raise Broken(f"{intent.label} was placed while paused")
        if not self.connected:
            raise Broken(f"{intent.label} was placed without a link")
        flying = [o for o in self.flying.values() if o.valid_until_ms > self.rig.market_ms]
        alive = [o.label for o in (*flying, *self.venue.book.values()) if _in_the_way(intent, o)]
        if alive:
            raise Broken(f"{intent.label} was placed while {alive} may still execute")
        if intent.purpose is not Purpose.HEDGE:
            return  # the order at the other edge may just have traded
        ours, theirs = self.believed().get(PERP, Decimal(0)), self.venue.positions[PERP]
        if theirs - ours not in _sums(tuple(self.untold.values())):
            raise Broken(f"{intent.label} was placed on {PERP} {ours}, the venue holds {theirs}")

    @property
    def paused(self) -> bool:
        return self.engine.view(self.rig.now).breaker is BreakerState.PAUSED

    def believed(self) -> dict[str, Decimal]:
        rows = self.engine.view(self.rig.now).books[0].positions
        return {row.instrument: Decimal(row.size) for row in rows if Decimal(row.size)}

    def _lose(self, label: str, link: int) -> None:
        """The reply never comes; at times the session says so, at times the engine has to notice."""
        if self.random.random() < 0.5:
            lost = ev.PlacementLost(VENUE, label, "no reply")
            self.after(self.random.uniform(0.5, 4.0), lambda: self.step(lost) if link == self.link else None)

    def _arrive(self, intent: OrderIntent, link: int) -> None:
        del self.flying[intent.label]
        if link != self.link and self.random.random() < 0.5:
            return  # cut off on the way; otherwise it was through already
        late = self.rig.market_ms > intent.valid_until_ms
        if not late and intent.post_only and self.venue.would_take(intent):
            refused = ev.PlacementRefused(VENUE, intent.label, 11054, "post_only_reject")
            self._answer(intent.label, link, refused)
            return
        if late or self.chances.of(self.random, 0.06):
            code, word = (13888, "valid_until") if late else (10009, "not_enough_funds")
            self._answer(intent.label, link, ev.PlacementRefused(VENUE, intent.label, code, word))
            return
        if intent.time_in_force is TimeInForce.GTC:
            self._rest(intent, link)
            return
        parts = self._parts(intent)
        reply, notice = self.venue.execute(intent, parts)
        self.say(f"EXECUTED {intent.label} {intent.side} {parts} -> {self.venue.positions[PERP]}")
        if self.venue.executions[intent.label] > 1:
            raise Broken(f"{intent.label} executed twice")
        self.notify(*notice)
        self._answer(intent.label, link, *reply)

    def _answer(self, label: str, link: int, *events: ev.Event) -> None:
        if link != self.link:
            return
        if self.chances.of(self.random, 0.06):
            self.say(f"LOST reply {label}")
            self._lose(label, link)
            return
        self.reply(*events)

    def _rest(self, intent: OrderIntent, link: int) -> None:
        told = self.venue.rest(intent)
        self.say(f"RESTS {intent.label} {intent.side} {intent.amount} at {intent.price}")
        if self.venue.executions[intent.label] > 1:
            raise Broken(f"{intent.label} executed twice")
        self.notify(*told)
        self._answer(intent.label, link, *told)
        if link != self.link:  # its connection went while it was on the way
            self.venue.end(intent.label, "cancel_on_disconnect")

    def _amend(self, intent: OrderIntent) -> None:
        assert intent.price is not None
        if (intent.label, intent.price, intent.amount) not in self.journal.amendments:
            raise Broken(f"{intent.label} was amended before its terms were durable")
        if self.paused:
            raise Broken(f"{intent.label} was amended while paused")
        link = self.link
        lost = ev.AmendLost(VENUE, intent.label, "no reply")
        if self.chances.of(self.random, 0.08):
            if self.random.random() < 0.5:
                self.linked(self.random.uniform(0.5, 4.0), lambda: self.step(lost))
            return
        self.sent(lambda: self._amended(intent, link, lost))

    def _amended(self, intent: OrderIntent, link: int, lost: ev.AmendLost) -> None:
        standing = self.venue.book.get(intent.label)
        late = self.rig.market_ms > intent.valid_until_ms
        if standing is None or late or intent.amount <= self.venue.reports[intent.label].filled_amount:
            self.reply(lost)
            return
        if intent.amount > standing.amount:
            raise Broken(f"{intent.label} was made larger: {standing.amount} to {intent.amount}")
        if self.chances.of(self.random, 0.05):
            self.reply(ev.AmendRefused(VENUE, intent.label, 10043, "price_wrong_tick"))
            return
        told = self.venue.amend(intent)
        self.say(f"AMENDED {_short(told[0])} at {intent.price}")
        self.notify(*told)
        if self.chances.of(self.random, 0.06):
            self.reply(lost)
        else:
            self.reply(*told)

    def _cancel(self, label: str) -> None:
        if label not in self.venue.book:
            self.reply(ev.CancelRefused(VENUE, label, 11044, "not_open_order"))
            return
        told = self.venue.end(label, "user_request")
        self.say(f"CANCELLED {label}")
        self.notify(told)
        if not self.chances.of(self.random, 0.06):
            self.reply(told)

    def _cancel_on_disconnect(self) -> None:
        """The venue notices at once, or (half open) only when the next connection has long been made."""
        slow = self.chances.of(self.random, 0.3)
        labels = tuple(self.venue.book)

        def cut() -> None:
            for label in labels:
                if label in self.venue.book:
                    told = self.venue.end(label, "cancel_on_disconnect")
                    self.notify(told)

        self.after(self.random.uniform(0.0, 4.0) if slow else 0.0, cut)

    def match(self) -> None:
        """Resting orders that the market has come to fill; at the touch now and then, in parts."""
        for label, intent in tuple(self.venue.book.items()):
            if intent.price is None:
                continue
            through = self.venue.would_take(intent)
            distance = (float(intent.price) - (self.rig.index - 0.5 * intent.side.sign)) * intent.side.sign
            at_touch = distance >= 0 and self.random.random() < 0.15
            if through or at_touch:
                lots = int(self.venue.left(label) / LOT[intent.instrument])
                lots = lots if through and self.random.random() < 0.6 else self.random.randint(1, lots)
                told = self.venue.meet(label, LOT[intent.instrument] * lots)
                self.say(f"MET {label} {lots} lots -> {self.venue.positions[PERP]}")
                self.notify(*told)

    def _parts(self, intent: OrderIntent) -> list[Decimal]:
        lots = int(intent.amount / LOT[intent.instrument])
        if self.chances.of(self.random, 0.12):
            return []
        if self.chances.of(self.random, 0.2):
            lots = self.random.randint(1, lots)
        first = self.random.randint(1, lots)
        return [LOT[intent.instrument] * part for part in (first, lots - first) if part]

    def _snapshot(self, since_ms: int) -> None:
        """Trades and orders now, the positions a little later: as the daemon asks for them."""
        fills = tuple(fill for fill in self.venue.fills if fill.market_ms >= since_ms)
        server_ms = self.rig.market_ms
        orders = tuple(self.venue.reports[label] for label in self.venue.book)
        self.linked(self.delay_s(), lambda: self._positions(fills, orders, server_ms))

    def _positions(self, fills: tuple[Fill, ...], orders: tuple[OrderReport, ...], server_ms: int) -> None:
        if self.chances.of(self.random, 0.08):
            if self.random.random() < 0.7:
                self.reply(ev.SnapshotFailed(VENUE, "lost"))
            return
        held = self.venue.held()
        self.reply(
            ev.SnapshotTaken(
                venue=VENUE,
                server_ms=server_ms,
                positions=tuple(Position(VENUE, name, size) for name, size in held.items()),
                open_orders=orders,
                accounts=(self.rig.account().account,),
                fills=fills,
                positions_ms=self.rig.market_ms + 1,  # it leaves after it was read
            )
        )

    def _log_asked(self, since_ms: int) -> None:
        """The log of the account, or at times word that it did not come."""
        if self.chances.of(self.random, 0.1):
            self.reply(ev.LogFailed(VENUE, "lost"))
            return
        entries = tuple(entry for entry in self.venue.log if entry.market_ms >= since_ms)
        self.reply(ev.LogTold(VENUE, since_ms, entries))

    def _look_up(self, asked: fx.LookUp) -> None:
        report, server_ms = self.venue.reports.get(asked.label), self.rig.market_ms
        reports = () if report is None else (report,)
        self.linked(self.delay_s(), lambda: self._found(asked, reports, server_ms))

    def _found(self, asked: fx.LookUp, reports: tuple[OrderReport, ...], server_ms: int) -> None:
        if self.chances.of(self.random, 0.08):
            if self.random.random() < 0.7:
                self.reply(ev.LookupFailed(VENUE, asked.label, "lost"))
            return
        fills = [f for f in self.venue.fills if f.label == asked.label and f.market_ms >= asked.since_ms]
        self.reply(ev.LookedUp(VENUE, asked.label, server_ms, reports, tuple(fills)))

    # --- what else happens ---------------------------------------------------------------------------

    def tick(self) -> None:
        """The index walks; tickers of everything alive."""
        rig = self.rig
        rig.index = round(rig.index * (1 + self.random.gauss(0, 0.002) * self.chances.harm) * 2) / 2
        self.match()
        if self.connected:
            self.step(*rig.quotes(*self.venue.alive))

    def some(self, name: str, most_lots: int) -> Decimal:
        return LOT[name] * self.random.randint(-most_lots, most_lots)


def _in_the_way(new: OrderIntent, other: OrderIntent) -> bool:
    """Whether two orders must never be able to trade at once: only both edges of a band may."""
    both_rest = Purpose.HEDGE not in (new.purpose, other.purpose)
    return not (both_rest and new.side is not other.side)


def _told(event: ev.Event) -> tuple[Fill, ...]:
    match event:
        case ev.Filled(fill):
            return (fill,)
        case ev.SnapshotTaken() | ev.LookedUp():
            return event.fills
        case _:
            return ()


def _sums(amounts: tuple[Decimal, ...]) -> set[Decimal]:
    """What any of these, or none, add up to: a position may hold a trade before its message comes."""
    sums = {Decimal(0)}
    for amount in amounts:
        sums |= {known + amount for known in sums}
    return sums


def _short(value: object) -> str:
    match value:
        case ev.Reported(report):
            return f"Reported {report.label} {report.state} {report.filled_amount}"
        case ev.Filled(fill):
            return f"Filled #{fill.trade_id} {fill.label} {fill.signed_amount} @{fill.market_ms}"
        case ev.PositionReported(position):
            return f"Position {position.instrument} {position.size}"
        case ev.SnapshotTaken():
            held = {p.instrument: str(p.size) for p in value.positions}
            last = [fill.trade_id for fill in value.fills][-8:]
            return f"SnapshotTaken {held} fills {last} @{value.server_ms} positions @{value.positions_ms}"
        case fx.Write():
            return f"Write {value.sequence} {[type(r).__name__ for r in value.records]}"
        case _:
            return str(value)[:200]
