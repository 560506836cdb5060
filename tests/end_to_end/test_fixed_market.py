"""The worked example of four hedges through the whole stack: what theory says a move earns is what it earns.

Short 10 calls of strike 105,000 with 30 days to go at a volatility of 55 %, the forward at 100,000, equity of
5 BTC with the options at mark. The daemon hedges it coin-neutral, USD-neutral, by Black's delta, or not at
all; then the market jumps and the exchange's unrounded equity tells. Hedges are whole contracts of 10 USD, so
each may be off by up to 10 USD: its share of the profit is known exactly and taken out before comparing.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from tests.end_to_end.sides import PERPETUAL, Daemon, Exchange
from tests.end_to_end.waiting import until
from tests.end_to_end.yard import BRISK, Yard

CALL = "BTC-1OCT26-105000-C"
FORWARD = Decimal(100_000)
CONTRACT_USD = Decimal(10)

# A tick of 1e-8 USD is the nearest to no spread that is not a locked book.
BOOK = f"""
[equity]
BTC = 5

[[positions]]
instrument = "{CALL}"
size = -10

[market]
origin = 2026-09-01T08:00:00Z
index = 100000
iv = 0.55
hold_expiry = true
tick_usd = 0.00000001
spread_usd = 0.00000002
future_fee = 0
option_fee = 0
"""

EXACT = (
    *BRISK,
    "books.btc.band.lower=-0.0002",
    "books.btc.band.upper=0.0002",
    "books.btc.band.to_centre=1",
    "books.btc.band.min_trade_coin=0.0",
    "books.btc.allow_naive=true",
)

# Theory: USD of the hedge, then (BTC, USD) earned by moves of -1, +1, -5 and +5 per cent.
MOVES = (-1, 1, -5, 5)
TABLE = {
    "none": (
        "0",
        (
            ("+.03576365", "-1459.3989"),
            ("-.03749394", "+1213.1121"),
            ("+.16092632", "-9711.9993"),
            ("-.20376968", "+3604.1831"),
        ),
    ),
    "coin": (
        "366355.4482",
        (
            ("-.00124195", "-5122.9534"),
            ("-.00122112", "+4876.6666"),
            ("-.03189233", "-28029.7718"),
            ("-.02931471", "+21921.9555"),
        ),
    ),
    "usd": (
        "-133644.5518",
        (
            ("+.04926310", "-122.9534"),
            ("-.05072607", "-123.3334"),
            ("+.23126556", "-3029.7718"),
            ("-.26740995", "-3078.0445"),
        ),
    ),
    "black": (
        "408818.6315",
        (
            ("-.00553116", "-5547.5853"),
            ("+.00298315", "+5301.2984"),
            ("-.05424138", "-30152.9309"),
            ("-.00909415", "+24045.1147"),
        ),
    ),
}
LAST_DIGIT_COIN, LAST_DIGIT_USD = Decimal("0.00000001"), Decimal("0.0001")


@pytest.mark.parametrize("hedge", TABLE)
def test_the_worked_example_of_four_hedges(yard: Yard, hedge: str) -> None:
    told_usd, rows = TABLE[hedge]
    exchange = yard.exchange("--book", str(_book(yard.folder)))
    daemon = yard.daemon(exchange, overrides=_settings(hedge))
    _until_hedged(daemon, exchange, hedge, Decimal(told_usd))

    held_usd = _held_usd(exchange)
    assert abs(held_usd - Decimal(told_usd)) <= CONTRACT_USD
    for percent, earned, told in zip(MOVES, _earned(exchange), rows, strict=True):
        level = FORWARD * (100 + percent) / 100
        off_usd = held_usd - Decimal(told_usd)
        off_coin = off_usd / FORWARD - off_usd / level
        assert abs(earned[0] - off_coin - Decimal(told[0])) <= LAST_DIGIT_COIN, (percent, earned)
        assert abs(earned[1] - off_coin * level - Decimal(told[1])) <= LAST_DIGIT_USD, (percent, earned)


def _book(folder: Path) -> Path:
    path = folder / "book.toml"
    path.write_text(BOOK)
    return path


def _settings(hedge: str) -> tuple[str, ...]:
    """Without a hedge the daemon looks on."""
    return (*EXACT, "mode='observe'") if hedge == "none" else (*EXACT, f"books.btc.neutral='{hedge}'")


def _until_hedged(daemon: Daemon, exchange: Exchange, hedge: str, told_usd: Decimal) -> None:
    """Hedged, and then paused: the moves shall meet this hedge and no other."""
    if hedge == "none":
        until(lambda: _would_hedge(daemon), "a hedge that would be sent")
        return
    until(lambda: abs(_held_usd(exchange) - told_usd) <= CONTRACT_USD, f"a hedge of {told_usd} USD")
    daemon.until_quiet()
    assert daemon.command("pause").status == 200


def _would_hedge(daemon: Daemon) -> bool:
    decision = daemon.book()["last_decision"]
    return decision is not None and bool(decision["action"] == "would_hedge")


def _held_usd(exchange: Exchange) -> Decimal:
    return Decimal(exchange.state()["positions_exact"].get(PERPETUAL, "0"))


def _earned(exchange: Exchange) -> Iterator[tuple[Decimal, Decimal]]:
    """(BTC, USD) by each of the moves from the forward, after which it comes back."""
    before = _equity(exchange)
    for percent in MOVES:
        level = FORWARD * (100 + percent) / 100
        exchange.move(float(level))
        after = _equity(exchange)
        yield after - before, after * level - before * FORWARD
        exchange.move(float(FORWARD))
        assert abs(_equity(exchange) - before) < Decimal("1e-15")


def _equity(exchange: Exchange) -> Decimal:
    return Decimal(exchange.state()["equity_exact"]["BTC"])
