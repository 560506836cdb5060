"""What the exchange remembers of its markets: a sample a market minute, volatility, settlements."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from dataclasses import dataclass

from hedger.simulator.markets import Markets
from hedger.simulator.model import Market
from hedger.simulator.orders import Trade
from hedger.simulator.settlements import DELIVERY, Settlement
from hedger.simulator.time_units import HOUR_MS, MINUTE_MS
from hedger.simulator.volatility import volatility_index

SAMPLE_MS = MINUTE_MS
KEPT = 20_000


@dataclass(slots=True)
class Sample:
    """One futures market: at the first instant of a minute, and how far the mark went until its last."""

    market_ms: int
    mark: float
    index: float
    interest_value: float
    realised_8h: float
    high: float
    low: float
    close: float
    traded_usd: float = 0.0
    traded_coin: float = 0.0

    def see(self, mark: float) -> None:
        """The mark later in the same minute."""
        self.high, self.low, self.close = max(self.high, mark), min(self.low, mark), mark


class History:
    """Samples per futures instrument, and what was settled."""

    def __init__(self) -> None:
        self._samples: dict[str, deque[Sample]] = {}
        self._minute = -1
        self._volatility: dict[str, deque[tuple[int, float]]] = {}
        self.settlements: list[Settlement] = []  # oldest first

    def record(self, markets: Markets) -> None:
        """In a new market minute begin a sample of every future, and take the volatility index.

        Within the minute only perpetuals are looked at: dozens of dated futures ten times a second would be
        most of what the exchange does.
        """
        now_ms = markets.world.now_ms
        new = now_ms // SAMPLE_MS > self._minute
        self._minute = now_ms // SAMPLE_MS
        for listing in markets.listings().values():
            if listing.is_option:
                continue
            rows = self._samples.setdefault(listing.name, deque(maxlen=KEPT))
            if new or not rows:
                rows.append(_sample(markets.market(listing.name)))
            elif listing.is_perpetual:
                rows[-1].see(markets.market(listing.name).mark)
        if new:
            self._record_volatility(markets)

    def _record_volatility(self, markets: Markets) -> None:
        currencies = dict.fromkeys(row.settlement_currency for row in markets.listings().values())
        for currency in currencies:
            value = volatility_index(markets, currency)
            if value is not None:
                rows = self._volatility.setdefault(currency, deque(maxlen=KEPT))
                rows.append((markets.world.now_ms, value))

    def traded(self, trade: Trade) -> None:
        """A trade, for the volume of the minute."""
        rows = self._samples.get(trade.instrument_name)
        if rows and trade.kind == "future":
            usd, coin = trade.amount, trade.amount / trade.price
            if trade.linear:
                usd, coin = trade.amount * trade.price, trade.amount
            rows[-1].traded_usd += float(usd)
            rows[-1].traded_coin += float(coin)

    def index_points(self, currency: str) -> list[tuple[int, float]]:
        """(market_ms, index in USD) by the minute; empty for a currency without a perpetual."""
        return [(row.market_ms, row.index) for row in self._samples.get(f"{currency}-PERPETUAL", ())]

    def volatility_candles(
        self, currency: str, start_ms: int, end_ms: int, width_ms: int
    ) -> list[list[float]]:
        """`[tick, open, high, low, close]` of the volatility index per period that has values."""
        candles: list[list[float]] = []
        for market_ms, value in self._volatility.get(currency, ()):
            if not start_ms <= market_ms <= end_ms:
                continue
            tick = market_ms // width_ms * width_ms
            if not candles or candles[-1][0] != tick:
                candles.append([tick, value, value, value, value])
            _, opened, high, low, _ = candles[-1]
            candles[-1] = [tick, opened, max(high, value), min(low, value), value]
        return candles

    def deliveries(self, index_name: str) -> list[tuple[int, float]]:
        """(market_ms, price) of an index's delivery prices, oldest first."""
        rows = [row for row in self.settlements if row.kind == DELIVERY and row.price_index == index_name]
        return list(dict.fromkeys((row.market_ms, row.index_usd) for row in rows))

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
            chart["high"][-1] = max(chart["high"][-1], round(sample.high, 2))
            chart["low"][-1] = min(chart["low"][-1], round(sample.low, 2))
            chart["close"][-1] = round(sample.close, 2)
            chart["volume"][-1] = round(chart["volume"][-1] + sample.traded_coin, 8)
            chart["cost"][-1] = round(chart["cost"][-1] + sample.traded_usd, 2)
        return chart


def _sample(market: Market) -> Sample:
    funding = market.funding
    interest, realised = (funding.interest_value, funding.realised_8h) if funding else (0.0, 0.0)
    mark = market.mark
    return Sample(market.market_ms, mark, market.index, interest, realised, mark, mark, mark)


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
