"""A real browser driven over its own debugging protocol, for what only a person's hands would find."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp

DEADLINE_S = 20.0
_BETWEEN_DOCUMENTS = ("Cannot find default execution context", "Execution context was destroyed.")


class Page:
    """One tab. Errors its scripts raise fail the next question."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket, self._asked = socket, 0

    async def ask(self, method: str, **params: Any) -> dict[str, Any]:
        self._asked += 1
        await self._socket.send_json({"id": self._asked, "method": method, "params": params})
        while True:
            told = await asyncio.wait_for(self._socket.receive_json(), DEADLINE_S)
            assert told.get("method") != "Runtime.exceptionThrown", told
            if told.get("id") == self._asked:
                if told.get("error", {}).get("message") in _BETWEEN_DOCUMENTS:
                    return {"result": {}}
                assert "error" not in told, told
                result: dict[str, Any] = told["result"]
                return result

    async def value(self, expression: str) -> Any:
        """None as well while one document goes and the next has not come."""
        told = await self.ask("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in told, told
        return told["result"].get("value")

    async def until(self, expression: str) -> None:
        """Wait until an expression holds."""
        async with asyncio.timeout(DEADLINE_S):
            while not await self.value(f"Boolean({expression})"):
                await asyncio.sleep(0.05)

    async def press(self, key: str, code: int, text: str = "") -> None:
        down = {"type": "keyDown", "text": text} if text else {"type": "rawKeyDown"}
        for event in (down, {"type": "keyUp"}):
            await self.ask("Input.dispatchKeyEvent", key=key, code=key, windowsVirtualKeyCode=code, **event)


@contextlib.asynccontextmanager
async def opened(browser: str, url: str, profile: Path) -> AsyncIterator[Page]:
    """A browser at `url`, gone when the block ends."""
    flags = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync")
    quiet = ("--disable-background-networking", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")
    words = (*flags, *quiet, "--remote-debugging-port=0", f"--user-data-dir={profile}", url)
    with subprocess.Popen([browser, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            port = await _port(profile / "DevToolsActivePort")
            async with (
                aiohttp.ClientSession() as session,
                session.ws_connect(await _tab(session, port, url), max_msg_size=0) as socket,
            ):
                page = Page(socket)
                await page.ask("Runtime.enable")
                yield page
        finally:
            process.terminate()


async def _port(file: Path) -> int:
    async with asyncio.timeout(DEADLINE_S):
        while not (file.exists() and file.read_text()):
            await asyncio.sleep(0.05)
    return int(file.read_text().splitlines()[0])


async def _tab(session: aiohttp.ClientSession, port: int, url: str) -> str:
    """The debugging address of the tab that shows `url`."""
    async with asyncio.timeout(DEADLINE_S):
        while True:
            async with session.get(f"http://127.0.0.1:{port}/json/list") as answer:
                for tab in json.loads(await answer.text()):
                    if tab["type"] == "page" and tab["url"].startswith(url):
                        return str(tab["webSocketDebuggerUrl"])
            await asyncio.sleep(0.05)
