"""The delivery price: the mean of the index over the half hour before 08:00 UTC (deribit.md 11).

Between two instants the index is taken to run straight. The price of an expiry is therefore known at the
first instant after it, and not before.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise

from hedger.domain.instrument import Instrument
from hedger.pricing.settlement import WINDOW_MS, Fixing, elapsed_share

_Piece = tuple[int, float, int, float]


class IndexPath:
    """The index at the instants so far, as far back as a window reaches."""

    def __init__(self) -> None:
        self._points: deque[tuple[int, float]] = deque()

    def passed(self, market_ms: int, index_usd: float) -> None:
        """The next instant; one told twice counts once. Of those before the window only the last is kept."""
        if self._points and self._points[-1][0] == market_ms:
            return
        self._points.append((market_ms, index_usd))
        while len(self._points) > 2 and self._points[1][0] <= self._points[-2][0] - WINDOW_MS:
            self._points.popleft()

    def mean_usd(self, from_ms: int, to_ms: int) -> float:
        """Mean over a span that ends at or before the last instant; of an empty one the last index."""
        pieces = tuple(self._cut(from_ms, to_ms))
        covered = sum(end - begin for begin, _, end, _ in pieces)
        area = sum((end - begin) * (first + last) / 2.0 for begin, first, end, last in pieces)
        return area / covered if covered else self._points[-1][1]

    def _cut(self, from_ms: int, to_ms: int) -> Iterator[_Piece]:
        """The straight pieces inside a span."""
        points = tuple(self._points)
        for (left_ms, left), (right_ms, right) in pairwise(points):
            begin, end = max(left_ms, from_ms), min(right_ms, to_ms)
            if begin < end:
                slope = (right - left) / (right_ms - left_ms)
                yield begin, left + slope * (begin - left_ms), end, left + slope * (end - left_ms)

    def delivery_usd(self, expiration_ms: int) -> float:
        """The delivery price of an expiry at or before the last instant."""
        return self.mean_usd(expiration_ms - WINDOW_MS, expiration_ms)

    def fixing(self, expiration_ms: int) -> Fixing:
        """How far the average of an expiry is at the last instant."""
        now_ms = self._points[-1][0]
        return Fixing(elapsed_share(expiration_ms, now_ms), self.mean_usd(expiration_ms - WINDOW_MS, now_ms))


def delivery_value_coin(option: Instrument, price_usd: float) -> Decimal:
    """What one coin of an option is worth at delivery, in coin."""
    price, strike = Decimal(repr(price_usd)), option.strike_usd or Decimal(0)
    return max(Decimal(0), option.option_sign * (price - strike)) / price
