"""The `websockets` library: written in Python, always there."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidURI, WebSocketException

from hedger.domain.errors import VenueError
from hedger.venues.transport.socket import (
    LOST,
    TOO_BIG,
    Disconnected,
    Receive,
    Route,
    closed_by_us,
    closed_by_venue,
    failed,
    message_too_big,
    refused,
)

# At DEBUG the library logs whole frames, the login with its secret among them: its logger never gets there.
_LIBRARY_LOG = logging.getLogger("hedger.websockets")
_LIBRARY_LOG.setLevel(logging.WARNING)


class WebsocketsTransport:
    """Sockets of the `websockets` library."""

    @asynccontextmanager
    async def connect(self, route: Route) -> AsyncIterator[WebsocketsSocket]:
        try:
            connection = await _Connect(
                route.url,
                ssl=route.tls,
                compression=None,
                logger=_LIBRARY_LOG,
                max_size=route.max_frame_bytes,
                open_timeout=route.connect_timeout_s,
                close_timeout=route.close_timeout_s,
                ping_interval=None,  # the venue's own heartbeat tests the connection
                proxy=route.proxy,
            )
        except (OSError, WebSocketException) as error:
            raise why(error) from error
        socket = WebsocketsSocket(connection, route)
        try:
            yield socket
        finally:
            await socket.close()


class _Connect(connect):
    """Follows no redirect: which host may be reached is fixed by the environment."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


class WebsocketsSocket:
    """One connection."""

    def __init__(self, connection: ClientConnection, route: Route) -> None:
        self._connection = connection
        self._max_frame_bytes, self._close_timeout_s = route.max_frame_bytes, route.close_timeout_s

    async def read(self, receive: Receive) -> Disconnected:
        try:
            while True:
                receive((await self._connection.recv(decode=False),))
        except ConnectionClosed as error:
            return self._end(error)

    async def send(self, frame: str) -> None:
        try:
            await self._connection.send(frame)
        except ConnectionClosed as error:
            raise self._end(error) from error

    async def close(self) -> None:
        """The library waits without limit for a peer that takes nothing; here it is given up."""
        try:
            async with asyncio.timeout(self._close_timeout_s):
                await self._connection.close()
        except TimeoutError:
            self._connection.transport.abort()

    def _end(self, error: ConnectionClosed) -> Disconnected:
        if error.sent is not None and error.sent.code == TOO_BIG and not error.rcvd_then_sent:
            return message_too_big(self._max_frame_bytes)
        return why(error)


def why(error: OSError | WebSocketException) -> Disconnected:
    """Why a connection failed, where another attempt may succeed. Raises VenueError where none can."""
    if isinstance(error, OSError):
        return failed(error)
    if isinstance(error, InvalidURI):
        raise VenueError(f"{error}") from error
    if isinstance(error, ConnectionClosed):
        return _end_of(error)
    return refused(error)


def _end_of(error: ConnectionClosed) -> Disconnected:
    if error.rcvd is not None:
        return closed_by_venue(error.rcvd.code, error.rcvd.reason)
    return Disconnected(LOST) if error.sent is None else closed_by_us(error.sent.code, error.sent.reason)
