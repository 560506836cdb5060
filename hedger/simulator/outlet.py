"""The last stage before the sockets: frames become text, and faults of the wire take effect."""

from __future__ import annotations

from hedger.simulator.connection import Connection, Overtaken, Send, Subscription
from hedger.simulator.faults import Faults, Subject
from hedger.simulator.rpc import notification
from hedger.simulator.wire import WirePrinter

OVERTAKEN_S = 0.5  # a notification waits no longer for one that overtakes it


class Outlet:
    """Puts frames into the outbox of a connection."""

    def __init__(self, printer: WirePrinter, faults: Faults) -> None:
        self.printer = printer
        self._faults = faults

    def send(self, connection: Connection, frame: dict[str, object], wire_s: float) -> None:
        """Queue one frame; nothing is sent on a closed connection."""
        if connection.closed:
            return
        connection.last_sent_s = wire_s
        text = self.printer.text(frame) if "id" in frame else self.printer.feed_text(frame)
        connection.outbox.append(Send(text, wire_s + self.delay_s(wire_s)))

    def reply(
        self, connection: Connection, frame: dict[str, object], request: Subject, wire_s: float
    ) -> None:
        """Queue the answer to a request; a slow one lets other frames pass."""
        slow_s = self.slow_ack_s(request, wire_s)
        if slow_s <= 0 or connection.closed:
            self.send(connection, frame, wire_s)
            return
        connection.last_sent_s = wire_s
        connection.outbox.append(Send(self.printer.text(frame), wire_s + slow_s, apart=True))

    def notify(self, connection: Connection, subscription: Subscription, data: object, wire_s: float) -> None:
        """Queue a notification, unless silenced or left out; twice when duplicated."""
        name = subscription.channel.name
        subject = Subject(channel=name, instrument=_instrument(subscription, data))
        subscription.sent_s = wire_s
        if subscription.silent or self._faults.find("silence", wire_s, subject):
            return
        if _is_change_of_book(data) and self._faults.use("book_gap", wire_s, subject):
            return
        frame = notification(name, data)
        for _ in range(2 if self._faults.use("duplicate", wire_s, subject) else 1):
            self._pass_on(connection, frame, subject, wire_s)

    def _pass_on(
        self, connection: Connection, frame: dict[str, object], subject: Subject, wire_s: float
    ) -> None:
        """Send, or hold back for the next notification to overtake."""
        if connection.overtaken is None and self._faults.use("reorder", wire_s, subject):
            connection.overtaken = Overtaken(frame, wire_s)
            return
        self.send(connection, frame, wire_s)
        self.release(connection, wire_s)

    def release(self, connection: Connection, wire_s: float, after_s: float = 0.0) -> None:
        """Send the notification that was held back, if it was for that long."""
        held = connection.overtaken
        if held is not None and wire_s - held.since_s >= after_s:
            connection.overtaken = None
            self.send(connection, held.frame, wire_s)

    def delay_s(self, wire_s: float) -> float:
        """How late frames are sent on purpose."""
        fault = self._faults.find("delay", wire_s)
        return fault.delay_s if fault is not None else 0.0

    def slow_ack_s(self, request: Subject, wire_s: float) -> float:
        """How late the reply to a request is sent on purpose."""
        fault = self._faults.use("slow_ack", wire_s, request)
        return fault.delay_s + self.delay_s(wire_s) if fault is not None else 0.0


def _instrument(subscription: Subscription, data: object) -> str | None:
    """The instrument a notification is about."""
    if subscription.channel.instrument:
        return subscription.channel.instrument
    row = data[0] if isinstance(data, list) and data else data
    name = row.get("instrument_name") if isinstance(row, dict) else None
    return name if isinstance(name, str) else None


def _is_change_of_book(data: object) -> bool:
    return isinstance(data, dict) and "prev_change_id" in data
