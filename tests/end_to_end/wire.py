"""A TCP proxy between daemon and exchange that can be cut, held, slowed, half closed, or refuse everybody.

It knows nothing of what it carries. What is held is not lost: like packets on a bad route it arrives late
and all at once, even when the other end has given its connection up long ago.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Literal

from tests.end_to_end.relay import loop_beside

Way = Literal["up", "down"]
"""Towards the exchange, or towards the daemon."""

CHUNK = 65_536
QUEUED = 64  # chunks; a sender who is faster than the wire finds it full, as a real one would
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: a close sends RST and forgets what was not sent


@dataclass(frozen=True, slots=True)
class Pace:
    """How a way of the wire carries: late by `delay_s`, at most `bytes_per_s` if above 0, or not at all."""

    delay_s: float = 0.0
    bytes_per_s: float = 0.0
    held: bool = False


@dataclass(slots=True, eq=False)
class Lane:
    """One way of one connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    pace: Pace
    ended: bool = False  # the other side was told so: what still comes is lost
    _moved: asyncio.Event = field(default_factory=asyncio.Event)
    _queue: asyncio.Queue[tuple[float, bytes]] = field(default_factory=lambda: asyncio.Queue(QUEUED))

    def become(self, pace: Pace) -> None:
        self.pace = pace
        self._moved.set()

    async def carry(self) -> None:
        """Until the end of what comes in has been told to the receiver, or the receiver is gone.

        Nothing is known here of the other way: what a sender sent before it died is still delivered.
        """
        taking = asyncio.create_task(self._take())
        with suppress(OSError):
            await self._give()
        taking.cancel()

    async def _take(self) -> None:
        data = b"-"
        while data:
            try:
                data = await self.reader.read(CHUNK)
            except OSError:
                data = b""
            await self._queue.put((asyncio.get_running_loop().time(), data))

    async def _give(self) -> None:
        while True:
            came_s, data = await self._queue.get()
            await self._passage(came_s, len(data))
            if not data:
                return self.end()
            if not self.ended:
                self.writer.write(data)
                await self.writer.drain()

    def end(self) -> None:
        """FIN; nothing where the other side has reset the connection already."""
        if not self.ended and self.writer.can_write_eof():
            self.ended = True
            with suppress(OSError):
                self.writer.write_eof()

    async def _passage(self, came_s: float, size: int) -> None:
        while self.pace.held:
            self._moved.clear()
            await self._moved.wait()
        late_s = came_s + self.pace.delay_s - asyncio.get_running_loop().time()
        slow_s = size / self.pace.bytes_per_s if self.pace.bytes_per_s else 0.0
        await asyncio.sleep(max(late_s, slow_s, 0.0))


@dataclass(slots=True, eq=False)
class Connection:
    """Two lanes, and the task that carries them."""

    up: Lane
    down: Lane
    task: asyncio.Task[None] | None = None

    def lane(self, way: Way) -> Lane:
        return self.up if way == "up" else self.down

    def reset(self) -> None:
        """RST to both; what is under way is lost."""
        for lane in (self.up, self.down):
            raw = lane.writer.get_extra_info("socket")
            if raw.fileno() >= 0:
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            lane.writer.transport.abort()
        if self.task is not None:
            self.task.cancel()

    async def carry(self) -> None:
        """Until both ways have ended."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.up.carry())
            group.create_task(self.down.carry())


class Wire:
    """`url` is where the daemon connects to. Methods may be called from any thread and return when done."""

    def __init__(self, upstream_port: int, loop: asyncio.AbstractEventLoop) -> None:
        self.url, self.connections = "", 0
        self._port, self._loop = upstream_port, loop
        self._open: list[Connection] = []
        self._new = {"up": Pace(), "down": Pace()}
        self._refusing = False

    @property
    def open(self) -> int:
        """Connections that have not ended on both ways."""
        return len(self._open)

    def cut(self) -> None:
        """Every connection is reset."""
        self._do(lambda: [connection.reset() for connection in self._open])

    def refuse(self, refusing: bool = True) -> None:
        """New connections are reset at once, or taken again."""
        self._do(lambda: setattr(self, "_refusing", refusing))

    def hold(self, *ways: Way, new: bool = True) -> None:
        """Nothing passes on these ways, of connections to come either unless `new` is False."""
        self._do(lambda: self._pace(ways, lambda pace: replace(pace, held=True), new))

    def slow(self, delay_s: float = 0.0, bytes_per_s: float = 0.0) -> None:
        """Both ways are late or narrow."""
        pace = Pace(delay_s, bytes_per_s)
        self._do(lambda: self._pace(("up", "down"), lambda _: pace, True))

    def half_close(self, way: Way) -> None:
        """The receiver of a way hears of its end (FIN), while the other way stays open."""
        self._do(lambda: [connection.lane(way).end() for connection in self._open])

    def heal(self) -> None:
        """Everything that waits is delivered at once, and whatever comes passes."""
        self._do(self._heal)

    def _heal(self) -> None:
        self._refusing = False
        self._pace(("up", "down"), lambda _: Pace(), True)

    def _pace(self, ways: tuple[Way, ...], changed: Callable[[Pace], Pace], new: bool) -> None:
        for way in ways:
            for connection in self._open:
                connection.lane(way).become(changed(connection.lane(way).pace))
            if new:
                self._new[way] = changed(self._new[way])

    def _do(self, work: Callable[[], object]) -> None:
        async def done() -> None:
            work()

        asyncio.run_coroutine_threadsafe(done(), self._loop).result()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of the daemon, until both ways have ended or one side broke."""
        self.connections += 1
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._port)
        except OSError:
            writer.transport.abort()  # nobody serves there now
            return
        up = Lane(reader, far_writer, self._new["up"])
        connection = Connection(up, Lane(far_reader, writer, self._new["down"]))
        self._open.append(connection)
        try:
            if not self._refusing:
                connection.task = asyncio.create_task(connection.carry())
                await asyncio.wait({connection.task})
                if not connection.task.cancelled():
                    connection.task.result()
        finally:
            self._open.remove(connection)
            connection.reset()


@asynccontextmanager
async def wire(upstream_port: int) -> AsyncIterator[Wire]:
    """A proxy on loopback in front of a port."""
    made = Wire(upstream_port, asyncio.get_running_loop())
    async with await asyncio.start_server(made.carry, "127.0.0.1", 0) as server:
        made.url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/ws/api/v2"
        yield made


@contextmanager
def wired(upstream_port: int) -> Iterator[Wire]:
    """The same in a thread of its own."""
    with loop_beside() as run:
        context = wire(upstream_port)
        made = run(context.__aenter__())
        try:
            yield made
        finally:
            made.cut()
            run(context.__aexit__(None, None, None))
