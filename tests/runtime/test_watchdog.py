"""Signs of life over real sockets: they stop with the work, and a failure stops nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import msgspec
import pytest
from aiohttp import web

from hedger.domain.vocabulary import State
from hedger.engine.effects import Note
from hedger.engine.views.view import StatusView
from hedger.runtime.service import ServiceManager
from hedger.runtime.watchdog import Watchdog
from hedger.settings.tables import PingMethod, WatchdogSettings
from tests.runtime.test_service import Manager
from tests.view_fixtures import status

TOKEN = "7f3a9c01-the-secret-of-the-switch"
WITHIN_S = 10.0


class Switch:
    """A dead-man's switch on loopback; answers with `code`."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.code, self.location, self.url = 200, "", ""

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append((request.method, request.path))
        return web.Response(status=self.code, headers={"Location": self.location} if self.location else {})


@asynccontextmanager
async def switch() -> AsyncIterator[Switch]:
    made, app = Switch(), web.Application()
    app.router.add_route("*", "/{token}", made.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/{TOKEN}"
    try:
        yield made
    finally:
        await runner.cleanup()


class Picture:
    """What the watchdog looks at, and what it says."""

    def __init__(self) -> None:
        self.state, self.data_age_s = State.RUNNING, 1.0
        self.notes: list[Note] = []

    def view(self) -> StatusView:
        shown = status()
        venue = msgspec.structs.replace(shown.venues[0], connected=True, data_age_s=self.data_age_s)
        return msgspec.structs.replace(shown, state=self.state, last_step_age_s=0.1, venues=(venue,))

    def said(self) -> list[tuple[str, object]]:
        return [(note.name, note.fields["detail"]) for note in self.notes]


@asynccontextmanager
async def watched(picture: Picture, settings: WatchdogSettings, **environ: str) -> AsyncIterator[None]:
    dog = Watchdog(settings, ServiceManager(environ), picture.view, picture.notes.append)
    running = asyncio.create_task(dog.run())
    try:
        yield
        assert not running.done()
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not condition():
            await asyncio.sleep(0.01)


async def test_a_daemon_at_work_pings_and_a_dead_feed_stops_the_pings() -> None:
    async with switch() as made:
        picture = Picture()
        async with watched(picture, WatchdogSettings(ping_url=made.url, ping_s=1.0)):
            await until(lambda: len(made.asked) >= 2)
            picture.data_age_s = 31.0
            await until(lambda: picture.said())
            asked = len(made.asked)
            assert picture.said() == [("ping_held_back", "no venue has sent market data for 30 s")]
            picture.data_age_s = 1.0
            await until(lambda: len(made.asked) > asked)
        assert set(made.asked) == {("GET", f"/{TOKEN}")}
        assert [name for name, _ in picture.said()] == ["ping_held_back", "ping_resumed"]


async def test_a_switch_that_fails_is_noted_once_without_its_address_and_asked_again() -> None:
    async with switch() as made:
        made.code = 503
        picture = Picture()
        async with watched(
            picture, WatchdogSettings(ping_url=made.url, ping_s=1.0, ping_method=PingMethod.POST)
        ):
            await until(lambda: len(made.asked) >= 2)
            made.code = 204
            await until(lambda: len(picture.notes) >= 2)
        assert picture.said() == [("ping_failed", "HTTP status 503"), ("ping_restored", "")]
        assert made.asked[0][0] == "POST"


async def test_a_switch_that_is_not_there_stops_nothing() -> None:
    picture = Picture()
    url = f"http://127.0.0.1:9/{TOKEN}"
    async with watched(picture, WatchdogSettings(ping_url=url, ping_s=1.0)):
        await until(lambda: picture.notes)
    assert picture.said() == [("ping_failed", "ClientConnectorError")]


async def test_the_token_is_never_carried_on_to_where_a_redirect_points() -> None:
    async with switch() as made, switch() as other:
        made.code, made.location = 307, other.url
        picture = Picture()
        async with watched(picture, WatchdogSettings(ping_url=made.url, ping_s=1.0)):
            await until(lambda: picture.notes)
        assert picture.said() == [("ping_failed", "HTTP status 307")]
        assert other.asked == []


async def test_the_service_manager_hears_of_life_only_while_there_is_some(tmp_path: Path) -> None:
    manager, picture = Manager(str(tmp_path / "notify")), Picture()
    heard: list[str] = []

    def listened() -> list[str]:
        heard.extend(manager.heard())
        return heard

    async with watched(picture, WatchdogSettings(), NOTIFY_SOCKET=manager.address, WATCHDOG_USEC="300000"):
        await until(lambda: listened().count("WATCHDOG=1") >= 3)
        assert heard[:3] == ["READY=1", "STATUS=running", "WATCHDOG=1"]
        picture.data_age_s = 31.0
        starved = "STATUS=running: no venue has sent market data for 30 s"
        await until(lambda: starved in listened())
        after = heard.index(starved)
        picture.data_age_s = 1.0
        await until(lambda: "STATUS=running" in listened()[after:])
        assert "WATCHDOG=1" not in heard[after : heard.index("STATUS=running", after)]
    manager.close()


@pytest.mark.parametrize(
    "url", ["http://example.org/x", "ftp://example.org/x", "https:///x", "example.org", "http://10.0.0.1/x"]
)
def test_an_address_that_would_carry_the_token_in_the_clear_is_refused_without_being_shown(url: str) -> None:
    with pytest.raises(ValueError, match="ping_url: must be https://HOST") as refused:
        WatchdogSettings(ping_url=url)
    assert url not in str(refused.value)
