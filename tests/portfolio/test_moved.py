"""What moved delta adds up to the move, and each cause stands under its own name."""

from __future__ import annotations

from decimal import Decimal

import pytest

from hedger.portfolio.book import Book
from hedger.portfolio.moved import Moved, MovedBy
from tests.portfolio import market


def start() -> tuple[Book, MovedBy]:
    book = Book("BTC", market.VENUE, ("BTC",))
    for listed in (market.option(), market.perpetual()):
        book.set_instrument(listed)
    book.set_index(market.index())
    book.set_quote(market.option_quote(market.option()))
    book.set_quote(market.future_quote())
    book.set_position(market.CALL, Decimal(-10))
    book.set_position(market.PERPETUAL, Decimal(366_350))
    moved = MovedBy()
    moved.look(book.rows(), market.NOW_MS)
    moved.flat(market.NOW_MS, net(book))
    return book, moved


def net(book: Book) -> float:
    told = book.exposure(market.At(), **market.STALENESS).net_transaction
    assert told is not None
    return told


def told(book: Book, moved: MovedBy, at_ms: int = market.NOW_MS) -> Moved:
    moved.look(book.rows(), at_ms)
    found = moved.told(net(book))
    assert found is not None
    parts = found.spot + found.vol + found.time + found.trades + found.hedges + found.settlement + found.other
    assert found.then_coin + parts == pytest.approx(found.now_coin, abs=1e-9)
    return found


def test_nothing_is_told_before_the_book_was_flat() -> None:
    assert MovedBy().told(1.0) is None


def test_a_hedge_between_two_looks_is_a_hedge_and_nobodys_trade() -> None:
    """It is booked when it fills, the sizes are compared later: in between it must not show as a sale."""
    book, moved = start()
    book.set_position(market.PERPETUAL, Decimal(376_350))
    moved.hedged(0.1)
    found = moved.told(net(book))
    assert found is not None
    assert (found.hedges, found.trades) == (0.1, 0.0)
    assert found.other == pytest.approx(0.0, abs=0.002), "all that is left is the price of the fill"

    looked = told(book, moved)
    assert looked.hedges == 0.1
    assert looked.trades == pytest.approx(0.0, abs=0.002)


def test_a_move_of_the_index_is_spot() -> None:
    book, moved = start()
    book.set_quote(market.option_quote(market.option(), 101_000.0))
    book.set_quote(market.future_quote(mark=101_000.0))
    found = told(book, moved)
    assert found.spot == pytest.approx(found.now_coin - found.then_coin, abs=1e-9)
    assert found.spot < -0.2
    assert found.other == pytest.approx(0.0, abs=1e-9)


def test_a_move_of_volatility_is_vol_and_the_passing_of_time_is_time() -> None:
    book, moved = start()
    book.set_quote(market.option_quote(market.option(), iv=0.60))
    assert told(book, moved).vol == pytest.approx(net(book) - moved.told(0.0).then_coin, abs=1e-9)  # type: ignore[union-attr]

    book, moved = start()
    later = market.NOW_MS + 5 * market.DAY_MS
    book.set_quote(market.option_quote(market.option(), market_ms=later))
    book.refresh(market.At(later))
    found = told(book, moved, later)
    assert found.time == pytest.approx(found.now_coin - found.then_coin, abs=1e-9)
    assert found.time > 0.01  # short calls out of the money: time takes delta away


def test_trades_of_others_and_our_own_hedges_are_two_things() -> None:
    book, moved = start()
    book.set_position(market.CALL, Decimal(-12))
    found = told(book, moved)
    assert found.trades == pytest.approx(-2 * 0.3663554482, abs=1e-8)

    book.set_position(market.PERPETUAL, Decimal(439_620))
    moved.hedged(73_270 / 100_000)
    found = told(book, moved)
    assert found.hedges == pytest.approx(0.7327)
    assert found.trades == pytest.approx(-2 * 0.3663554482, abs=1e-8)


def test_a_trade_and_a_move_between_two_looks_are_each_counted_once() -> None:
    """The move is of what was held through it; what was traded comes at the delta it has now."""
    book, moved = start()
    book.set_quote(market.option_quote(market.option(), 101_000.0))
    book.set_position(market.CALL, Decimal(-30))
    found = told(book, moved)
    assert found.other == pytest.approx(0.0, abs=1e-9)

    end = market.EXPIRY_MS
    book.set_quote(market.option_quote(market.option(), market_ms=end - 1_500_000, delta=0.2))
    book.refresh(market.At(end - 1_500_000))
    in_window = told(book, moved, end - 1_500_000)
    book.set_quote(market.option_quote(market.option(), market_ms=end - 60_000, delta=0.01))
    book.set_position(market.CALL, Decimal(-10))
    book.refresh(market.At(end - 60_000))
    assert told(book, moved, end - 60_000).other == pytest.approx(in_window.other, abs=1e-9)


def test_a_delivery_is_settlement() -> None:
    book, moved = start()
    end = market.EXPIRY_MS
    book.set_quote(market.option_quote(market.option(), market_ms=end - 60_000, delta=0.01))
    book.refresh(market.At(end - 60_000))
    moved.look(book.rows(), end - 60_000)
    book.set_position(market.CALL, Decimal(0))
    found = told(book, moved, end + 1_000)
    assert found.settlement == pytest.approx(3.6635, abs=0.01)


def test_flat_starts_anew() -> None:
    book, moved = start()
    book.set_quote(market.option_quote(market.option(), 101_000.0))
    told(book, moved)
    moved.flat(market.NOW_MS + 1, net(book))
    found = told(book, moved)
    assert (found.since_ms, found.spot) == (market.NOW_MS + 1, 0.0)
