"""What the exchange settled: futures daily at 08:00 UTC, every instrument at its expiry (deribit.md 11)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from hedger.simulator.account import payoff
from hedger.simulator.model import Listing

SETTLEMENT, DELIVERY, EXERCISE, BANKRUPTCY = "settlement", "delivery", "exercise", "bankruptcy"
KINDS = (SETTLEMENT, DELIVERY, EXERCISE, BANKRUPTCY)


@dataclass(frozen=True, slots=True)
class Settlement:
    """One event of one instrument; `position` is its open interest, marks are in the instrument's unit.

    Profits of all holders add up to zero, so the public figures of profit are zero.
    """

    market_ms: int
    kind: str
    name: str
    currency: str
    price_index: str
    index_usd: float
    mark: float
    position: float

    def as_json(self) -> dict[str, object]:
        return {
            "type": self.kind,
            "timestamp": self.market_ms,
            "instrument_name": self.name,
            "position": self.position,
            "index_price": round(self.index_usd, 2),
            "mark_price": self.mark,
            "profit_loss": 0.0,
            "session_profit_loss": 0.0,
        }


def settled(listing: Listing, market_ms: int, index_usd: float, mark: float, position: float) -> Settlement:
    """The daily settlement of a future."""
    return Settlement(market_ms, SETTLEMENT, *_owner(listing), index_usd, round(mark, 2), position)


def expired(listing: Listing, market_ms: int, delivery_price: Decimal, position: float) -> Settlement:
    """The end of an instrument: a future is delivered, an option exercised at its intrinsic value."""
    index_usd = float(delivery_price)
    kind, mark = DELIVERY, index_usd
    if listing.is_option:
        kind, mark = EXERCISE, round(float(payoff(listing, delivery_price)), 8)
    return Settlement(market_ms, kind, *_owner(listing), index_usd, mark, position)


def _owner(listing: Listing) -> tuple[str, str, str]:
    return listing.name, listing.settlement_currency, listing.price_index
