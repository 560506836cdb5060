"""The socket around the session: one reader, one writer, one timer; reconnects for ever, with back-off.

socket -> session.receive -> emit      perform -> session.perform -> session.to_send -> socket
"""

from __future__ import annotations

import asyncio
import random
import secrets
import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from websockets.proxy import get_proxy
from websockets.uri import parse_uri

from hedger.domain.vocabulary import Environment
from hedger.engine.effects import VenueEffect
from hedger.engine.events import BadData, Now
from hedger.venues.deribit.backoff import STABLE_S, jittered, pauses
from hedger.venues.deribit.decode import MAX_FRAME_BYTES
from hedger.venues.deribit.params import DeribitParams, endpoint
from hedger.venues.deribit.session import DeribitSession
from hedger.venues.protocol import Emit
from hedger.venues.transport.choose import transport_of
from hedger.venues.transport.socket import Disconnected, Route, Socket

SEND_TIMEOUT_S = 5.0


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
        self._route = _route(environment, params)
        self._transport = transport_of(params.transport)
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
            async with self._transport.connect(self._route) as socket:
                end = await self._serve(socket)
        except Disconnected as error:
            end = error
        if end.too_big:
            self._emit(BadData(venue=self.name, channel="frame", instrument="", detail=str(end)))
        return str(end)

    async def _serve(self, socket: Socket) -> Disconnected:
        """Read and write until the socket closes, from either side."""
        self._session.opened(self._now(), self._unix_ms(), self._nonce())
        self._wake.set()
        try:
            async with asyncio.TaskGroup() as tasks:
                writer = tasks.create_task(self._write(socket), name=f"{self.name} writer")
                try:
                    return await socket.read(self._receive)
                finally:
                    writer.cancel()
        except ExceptionGroup as group:
            raise group.exceptions[0] from group

    def _receive(self, frames: Sequence[bytes]) -> None:
        """Frames to events; nothing of a connection that is about to be closed."""
        now, session, emit = self._now(), self._session, self._emit
        for frame in frames:
            if session.ending is not None:
                return
            for event in session.receive(frame, now):
                emit(event)
        self._wake.set()

    async def _write(self, socket: Socket) -> None:
        """The one writer and the one timer of a connection; closes it when the session asks for that."""
        while self._session.ending is None:
            self._wake.clear()
            for event in self._session.tick(self._now()):
                self._emit(event)
            try:
                async with asyncio.timeout(SEND_TIMEOUT_S):
                    for frame in self._session.to_send():
                        await socket.send(frame)
            except (Disconnected, TimeoutError):
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


def _route(environment: Environment, params: DeribitParams) -> Route:
    """The way there; loopback never goes through a proxy. Raises ConfigError."""
    url = endpoint(environment, params)
    proxy = None if environment is Environment.LOCAL else get_proxy(parse_uri(url))
    return Route(url, _tls(url, params.ca_file), proxy, params.connect_timeout_s, MAX_FRAME_BYTES)


def _tls(url: str, ca_file: str) -> ssl.SSLContext | None:
    """Certificates are always checked; a local exchange brings its own authority."""
    if not url.startswith("wss:"):
        return None
    return ssl.create_default_context(cafile=str(Path(ca_file)) if ca_file else None)


def _nobody(event: object) -> None:
    """Before `run` there is nobody to tell."""
