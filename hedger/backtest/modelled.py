"""Options over a series of prices: modelled, for the years of which no option was recorded.

Each price is of its candle's close, at the time of the close: a candle is known when it has ended. The
volatility of an instant is what was known then, the last daily close of Deribit's DVOL where that is given,
else the realised volatility of the thirty days before. Smile, expiries and strikes are those of the local
exchange's seeded market; the forward is the index.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from hedger.backtest.chain import Chain, Recorded, Row, Touch
from hedger.domain.names import parse_name
from hedger.domain.time_units import DAY_MS
from hedger.pricing.black76 import YEAR_MS
from hedger.pricing.scalar import black76_one, years_to
from hedger.simulator.world.expiries import expiry_code, listed_expiries
from hedger.simulator.world.smile import Smile, smile
from hedger.simulator.world.strikes import wanted_strikes

LOOK_BACK_MS, LEAST_RETURNS = 30 * DAY_MS, 100
DVOL_LASTS_MS = 3 * DAY_MS
LONGEST_MS = 100 * DAY_MS  # later expiries are not listed
_PREMIUM = 1.05  # implied over realised: what the seeded market's smile puts on its level
_HALF_VOL = 0.005  # half the spread of an option, in volatility
_TICK, _WIDE_TICK, _WIDE_FROM = 0.0001, 0.0005, 0.005  # coin: the venue's ticks of inverse options

TOLD = (
    "Recorded: the price of the coin, closes of candles; index and perpetual are that price.",
    "MODELLED: every option. Smile, expiries and strikes of the local exchange's seeded market; forwards are "
    "the index; bid and ask half a volatility point around the mark, outwards to the tick.",
    "Volatility at the money: Deribit's DVOL, its last close known of the last three days; where there is "
    "none 1.05 times the volatility of the 30 days before.",
)


class Close(NamedTuple):
    """A price and when it was known."""

    market_ms: int
    price_usd: float


@dataclass(frozen=True)
class Modelled:
    """One instant: a price, and the volatility at the money as a fraction."""

    coin: str
    market_ms: int
    index_usd: float
    volatility: float
    recorded: bool = False
    touch: Touch | None = None
    options_trade: bool = True

    @property
    def perpetual_usd(self) -> float:
        return self.index_usd

    @property
    def size(self) -> int:
        return 1

    @property
    def fingerprint(self) -> bytes:
        return repr((self.market_ms, self.index_usd, self.volatility)).encode()

    def row(self, name: str) -> Row | None:
        """Any option that has not expired."""
        parsed = parse_name(name)
        expiration_ms = parsed.expiration_ms or 0
        if parsed.strike is None or expiration_ms <= self.market_ms:
            return None
        sign = 1.0 if parsed.option_type == "call" else -1.0
        return self._row(self._smile(expiration_ms), expiration_ms, float(parsed.strike), sign)

    def table(self) -> Recorded:
        """What is listed now, in columns."""
        listed = [
            (expiration_ms, strike, sign, self._row(self._smile(expiration_ms), expiration_ms, strike, sign))
            for expiration_ms in listed_expiries(self.market_ms)
            if expiration_ms - self.market_ms <= LONGEST_MS
            for strike in self._strikes(expiration_ms)
            for sign in (1.0, -1.0)
        ]
        return Recorded(
            market_ms=self.market_ms,
            index_usd=self.index_usd,
            perpetual_usd=self.perpetual_usd,
            names=tuple(self._name(expiry, strike, sign) for expiry, strike, sign, _ in listed),
            expiration_ms=np.array([expiry for expiry, *_ in listed], dtype=np.int64),
            strike_usd=np.array([strike for _, strike, _, _ in listed], dtype=np.float64),
            sign=np.array([sign for _, _, sign, _ in listed]),
            forward_usd=np.array([row.forward_usd for *_, row in listed]),
            iv=np.array([row.iv for *_, row in listed]),
            mark=np.array([row.mark for *_, row in listed]),
            bid=np.array([math.nan if row.bid is None else row.bid for *_, row in listed]),
            ask=np.array([math.nan if row.ask is None else row.ask for *_, row in listed]),
        )

    def _name(self, expiration_ms: int, strike: int, sign: float) -> str:
        return f"{self.coin}-{expiry_code(expiration_ms)}-{strike}-{'C' if sign > 0 else 'P'}"

    def _smile(self, expiration_ms: int) -> Smile:
        tau = years_to(expiration_ms, self.market_ms)
        return smile(self.index_usd, tau, self.volatility / _PREMIUM, 1.0)

    def _strikes(self, expiration_ms: int) -> tuple[int, ...]:
        tau = years_to(expiration_ms, self.market_ms)
        return wanted_strikes(self.index_usd, tau, self.volatility, new=True)

    def _row(self, curve: Smile, expiration_ms: int, strike: float, sign: float) -> Row:
        iv = curve.iv(strike)
        value = black76_one(self.index_usd, strike, years_to(expiration_ms, self.market_ms), iv, sign)
        mark, half = value.price_usd / self.index_usd, _HALF_VOL * value.vega_usd / self.index_usd
        return Row(self.index_usd, iv, mark, _bid(mark - half), _ask(mark + half))


def price_chain(
    coin: str, closes: Iterable[Close], dvol: Sequence[Close], every_ms: int, described: str
) -> Chain:
    """A chain of instants every `every_ms`, from the first whose volatility is known.

    `dvol` in time order, its prices in percent; may be empty. ValueError where less than two are left.
    """
    instants = tuple(_instants(coin, _every(closes, every_ms), dvol))
    if len(instants) < 2:
        raise ValueError("no two prices whose volatility is known")
    return Chain(coin, instants, (described, *TOLD))


def _instants(coin: str, closes: Iterable[Close], dvol: Sequence[Close]) -> Iterator[Modelled]:
    known_ms, returns = [each.market_ms for each in dvol], _Returns()
    for close in closes:
        returns.add(close)
        place = bisect_right(known_ms, close.market_ms) - 1
        if place >= 0 and close.market_ms - known_ms[place] <= DVOL_LASTS_MS:
            yield Modelled(coin, close.market_ms, close.price_usd, dvol[place].price_usd / 100.0)
        elif (volatility := returns.volatility()) is not None:
            yield Modelled(coin, close.market_ms, close.price_usd, _PREMIUM * volatility)


class _Returns:
    """Realised volatility of the steps so far, over at most thirty days."""

    def __init__(self) -> None:
        self._steps: deque[tuple[int, float, int]] = deque()  # when, squared return, span in ms
        self._last: Close | None = None

    def add(self, close: Close) -> None:
        """The next price."""
        if self._last is not None:
            squared = math.log(close.price_usd / self._last.price_usd) ** 2
            self._steps.append((close.market_ms, squared, close.market_ms - self._last.market_ms))
        self._last = close
        while self._steps and self._steps[0][0] < close.market_ms - LOOK_BACK_MS:
            self._steps.popleft()

    def volatility(self) -> float | None:
        """A fraction per square root of a year; None of too few steps, or where nothing moved."""
        if len(self._steps) < LEAST_RETURNS:
            return None
        variance = math.fsum(each[1] for each in self._steps)
        return math.sqrt(variance / (sum(each[2] for each in self._steps) / YEAR_MS)) or None


def _every(closes: Iterable[Close], every_ms: int) -> Iterator[Close]:
    """The first close of each span; a span without one is passed over."""
    due_ms = 0
    for close in closes:
        if close.market_ms >= due_ms:
            yield close
            due_ms = close.market_ms - close.market_ms % every_ms + every_ms


def _bid(price: float) -> float | None:
    tick = _tick(price)
    return round(math.floor(price / tick) * tick, 4) if price >= tick else None


def _ask(price: float) -> float:
    return round(math.ceil(price / _tick(price)) * _tick(price), 4)


def _tick(price: float) -> float:
    return _WIDE_TICK if price >= _WIDE_FROM else _TICK
