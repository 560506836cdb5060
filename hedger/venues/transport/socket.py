"""What a client needs of a websocket, whichever library carries it.

    async with transport.connect(route) as socket:
        socket.read(receive) until the socket closes      socket.send(frame)      socket.close()

Every way a connection can fail or end is one error, `Disconnected`; `VenueError` where no retry can help.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from enum import StrEnum
from typing import NamedTuple, Protocol

from hedger.domain.errors import VenueError

CLOSE_TIMEOUT_S = 2.0  # for the closing handshake; then the connection is dropped
OK, TOO_BIG = 1000, 1009  # close codes of RFC 6455 7.4.1
ABSENT = 1005  # stands for a close frame without a code
LOST = "connection lost"

Receive = Callable[[Sequence[bytes]], None]
"""Takes the messages that arrived together, in order."""


class TransportKind(StrEnum):
    """Which library carries the frames."""

    WEBSOCKETS = "websockets"
    PICOWS = "picows"


class Route(NamedTuple):
    """Where to connect, and the limits of the connection. `tls` None: not encrypted; `proxy` None: direct."""

    url: str
    tls: ssl.SSLContext | None
    proxy: str | None
    connect_timeout_s: float
    max_frame_bytes: int
    close_timeout_s: float = CLOSE_TIMEOUT_S


class Disconnected(Exception):
    """A connection that could not be made, or has ended; another attempt may succeed.

    `too_big`: we ended it, for a message over the limit.
    """

    def __init__(self, reason: str, *, too_big: bool = False) -> None:
        super().__init__(reason)
        self.too_big = too_big


class Socket(Protocol):
    """An open websocket."""

    async def read(self, receive: Receive) -> Disconnected:
        """Give all messages to `receive` until the socket closes, from either side; returns why it did.

        Raises what `receive` raises.
        """

    async def send(self, frame: str) -> None:
        """Send a text message; waits while the peer takes nothing. Raises Disconnected."""

    async def close(self) -> None:
        """Close from our side, within the time-out; a closed socket stays closed."""


class Transport(Protocol):
    """A way to open websockets."""

    def connect(self, route: Route) -> AbstractAsyncContextManager[Socket]:
        """A socket that is closed at the end of the block. Raises Disconnected, or VenueError."""


def closed_by_venue(code: int, text: str) -> Disconnected:
    """The venue said goodbye."""
    return Disconnected(f"closed by the venue: {code} {text}".rstrip())


def closed_by_us(code: int, text: str) -> Disconnected:
    """We closed the connection: with any code but OK, what came was no websocket frame or is not allowed."""
    return Disconnected(LOST if code == OK else f"closed by us: {code} {text}".rstrip())


def message_too_big(limit_bytes: int) -> Disconnected:
    """A message over the limit: we close the connection, and it is bad data, too."""
    return Disconnected(f"a frame over {limit_bytes} bytes", too_big=True)


def refused(detail: object) -> Disconnected:
    """Somebody answers, but not with a websocket."""
    return Disconnected(f"handshake refused: {detail}")


def failed(error: OSError) -> Disconnected:
    """A failure of the network below the websocket. Raises VenueError for a certificate that is not accepted.

    TimeoutError and the errors of ssl are OSErrors.
    """
    if isinstance(error, ssl.SSLCertVerificationError):
        raise VenueError(f"certificate not accepted: {error.verify_message}") from error
    if isinstance(error, TimeoutError):
        return Disconnected("no connection within the time-out")
    return Disconnected(f"{type(error).__name__}: {error}")
