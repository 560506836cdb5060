"""The `picows` library: framing in C, one callback per frame. Needs the extra `fast`.

A callback has no caller: what it raises, and how the connection ended, goes to `read` through a future.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

from picows import (
    WSCloseCode,
    WSError,
    WSFrame,
    WSInvalidURL,
    WSListener,
    WSMsgType,
    WSTransport,
    ws_connect,
)
from picows.picows import WSCloseHandshake
from python_socks import ProxyError

from hedger.domain.errors import VenueError
from hedger.venues.transport.socket import (
    ABSENT,
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

# Below DEBUG the library logs what it reads and writes; at WARNING it repeats the failures that `read` tells.
_LIBRARY_LOG = logging.getLogger("hedger.picows")
_LIBRARY_LOG.setLevel(logging.CRITICAL)

_TEXT = WSMsgType.TEXT


class PicowsTransport:
    """Sockets of the `picows` library, on whatever event loop runs."""

    @asynccontextmanager
    async def connect(self, route: Route) -> AsyncIterator[PicowsSocket]:
        socket = PicowsSocket(route)
        try:
            await _opened(socket, route)
        except WSInvalidURL as error:
            raise VenueError(f"{error}") from error
        except (WSError, ProxyError) as error:
            raise refused(error) from error
        except OSError as error:
            raise failed(error) from error
        try:
            yield socket
        finally:
            await socket.close()


async def _opened(socket: PicowsSocket, route: Route) -> None:
    """Connect within the time-out. The library leaves a handshake that is cancelled behind, so it is not."""
    opening = asyncio.ensure_future(
        ws_connect(
            lambda: socket,
            route.url,
            ssl_context=route.tls,
            websocket_handshake_timeout=route.connect_timeout_s,
            logger_name=_LIBRARY_LOG,
            max_frame_size=route.max_frame_bytes,
            enable_auto_pong=False,  # a ping answered by the library could be the last frame of a read
            max_redirects=0,  # which host may be reached is fixed by the environment
            proxy=route.proxy,
        )
    )
    try:
        async with asyncio.timeout(route.connect_timeout_s):
            await asyncio.shield(opening)
    except (asyncio.CancelledError, TimeoutError):
        opening.add_done_callback(_abandoned)
        raise
    if not socket.opened:
        raise ConnectionResetError("the connection ended during the handshake")


def _abandoned(opening: asyncio.Task[tuple[WSTransport, WSListener]]) -> None:
    """Nobody waits for this connection any more."""
    if not opening.cancelled() and opening.exception() is None:
        opening.result()[0].disconnect(graceful=False)


class PicowsSocket(WSListener):
    """One connection, told of by the library's callbacks."""

    def __init__(self, route: Route) -> None:
        self._max_frame_bytes, self._close_timeout_s = route.max_frame_bytes, route.close_timeout_s
        self._transport: WSTransport | None = None
        self._arrived: list[bytes] = []  # messages nobody has taken yet: of this read, or before the first
        self._receive: Receive | None = None
        self._parts: list[bytes] = []  # of a message that comes in several frames
        self._end = Disconnected(LOST)
        self._error: Exception | None = None
        self._closed, self._writable = asyncio.Event(), asyncio.Event()

    @property
    def opened(self) -> bool:
        """Whether the handshake was completed, ever."""
        return self._transport is not None

    # -- for the client ----------------------------------------------------------------------------

    async def read(self, receive: Receive) -> Disconnected:
        try:
            self._receive = receive
            self._hand_over()
            await self._closed.wait()
        finally:
            self._receive = _nobody
        if self._error is not None:
            raise self._error
        return self._end

    async def send(self, frame: str) -> None:
        if self._transport is not None and not self._closed.is_set():
            self._transport.send(WSMsgType.TEXT, frame)
            await self._writable.wait()
        if self._closed.is_set():
            raise Disconnected(LOST)

    async def close(self) -> None:
        if self._transport is None or self._closed.is_set():
            return
        self._transport.send_close(WSCloseCode.OK)
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._close_timeout_s):
                    await self._closed.wait()
        finally:
            self._transport.disconnect(graceful=False)

    # -- for the library ---------------------------------------------------------------------------

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport
        self._writable.set()

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if self._closed.is_set():
            return
        try:
            self._take(transport, frame)
            if frame.last_in_buffer:
                self._hand_over()
        except Exception as error:  # the library would log it; it belongs to whoever reads
            self._error = error
            self._ends(Disconnected(LOST))
            transport.disconnect(graceful=False)

    def _take(self, transport: WSTransport, frame: WSFrame) -> None:
        kind = frame.msg_type
        if kind is _TEXT and frame.fin:  # as the venue sends nearly all of them
            self._arrived.append(frame.get_payload_as_bytes())
        elif kind is WSMsgType.PING:
            transport.send_pong(frame.get_payload_as_bytes())
        elif kind is WSMsgType.CLOSE:
            self._hand_over()
            transport.send_close(frame.get_close_code(), frame.get_close_message())
            transport.disconnect()
        elif kind is not WSMsgType.PONG:
            self._take_part(transport, frame)

    def _hand_over(self) -> None:
        """What one read of the socket brought, at once: a frame more per wake-up is nearly free."""
        if self._receive is not None and self._arrived:
            arrived, self._arrived = self._arrived, []
            self._receive(arrived)

    def _take_part(self, transport: WSTransport, frame: WSFrame) -> None:
        """The library limits a frame; a message of many is limited here."""
        self._parts.append(frame.get_payload_as_bytes())
        if sum(map(len, self._parts)) > self._max_frame_bytes:
            transport.send_close(WSCloseCode.MESSAGE_TOO_BIG)
            transport.disconnect()
            self._ends(message_too_big(self._max_frame_bytes))
        elif frame.fin:
            parts, self._parts = self._parts, []
            self._arrived.append(b"".join(parts))

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self._ends(_why(transport.close_handshake, self._max_frame_bytes))

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def _ends(self, end: Disconnected) -> None:
        """The first reason stands; whoever reads or waits to write is told."""
        if not self._closed.is_set():
            self._end = end
            self._closed.set()
            self._writable.set()


def _why(ended: WSCloseHandshake | None, max_frame_bytes: int) -> Disconnected:
    """What the closing handshake says; there is none where the connection broke."""
    if ended is None:
        return Disconnected(LOST)
    if ended.sent is not None and ended.sent.code.value == TOO_BIG and not ended.recv_then_sent:
        return message_too_big(max_frame_bytes)
    if ended.recv is not None:
        return closed_by_venue(ended.recv.code.value or ABSENT, ended.recv.reason or "")
    return closed_by_us(ended.sent.code.value, ended.sent.reason or "") if ended.sent else Disconnected(LOST)


def _nobody(messages: Sequence[bytes]) -> None:
    """After the end nobody listens."""
