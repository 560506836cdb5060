"""A key set on the running daemon is validated, kept, obeyed, and taken back."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from hedger.domain.errors import ConfigError
from hedger.engine.events import Event, SettingChange, SettingsApplied
from hedger.engine.settings import Edit
from hedger.runtime.reload import ReloadWatcher
from hedger.runtime.start import Source
from hedger.settings.edits import read_edits, write_edits
from tests.settings.files import SMALLEST

UPPER = "books.btc.band.upper"
DEADLINE_S = 10.0


class Desk:
    """A watched file, a state directory, and what the engine would hear."""

    def __init__(self, folder: Path) -> None:
        self.path, self.state_dir = folder / "hedger.toml", folder / "state"
        if not self.path.exists():
            self.write(0.1)
        self.source = Source(self.path, {}, [f"state_dir={str(self.state_dir)!r}"])
        self.heard: asyncio.Queue[Event] = asyncio.Queue()
        self.watcher = ReloadWatcher(self.path, self.source.load(), self.source.load, self.heard.put_nowait)

    def write(self, upper: float, more: str = "") -> None:
        self.path.write_text(SMALLEST + f"[books.btc.band]\nupper = {upper}\n{more}")

    async def set(self, value: str, key: str = UPPER) -> SettingChange:
        edit = Edit(key=key, value=value, since_ms=1_767_225_600_000, by="cli:desk")
        return await self.watcher.change(edit, "a drill", self.heard.put)

    async def next(self) -> SettingsApplied:
        async with asyncio.timeout(DEADLINE_S):
            event = await self.heard.get()
        assert isinstance(event, SettingsApplied), event
        return event


def upper_of(event: SettingsApplied) -> float:
    return event.settings.books[0].policy_params["upper"]


async def test_a_key_is_obeyed_told_and_kept_for_the_next_start(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    change = await desk.set("0.25")
    assert (change.before, change.value, change.by, change.reason) == ("0.1", "0.25", "cli:desk", "a drill")
    event = await desk.next()
    assert (upper_of(event), event.changes) == (0.25, (change,))
    assert event.settings.edits == read_edits(desk.state_dir)
    assert Desk(tmp_path).source.load().values[UPPER] == 0.25


async def test_a_disk_that_hangs_holds_up_the_key_and_nothing_else(tmp_path: Path) -> None:
    """The loop that reads ticks goes on; whoever asked may stop waiting."""
    desk = Desk(tmp_path)
    desk.state_dir.mkdir()
    hangs = desk.state_dir / "set.json.new"
    os.mkfifo(hangs)  # opening it waits for a reader
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await desk.set("0.25")
    assert desk.heard.empty()
    reader = os.open(hangs, os.O_RDONLY | os.O_NONBLOCK)
    async with asyncio.timeout(DEADLINE_S):
        with pytest.raises(ConfigError, match="cannot be written"):
            await desk.set("0.3")  # behind the first, which was let go
    os.close(reader)


async def test_clearing_it_gives_the_files_value_back(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.set("0.25")
    await desk.set("0.3")
    change = await desk.set("")
    assert (change.before, change.value) == ("0.3", "")
    assert [upper_of(await desk.next()) for _ in range(3)] == [0.25, 0.3, 0.1]
    assert read_edits(desk.state_dir) == ()
    with pytest.raises(ConfigError, match=r"band\.upper: is not set; keys that are: none"):
        await desk.set("")


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        (UPPER, "-0.3", "must be at most books.btc.band.upper = -0.3"),
        (UPPER, "wide", "books.btc.band.upper = 'wide': must be a number"),
        ("mode", "live", "mode: cannot change while running"),
        ("books.btc.schedule.blackouts", "noon", "books.btc.schedule.blackouts = 'noon'"),
    ],
)
async def test_what_is_refused_changes_nothing(tmp_path: Path, key: str, value: str, told: str) -> None:
    desk = Desk(tmp_path)
    with pytest.raises(ConfigError) as caught:
        await desk.set(value, key)
    assert told in str(caught.value)
    assert desk.heard.empty()
    assert read_edits(desk.state_dir) == ()


async def test_an_edit_of_the_file_ends_what_was_set_of_that_key_only(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    task = asyncio.create_task(desk.watcher.run())
    try:
        await desk.set("0.25")
        await desk.next()
        desk.write(0.1, "lower = -0.2\n")
        event = await desk.next()
        assert (upper_of(event), event.changes) == (0.25, ())
        desk.write(0.15, "lower = -0.2\n")
        event = await desk.next()
        assert upper_of(event) == 0.15
        (ended,) = event.changes
        assert (ended.key, ended.value, ended.before, ended.by) == (UPPER, "", "0.25", "file")
        assert read_edits(desk.state_dir) == ()
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_a_file_edited_while_the_daemon_was_down_ends_it_at_the_start(tmp_path: Path) -> None:
    await Desk(tmp_path).set("0.25")
    desk = Desk(tmp_path)
    desk.write(0.15)
    desk = Desk(tmp_path)
    task = asyncio.create_task(desk.watcher.run())
    try:
        event = await desk.next()
        assert upper_of(event) == 0.15
        assert [change.before for change in event.changes] == ["0.25"]
        assert read_edits(desk.state_dir) == ()
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_a_file_that_changed_unseen_is_not_overruled_by_what_was_meant_for_the_old_one(
    tmp_path: Path,
) -> None:
    desk = Desk(tmp_path)
    desk.write(0.15)  # nobody has looked yet
    with pytest.raises(ConfigError, match="was changed in the file at this moment"):
        await desk.set("0.25")
    assert read_edits(desk.state_dir) == ()


async def test_two_keys_set_at_once_are_both_kept(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await asyncio.gather(desk.set("0.25"), desk.set("30", "books.btc.band.dwell_s"))
    kept: Sequence[Edit] = read_edits(desk.state_dir)
    assert {edit.key for edit in kept} == {UPPER, "books.btc.band.dwell_s"}


async def test_a_key_that_became_invalid_is_told_with_its_file(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    write_edits(desk.state_dir, (Edit("books.btc.band.uper", "1", 0, "cli:desk"),))
    with pytest.raises(ConfigError, match=r"band\.uper: was set while running(.|\n)*set\.json: holds keys"):
        desk.source.load()
