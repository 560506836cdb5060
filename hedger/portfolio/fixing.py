"""The delivery average as far as it has run: the mean of the index over today's settlement window.

Everything expires at 08:00 UTC at the mean index of the half hour before (deribit.md 11). Between two prices
the earlier one holds. Whoever joins inside the window has not heard its beginning: the venue's own estimate
stands in for it once, where it is told, else the first price heard.
"""

from __future__ import annotations

from hedger.domain.time_units import DAY_MS, EXPIRY_OF_DAY_MS
from hedger.pricing.settlement import WINDOW_MS, Fixing, elapsed_share


def next_expiry_ms(market_ms: int) -> int:
    """The first 08:00 UTC at or after an instant."""
    return -((EXPIRY_OF_DAY_MS - market_ms) // DAY_MS) * DAY_MS + EXPIRY_OF_DAY_MS


class IndexAverage:
    """Fed with every price of one index; tells the fixing of any expiry."""

    __slots__ = ("_area", "_expiry_ms", "_last_fixed", "_last_ms", "_last_usd", "_whole")

    def __init__(self) -> None:
        self._expiry_ms = 0  # of the window being averaged
        self._area = 0.0  # USD x ms since the window opened
        self._whole = True  # the window's beginning was heard, or the venue has told of it
        self._last_ms, self._last_usd = 0, 0.0
        self._last_fixed = (0, 0.0)  # expiry and average of the window before

    def heard(self, market_ms: int, price_usd: float) -> None:
        """A price of the index; earlier ones than the last are no news."""
        if market_ms < self._last_ms:
            return
        expiry_ms = next_expiry_ms(market_ms)
        if expiry_ms != self._expiry_ms:
            self._open(expiry_ms, market_ms, price_usd)
        self._area = self._area_until(market_ms)
        self._last_ms, self._last_usd = market_ms, price_usd

    def told(self, market_ms: int, average_usd: float) -> None:
        """The venue's estimate of the mean so far: taken where the beginning of the window was not heard."""
        elapsed_ms = market_ms - (self._expiry_ms - WINDOW_MS)
        if self._whole or not 0 < elapsed_ms <= WINDOW_MS or market_ms < self._last_ms:
            return
        self._area, self._last_ms, self._whole = average_usd * elapsed_ms, market_ms, True

    def fixing(self, expiration_ms: int, now_ms: int) -> Fixing:
        """How far the average of an expiry is at `now_ms`."""
        elapsed = elapsed_share(expiration_ms, now_ms)
        if expiration_ms == self._last_fixed[0]:
            return Fixing(elapsed, self._last_fixed[1])
        if expiration_ms != self._expiry_ms or not elapsed:
            return Fixing(elapsed, self._last_usd)
        return Fixing(elapsed, self._area_until(now_ms) / (elapsed * WINDOW_MS))

    def _open(self, expiry_ms: int, market_ms: int, price_usd: float) -> None:
        if self._expiry_ms:
            self._last_fixed = self._expiry_ms, self._area_until(self._expiry_ms) / WINDOW_MS
        opens_ms = expiry_ms - WINDOW_MS
        self._expiry_ms, self._area = expiry_ms, 0.0
        self._whole = bool(self._last_ms) or market_ms <= opens_ms
        if not self._whole:  # joined inside: the first price stands for what was not heard
            self._last_ms, self._last_usd = opens_ms, price_usd

    def _area_until(self, market_ms: int) -> float:
        from_ms = max(self._last_ms, self._expiry_ms - WINDOW_MS)
        until_ms = min(market_ms, self._expiry_ms)
        return self._area + self._last_usd * max(until_ms - from_ms, 0)
