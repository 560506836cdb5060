"""The positions with which an account starts, chosen from the listed chain or read from a file."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

from hedger.simulator.account import Account
from hedger.simulator.book_file import BookFile, read_book_file
from hedger.simulator.markets import Markets
from hedger.simulator.model import Listing
from hedger.simulator.numbers import ZERO
from hedger.simulator.time_units import DAY_MS

SIZE = Decimal(10)
STRANGLE_DAYS = 30
STRADDLE_DAYS = 14
OUT_OF_THE_MONEY = Decimal("0.12")
MARGIN_DAYS = 2  # a book outlives the recorded data by this much

NAMED_BOOKS = ("empty", "strangle", "straddle", "long-straddle")

Row = tuple[Listing, Decimal]


def choose_book(book: str, markets: Markets) -> list[Row]:
    """The rows of a named book or of a file. ValueError says what does not fit."""
    if book == "empty":
        return []
    if book == "strangle":
        return _pair(markets, STRANGLE_DAYS, OUT_OF_THE_MONEY, -SIZE)
    if book == "straddle":
        return _pair(markets, STRADDLE_DAYS, ZERO, -SIZE)
    if book == "long-straddle":
        return _pair(markets, STRADDLE_DAYS, ZERO, SIZE)
    file = book_file(book)
    assert file is not None
    return _file_rows(book, file, markets)


def _pair(markets: Markets, days: int, distance: Decimal, size: Decimal) -> list[Row]:
    """A call and a put of one expiry, each about `distance` (fraction) out of the money."""
    options = [
        row for row in markets.listings().values() if row.is_option and row.settlement_currency == "BTC"
    ]
    expiry_ms = _expiry(markets, options, days)
    index = markets.index("btc_usd")
    chain = [row for row in options if row.expiration_ms == expiry_ms]
    call = _nearest(chain, "call", index * (1 + distance))
    put = _nearest(chain, "put", index * (1 - distance))
    return [(call, size), (put, size)]


def _expiry(markets: Markets, options: list[Listing], days: int) -> int:
    """The listed expiry nearest to `days` that has both kinds and outlives the data; else the last one."""
    calls = {row.expiration_ms for row in options if row.option_type == "call"}
    expiries = sorted({row.expiration_ms for row in options if row.option_type == "put"} & calls)
    if not expiries:
        raise ValueError("book: the world lists no BTC expiry with calls and puts")
    world = markets.world
    must_outlive_ms = world.now_ms if world.end_ms is None else world.end_ms + MARGIN_DAYS * DAY_MS
    lasting = [ms for ms in expiries if ms > must_outlive_ms] or expiries[-1:]
    return min(lasting, key=lambda ms: abs(ms - world.now_ms - days * DAY_MS))


def _nearest(chain: Iterable[Listing], option_type: str, strike: Decimal) -> Listing:
    rows = (row for row in chain if row.option_type == option_type)
    return min(rows, key=lambda row: abs((row.strike or ZERO) - strike))


def book_file(book: str) -> BookFile | None:
    """The file that a book is, or None for a named one. ValueError says what is wrong with it."""
    if book in NAMED_BOOKS:
        return None
    path = Path(book)
    if not path.is_file():
        raise ValueError(f"book: {path} is neither a file nor one of {', '.join(NAMED_BOOKS)}")
    return read_book_file(path)


def _file_rows(path: str, file: BookFile, markets: Markets) -> list[Row]:
    listings = markets.listings()
    for name, _ in file.positions:
        if name not in listings:
            raise ValueError(f"book: {path}: {name!r} is not listed")
    return [(listings[name], size) for name, size in file.positions]


def open_book(account: Account, rows: list[Row], markets: Markets) -> None:
    """Open positions at mark, without fees or trades: they were there before."""
    for listing, size in rows:
        index = markets.index(listing.price_index)
        account.open_at_mark(listing, size, markets.exact_mark(listing.name), index, markets.world.now_ms)
        funding = markets.market(listing.name).funding
        if funding is not None:
            account.accrue_funding(listing, funding.paid_per_unit)
