"""Connections that ask nothing: closed after a while, so that nobody uses up the daemon's file descriptors.

A client that sends half a request and waits (slowloris), or opens socket after socket, would otherwise keep
them for as long as it likes, and the daemon could reach neither its venue nor its journal.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from aiohttp.web_protocol import RequestHandler


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a connection may be silent (wire seconds) and how many may be open at once."""

    first_s: float = 10.0  # until its first whole request
    between_s: float = 75.0  # after a request
    most: int = 200
    sweep_s: float = 1.0


class Connections:
    """Remembers when each connection asked last; `watch` closes those that wear patience out."""

    def __init__(self, patience: Patience | None = None) -> None:
        self._patience = patience or Patience()
        self._seen_s: dict[RequestHandler, float] = {}
        self._asked_s: dict[RequestHandler, float] = {}

    def middleware(self) -> Middleware:
        @web.middleware
        async def note(request: web.Request, handler: Handler) -> web.StreamResponse:
            self._asked_s[request.protocol] = asyncio.get_running_loop().time()
            return await handler(request)

        return note

    async def watch(self, server: web.Server) -> None:
        """Sweep until cancelled."""
        while True:
            await asyncio.sleep(self._patience.sweep_s)
            for connection in self.worn_out(server.connections, asyncio.get_running_loop().time()):
                connection.force_close()

    def worn_out(self, connections: list[RequestHandler], now_s: float) -> list[RequestHandler]:
        """Those silent for too long; of too many also those that asked longest ago, or never."""
        self._seen_s = {each: self._seen_s.get(each, now_s) for each in connections}
        self._asked_s = {each: at_s for each, at_s in self._asked_s.items() if each in self._seen_s}
        silent = [each for each in connections if now_s - self._heard_s(each) > self._may_be_silent_s(each)]
        patient = [each for each in connections if each not in silent]
        over = max(0, len(patient) - self._patience.most)
        return silent + sorted(patient, key=lambda each: self._asked_s.get(each, 0.0))[:over]

    def _heard_s(self, connection: RequestHandler) -> float:
        return self._asked_s.get(connection, self._seen_s[connection])

    def _may_be_silent_s(self, connection: RequestHandler) -> float:
        asked = connection in self._asked_s
        return self._patience.between_s if asked else self._patience.first_s
