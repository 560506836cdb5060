"""Books in the coin, in another coin and in dollars at once: each is hedged in what it settles in."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.end_to_end.waiting import until
from tests.end_to_end.yard import Yard

BOOK = """
[equity]
BTC = 5
ETH = 50
USDC = 200000

[[market]]
underlying = "BTC"
origin = 2026-09-01T08:00:00Z
index = 100000
iv = 0.55
hold_expiry = true

[[market]]
underlying = "ETH"
index = 4000
iv = 0.55
hold_expiry = true

[[market]]
underlying = "BTC_USDC"
index = 100000
iv = 0.55
hold_expiry = true

[[positions]]
instrument = "BTC-1OCT26-105000-C"
size = -10

[[positions]]
instrument = "ETH-1OCT26-4200-C"
size = -100

[[positions]]
instrument = "BTC_USDC-1OCT26-105000-C"
size = -10
"""

CONFIG = """
mode = "live"

[venues.deribit]
environment = "local"
currencies = ["BTC", "ETH", "USDC"]

[books.btc]
venue = "deribit"
underlying = "BTC"
hedge_instrument = "BTC-PERPETUAL"

[books.eth]
venue = "deribit"
underlying = "ETH"
hedge_instrument = "ETH-PERPETUAL"

[books.btc_usdc]
venue = "deribit"
underlying = "BTC"
legs = "linear"
hedge_instrument = "BTC_USDC-PERPETUAL"
"""

BAND = "".join(
    f"\n[books.{book}.band]\nlower = -0.05\nupper = 0.05\nhard_lower = -50.0\nhard_upper = 50.0\n"
    f"[books.{book}.envelope]\nmax_order_coin = 100.0\nmax_order_usd = 2000000.0\n"
    f"max_hedge_position_coin = 100.0\n[books.{book}.execution]\ndepth_share = 0.0\n"
    f"max_slippage_fraction = 0.005\n"
    for book in ("btc", "eth", "btc_usdc")
)


def test_three_books_in_three_currencies_are_each_hedged_in_their_own(yard: Yard) -> None:
    book, config = yard.folder / "book.toml", yard.folder / "three.toml"
    book.write_text(BOOK)
    config.write_text(CONFIG + BAND)
    exchange = yard.exchange("--book", str(book))
    daemon = yard.daemon(exchange, config=Path(config), overrides=())

    until(lambda: all(_inside(shown) for shown in daemon.status()["books"]), "every book in its band", 40)
    shown = {each["name"]: each for each in daemon.status()["books"]}
    assert float(shown["btc"]["hedge_position"]["coin"]) == pytest.approx(3.6635 - 0.05, abs=0.01)
    linear = shown["btc_usdc"]
    assert float(linear["hedge_position"]["coin"]) == pytest.approx(4.088 - 0.05, abs=0.01)
    assert linear["delta"]["net_transaction"] == linear["delta"]["black"], "no premium adjustment"
    assert linear["equity_coin"] == 0.0, "dollars do not move with the coin"
    bitcoin = next(cut for cut in daemon.status()["underlyings"] if cut["name"] == "BTC")
    assert bitcoin["positions"] == 4, "coin and dollar legs of one underlying, shown together"
    exchange.pause()
    held = exchange.state()["positions_exact"]
    assert float(held["BTC_USDC-PERPETUAL"]) == pytest.approx(float(linear["hedge_position"]["coin"]))
    assert set(held) >= {"BTC-PERPETUAL", "ETH-PERPETUAL", "BTC_USDC-PERPETUAL"}


def _inside(book: dict[str, object]) -> bool:
    delta = book["delta"]
    assert isinstance(delta, dict)
    return (
        delta["used"] is not None
        and abs(float(delta["used"])) <= 0.0501
        and not float(str(book["in_flight_coin"]))
    )
