"""Puts the web surface in front of a daemon: page, API, metrics."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from aiohttp import web

from hedger.domain.errors import ConfigError
from hedger.settings.load import Loaded
from hedger.web.api import make_app
from hedger.web.connections import Connections
from hedger.web.port import DaemonPort


def surface(loaded: Loaded) -> Callable[[DaemonPort], AbstractAsyncContextManager[str]]:
    """A context in which the daemon is served; yields the address of the page."""

    @asynccontextmanager
    async def served(daemon: DaemonPort) -> AsyncIterator[str]:
        connections = Connections()
        app = make_app(daemon, loaded.web.allowed_hosts, connections=connections)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        assert runner.server is not None
        watching = asyncio.create_task(connections.watch(runner.server), name="connections")
        try:
            yield await _listen(runner, loaded.web.host, loaded.web.port)
        finally:
            watching.cancel()
            await runner.cleanup()

    return served


def _why_not(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "is in use; choose another, or 0 for a free one"
    return error.strerror or str(error)


async def _listen(runner: web.AppRunner, host: str, port: int) -> str:
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        raise ConfigError(f"web.port = {port} on web.host = {host!r}: {_why_not(error)}") from None
    bound_host, bound_port = runner.addresses[0][:2]
    return f"http://[{bound_host}]:{bound_port}" if ":" in bound_host else f"http://{bound_host}:{bound_port}"
