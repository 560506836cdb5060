"""The `websockets` library: written in Python, always there."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidURI, WebSocketException

from hedger.domain.errors import VenueError
from hedger.venues.transport.socket import (
    CLOSE_TIMEOUT_S,
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
                close_timeout=CLOSE_TIMEOUT_S,
                ping_interval=None,  # the venue's own heartbeat tests the connection
                proxy=route.proxy,
            )
        except (OSError, WebSocketException) as error:
            raise why(error) from error
        try:
            yield WebsocketsSocket(connection, route.max_frame_bytes)
        finally:
            await connection.close()


class _Connect(connect):
    """Follows no redirect: which host may be reached is fixed by the environment."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


class WebsocketsSocket:
    """One connection; the library closes itself within CLOSE_TIMEOUT_S."""

    def __init__(self, connection: ClientConnection, max_frame_bytes: int) -> None:
        self._connection, self._max_frame_bytes = connection, max_frame_bytes

    async def read(self, receive: Receive) -> Disconnected:
        try:
            while True:
                receive(await self._connection.recv(decode=False))
        except ConnectionClosed as error:
            return self._end(error)

    async def send(self, frame: str) -> None:
        try:
            await self._connection.send(frame)
        except ConnectionClosed as error:
            raise self._end(error) from error

    async def close(self) -> None:
        await self._connection.close()

    def _end(self, error: ConnectionClosed) -> Disconnected:
        if error.sent is not None and error.sent.code == TOO_BIG:
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
