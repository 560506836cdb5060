"""Reload: the file is read anew when it changes or SIGHUP says so, or a key is set on the running daemon.

Validated whole, all or nothing.

The engine swaps settings between steps; what the shell was built from (venues, journal, page, logs, secrets,
mode) needs a restart, and an edit of those is refused by name.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from watchfiles import awatch

from hedger.domain.errors import ConfigError
from hedger.engine.events import Event, SettingChange, SettingsApplied, SettingsRefused
from hedger.engine.settings import Edit
from hedger.settings import edits as set_keys
from hedger.settings.catalogue import dotted
from hedger.settings.edits import IDENTITY, RELOADABLE
from hedger.settings.load import Loaded
from hedger.settings.problems import MASK

POLL_S = 0.4  # a change is noticed within this even where the file system tells nothing
SETTLE_S = 0.05  # a file still being written is left alone for this long

FILE = "file"  # who ended what was set, when an edit of the file did

_Signature = tuple[int, int, int] | None


Reload = Callable[[Sequence[Edit] | None], Loaded]
"""Loads as at the start: with these edits above the file, or with those in the state directory."""

Obey = Callable[[Event], Awaitable[object]]


class ReloadWatcher:
    """Watches one file and takes keys that are set; `emit` gives events to the engine."""

    def __init__(self, path: Path, current: Loaded, reload: Reload, emit: Callable[[Event], None]) -> None:
        self._path, self._current, self._reload, self._emit = path, current, reload, emit
        self._one = asyncio.Lock()  # a key is not set while the file is being read
        self._seen = _signature(path)
        self._wake, self._poked, self._refused = asyncio.Event(), False, False

    def poke(self) -> None:
        """Read the file now, changed or not (SIGHUP)."""
        self._poked = True
        self._wake.set()

    async def run(self) -> None:
        """Until cancelled."""
        await self._end_overtaken(self._current)
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

    async def change(self, edit: Edit, reason: str, obey: Obey) -> SettingChange:
        """Set a key, or clear it where the value is empty: validated, kept, and obeyed when this returns.

        `obey` hands the event to the engine and waits for it. Raises ConfigError: nothing has changed.
        Where the caller gives up waiting it goes on: what is kept is obeyed.
        """
        return await asyncio.shield(self._change(edit, reason, obey))

    async def _change(self, edit: Edit, reason: str, obey: Obey) -> SettingChange:
        async with self._one:
            current = self._current
            known = set_keys.find(current.edits, edit.key)
            wanted = self._wanted(current, edit)
            fresh = await asyncio.to_thread(self._reload, wanted)
            fixed = restart_keys(current, fresh)
            if fixed:
                raise ConfigError(
                    f"{', '.join(fixed)}: changed in the file, needs a restart before keys are set"
                )
            if edit.value and set_keys.find(fresh.edits, edit.key) is None:
                raise ConfigError(
                    f"{edit.key}: was changed in the file at this moment; look again, then set it"
                )
            await _keep(fresh)
            before = known.value if known else str(current.values.get(edit.key, ""))
            change = SettingChange(key=edit.key, value=edit.value, before=before, by=edit.by, reason=reason)
            ended = tuple(_ended(each) for each in fresh.ended_edits)
            self._current, self._refused = fresh, False
            await obey(SettingsApplied(settings=fresh.engine, changes=(*ended, change)))
            return change

    def _wanted(self, current: Loaded, edit: Edit) -> tuple[Edit, ...]:
        if edit.value:
            path = set_keys.path_of(edit.key, current.settings.books)
            told = current.file_values.get(dotted(path), "")
            return set_keys.with_edit(current.edits, replace(edit, file_value=told))
        if set_keys.find(current.edits, edit.key) is None:
            known = ", ".join(each.key for each in current.edits) or "none"
            raise ConfigError(f"{edit.key}: is not set; keys that are: {known}")
        return set_keys.without(current.edits, edit.key)

    async def _end_overtaken(self, fresh: Loaded) -> None:
        """Forget for good what the file has overtaken, and have it journalled."""
        if fresh.ended_edits:
            await _keep(fresh)
            ended = tuple(_ended(edit) for edit in fresh.ended_edits)
            self._emit(SettingsApplied(settings=fresh.engine, changes=ended))

    async def refresh(self) -> None:
        """Read the file and what was set at another run: a standby takes over with the newest settings."""
        await self._attempt()

    async def _attempt(self) -> None:
        """Load and hand over, or refuse and keep what runs."""
        async with self._one:
            try:
                fresh = await asyncio.to_thread(self._reload, None)
                await self._take(fresh)
            except ConfigError as error:
                self._refuse(str(error))

    async def _take(self, fresh: Loaded) -> None:
        fixed = restart_keys(self._current, fresh)
        if fixed:
            self._refuse(f"{', '.join(fixed)}: cannot change while running; restart the daemon")
        elif fresh.ended_edits:
            await self._end_overtaken(fresh)
            self._current, self._refused = fresh, False
        elif self._refused or fresh.config_hash != self._current.config_hash:
            # After a refusal even the old configuration is applied: it takes the error out of the status.
            self._current, self._refused = fresh, False
            self._emit(SettingsApplied(settings=fresh.engine))

    def _refuse(self, detail: str) -> None:
        self._refused = True
        self._emit(SettingsRefused(detail=detail))


async def _keep(fresh: Loaded) -> None:
    """Off the loop: a disk may take its time, or hang, and ticks are read on. Raises ConfigError."""
    await asyncio.to_thread(set_keys.write_edits, fresh.state_dir, fresh.edits)


def _ended(edit: Edit) -> SettingChange:
    return SettingChange(
        key=edit.key, value="", before=edit.value, by=FILE, reason="the file says something else of this key"
    )


def restart_keys(current: Loaded, fresh: Loaded) -> Sequence[str]:
    """The changed keys that need a restart, dotted. A book that appears or goes is named by its table."""
    names = [name for name in {**current.values, **fresh.values} if _differs(name, current, fresh)]
    if current.secrets != fresh.secrets:
        masked = [name for name, value in fresh.values.items() if value == MASK]
        names += masked or [name for name, value in current.values.items() if value == MASK]
    return tuple(dict.fromkeys(fixed for name in names if (fixed := _fixed(name, current, fresh))))


def _differs(name: str, current: Loaded, fresh: Loaded) -> bool:
    return bool(current.values.get(name) != fresh.values.get(name))


def _fixed(name: str, current: Loaded, fresh: Loaded) -> str:
    """What of a changed key cannot change while running, empty if it can."""
    table, _, rest = name.partition(".")
    if table not in RELOADABLE:
        return name
    if table != "books":
        return ""
    book, _, key = rest.partition(".")
    if not all(f"books.{book}.venue" in loaded.values for loaded in (current, fresh)):
        return f"books.{book}"
    return name if key in IDENTITY else ""


def _signature(path: Path) -> _Signature:
    """What changes when the file does; None while there is none. Follows links."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
