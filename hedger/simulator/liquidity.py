"""Finite liquidity: what the account took out of the world's ladders, refilling over market time."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_UP, Decimal

from hedger.simulator.model import Listing
from hedger.simulator.numbers import ZERO

REFILL_MS = 10_000  # market time in which a side that was eaten whole is full again

Level = tuple[Decimal, Decimal]
Ladder = Sequence[Level]


class Liquidity:
    """Remembers, per instrument and side, how much was taken; the eaten part shrinks linearly to nothing."""

    def __init__(self) -> None:
        self._eaten: dict[tuple[str, str], tuple[Decimal, Decimal, int]] = {}

    def ladder(self, listing: Listing, side: str, levels: Ladder, now_ms: int) -> list[Level]:
        """The levels that are left of the world's ladder, best first."""
        eaten = self._still_eaten(listing, side, now_ms)
        if not eaten:
            return list(levels)
        left: list[Level] = []
        for price, amount in levels:
            gone = min(eaten, amount)
            eaten -= gone
            if amount > gone:
                left.append((price, amount - gone))
        return left

    def consume(self, listing: Listing, side: str, amount: Decimal, levels: Ladder, now_ms: int) -> None:
        """Take `amount` off the best of one side; `levels` is the world's whole ladder."""
        eaten = self._still_eaten(listing, side, now_ms) + amount
        depth = sum((size for _, size in levels), ZERO)
        self._eaten[listing.name, side] = (eaten, max(depth, eaten), now_ms)

    def forget(self, name: str) -> None:
        for side in ("bids", "asks"):
            self._eaten.pop((name, side), None)

    def _still_eaten(self, listing: Listing, side: str, now_ms: int) -> Decimal:
        known = self._eaten.get((listing.name, side))
        if known is None:
            return ZERO
        eaten, depth, since_ms = known
        left = eaten - depth * max(0, now_ms - since_ms) / REFILL_MS
        if left <= 0:
            del self._eaten[listing.name, side]
            return ZERO
        lot = listing.min_trade_amount
        return (left / lot).to_integral_value(ROUND_UP) * lot


def takes(ladder: Ladder, direction: str, limit: Decimal, amount: Decimal) -> list[Level]:
    """The (price, amount) pairs that an order of `amount` with a limit takes from the other side."""
    fills: list[Level] = []
    for price, offered in ladder:
        beyond = price > limit if direction == "buy" else price < limit
        if beyond or amount <= 0:
            break
        part = min(offered, amount)
        fills.append((price, part))
        amount -= part
    return fills
