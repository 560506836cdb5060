"""What one connection sends: frames wait here and leave in order, each not before its time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from aiohttp import web

from hedger.simulator.connection import Close, Outgoing, Send


class Link:
    """The transport of one connection and the frames that wait for it; `now` tells wire time in seconds."""

    def __init__(self, request: web.Request, now: Callable[[], float]) -> None:
        self._request, self._now = request, now
        self._queue: asyncio.Queue[Outgoing] = asyncio.Queue()

    @property
    def waiting(self) -> int:
        """Frames that the socket has not taken yet."""
        return self._queue.qsize()

    @property
    def gone(self) -> bool:
        """Whether the transport has ended."""
        transport = self._request.transport
        return transport is None or transport.is_closing()

    def put(self, frame: Outgoing) -> None:
        """Queue a frame; one that later frames need not wait for joins the queue when its time has come."""
        if isinstance(frame, Send) and frame.apart:
            wait_s = max(0.0, frame.not_before_s - self._now())
            asyncio.get_running_loop().call_later(wait_s, self._queue.put_nowait, frame)
        else:
            self._queue.put_nowait(frame)

    def clear(self) -> None:
        """Throw away what waits."""
        while not self._queue.empty():
            self._queue.get_nowait()

    def abort(self) -> None:
        abort(self._request)

    async def write(self, socket: web.WebSocketResponse) -> None:
        """Send what is queued until the connection is closed."""
        while True:
            frame = await self._queue.get()
            if isinstance(frame, Close):
                await self._close(socket, frame)
                return
            wait_s = frame.not_before_s - self._now()
            if wait_s > 0:
                await asyncio.sleep(wait_s)
            try:
                await socket.send_str(frame.text)
            except ConnectionError:
                return

    async def _close(self, socket: web.WebSocketResponse, frame: Close) -> None:
        if frame.code is None:
            self.abort()
        else:
            await socket.close(code=frame.code, message=frame.reason.encode())


def abort(request: web.Request) -> None:
    """Drop the transport: the peer sees a connection that broke."""
    if request.transport is not None:
        request.transport.abort()
