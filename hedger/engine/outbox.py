"""The write-ahead gate: a placement or an amendment waits here until the journal says it is durable.

Pure: takes records and orders, yields one Write per step, and `Durable(sequence)` releases what that
write held, or drops it when it waited too long. Cancels do not pass here: a repeated cancel places nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from hedger.domain.approval import Approved
from hedger.engine.effects import Amend, Place, Write
from hedger.engine.events import Now
from hedger.engine.records import Record

Order = Place | Amend


class _Held(NamedTuple):
    sequence: int
    order: Order
    drop_after_wire_s: float


class Released(NamedTuple):
    """Orders that may go now, and those that waited too long and must not."""

    send: tuple[Order, ...]
    drop: tuple[Order, ...]


class Outbox:
    """Sequences are dense, start at 1 and belong to this run."""

    def __init__(self) -> None:
        self.sequence = 0
        self.durable = 0
        self._records: list[Record] = []
        self._fresh: list[tuple[Order, float]] = []
        self._held: deque[_Held] = deque()

    def record(self, record: Record) -> None:
        """Add a record to the next Write."""
        self._records.append(record)

    def hold(self, order: Order, drop_after_wire_s: float) -> None:
        """Hold an order until the next Write is durable, at most until `drop_after_wire_s`."""
        self._fresh.append((order, drop_after_wire_s))

    @property
    def carries(self) -> bool:
        """Whether the next Write has something in it already, and no order that waits for it."""
        return bool(self._records) and not self._fresh

    @property
    def held(self) -> int:
        return len(self._held) + len(self._fresh)

    def flush(self) -> Write | None:
        """The Write of this step, if there is anything to write."""
        if not self._records:
            return None
        self.sequence += 1
        self._held.extend(_Held(self.sequence, order, until) for order, until in self._fresh)
        write = Write(sequence=self.sequence, records=tuple(self._records))
        self._records, self._fresh = [], []
        return write

    def release(self, durable_sequence: int, now: Now) -> Released:
        """Everything held up to `durable_sequence`, split by whether it is still worth sending."""
        self.durable = max(self.durable, durable_sequence)
        send: list[Order] = []
        drop: list[Order] = []
        while self._held and self._held[0].sequence <= self.durable:
            held = self._held.popleft()
            (drop if _expired(held, now) else send).append(held.order)
        return Released(tuple(send), tuple(drop))

    def drop_expired(self, now: Now) -> tuple[Order, ...]:
        """Orders whose journal write took too long, whether or not it ever completes."""
        if not self._held:
            return ()
        drop = tuple(held.order for held in self._held if _expired(held, now))
        self._held = deque(held for held in self._held if not _expired(held, now))
        return drop

    def drop_where(self, which: Callable[[Approved], bool]) -> tuple[Order, ...]:
        """Close the gate for some: what is dropped may never go any more."""
        waiting = [*(held.order for held in self._held), *(order for order, _ in self._fresh)]
        self._held = deque(held for held in self._held if not which(held.order.approved))
        self._fresh = [(order, until) for order, until in self._fresh if not which(order.approved)]
        return tuple(order for order in waiting if which(order.approved))

    def next_deadline(self) -> float | None:
        """Wire time at which the oldest order is to be dropped."""
        return min((held.drop_after_wire_s for held in self._held), default=None)


def _expired(held: _Held, now: Now) -> bool:
    return now.wire_s > held.drop_after_wire_s or now.market_ms >= held.order.approved.intent.valid_until_ms
