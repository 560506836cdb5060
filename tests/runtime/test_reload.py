from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hedger.engine.events import Event, SettingsApplied, SettingsRefused
from hedger.runtime import reload
from hedger.runtime.reload import ReloadWatcher, restart_keys
from hedger.settings.load import load
from tests.settings.files import SECRET, SMALLEST

DEADLINE_S = 10.0
BAND = SMALLEST + "[books.btc.band]\nupper = {upper}\n"


class Desk:
    """A watched file and what the engine would hear."""

    def __init__(self, path: Path, watcher: ReloadWatcher, heard: asyncio.Queue[Event]) -> None:
        self.path, self.watcher, self._heard = path, watcher, heard

    async def next(self) -> Event:
        async with asyncio.timeout(DEADLINE_S):
            return await self._heard.get()

    async def upper(self) -> float:
        event = await self.next()
        assert isinstance(event, SettingsApplied), event
        return event.settings.books[0].policy_params["upper"]

    async def refusal(self) -> str:
        event = await self.next()
        assert isinstance(event, SettingsRefused), event
        return event.detail

    @property
    def silent(self) -> bool:
        return self._heard.empty()


@asynccontextmanager
async def watched(path: Path, environ: dict[str, str] | None = None) -> AsyncIterator[Desk]:
    if not path.exists():
        path.write_text(BAND.format(upper=0.1))
    known = environ if environ is not None else {}
    heard: asyncio.Queue[Event] = asyncio.Queue()
    watcher = ReloadWatcher(path, load(path, known), lambda _edits: load(path, known), heard.put_nowait)
    task = asyncio.create_task(watcher.run())
    try:
        yield Desk(path, watcher, heard)
    finally:
        task.cancel()
        await asyncio.wait([task])


def _in_place(path: Path, text: str) -> None:
    path.write_text(text)


def _renamed(path: Path, text: str) -> None:
    """As most editors save."""
    beside = path.with_suffix(".swp")
    beside.write_text(text)
    os.replace(beside, path)


@pytest.mark.parametrize("save", [_in_place, _renamed])
async def test_an_edit_is_handed_to_the_engine_whole(
    tmp_path: Path, save: Callable[[Path, str], None]
) -> None:
    async with watched(tmp_path / "hedger.toml") as desk:
        save(desk.path, BAND.format(upper=0.25))
        assert await desk.upper() == 0.25
        save(desk.path, BAND.format(upper=0.3))
        assert await desk.upper() == 0.3


async def test_a_mounted_config_map_that_swings_its_link_is_noticed(tmp_path: Path) -> None:
    for version, upper in (("v1", 0.1), ("v2", 0.25)):
        (tmp_path / version).mkdir()
        (tmp_path / version / "hedger.toml").write_text(BAND.format(upper=upper))
    (tmp_path / "..data").symlink_to("v1")
    (tmp_path / "hedger.toml").symlink_to("..data/hedger.toml")
    async with watched(tmp_path / "hedger.toml") as desk:
        (tmp_path / "..data_tmp").symlink_to("v2")
        os.replace(tmp_path / "..data_tmp", tmp_path / "..data")
        assert await desk.upper() == 0.25


async def test_the_file_system_tells_of_a_change_before_the_next_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reload, "POLL_S", 3600.0)
    async with watched(tmp_path / "hedger.toml") as desk, asyncio.timeout(DEADLINE_S):
        heard = asyncio.create_task(desk.upper())
        edits = 0
        while not heard.done():  # edits made before the watch stands are not told
            edits += 1
            desk.path.write_text(BAND.format(upper=0.2 + 0.001 * edits))
            await asyncio.wait([heard], timeout=0.5)
        assert heard.result() > 0.2


