"""How much a book has ordered and traded lately: sliding windows of bounded memory.

Orders are counted over wire time (what the machine may do), turnover and fees over market time (what the book
may trade). Turnover is kept in buckets of a minute of market time; a bucket counts until all of it has left
the window, so a sum covers up to a minute more than its window and never less.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from hedger.domain.account import Fill
from hedger.domain.names import parse_name
from hedger.domain.time_units import DAY_MS, HOUR_MS, MINUTE_MS, MINUTE_S
from hedger.portfolio.times import Now

BUCKET_MS = MINUTE_MS
HOUR_BUCKETS = HOUR_MS // BUCKET_MS
DAY_BUCKETS = DAY_MS // BUCKET_MS
_DOLLARS = ("USD", "USDC", "USDT")


@dataclass(slots=True)
class _Bucket:
    turnover_usd: float = 0.0
    fees_usd: float = 0.0
    orders: int = 0


class Counters:
    """Counts of one book."""

    def __init__(self) -> None:
        self._orders_wire_s: deque[float] = deque()
        self._buckets: dict[int, _Bucket] = {}

    def add_order(self, now: Now) -> None:
        """An order was approved."""
        self._drop_orders(now.wire_s)
        self._orders_wire_s.append(now.wire_s)
        self._bucket(now.market_ms).orders += 1

    def add_fill(self, fill: Fill, turnover_usd: float) -> None:
        """A trade of the book's hedge, counted at its own market time."""
        bucket = self._bucket(fill.market_ms)
        bucket.turnover_usd += abs(turnover_usd)
        bucket.fees_usd += fee_usd(fill)

    def seed(self, fills: Iterable[Fill]) -> None:
        """Take up where an earlier run ended: the trades of the last 24 hours, listings not yet known."""
        labels: set[str] = set()
        for fill in fills:
            self.add_fill(fill, fill_notional_usd(fill))
            self._bucket(fill.market_ms).orders += fill.label not in labels
            labels.add(fill.label)

    def orders_minute(self, now: Now) -> int:
        """Orders approved in the last 60 s of wire time."""
        self._drop_orders(now.wire_s)
        return len(self._orders_wire_s)

    def turnover_hour_usd(self, now: Now) -> float:
        """Hedge turnover of the last hour of market time."""
        return sum(bucket.turnover_usd for bucket in self._since(now, HOUR_BUCKETS))

    def turnover_day_usd(self, now: Now) -> float:
        """Hedge turnover of the last 24 hours of market time."""
        return sum(bucket.turnover_usd for bucket in self._since(now, DAY_BUCKETS))

    def fees_day_usd(self, now: Now) -> float:
        """Fees paid (rebates negative) in the last 24 hours of market time."""
        return sum(bucket.fees_usd for bucket in self._since(now, DAY_BUCKETS))

    def hedges_day(self, now: Now) -> int:
        """Orders of the last 24 hours of market time: approved in this run, or traded in an earlier one."""
        return sum(bucket.orders for bucket in self._since(now, DAY_BUCKETS))

    def _since(self, now: Now, buckets: int) -> list[_Bucket]:
        first = now.market_ms // BUCKET_MS - buckets
        return [bucket for index, bucket in sorted(self._buckets.items()) if index >= first]

    def _bucket(self, market_ms: int) -> _Bucket:
        index = market_ms // BUCKET_MS
        bucket = self._buckets.get(index)
        if bucket is None:
            bucket = self._buckets[index] = _Bucket()
            oldest_kept = max(self._buckets) - DAY_BUCKETS
            self._buckets = {at: kept for at, kept in self._buckets.items() if at >= oldest_kept}
        return bucket

    def _drop_orders(self, wire_s: float) -> None:
        while self._orders_wire_s and wire_s - self._orders_wire_s[0] >= MINUTE_S:
            self._orders_wire_s.popleft()


def fill_notional_usd(fill: Fill) -> float:
    """USD traded, by the fill alone: inverse futures have USD amounts and no quote currency in their name."""
    name = parse_name(fill.instrument)
    amount, price = float(fill.amount), float(fill.price)
    if name.kind in ("future", "perpetual"):
        return amount if name.quote is None else amount * price
    return amount * (fill.index_usd or 0.0)


def fee_usd(fill: Fill) -> float:
    """The fee in USD; one paid in coin at the index of the trade, or at its price where none was given."""
    if fill.fee_currency in _DOLLARS:
        return float(fill.fee)
    return float(fill.fee) * (fill.index_usd or float(fill.price))
