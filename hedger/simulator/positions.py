"""One position and its profit and loss in its settlement currency (coin, or USDC for linear instruments).

All are told by one number, the worth of an amount at a price:
  inverse future  worth(q, p) = -q / p      (long q USD at p owes q / p coin)
  all others      worth(q, p) =  q * p      (options: coin or USDC per coin; linear futures: USDC per coin)
so that profit = worth(now) - worth(entry), which gives q * (1/p0 - 1/p1) and q * (p1 - p0).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from hedger.simulator.model import Listing
from hedger.simulator.numbers import ZERO, cash


def worth(listing: Listing, amount: Decimal, price: Decimal) -> Decimal:
    """Worth of a signed amount at a price, in the settlement currency."""
    return cash(amount * price if by_price(listing) else -amount / price)


def by_price(listing: Listing) -> bool:
    """Whether worth grows with the price itself; an inverse future's grows with -1 / price."""
    return listing.is_option or listing.is_linear


@dataclass(slots=True)
class Position:
    """Signed size with two entries: since it was opened, and since the last daily settlement."""

    listing: Listing
    size: Decimal = ZERO
    entry_total: Decimal = ZERO
    entry_session: Decimal = ZERO
    entry_usd: Decimal = ZERO  # options: size times price times index at entry
    realized_session: Decimal = ZERO
    funding_session: Decimal = ZERO
    funding_seen: float | None = None  # `Funding.paid_per_unit` up to which funding was paid

    @property
    def average_price(self) -> Decimal:
        """Entry price since opening, in the instrument's price unit; 0 when flat."""
        if not self.size:
            return ZERO
        if by_price(self.listing):
            return self.entry_total / self.size
        return -self.size / self.entry_total

    @property
    def average_price_usd(self) -> Decimal:
        return self.entry_usd / self.size if self.size else ZERO

    def trade(self, amount: Decimal, price: Decimal, index: Decimal) -> Decimal:
        """Add a signed amount at a price; returns the profit realised against the session's entry."""
        closing = self._closing_part(amount)
        realised = self._close(closing, price) if closing else ZERO
        opening = amount - closing
        if opening:
            unit = worth(self.listing, opening, price)
            self.size += opening
            self.entry_total += unit
            self.entry_session += unit
            self.entry_usd += opening * price * index
        return realised

    def _closing_part(self, amount: Decimal) -> Decimal:
        """The part of a signed amount that reduces the position (sign of the amount)."""
        if self.size * amount >= 0:
            return ZERO
        return amount if abs(amount) <= abs(self.size) else -self.size

    def _close(self, amount: Decimal, price: Decimal) -> Decimal:
        """Reduce by `amount` (opposite sign of the size) at a price."""
        remaining = self.size + amount
        share = -amount / self.size
        closed_session = cash(self.entry_session * share) if remaining else self.entry_session
        realised = worth(self.listing, -amount, price) - closed_session
        self.entry_session -= closed_session
        self.entry_total = cash(self.entry_total * (1 - share)) if remaining else ZERO
        self.entry_usd = self.entry_usd * (1 - share) if remaining else ZERO
        self.size = remaining
        self.realized_session += realised
        return realised

    def session_profit(self, mark: Decimal) -> Decimal:
        """Unrealised profit since the last settlement (`floating_profit_loss`)."""
        return worth(self.listing, self.size, mark) - self.entry_session if self.size else ZERO

    def settle(self, mark: Decimal) -> Decimal:
        """Start a new session at a mark; returns the unrealised profit of the ended one."""
        profit = self.session_profit(mark)
        self.entry_session = worth(self.listing, self.size, mark) if self.size else ZERO
        self.realized_session = ZERO
        self.funding_session = ZERO
        return profit
