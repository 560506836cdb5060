"""The supervisor: start order, one TaskGroup, signals, reload, and a shutdown with a deadline.

    journal and lock -> engine -> venue -> web -> reload
    SIGTERM, SIGINT: stop deciding, cancel what rests, wait for evidence, flush, exit; a second one forces.
    SIGHUP: reload now.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from hedger import __version__
from hedger.domain.errors import HedgerError, VenueError
from hedger.domain.vocabulary import Mode
from hedger.engine.decision import Decision
from hedger.engine.engine import Engine
from hedger.engine.events import CommandGiven, StopRequested
from hedger.engine.view import StatusView
from hedger.journal.journal import Journal
from hedger.journal.writer import JournalWriter
from hedger.runtime.clock import Clock
from hedger.runtime.live import LiveDriver
from hedger.runtime.log import NoteLog
from hedger.runtime.metrics import Metrics
from hedger.runtime.recorder import Recorder
from hedger.runtime.reload import ReloadWatcher
from hedger.settings.load import Loaded
from hedger.venues.deribit.client import DeribitVenue
from hedger.venues.paper import PaperVenue
from hedger.venues.protocol import Venue
from hedger.web.api import make_app
from hedger.web.token import ensure_token

FLUSH_S = 5.0  # how long the journal may take to write what is left at the end


@dataclass(frozen=True, slots=True)
class Address:
    """Where the page and the API are."""

    host: str
    port: int

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"


class Daemon:
    """The driver as the web surface sees it (`web.port.DaemonPort`)."""

    def __init__(self, driver: LiveDriver, journal: Journal, metrics: Metrics, token: str) -> None:
        self.driver, self._journal, self._metrics, self.token = driver, journal, metrics, token

    @property
    def step_age_s(self) -> float:
        return self.driver.last_step_age_s

    def view(self) -> StatusView:
        return self.driver.view()

    def plan(self, book: str) -> Decision:
        return self.driver.engine.plan(book, self.driver.clock.now())

    async def decisions(self, limit: int, book: str, before_ms: int | None) -> Sequence[Decision]:
        return await self._journal.decisions(limit=limit, book=book, before_ms=before_ms)

    async def command(self, given: CommandGiven) -> StatusView:
        return await self.driver.obeyed(given)

    def metrics(self) -> bytes:
        return self._metrics.render()
