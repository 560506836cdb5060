"""The spot x vol grid against the worked table of theory 1.4, and what expires soon."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest

from hedger.portfolio.book import Book
from hedger.portfolio.scenario import Shocked, expiring, shocked
from hedger.pricing.settlement import WINDOW_MS
from tests.portfolio import market


def book_with(calls: str = "-10", perpetual_usd: str = "0") -> Book:
    book = Book("BTC", market.VENUE, ("BTC",))
    book.set_instrument(market.option())
    book.set_instrument(market.perpetual())
    book.set_index(market.index())
    book.set_quote(market.option_quote(market.option()))
    book.set_quote(market.future_quote())
    book.set_position(market.CALL, Decimal(calls))
    book.set_position(market.PERPETUAL, Decimal(perpetual_usd))
    return book


def told(book: Book, moves: list[float], shifts: list[float] | None = None) -> Shocked:
    return shocked(book.rows(), market.NOW_MS, 100_000.0, book.average, moves, shifts or [0.0])


@pytest.mark.parametrize(
    ("perpetual_usd", "move", "coin"),
    [
        ("0", -0.01, 0.03576365),
        ("0", 0.01, -0.03749394),
        ("0", -0.05, 0.16092632),
        ("0", 0.05, -0.20376968),
        ("366355.4482", -0.01, -0.00124195),
        ("366355.4482", 0.05, -0.02931471),
        ("-133644.5518", -0.05, 0.23126556),
        ("408818.6315", 0.05, -0.00909415),
    ],
)
def test_the_grid_reproduces_the_worked_table(perpetual_usd: str, move: float, coin: float) -> None:
    """EX-INV, short ten calls, each hedge of the table; changes of equity in coin."""
    assert told(book_with(perpetual_usd=perpetual_usd), [move]).pnl_coin[0, 0] == pytest.approx(
        coin, abs=1e-8
    )


def test_no_move_changes_nothing_and_delta_is_the_books() -> None:
    book = book_with()
    here = told(book, [0.0])
    assert here.pnl_coin[0, 0] == 0.0
    assert here.net_coin[0, 0] == pytest.approx(-3.663554482, abs=1e-8)
    assert here.black_coin[0, 0] == pytest.approx(-4.088186315, abs=1e-8)


def test_volatility_shifts_are_points() -> None:
    """Vega of EX-INV is 111.37 USD a point: ten calls lose that a point, in coin, to first order."""
    shifted = told(book_with(), [0.0], [0.01]).pnl_coin[0, 0]
    assert shifted == pytest.approx(-10 * 111.37 / 100_000, rel=0.01)


def test_a_linear_option_moves_dollars_and_carries_no_premium_delta() -> None:
    book = Book("BTC", market.VENUE, ("USDC",))
    listed = market.option(payoff=market.Payoff.LINEAR, settlement_currency="USDC", quote_currency="USDC")
    book.set_instrument(listed)
    book.set_index(market.index())
    book.set_quote(market.option_quote(listed))
    book.set_position(listed.name, Decimal(-10))
    up = told(book, [0.01])
    assert up.pnl_coin[0, 0] == 0.0
    assert up.pnl_usd[0, 0] == pytest.approx(-10 * (4246.318336 * 0 + 421.1519633), rel=0.02)
    assert told(book, [0.0]).net_coin[0, 0] == pytest.approx(-4.088186315, abs=1e-8)


def test_inside_the_settlement_window_the_average_is_shocked() -> None:
    """Halfway through, only half of a move reaches the average."""
    book = book_with()
    at_ms = market.EXPIRY_MS - WINDOW_MS // 2
    quote = market.option_quote(market.option(strike=90_000), market_ms=at_ms, delta=0.5)
    book = Book("BTC", market.VENUE, ("BTC",))
    deep = market.option(strike=90_000)
    book.set_instrument(deep)
    book.set_index(market.index())
    book.average.heard(market.EXPIRY_MS - WINDOW_MS, 100_000.0)
    book.set_quote(quote)
    book.set_position(deep.name, Decimal(1))
    grid = shocked(book.rows(), at_ms, 100_000.0, book.average, [0.0, 0.01], [0.0])
    assert grid.black_coin[0, 0] == pytest.approx(0.5, abs=1e-6)
    assert grid.pnl_coin[1, 0] == pytest.approx(10_500 / 100_500 - 10_000 / 100_000, rel=1e-6)


def test_what_expires_soon_is_told_with_its_distance() -> None:
    at_ms = market.EXPIRY_MS - 6 * 3_600_000
    book = Book("BTC", market.VENUE, ("BTC",))
    for listed in (market.option(), market.option("BTC-21OCT26-100000-C", 100_000)):
        book.set_instrument(listed)
        book.set_quote(market.option_quote(listed, market_ms=at_ms))
        book.set_position(listed.name, Decimal(-3))
    near, far = expiring(book.rows(), at_ms, 24.0)
    assert near.instrument == "BTC-21OCT26-100000-C"
    assert near.distance_sigmas == pytest.approx(0.0)
    assert far.hours == pytest.approx(6.0)
    assert far.distance_sigmas == pytest.approx(math.log(1.05) / (0.55 * math.sqrt(6 / 8760)))
    assert expiring(book.rows(), market.NOW_MS, 24.0) == ()
