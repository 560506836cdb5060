"""What the exchange remembers of its markets: one sample a market minute, for charts and funding history."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from dataclasses import dataclass

from hedger.simulator.markets import Markets

SAMPLE_MS = 60_000
KEPT = 20_000
HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Sample:
    """One futures market at one instant."""

    market_ms: int
    mark: float
    index: float
    interest_value: float
    realised_8h: float
    volume_usd: float


class History:
    """Samples per futures instrument and the delivery prices of the past."""

    def __init__(self) -> None:
        self._samples: dict[str, deque[Sample]] = {}
        self._next_ms = 0
        self.deliveries: list[tuple[int, str, float]] = []  # (market_ms, index name, price), oldest first

    def record(self, markets: Markets) -> None:
        """Take a sample of every future if a market minute has passed."""
        now_ms = markets.world.now_ms
        if now_ms < self._next_ms:
            return
        self._next_ms = (now_ms // SAMPLE_MS + 1) * SAMPLE_MS
        for listing in markets.world.listings().values():
            if listing.is_option:
                continue
            market, funding = markets.market(listing.name), markets.market(listing.name).funding
            interest, realised = (funding.interest_value, funding.realised_8h) if funding else (0.0, 0.0)
            row = Sample(now_ms, market.mark, market.index, interest, realised, market.volume_24h_usd)
            self._samples.setdefault(listing.name, deque(maxlen=KEPT)).append(row)

    def delivered(self, market_ms: int, index_name: str, price: float) -> None:
        """Remember the delivery price of an expiry, once."""
        row = (market_ms, index_name, price)
        if row not in self.deliveries[-1:]:
            self.deliveries.append(row)

    def between(self, name: str, start_ms: int, end_ms: int) -> list[Sample]:
        return [s for s in self._samples.get(name, ()) if start_ms <= s.market_ms <= end_ms]

    def funding_value(self, name: str, start_ms: int, end_ms: int) -> float:
        """Funding rate paid between two instants: growth of the accumulator."""
        rows = self.between(name, start_ms, end_ms)
        return rows[-1].interest_value - rows[0].interest_value if rows else 0.0

    def funding_rows(self, name: str, start_ms: int, end_ms: int) -> list[dict[str, object]]:
        """Hourly rows of get_funding_rate_history."""
        samples = list(self._samples.get(name, ()))
        times = [sample.market_ms for sample in samples]
        begin_ms = max(start_ms, times[0]) if times else end_ms + 1
        rows: list[dict[str, object]] = []
        for hour_ms in range(-(-begin_ms // HOUR_MS) * HOUR_MS, end_ms + 1, HOUR_MS):
            now, before = bisect_right(times, hour_ms) - 1, bisect_right(times, hour_ms - HOUR_MS) - 1
            rows.append(_funding_row(hour_ms, samples[now], samples[max(before, 0)]))
        return rows

    def candles(self, name: str, start_ms: int, end_ms: int, resolution_ms: int) -> dict[str, list[float]]:
        """Open, high, low and close of the mark per period that has samples."""
        chart: dict[str, list[float]] = {
            key: [] for key in ("ticks", "open", "high", "low", "close", "volume", "cost")
        }
        for sample in self.between(name, start_ms, end_ms):
            tick = sample.market_ms // resolution_ms * resolution_ms
            if not chart["ticks"] or chart["ticks"][-1] != tick:
                _open_candle(chart, tick, sample.mark)
            chart["high"][-1] = max(chart["high"][-1], round(sample.mark, 2))
            chart["low"][-1] = min(chart["low"][-1], round(sample.mark, 2))
            chart["close"][-1] = round(sample.mark, 2)
        return chart


def _open_candle(chart: dict[str, list[float]], tick: int, mark: float) -> None:
    chart["ticks"].append(tick)
    for key in ("open", "high", "low", "close"):
        chart[key].append(round(mark, 2))
    chart["volume"].append(0.0)
    chart["cost"].append(0.0)


def _funding_row(hour_ms: int, now: Sample, before: Sample) -> dict[str, object]:
    return {
        "timestamp": hour_ms,
        "index_price": round(now.index, 2),
        "prev_index_price": round(before.index, 2),
        "interest_1h": now.interest_value - before.interest_value,
        "interest_8h": now.realised_8h,
    }
