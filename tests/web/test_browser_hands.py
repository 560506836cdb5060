"""The page under a person's hands: reached by the keyboard, and left alone by the polls."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tests.cli.daemon import served
from tests.web.browser import opened
from tests.web.rich_desk import RichDesk
from tests.web.test_browser import BROWSER

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no chromium is installed")

AHEAD = "document.querySelector('[data-part=ahead]')"
GRID = "document.querySelector('[data-part=grid]').textContent"
ENTER, RIGHT = ("Enter", 13, "\r"), ("ArrowRight", 39)


def age(desk: RichDesk, seconds: float) -> None:
    """Time passes at the daemon, so that the next poll shows something new."""
    desk.shown = msgspec.structs.replace(desk.shown, uptime_s=desk.shown.uptime_s + seconds)


async def test_the_grid_is_opened_and_switched_by_keys_and_keeps_the_focus(tmp_path: Path) -> None:
    desk = RichDesk()
    with served(desk) as url:
        async with opened(BROWSER or "", url, tmp_path) as page:
            await page.until(AHEAD)
            await page.value(f"{AHEAD}.querySelector('summary').focus()")
            await page.press(*ENTER)
            await page.until(f"{AHEAD}.open && {GRID}.includes('P&L coin')")

            await page.value(f"{AHEAD}.querySelector('input:checked').focus()")
            await page.press(*RIGHT)
            await page.until(f"{GRID}.includes('Delta: the controlled quantity')")
            before = await page.value("document.getElementById('facts').textContent")
            age(desk, 1_000.0)
            await page.until(f"document.getElementById('facts').textContent !== {before!r}")
            assert await page.value("document.activeElement.value") == "delta_coin", "polls take no focus"


async def test_the_chain_is_walked_and_left_by_its_links(tmp_path: Path) -> None:
    desk = RichDesk()
    with served(desk) as url:
        async with opened(BROWSER or "", f"{url}/#chain", tmp_path) as page:
            await page.until("document.querySelector('.chain td.holding')")
            await page.value("document.querySelector('#chain-expiries a').focus()")
            await page.value("document.activeElement.click()")
            await page.until("document.getElementById('chain-title').textContent.startsWith('2026-02-03')")
            assert await page.value("document.activeElement.textContent") == "2026-02-03"

            await page.value("document.getElementById('to-desk').click()")
            await page.until("document.getElementById('view-chain').hidden")
            assert await page.value("document.getElementById('view-desk').hidden") is False


@pytest.mark.parametrize("width", [390, 1600])
async def test_the_page_never_scrolls_sideways(tmp_path: Path, width: int) -> None:
    """What is wide scrolls in a frame of its own."""
    with served(RichDesk()) as url:
        async with opened(BROWSER or "", f"{url}/#ahead", tmp_path) as page:
            await page.ask(
                "Emulation.setDeviceMetricsOverride",
                width=width,
                height=900,
                deviceScaleFactor=1,
                mobile=False,
            )
            for place, shown in (("#ahead", "[data-part=ladder] table"), ("#chain", "table.chain")):
                await page.until(f"(location.hash = {place!r}) && document.querySelector({shown!r})")
                assert await page.value("document.documentElement.scrollWidth") <= width, place
