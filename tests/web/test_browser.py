"""The page in a real browser: it shows what the daemon says, obeys its strict policy, and escapes text."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from hedger.domain.vocabulary import Action, Mode, Reason, State
from tests.cli.daemon import served
from tests.view_fixtures import book, decision, status, unknown_book, venue
from tests.web.desk import Desk

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no chromium is installed")

FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"),
    *("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--virtual-time-budget=3000"),
    *("--enable-logging=stderr", "--dump-dom"),
)


def looked_at(desk: Desk, profile: Path) -> tuple[str, list[str]]:
    """The document after its scripts ran, and what the browser's console said."""
    assert BROWSER is not None
    with served(desk) as url:
        command = [BROWSER, *FLAGS, f"--user-data-dir={profile}", url]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]


def test_a_live_book_shows_mode_delta_band_positions_and_why(tmp_path: Path) -> None:
    page, console = looked_at(Desk(), tmp_path)
    for shown in ("LIVE", "testnet", "running", "+0.0412", "−0.3452", "No hedge: delta +0.0412 BTC"):
        assert shown in page
    for shown in ("63,119 USD", "BTC-27FEB26-58000-P", "stale: 71 s old", "h-btc_main-7-42", "9f3c21ab"):
        assert shown in page
    assert 'aria-label="Delta +0.0412 BTC, band −0.1000 to +0.1000, target 0.0000"' in page
    assert console == []


def test_a_daemon_that_knows_nothing_yet_shows_dashes_and_what_is_awaited(tmp_path: Path) -> None:
    silent = venue(connected=False, data_age_s=None, credits=None, round_trip_s=None, clock_skew_ms=None)
    desk = Desk(status(mode=Mode.OBSERVE, state=State.WARMING_UP, books=(unknown_book(),), venues=(silent,)))
    page, console = looked_at(desk, tmp_path)
    for shown in (
        "OBSERVE",
        "warming up",
        "deribit is disconnected",
        "No decision yet; awaited: account of BTC",
    ):
        assert shown in page
    assert "NaN" not in page
    assert console == []


def test_words_from_outside_are_shown_and_never_run(tmp_path: Path) -> None:
    evil = "<img src=x onerror=\"document.title='owned'\">"
    blocked = decision(action=Action.BLOCKED, reason=Reason.VENUE_REFUSED, detail=evil)
    page, console = looked_at(
        Desk(status(books=(book(last_decision=blocked),), settings_error=evil)), tmp_path
    )
    assert "&lt;img src=x onerror=" in page
    assert "<img src=x" not in page
    assert "<title>owned" not in page
    assert console == []
