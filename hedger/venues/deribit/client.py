"""The socket around the session: one reader, one writer, one timer; reconnects for ever, with back-off.

websocket -> session.receive -> emit      perform -> session.perform -> session.to_send -> websocket
"""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
import ssl
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Literal

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidURI,
    WebSocketException,
)

from hedger.domain.errors import VenueError
from hedger.domain.vocabulary import Environment
from hedger.engine.effects import VenueEffect
from hedger.engine.events import BadData, Now
from hedger.venues.deribit.backoff import jittered, pauses
from hedger.venues.deribit.decode import MAX_FRAME_BYTES
from hedger.venues.deribit.params import DeribitParams, endpoint
from hedger.venues.deribit.session import DeribitSession
from hedger.venues.protocol import Emit

# At DEBUG the library logs whole frames, the login with its secret among them: its logger never gets there.
_LIBRARY_LOG = logging.getLogger("hedger.websockets")
_LIBRARY_LOG.setLevel(logging.WARNING)

CLOSE_TIMEOUT_S = 2.0
SEND_TIMEOUT_S = 5.0
STABLE_S = 30.0  # a connection that lasted this long starts the back-off anew
TOO_BIG = 1009


class DeribitVenue:
    """A Deribit account behind the Venue protocol. `trading` is true in live mode only.

    `now` gives market and wire time, `unix_ms` the wall clock for signatures.
    """

    def __init__(
        self,
        name: str,
        environment: Environment,
        params: DeribitParams,
        *,
        trading: bool,
        now: Callable[[], Now],
        unix_ms: Callable[[], int],
        version: str,
        jitter: Callable[[], float] = random.random,
        nonce: Callable[[], str] = lambda: secrets.token_hex(8),
    ) -> None:
        self.name, self._params, self._now, self._unix_ms = name, params, now, unix_ms
        self._jitter, self._nonce = jitter, nonce
        self._url = endpoint(environment, params)
        self._proxy: Literal[True] | None = None if environment is Environment.LOCAL else True
        self._tls = _tls(self._url, params.ca_file)
        self._session = DeribitSession(name, environment, params, trading=trading, version=version)
        self._wake = asyncio.Event()
        self._emit: Emit = _nobody

    def perform(self, effect: VenueEffect) -> None:
        """Queue an effect; what is known at once is emitted at once. Raises InvariantError for a placement
        outside live mode."""
        for event in self._session.perform(effect, self._now()):
            self._emit(event)
        self._wake.set()

    async def run(self, emit: Emit) -> None:
        """Stay connected until cancelled. Raises AuthError when the key is refused: never retried."""
        self._emit = emit
        waits = pauses(self._params.backoff_min_s, self._params.backoff_max_s)
        while True:
            started = self._now().wire_s
            reason = await self._connect()
            ending = self._session.ending
            if ending is not None and ending.error is not None:
                raise ending.error
            self._publish_closed(reason if ending is None else ending.reason)
            if self._now().wire_s - started >= STABLE_S:
                waits = pauses(self._params.backoff_min_s, self._params.backoff_max_s)
            pause_s = jittered(next(waits), self._jitter())
            await asyncio.sleep(max(pause_s, 0.0 if ending is None else ending.wait_s))

    def _publish_closed(self, reason: str) -> None:
        for event in self._session.closed(reason, self._now()):
            self._emit(event)

    async def _connect(self) -> str:
        """One connection from open to close; returns why it ended. Raises VenueError where no retry helps."""
        try:
            async with connect(
                self._url,
                ssl=self._tls,
                compression=None,
                logger=_LIBRARY_LOG,
                max_size=MAX_FRAME_BYTES,
                open_timeout=self._params.connect_timeout_s,
                close_timeout=CLOSE_TIMEOUT_S,
                ping_interval=None,  # the venue's own heartbeat tests the connection
                proxy=self._proxy,  # loopback never goes through one
            ) as socket:
                return await self._serve(socket)
        except (OSError, TimeoutError, WebSocketException) as error:
            return retryable(error)

    async def _serve(self, socket: ClientConnection) -> str:
        self._session.opened(self._now(), self._unix_ms(), self._nonce())
        self._wake.set()
        try:
            async with asyncio.TaskGroup() as tasks:
                writer = tasks.create_task(self._write(socket), name=f"{self.name} writer")
                try:
                    return await self._read(socket)
                finally:
                    writer.cancel()
        except ExceptionGroup as group:
            raise group.exceptions[0] from group

    async def _read(self, socket: ClientConnection) -> str:
        """Frames to events until the socket closes, from either side."""
        while self._session.ending is None:
            try:
                frame = await socket.recv(decode=False)
            except ConnectionClosed as error:
                return self._closed_by(error)
            for event in self._session.receive(frame, self._now()):
                self._emit(event)
            self._wake.set()
        return self._session.ending.reason

    def _closed_by(self, error: ConnectionClosed) -> str:
        """A frame over the limit makes the library close the connection; that is bad data, too."""
        if error.sent is not None and error.sent.code == TOO_BIG:
            detail = f"a frame over {MAX_FRAME_BYTES} bytes"
            self._emit(BadData(venue=self.name, channel="frame", instrument="", detail=detail))
            return detail
        return retryable(error)

    async def _write(self, socket: ClientConnection) -> None:
        """The one writer and the one timer of a connection; closes it when the session asks for that."""
        while self._session.ending is None:
            self._wake.clear()
            for event in self._session.tick(self._now()):
                self._emit(event)
            try:
                async with asyncio.timeout(SEND_TIMEOUT_S):
                    for frame in self._session.to_send():
                        await socket.send(frame)
            except (ConnectionClosed, TimeoutError):
                break  # the reader learns why; a socket that takes nothing is closed
            if self._session.ending is None:
                await self._sleep()
        await socket.close()

    async def _sleep(self) -> None:
        """Until something is to be sent, or until the session's next deadline."""
        now = self._now()
        deadline = self._session.next_deadline(now)
        timeout_s = None if deadline is None else max(0.0, deadline - now.wire_s)
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._wake.wait()


def retryable(error: Exception) -> str:
    """Why a connection failed, where another attempt may succeed. Raises VenueError where none can."""
    if isinstance(error, InvalidURI):
        raise VenueError(f"{error}") from error
    if isinstance(error, ssl.SSLCertVerificationError):
        raise VenueError(f"certificate not accepted: {error.verify_message}") from error
    if isinstance(error, ConnectionClosed):
        received = error.rcvd
        return f"closed by the venue: {received.code} {received.reason}" if received else "connection lost"
    if isinstance(error, InvalidHandshake):
        return f"handshake refused: {error}"
    if isinstance(error, TimeoutError):
        return "no connection within the time-out"
    return f"{type(error).__name__}: {error}"


def _tls(url: str, ca_file: str) -> ssl.SSLContext | None:
    """Certificates are always checked; a local exchange brings its own authority."""
    if not url.startswith("wss:"):
        return None
    return ssl.create_default_context(cafile=str(Path(ca_file)) if ca_file else None)


def _nobody(event: object) -> None:
    """Before `run` there is nobody to tell."""
