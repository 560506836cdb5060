"""The last stage before the sockets: frames become text, and faults of the wire take effect."""

from __future__ import annotations

from hedger.simulator.connection import Connection, Send, Subscription
from hedger.simulator.faults import Faults
from hedger.simulator.rpc import notification
from hedger.simulator.wire import WirePrinter


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

    def notify(self, connection: Connection, subscription: Subscription, data: object, wire_s: float) -> None:
        """Queue a notification, unless silenced; twice when duplicated."""
        name = subscription.channel.name
        subscription.sent_s = wire_s
        if self._faults.find("silence", wire_s, channel=name):
            return
        frame = notification(name, data)
        for _ in range(2 if self._faults.use("duplicate", wire_s, channel=name) else 1):
            self.send(connection, frame, wire_s)

    def delay_s(self, wire_s: float) -> float:
        """How late frames are sent on purpose."""
        fault = self._faults.find("delay", wire_s)
        return fault.delay_s if fault is not None else 0.0
