"""Session methods: auth, heartbeat, subscriptions, cancel-on-disconnect (deribit.md 3, 4 and 7)."""

from __future__ import annotations

from hedger.simulator.channels import parse_channel
from hedger.simulator.connection import Heartbeat, Subscription
from hedger.simulator.faults import Subject
from hedger.simulator.methods import NO_REPLY, Call, method
from hedger.simulator.params import required_integer
from hedger.simulator.rpc import ApiError, invalid_param

VERSION = "1.2.26"
MIN_HEARTBEAT_S = 10
FIRST_TEST_REQUEST = 1.2  # of the interval, recorded
MAX_CHANNEL_LABEL = 16


@method("public/auth")
def auth(call: Call) -> object:
    connection_id = call.connection.id if call.connection else None
    short = call.exchange.faults.use("short_token", call.wire_s, Subject(call.method))
    longest_s = None if short is None else int(short.lifetime_s)
    authority = call.exchange.admission.authority
    grant, result = authority.authenticate(call.params, connection_id, call.wire_s, longest_s)
    if call.connection is not None:
        call.connection.grant = grant
        if call.exchange.account_cancel_on_disconnect:
            call.connection.cancel_on_disconnect = True
    return result


@method("private/logout")
def logout(call: Call) -> object:
    """Closes the socket without an answer; orders stay (no cancel-on-disconnect)."""
    connection = call.socket
    connection.logged_out = True
    connection.close(1000, "logout")
    return NO_REPLY


@method("public/hello")
def hello(call: Call) -> object:
    call.params.required_text("client_name")
    call.params.required_text("client_version")
    return {"version": VERSION}


@method("public/test")
def test(call: Call) -> object:
    if call.connection is not None and call.connection.heartbeat is not None:
        call.connection.heartbeat.answer_by_s = None
    if call.params.text("expected_result") == "exception":
        raise ApiError(11030, detail="exception")
    return {"version": VERSION}


@method("public/get_time")
def get_time(call: Call) -> object:
    return call.now_ms


@method("public/status")
def status(call: Call) -> object:
    return call.exchange.platform.status()


@method("public/set_heartbeat")
def set_heartbeat(call: Call) -> object:
    connection, interval_s = call.socket, required_integer(call.params, "interval")
    if interval_s < MIN_HEARTBEAT_S:
        raise invalid_param("interval", "wrong format")
    connection.heartbeat = Heartbeat(interval_s, call.wire_s + interval_s * FIRST_TEST_REQUEST)
    return "ok"


@method("public/disable_heartbeat")
def disable_heartbeat(call: Call) -> object:
    call.socket.heartbeat = None
    return "ok"


@method("private/enable_cancel_on_disconnect", ("account", "read_write"))
def enable_cancel_on_disconnect(call: Call) -> object:
    return _set_cancel_on_disconnect(call, True)


@method("private/disable_cancel_on_disconnect", ("account", "read_write"))
def disable_cancel_on_disconnect(call: Call) -> object:
    return _set_cancel_on_disconnect(call, False)


@method("private/get_cancel_on_disconnect", ("account", "read"))
def get_cancel_on_disconnect(call: Call) -> object:
    scope = call.params.choice("scope", ("connection", "account"), "connection")
    enabled = call.exchange.account_cancel_on_disconnect
    if scope == "connection":
        enabled = call.socket.cancel_on_disconnect
    return {"scope": scope, "enabled": enabled}


def _set_cancel_on_disconnect(call: Call, enabled: bool) -> str:
    scope = call.params.choice("scope", ("connection", "account"), "connection")
    if scope == "account":
        call.exchange.account_cancel_on_disconnect = enabled
    if call.connection is not None or scope == "connection":
        call.socket.cancel_on_disconnect = enabled
    return "ok"


@method("public/subscribe")
def public_subscribe(call: Call) -> object:
    return _subscribe(call, private=False)


@method("private/subscribe", ("account", "read"))
def private_subscribe(call: Call) -> object:
    if len(call.params.text("label")) > MAX_CHANNEL_LABEL:
        raise invalid_param("label", "wrong format")
    return _subscribe(call, private=True)


def _subscribe(call: Call, *, private: bool) -> list[str]:
    """Accepted channels only: unknown ones are silently missing from the answer."""
    connection = call.socket
    parsed = [parse_channel(name) for name in call.params.names("channels")]
    channels = [channel for channel in parsed if channel is not None]
    if connection.grant is None and any(channel.needs_auth for channel in channels):
        raise ApiError(13778)
    granted = [c for c in channels if (private or not c.private) and call.exchange.feeds.known(c)]
    for channel in granted:
        if channel.name not in connection.subscriptions:
            subscription = connection.subscriptions[channel.name] = Subscription(channel)
            subject = Subject(channel=channel.name, instrument=channel.instrument or None)
            fault = call.exchange.faults.use("silent_subscription", call.wire_s, subject)
            subscription.silent = fault is not None
            call.exchange.broadcast.subscribed(connection, subscription)
    return sorted({channel.name for channel in granted}, key=lambda name: name[::-1])


@method("public/unsubscribe")
def public_unsubscribe(call: Call) -> object:
    return _unsubscribe(call)


@method("private/unsubscribe", ("account", "read"))
def private_unsubscribe(call: Call) -> object:
    return _unsubscribe(call)


def _unsubscribe(call: Call) -> list[str]:
    connection = call.socket
    names = call.params.names("channels")
    return [name for name in names if connection.subscriptions.pop(name, None) is not None]


@method("public/unsubscribe_all")
def public_unsubscribe_all(call: Call) -> object:
    connection = call.socket
    kept = {name: sub for name, sub in connection.subscriptions.items() if sub.channel.private}
    connection.subscriptions = kept
    return "ok"


@method("private/unsubscribe_all", ("account", "read"))
def private_unsubscribe_all(call: Call) -> object:
    call.socket.subscriptions.clear()
    return "ok"
