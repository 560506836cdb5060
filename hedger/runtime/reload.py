"""Reload: the file is read anew when it changes or SIGHUP says so; validated whole, all or nothing.

The engine swaps settings between steps; what the shell was built from (venues, journal, page, logs, secrets,
mode) needs a restart, and an edit of those is refused by name.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from watchfiles import awatch

from hedger.domain.errors import ConfigError
from hedger.engine.events import Event, SettingsApplied, SettingsRefused
from hedger.settings.load import Loaded

POLL_S = 0.4  # a change is noticed within this even where the file system tells nothing
SETTLE_S = 0.05  # a file still being written is left alone for this long

_RELOADABLE = ("books", "timing")
_IDENTITY = ("venue", "underlying")  # of a book: another one is another book

_Signature = tuple[int, int, int] | None


class ReloadWatcher:
    """Watches one file; `reload` loads it as at the start, `emit` gives events to the engine."""

    def __init__(
        self, path: Path, current: Loaded, reload: Callable[[], Loaded], emit: Callable[[Event], None]
    ) -> None:
        self._path, self._current, self._reload, self._emit = path, current, reload, emit
        self._seen = _signature(path)
        self._wake, self._poked, self._refused = asyncio.Event(), False, False

    def poke(self) -> None:
        """Read the file now, changed or not (SIGHUP)."""
        self._poked = True
        self._wake.set()

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen(), name="file changes")
            while True:
                with suppress(TimeoutError):
                    async with asyncio.timeout(POLL_S):
                        await self._wake.wait()
                self._wake.clear()
                await self._look()

    async def _listen(self) -> None:
        """Wake at once on a change in the folder: editors and mounted ConfigMaps replace names, not content.

        Where the system cannot watch (no such facility, too many watches) looking every POLL_S remains.
        """
        with suppress(OSError):
            async for _ in awatch(
                self._path.absolute().parent, watch_filter=None, recursive=False, debounce=100, step=20
            ):
                self._wake.set()

    async def _look(self) -> None:
        poked, self._poked = self._poked, False
        found = _signature(self._path)
        if found == self._seen and not poked:
            return
        while found != (found := await self._later()):
            pass
        self._seen = found
        await self._attempt()

    async def _later(self) -> _Signature:
        await asyncio.sleep(SETTLE_S)
        return _signature(self._path)

    async def _attempt(self) -> None:
        """Load and hand over, or refuse and keep what runs."""
        try:
            fresh = await asyncio.to_thread(self._reload)
        except ConfigError as error:
            self._refuse(str(error))
            return
        fixed = restart_keys(self._current, fresh)
        if fixed:
            self._refuse(f"{', '.join(fixed)}: cannot change while running; restart the daemon")
        elif self._refused or fresh.config_hash != self._current.config_hash:
            # After a refusal even the old configuration is applied: it takes the error out of the status.
            self._current, self._refused = fresh, False
            self._emit(SettingsApplied(settings=fresh.engine))

    def _refuse(self, detail: str) -> None:
        self._refused = True
        self._emit(SettingsRefused(detail=detail))


def restart_keys(current: Loaded, fresh: Loaded) -> Sequence[str]:
    """The changed keys that need a restart, dotted. A book that appears or goes is named by its table."""
    names = [name for name in {**current.values, **fresh.values} if _differs(name, current, fresh)]
    if current.secrets != fresh.secrets:
        names += [name for name in fresh.values if name.endswith(".client_secret")]
    return tuple(dict.fromkeys(fixed for name in names if (fixed := _fixed(name, current, fresh))))


def _differs(name: str, current: Loaded, fresh: Loaded) -> bool:
    return bool(current.values.get(name) != fresh.values.get(name))


def _fixed(name: str, current: Loaded, fresh: Loaded) -> str:
    """What of a changed key cannot change while running, empty if it can."""
    table, _, rest = name.partition(".")
    if table not in _RELOADABLE:
        return name
    if table != "books":
        return ""
    book, _, key = rest.partition(".")
    if not all(f"books.{book}.venue" in loaded.values for loaded in (current, fresh)):
        return f"books.{book}"
    return name if key in _IDENTITY else ""


def _signature(path: Path) -> _Signature:
    """What changes when the file does; None while there is none. Follows links."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
