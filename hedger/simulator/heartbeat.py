"""Connections that say nothing: test requests, and the end of those that do not answer (deribit.md 4)."""

from __future__ import annotations

from hedger.simulator.connection import Connection, Heartbeat
from hedger.simulator.outlet import Outlet
from hedger.simulator.rpc import heartbeat

ANSWER_S = 10.0
PERIOD = 1.06  # of the interval, recorded
IDLE_CLOSE_S = 60.0


def watch(connection: Connection, outlet: Outlet, wire_s: float) -> None:
    """Send what is due; close a connection that did not answer, or never had a purpose."""
    beat = connection.heartbeat
    if beat is None:
        if not connection.subscriptions and wire_s - connection.last_received_s >= IDLE_CLOSE_S:
            connection.close(None)
    elif beat.answer_by_s is not None and wire_s >= beat.answer_by_s:
        connection.close(4000, "heartbeat close")
    elif wire_s >= beat.next_s:
        _test(connection, beat, outlet, wire_s)


def _test(connection: Connection, beat: Heartbeat, outlet: Outlet, wire_s: float) -> None:
    """A test request; on an idle connection with a heartbeat before it."""
    if wire_s - max(connection.last_received_s, connection.last_sent_s) >= beat.interval_s:
        outlet.send(connection, heartbeat("heartbeat"), wire_s)
    outlet.send(connection, heartbeat("test_request"), wire_s)
    beat.next_s = wire_s + beat.interval_s * PERIOD
    beat.answer_by_s = beat.answer_by_s or wire_s + ANSWER_S
