"""What a book of a life may be of: an underlying, in sizes that are as much risk as those of a BTC book."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from hedger.domain.vocabulary import Legs
from hedger.simulator.model import Listing
from hedger.simulator.orders import Trade
from hedger.simulator.world.terms import BTC, BTC_USDC, ETH, Terms


@dataclass(frozen=True, slots=True)
class Underlying:
    """One kind of book: coins settled in themselves, or in USDC."""

    book: str  # the book's name
    terms: Terms
    start_usd: float
    strikes: range  # USD
    coins: int
    """As many are worth as much as one BTC: sizes and bounds in coin are multiples of it."""

    @property
    def coin(self) -> str:
        return self.terms.base_currency

    @property
    def currency(self) -> str:
        """What it settles in."""
        return self.terms.settlement_currency

    @property
    def perpetual(self) -> str:
        return self.terms.perpetual

    @property
    def legs(self) -> Legs:
        return Legs.LINEAR if self.terms.linear else Legs.INVERSE

    def owns(self, listing: Listing) -> bool:
        """Whether an instrument is of this underlying and settles as it does."""
        return listing.price_index == self.terms.price_index

    def named_in(self, text: str) -> bool:
        """Whether a text speaks of an instrument, an order or the index of this book."""
        words = f"{self.terms.prefix}-", f"h-{self.book}-", rf"{self.terms.price_index}\b"
        return re.search("|".join(words), text) is not None

    def money(self, btc: Decimal) -> Decimal:
        """As much of the settlement currency as so many BTC are worth at the start."""
        return btc * (int(self.start_usd) if self.terms.linear else 1) * self.coins

    def future_amount(self, usd: int) -> Decimal:
        """USD in the unit of futures and perpetual, at the price of the start."""
        return Decimal(usd) / int(self.start_usd) if self.terms.linear else Decimal(usd)

    def usd(self, trade: Trade) -> float:
        """What a trade in a future or perpetual comes to, USD."""
        amount = float(trade.amount)
        return amount * float(trade.price) if self.terms.linear else amount

    def lot_coin(self, index_usd: float) -> float:
        """One contract of the perpetual in coin."""
        size = float(self.terms.future_size)
        return size if self.terms.linear else size / index_usd


INVERSE = Underlying("btc", BTC, 100_000.0, range(90_000, 111_000, 2_500), 1)
ETHER = Underlying("eth", ETH, 4_000.0, range(3_600, 4_440, 100), 25)
LINEAR = Underlying("usdc", BTC_USDC, 100_000.0, range(90_000, 111_000, 2_500), 1)
