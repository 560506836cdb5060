"""Faults that a test or a person switches on: a wire and a market that misbehave as real ones do.

A fault has a kind (fault_kinds.py), begins at an instant of wire time, ends by count or by time, and may be
limited to a method, a channel, an instrument. With a `chance` below 1 the seed decides whom it hits.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from hedger.simulator.fault_kinds import KINDS
from hedger.simulator.limits import MATCHING_METHODS

DEFAULT_DURATION_S = 10.0
DEFAULT_NOTICE_S = 1.0
DEFAULT_REJECT_CODE = 10040


@dataclass(frozen=True, slots=True)
class Subject:
    """What a fault may hit: a request, a notification, or the market of an instrument."""

    method: str | None = None
    channel: str | None = None
    instrument: str | None = None


ANYTHING = Subject()


@dataclass(slots=True)
class Fault:
    """One fault. `left` counts down, None: until `until_s`; times are wire time, durations seconds."""

    kind: str
    left: int | None = None
    since_s: float = -math.inf
    until_s: float = math.inf
    method: str | None = None
    channel: str | None = None  # a prefix
    instrument: str | None = None
    index: str | None = None  # lock: the price index, None: the whole platform
    state: str = "halted"  # halt
    code: int = DEFAULT_REJECT_CODE  # reject
    status: int | None = None  # refuse_handshake, http_error
    delay_s: float = 0.0  # delay, slow_ack, slow_engine
    notice_s: float = DEFAULT_NOTICE_S  # maintenance
    lifetime_s: float = 0.0  # short_token
    share: float = 1.0  # fill_first: of what remains
    chance: float = 1.0

    def active(self, wire_s: float) -> bool:
        return self.left != 0 and self.since_s <= wire_s < self.until_s

    def over(self, wire_s: float) -> bool:
        return self.left == 0 or wire_s >= self.until_s

    def matches(self, subject: Subject) -> bool:
        """Whether a fault concerns this; what a subject does not tell is no reason against it."""
        wrong_channel = subject.channel is not None and not subject.channel.startswith(self.channel or "")
        named = subject.instrument is not None or subject.method is not None or subject.channel is not None
        elsewhere = self.instrument is not None and named and subject.instrument != self.instrument
        return self._concerns(subject.method) and not wrong_channel and not elsewhere

    def _concerns(self, method: str | None) -> bool:
        if method is None:
            return True
        if self.method is not None:
            return method == self.method
        concerns = KINDS[self.kind].concerns
        if concerns == "login":
            return method == "public/auth"
        return concerns == "any" or method in MATCHING_METHODS

    def told(self, wire_s: float) -> dict[str, object]:
        """For /sim/faults: what is set, and what is left of it."""
        kind = KINDS[self.kind]
        return {
            "kind": self.kind,
            "count_left": self.left,
            "starts_in_s": round(max(0.0, self.since_s - wire_s), 3),
            "ends_in_s": round(self.until_s - wire_s, 3) if math.isfinite(self.until_s) else None,
            "chance": self.chance,
            **{name: getattr(self, name) for name in (*kind.filters, *kind.settings)},
        }


@dataclass(slots=True)
class Faults:
    """The faults that are switched on, in the order in which they were."""

    seed: int = 0
    _faults: list[Fault] = field(default_factory=list)
    _chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._chance = random.Random(f"faults:{self.seed}")

    def add(self, fault: Fault, wire_s: float, duration_s: float | None = None, after_s: float = 0.0) -> None:
        """Switch on after a while. Without count and duration: one time, or for 10 s, as its kind says."""
        fault.since_s = wire_s + after_s
        if fault.left is None and duration_s is None and KINDS[fault.kind].once:
            fault.left = 1
        elif fault.left is None and duration_s is None:
            duration_s = DEFAULT_DURATION_S
        if duration_s is not None:
            fault.until_s = fault.since_s + duration_s
        self._faults = [*(row for row in self._faults if not row.over(wire_s)), fault]

    def clear(self) -> None:
        self._faults.clear()

    def all(self, kind: str, wire_s: float) -> Iterator[Fault]:
        """Every active fault of a kind."""
        return (fault for fault in self._faults if fault.kind == kind and fault.active(wire_s))

    def find(self, kind: str, wire_s: float, subject: Subject = ANYTHING) -> Fault | None:
        """The first active fault of a kind that concerns the subject, if chance will have it."""
        for fault in self._faults:
            if fault.kind == kind and fault.active(wire_s) and fault.matches(subject) and self._struck(fault):
                return fault
        return None

    def use(self, kind: str, wire_s: float, subject: Subject = ANYTHING) -> Fault | None:
        """Like `find`, and counts one use."""
        fault = self.find(kind, wire_s, subject)
        if fault is not None and fault.left is not None:
            fault.left -= 1
        return fault

    def _struck(self, fault: Fault) -> bool:
        return fault.chance >= 1.0 or self._chance.random() < fault.chance

    def listed(self, wire_s: float) -> list[dict[str, object]]:
        """What is on or will be, for /sim/faults."""
        return [fault.told(wire_s) for fault in self._faults if not fault.over(wire_s)]
