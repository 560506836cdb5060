"""Faults that a test or a person switches on: a wire that misbehaves in the ways real wires do."""

from __future__ import annotations

from dataclasses import dataclass

from hedger.simulator.limits import MATCHING_METHODS

KINDS = (
    "drop",  # sockets are closed at once
    "silence",  # no notifications; requests are answered
    "delay",  # every outgoing frame is late by delay_s
    "lost_reply",  # the request is executed, its reply is not sent
    "duplicate",  # every notification is sent twice
    "notification_first",  # notifications of a request come before its reply
    "reject",  # a request of the matching engine is answered with `code`; nothing is placed
    "stale_quotes",  # tickers keep their old prices and timestamps
    "empty_book",  # every ladder is empty
)
_ONCE = ("lost_reply", "reject", "notification_first")
DEFAULT_DURATION_S = 10.0
DEFAULT_REJECT_CODE = 10040


@dataclass(slots=True)
class Fault:
    """One active fault. `left` counts down; None means until `until_s` (wire time) or for ever."""

    kind: str
    left: int | None = None
    until_s: float | None = None
    method: str | None = None
    channel: str | None = None
    code: int = DEFAULT_REJECT_CODE
    delay_s: float = 0.0

    def active(self, wire_s: float) -> bool:
        return self.left != 0 and (self.until_s is None or wire_s < self.until_s)

    def matches(self, method: str | None, channel: str | None) -> bool:
        """A fault of a request concerns its method, or without one every request of the matching engine."""
        wrong_method = method is not None and not self._concerns(method)
        wrong_channel = (
            self.channel is not None and channel is not None and not channel.startswith(self.channel)
        )
        return not wrong_method and not wrong_channel

    def _concerns(self, method: str) -> bool:
        return method in MATCHING_METHODS if self.method is None else method == self.method


class Faults:
    """The faults that are switched on."""

    def __init__(self) -> None:
        self._active: list[Fault] = []

    def add(self, fault: Fault, wire_s: float, duration_s: float | None = None) -> None:
        """Switch on. Without count and duration: once for faults of a request, 10 s for the others."""
        if fault.left is None and duration_s is None:
            if fault.kind in _ONCE:
                fault.left = 1
            else:
                duration_s = DEFAULT_DURATION_S
        if duration_s is not None:
            fault.until_s = wire_s + duration_s
        self._active.append(fault)

    def clear(self) -> None:
        self._active.clear()

    def find(
        self, kind: str, wire_s: float, *, method: str | None = None, channel: str | None = None
    ) -> Fault | None:
        """The first active fault of a kind that concerns this method or channel."""
        if not self._active:
            return None
        self._active = [fault for fault in self._active if fault.active(wire_s)]
        rows = (fault for fault in self._active if fault.kind == kind and fault.matches(method, channel))
        return next(rows, None)

    def use(
        self, kind: str, wire_s: float, *, method: str | None = None, channel: str | None = None
    ) -> Fault | None:
        """Like `find`, and counts one use."""
        fault = self.find(kind, wire_s, method=method, channel=channel)
        if fault is not None and fault.left is not None:
            fault.left -= 1
        return fault

    def listed(self, wire_s: float) -> list[dict[str, object]]:
        """What is on, for /sim/faults."""
        return [
            {
                "kind": fault.kind,
                "count_left": fault.left,
                "ends_in_s": None if fault.until_s is None else round(fault.until_s - wire_s, 3),
                "method": fault.method,
                "channel": fault.channel,
                "code": fault.code if fault.kind == "reject" else None,
                "delay_s": fault.delay_s if fault.kind == "delay" else None,
            }
            for fault in self._active
            if fault.active(wire_s)
        ]
