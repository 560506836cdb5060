"""Inbox and outbox under any sequence of calls: nothing private is lost, nothing leaves early or twice."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from hedger.domain.errors import HaltedError
from hedger.engine import events as ev
from hedger.engine.effects import Amend, Place
from hedger.engine.events import Event, Now
from hedger.engine.inbox import Inbox
from hedger.engine.outbox import Order, Outbox
from hedger.engine.records import Configured
from tests.engine.rig import CALL, PERP, PUT, Rig
from tests.engine.test_outbox import approved

LIMIT = 5
SOURCES = (PERP, CALL, PUT, "")


class InboxMachine(RuleBasedStateMachine):
    """Private events and quotes against two plain lists of what arrived."""

    def __init__(self) -> None:
        super().__init__()
        self.rig, self.inbox = Rig(), Inbox(private_limit=LIMIT)
        self.number = 0
        self.private: list[Event] = []
        self.newest: dict[str, Event] = {}  # by instrument, "" the index; in the order of their first arrival

    @rule()
    def put_private(self) -> None:
        self.number += 1
        event = ev.Durable(sequence=self.number)
        if len(self.private) == LIMIT:
            with pytest.raises(HaltedError, match=f"more than {LIMIT} private events"):
                self.inbox.put(event)
            return
        self.inbox.put(event)
        self.private.append(event)

    @rule(source=st.sampled_from(SOURCES))
    def put_market(self, source: str) -> None:
        self.rig.wait(0.1)
        event = self.rig.quote(source) if source else self.rig.indexed()
        self.inbox.put(event)
        self.newest[source] = event

    @rule()
    def take(self) -> None:
        """Private ones first, all of them, in their order; of every source the newest alone."""
        assert self.inbox.take() == [*self.private, *self.newest.values()]
        self.private, self.newest = [], {}
        assert not self.inbox
        assert self.inbox.take() == []

    @invariant()
    def it_holds_what_arrived_and_never_more_than_its_bounds(self) -> None:
        assert len(self.inbox) == len(self.private) + len(self.newest)
        assert len(self.inbox) <= LIMIT + len(SOURCES)


class OutboxMachine(RuleBasedStateMachine):
    """A journal that answers late, out of order or never, and a clock; orders are known by their number."""

    def __init__(self) -> None:
        super().__init__()
        self.outbox, self.now = Outbox(), Now(1_000, 10.0)
        self.number = 0
        self.fresh: dict[int, tuple[float, int]] = {}  # order -> drop after (wire), valid until (market)
        self.held: dict[int, tuple[int, float, int]] = {}  # order -> sequence of its write, then the same two
        self.dirty = False
        self.durable = 0
        self.left: list[int] = []
        self.gone: set[int] = set()

    @rule(wait_s=st.floats(0.1, 5.0), valid_ms=st.integers(1, 6_000), amends=st.booleans())
    def decide(self, wait_s: float, valid_ms: int, amends: bool) -> None:
        """An order and its record; the write of both comes with the next flush."""
        self.number += 1
        until_s, until_ms = self.now.wire_s + wait_s, self.now.market_ms + valid_ms
        permit = approved(self.number, until_ms)
        order: Order = Amend(approved=permit, order_id="9") if amends else Place(approved=permit)
        self.outbox.record(Configured(market_ms=1, config_hash=str(self.number)))
        self.outbox.hold(order, until_s)
        self.fresh[self.number] = (until_s, until_ms)
        self.dirty = True

    @rule()
    def note(self) -> None:
        """A record that holds no order."""
        self.outbox.record(Configured(market_ms=1, config_hash="note"))
        self.dirty = True

    @rule()
    def flush(self) -> None:
        write = self.outbox.flush()
        assert (write is not None) is self.dirty
        if write is None:
            return
        self.held |= {number: (write.sequence, *terms) for number, terms in self.fresh.items()}
        self.fresh, self.dirty = {}, False

    @precondition(lambda self: self.outbox.sequence)
    @rule(data=st.data())
    def durable_up_to(self, data: st.DataObject) -> None:
        """Any sequence so far, an old one again, or a later one that jumps over some."""
        sequence = data.draw(st.integers(0, self.outbox.sequence))
        self.durable = max(self.durable, sequence)
        release = self.outbox.release(sequence, self.now)
        due = [number for number, (written, *_) in self.held.items() if written <= self.durable]
        assert _numbers(release.send) == [number for number in due if not self.too_late(number)]
        assert sorted(_numbers(release.drop)) == [number for number in due if self.too_late(number)]
        self.left += _numbers(release.send)
        self.leave(due)

    @rule(seconds=st.floats(0.0, 3.0))
    def wait(self, seconds: float) -> None:
        self.now = Now(self.now.market_ms + int(seconds * 1000), self.now.wire_s + seconds)
        late = [number for number in self.held if self.too_late(number)]
        assert _numbers(self.outbox.drop_expired(self.now)) == late
        self.leave(late)

    @rule(odd=st.booleans())
    def close_the_gate(self, odd: bool) -> None:
        """For some: whatever of theirs waits, written or not, may never go any more."""
        concerned = [number for number in (*self.held, *self.fresh) if number % 2 == odd]
        dropped = self.outbox.drop_where(lambda held: int(held.intent.label.rsplit("-", 1)[1]) % 2 == odd)
        assert sorted(_numbers(dropped)) == sorted(concerned)
        self.leave(concerned)

    def too_late(self, number: int) -> bool:
        _, until_s, until_ms = self.held[number]
        return self.now.wire_s > until_s or self.now.market_ms >= until_ms

    def leave(self, numbers: list[int]) -> None:
        assert not self.gone.intersection(numbers), "an order left the gate a second time"
        self.gone.update(numbers)
        for number in numbers:
            self.held.pop(number, None)
            self.fresh.pop(number, None)

    @invariant()
    def what_waits_is_counted_and_everything_has_a_deadline(self) -> None:
        assert self.outbox.held == len(self.held) + len(self.fresh)
        deadlines = [until_s for _, until_s, _ in self.held.values()]
        assert self.outbox.next_deadline() == min(deadlines, default=None)
        assert len(self.left) == len(set(self.left))
        assert self.outbox.durable == self.durable


def _numbers(orders: tuple[Order, ...]) -> list[int]:
    return [int(order.approved.intent.label.rsplit("-", 1)[1]) for order in orders]


TestInbox = InboxMachine.TestCase
TestOutbox = OutboxMachine.TestCase
TestInbox.settings = TestOutbox.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
