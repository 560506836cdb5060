"""The real application on a loopback socket, in a thread of its own, for commands that block."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web

from hedger.web.api import make_app
from hedger.web.port import DaemonPort


@contextmanager
def served(daemon: DaemonPort) -> Iterator[str]:
    """Yields the address; the server is gone when the block ends."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="daemon under test")
    thread.start()
    try:
        runner = web.AppRunner(make_app(daemon), access_log=None)
        port = asyncio.run_coroutine_threadsafe(_start(runner), loop).result(10)
        yield f"http://127.0.0.1:{port}"
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def _start(runner: web.AppRunner) -> int:
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port: int = runner.addresses[0][1]
    return port
