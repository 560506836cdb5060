"""Through the whole stack: the standing short moves to the future that earns the basis, and closes."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from tests.end_to_end.sides import PERPETUAL, Exchange
from tests.end_to_end.waiting import until
from tests.end_to_end.yard import BRISK, Yard

CALL, FUTURE, SPREAD = "BTC-1OCT26-105000-C", "BTC-1OCT26", "BTC-FS-1OCT26_PERP"
BOOK = f"""
[equity]
BTC = 5

[[positions]]
instrument = "{CALL}"
size = -10

[market]
origin = 2026-09-01T08:00:00Z
index = 100000
forward = 101000
iv = 0.55
hold_expiry = true
"""
MOVING = (
    *BRISK,
    "books.btc.neutral='usd'",
    "books.btc.band.lower=-0.3",
    "books.btc.band.upper=0.3",
    "books.btc.by_expiry.use='move'",
    "books.btc.by_expiry.pace_s=1.0",
    "books.btc.by_expiry.clip_usd=20000.0",
)


def test_the_standing_short_moves_to_the_future_that_earns_and_flattening_closes_both(yard: Yard) -> None:
    exchange = yard.exchange("--book", str(_book(yard.folder)))
    daemon = yard.daemon(exchange, overrides=MOVING)
    until(lambda: _held(exchange, PERPETUAL) < 0, "a hedge in the perpetual")
    whole_usd = _held(exchange, PERPETUAL)

    until(lambda: _held(exchange, FUTURE) <= -40_000, "two clips in the future")
    until(lambda: _sold(exchange, SPREAD) > 0, "a clip through the spread")
    daemon.until_quiet()
    told = daemon.book()["by_expiry"]
    moved = Decimal(str(told["moved_usd"]))
    assert moved >= 2 * 40_000 - 20_000
    assert told["steps"] >= 2
    both = _held(exchange, PERPETUAL) + _held(exchange, FUTURE)
    assert abs(both - whole_usd) <= 30_000  # one half step, and what stays short of the band's edge
    assert abs(daemon.book()["delta"]["used"]) <= 0.3001

    answer = daemon.command("flatten", accept_naked_delta=True)
    assert answer.status == 200, answer
    until(lambda: _held(exchange, PERPETUAL) == _held(exchange, FUTURE) == 0, "both closed")


def _book(folder: Path) -> Path:
    path = folder / "book.toml"
    path.write_text(BOOK)
    return path


def _held(exchange: Exchange, instrument: str) -> Decimal:
    return Decimal(exchange.state()["positions_exact"].get(instrument, "0"))


def _sold(exchange: Exchange, instrument: str) -> float:
    """What our own orders sold of it."""
    rows = exchange.state()["trades"]
    ours = [
        row for row in rows if row["instrument_name"] == instrument and row.get("label", "").startswith("h-")
    ]
    return sum(float(row["amount"]) for row in ours if row["direction"] == "sell")
