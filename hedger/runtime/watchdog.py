"""Signs of life for those who watch from outside: the service manager and a dead-man's switch on the web.

Both are fed by looking at the picture that real steps on fresh data leave behind, never by a timer alone.
What goes wrong here is noted and never stops the daemon; a missing sign is what the other side acts on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from hedger.domain.vocabulary import Severity
from hedger.engine.effects import Note
from hedger.engine.views.view import StatusView
from hedger.runtime.service import ServiceManager
from hedger.runtime.vitality import ailing, unattended
from hedger.settings.tables import WatchdogSettings

if TYPE_CHECKING:
    import aiohttp

STATUS_EVERY_S = 2.0

Say = Callable[[Note], None]


class Watchdog:
    """`run` lives as long as the daemon does."""

    def __init__(
        self, settings: WatchdogSettings, manager: ServiceManager, view: Callable[[], StatusView], say: Say
    ) -> None:
        self._settings, self._manager, self._view, self._say = settings, manager, view, say
        self._failing = self._held_back = ""

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._tell_manager(), name="service manager")
            if self._settings.ping_url:
                group.create_task(self._ping_for_ever(), name="ping")

    async def _tell_manager(self) -> None:
        """Ready as the page is served; then a sign of life three times per period, while there is life."""
        period_s = min(STATUS_EVERY_S, (self._manager.watchdog_s or STATUS_EVERY_S * 3) / 3)
        self._manager.ready()
        while True:
            view = self._view()
            ill = ailing(view, self._settings.data_age_s)
            self._manager.status(f"{view.state}: {ill}" if ill else f"{view.state}")
            if not ill and self._manager.watchdog_s is not None:
                self._manager.alive()
            await asyncio.sleep(period_s)

    async def _ping_for_ever(self) -> None:
        import aiohttp  # half a second of imports, for those who want it

        limit = aiohttp.ClientTimeout(total=self._settings.timeout_s)
        async with aiohttp.ClientSession(timeout=limit, cookie_jar=aiohttp.DummyCookieJar()) as session:
            while True:
                why_not = unattended(self._view(), self._settings.data_age_s)
                self._hold_back(why_not)
                if not why_not:
                    self._told(await self._ping(session))
                await asyncio.sleep(self._settings.ping_s)

    async def _ping(self, session: aiohttp.ClientSession) -> str:
        """What went wrong, empty where the other side took it. The address is a secret: it is in no text.

        No redirect is followed: the token in the address is for the host that was configured.
        """
        import aiohttp

        method, url = self._settings.ping_method, self._settings.ping_url
        try:
            async with session.request(method, url, allow_redirects=False) as answer:
                return "" if 200 <= answer.status < 300 else f"HTTP status {answer.status}"
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            return type(error).__name__

    def _told(self, failure: str) -> None:
        """Say a failure once, and its end."""
        if failure and failure != self._failing:
            self._note(Severity.ERROR, "ping_failed", failure)
        elif self._failing and not failure:
            self._note(Severity.INFO, "ping_restored", "")
        self._failing = failure

    def _hold_back(self, why: str) -> None:
        """Say once why no ping is sent: whoever is paged by its absence finds the reason in the log."""
        if bool(why) != bool(self._held_back):
            severity = Severity.WARNING if why else Severity.INFO
            self._note(severity, "ping_held_back" if why else "ping_resumed", why)
        self._held_back = why

    def _note(self, severity: Severity, name: str, detail: str) -> None:
        self._say(Note(severity=severity, name=name, fields={"detail": detail}))