async def test_a_broken_edit_is_reported_and_changes_nothing(tmp_path: Path) -> None:
    async with watched(tmp_path / "hedger.toml") as desk:
        desk.path.write_text(BAND.format(upper=-7))
        assert "books.btc.band" in await desk.refusal()
        desk.path.write_text(SMALLEST + "[books.btc.band]\nuper = 1\n")
        assert "did you mean books.btc.band.upper?" in await desk.refusal()


async def test_mending_a_broken_edit_takes_the_error_back_even_if_nothing_changed(tmp_path: Path) -> None:
    async with watched(tmp_path / "hedger.toml") as desk:
        desk.path.write_text("mode = =")
        assert "is not TOML" in await desk.refusal()
        desk.path.write_text(BAND.format(upper=0.1))
        assert await desk.upper() == 0.1


async def test_a_file_that_vanishes_is_reported_and_its_return_is_noticed(tmp_path: Path) -> None:
    async with watched(tmp_path / "hedger.toml") as desk:
        desk.path.unlink()
        assert "cannot be read" in await desk.refusal()
        desk.path.write_text(BAND.format(upper=0.2))
        assert await desk.upper() == 0.2


async def test_a_comment_changes_nothing_and_is_not_told(tmp_path: Path) -> None:
    async with watched(tmp_path / "hedger.toml") as desk:
        desk.path.write_text("# a comment\n" + BAND.format(upper=0.1))
        desk.watcher.poke()
        desk.path.write_text("# another\n" + BAND.format(upper=0.2))
        assert await desk.upper() == 0.2
        assert desk.silent


async def test_a_signal_reads_again_what_the_file_alone_does_not_show(tmp_path: Path) -> None:
    environ: dict[str, str] = {}
    async with watched(tmp_path / "hedger.toml", environ) as desk:
        environ["HEDGER_BOOKS__BTC__BAND__UPPER"] = "0.4"
        desk.watcher.poke()
        assert await desk.upper() == 0.4


async def test_a_new_secret_needs_a_restart_and_is_not_shown(tmp_path: Path) -> None:
    environ: dict[str, str] = {}
    async with watched(tmp_path / "hedger.toml", environ) as desk:
        environ["HEDGER_VENUES__DERIBIT__CLIENT_SECRET"] = SECRET
        desk.watcher.poke()
        detail = await desk.refusal()
        assert detail.startswith("venues.deribit.client_secret: cannot change while running")
        assert SECRET not in detail


ETH = """
[books.eth]
venue = "deribit"
underlying = "ETH"
hedge_instrument = "ETH-PERPETUAL"
"""


@pytest.mark.parametrize(
    ("overrides", "more", "named"),
    [
        (["mode=paper"], "", ("mode",)),
        (["state_dir=elsewhere"], "", ("state_dir",)),
        (["web.port=1", "log.level=debug"], "", ("web.port", "log.level")),
        (["journal.path=x", "recorder.path=y"], "", ("journal.path", "recorder.path")),
        (["venues.deribit.chain=true"], "", ("venues.deribit.chain",)),
        ([], ETH, ("books.eth",)),
        (
            ["books.btc.underlying=ETH", "books.btc.hedge_instrument=ETH-PERPETUAL"],
            "",
            ("books.btc.underlying",),
        ),
        (["books.btc.hedge_instrument=BTC-25DEC26", "timing.refresh_s=2"], "", ()),
        (["books.btc.policy=theta_offset", "books.btc.envelope.max_order_coin=1"], "", ()),
    ],
)
def test_what_the_shell_was_built_from_needs_a_restart(
    tmp_path: Path, overrides: Sequence[str], more: str, named: tuple[str, ...]
) -> None:
    path = tmp_path / "hedger.toml"
    two = SMALLEST.replace("\n\n", '\ncurrencies = ["BTC", "ETH"]\n\n', 1)
    path.write_text(two)
    current = load(path, {})
    path.write_text(two + more)
    fresh = load(path, {}, overrides)
    assert restart_keys(current, fresh) == named
    assert restart_keys(fresh, current) == named
