"""The page in a real browser: it shows what the daemon says, obeys its strict policy, and escapes text."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from hedger.domain.vocabulary import Action, Mode, Reason, State
from tests.cli.daemon import served
from tests.view_fixtures import book, decision, status, unknown_book, venue
from tests.web.desk import Desk
from tests.web.rich_desk import RichDesk

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no chromium is installed")

FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"),
    *("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--virtual-time-budget=3000"),
    *("--enable-logging=stderr", "--dump-dom"),
)


def looked_at(desk: Desk, profile: Path, place: str = "") -> tuple[str, list[str]]:
    """The document after its scripts ran at a place such as "#chain", and what the console said."""
    assert BROWSER is not None
    with served(desk) as url:
        command = [BROWSER, *FLAGS, f"--user-data-dir={profile}", f"{url}/{place}"]
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
    told = words_of(page)
    for wrong in ("NaN", "undefined", "null", "greeks of the venue, fresh", "Nothing held expires"):
        assert wrong not in told
    for shown in (
        "The account's margin is not known.",
        "The account is not known yet.",
        "band –",
        "source that counts –",
    ):
        assert shown in told, shown
    assert console == []


def words_of(page: str) -> str:
    """The text a person reads, tags and styles left out."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page))


def test_critical_alarms_stand_first_with_the_command_that_ends_them(tmp_path: Path) -> None:
    page, console = looked_at(RichDesk(), tmp_path)
    assert page.index("alarm critical") < page.index("alarm error") < page.index('class="why')
    assert '<code class="command">hedger resume --book btc_main</code>' in page
    assert "<title>⚠ Δ" in page
    assert console == []


def test_what_stands_around_the_delta_is_shown_in_full(tmp_path: Path) -> None:
    desk = RichDesk()
    page, console = looked_at(desk, tmp_path)
    told = words_of(page)
    for shown in (
        "by our model +0.4412 (+0.4000)",  # delta by source, and how far they are apart
        "model: tickers old",
        "weekend by weekend sat 00:00 to mon 00:00",
        "02-02 07:40 UTC weekend ends",
        "× 2 until 02-02 06:40 UTC by anna: before the print",
        "3.1000 → 3.3400 after the hedge",
        "+38.2 %, index 88,794",
        "none down to a twentieth of the index",
        "orders per minute hard",
        "10.85012345 10.00012345 −0.85",
        "BTC-PERPETUAL 1,030,060 30,060 30,060 900,000 100,000 USD",
        "in transit, delta 0",
        "−0.21 σ",
        "buy 356,000",
        "+1.25 bp, +12.50 USD",
        "−2.5000 BTC by treasury, until 2026-03-31",
        "cli:anna trades by hand",
        "Awaits confirmation: first hedge of 1.2000 BTC",
        "64,261.0 × 182,400 | 64,261.5 × 92,010",
        "BTC-27MAR26 −1.5000 −4.7500",  # the hedge by expiry: where it is and is to be
        "collateral −3.2500 30.0 +522 leaves BTC-PERPETUAL: BTC-27MAR26 saves +25.0 bp",
        "192,400 USD moved in 14 steps",
        "BTC since 02-01",  # the day's result of each wallet
        "future delta +0.008000",
        "future basis −0.009000",
        "47.0 % against 52.0 %",
        "+0.0000031000 BTC",  # cash that nothing explains, and a result that greeks do not
        "−0.000700 BTC · 15.3 %",
    ):
        assert shown in told, shown
    assert desk.asked_for == [], "what is heavy is not asked for while it is closed"
    assert console == []


def test_what_moved_delta_is_told_step_by_step_to_who_cannot_see_the_bars(tmp_path: Path) -> None:
    page, _ = looked_at(RichDesk(), tmp_path)
    told = re.search(r'aria-label="What moved delta: ([^"]*)"', page)
    assert told is not None
    figures = [float(figure.replace("−", "-")) for figure in re.findall(r"[+−]?\d+\.\d{4}", told[1])]
    start, *steps, now = figures
    assert start + sum(steps) == pytest.approx(now, abs=1e-9)


def test_the_ladder_and_the_grid_are_asked_for_when_they_are_opened(tmp_path: Path) -> None:
    desk = RichDesk()
    page, console = looked_at(desk, tmp_path, "#ahead")
    told = words_of(page)
    assert set(desk.asked_for) == {"outlook of btc_main"}
    for shown in ("65,374 +1.75 % −0.1310 buy 0.0310 −0.1000", "64,250 0.00 % +0.0412 now", "+10 % 70,675"):
        assert shown in told, shown
    assert "P&amp;L coin: of what settles in the coin" in told, "the book is neutral in coin"
    assert told.index("67,623") < told.index("60,877"), "the highest level stands on top"
    assert console == []


def test_the_chain_has_a_place_of_its_own_with_what_is_held_marked(tmp_path: Path) -> None:
    desk = RichDesk()
    page, console = looked_at(desk, tmp_path, "#chain")
    told = words_of(page)
    assert set(desk.asked_for) == {"chain of BTC"}
    assert "2026-02-27 at deribit, settled in BTC, 24.6 days left" in told, "the expiry in which one is held"
    assert re.search(r'<td class="num c-held holding sell">−10</td>', page)
    assert "only with chain = true at the venue" in told, "one strike is not quoted"
    assert '<main id="view-desk" hidden="">' in page
    assert console == []


def test_an_expiry_can_be_named_in_the_address(tmp_path: Path) -> None:
    page, _ = looked_at(RichDesk(), tmp_path, "#chain/BTC/2026-02-03-BTC-deribit")
    assert "2026-02-03 at deribit, settled in BTC, 18.2 h left" in words_of(page)


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


def test_shadows_stand_beside_the_live_hedge_and_only_where_there_are_any(tmp_path: Path) -> None:
    page, console = looked_at(RichDesk(), tmp_path / "rich")
    told = words_of(page)
    for shown in (
        "live: band +0.0412 – 17 255,000 91.20 8.40 – 0.0521 1 1",
        "wide: band −0.2113 −16,230 4 60,000 31.70 2.90 −48.20 0.1812 1.874 1.669 delta is inside the band",
        "windows: theta offset",
    ):
        assert shown in told, shown
    assert console == []
    plain, _ = looked_at(Desk(), tmp_path / "plain")
    assert re.search(r'data-part="beside"[^>]* hidden', plain)
