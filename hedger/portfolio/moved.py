"""What moved delta since the book was last flat: spot, volatility, time, trades, settlement, hedges.

Each look compares every option with the look before and revalues it one change after the other, forward,
volatility, time, by our own model at the volatility the venue tells (theory 4, the residual-free form; its
order is part of the figure). What the venue's delta does beyond the model stands under `other`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from hedger.portfolio.row import Row
from hedger.pricing.scalar import black76_one, years_to


class Moved(msgspec.Struct, frozen=True):
    """Changes of the net transaction delta in coin since `since_ms` (market time); they sum to now - then."""

    since_ms: int
    then_coin: float  # when the book was flat
    now_coin: float  # of this look
    spot: float = 0.0  # the forwards
    vol: float = 0.0  # implied volatilities
    time: float = 0.0  # decay of time
    trades: float = 0.0  # of anybody, in options and futures, but for our own hedges
    hedges: float = 0.0  # our own
    settlement: float = 0.0  # what runs off in the settlement window or is delivered
    other: float = 0.0  # the venue's delta against our model, basis, everything else


class _Seen(NamedTuple):
    """An instrument as it was at the last look."""

    size: float
    net: float
    forward_usd: float
    iv: float
    market_ms: int
    settling: bool


class MovedBy:
    """The accumulator of one book."""

    def __init__(self) -> None:
        self._seen: dict[str, _Seen] = {}
        self._sums = dict.fromkeys(("spot", "vol", "time", "trades", "settlement"), 0.0)
        self._hedged = self._hedged_seen = 0.0  # so far, and as of the last look
        self._since_ms, self._then = 0, math.nan

    def flat(self, market_ms: int, net_coin: float) -> None:
        """The book is flat: start anew."""
        self._since_ms, self._then = market_ms, net_coin
        self._hedged = self._hedged_seen = 0.0
        self._sums = dict.fromkeys(self._sums, 0.0)

    def hedged(self, coin: float) -> None:
        """A fill of our own hedge, signed coin."""
        self._hedged += coin

    def look(self, rows: Iterable[Row], market_ms: int) -> None:
        """Compare every row with the look before."""
        for row in rows:
            name, before = row.instrument.name, self._seen.get(row.instrument.name)
            if row.missing or (before is None and not row.size):
                continue
            now = _seen(row, market_ms)
            if before is not None:
                self._compare(row, before, now)
            else:
                self._sums["trades"] += now.net
            if now.size or now.net:
                self._seen[name] = now
            else:
                self._seen.pop(name, None)
        self._hedged_seen = self._hedged

    def told(self, net_coin: float) -> Moved | None:
        """The sums so far at a net transaction delta; None before the book was ever flat."""
        if math.isnan(self._then):
            return None
        known = dict(self._sums)
        known["trades"] -= self._hedged_seen  # our own fills moved sizes, too: those that a look has seen
        other = net_coin - self._then - sum(known.values()) - self._hedged
        return Moved(
            since_ms=self._since_ms,
            then_coin=self._then,
            now_coin=net_coin,
            hedges=self._hedged,
            other=other,
            **known,
        )

    def _compare(self, row: Row, before: _Seen, now: _Seen) -> None:
        sums = self._sums
        if now.size != before.size:
            if before.settling and not now.size:
                sums["settlement"] += now.net - before.net
                return
            unit = now.net / now.size if now.size else before.net / before.size if before.size else 0.0
            sums["trades"] += unit * (now.size - before.size)
        if not now.size:
            return
        if not row.instrument.is_option:
            if before.size:  # an inverse future's coin delta is Q / F
                sums["spot"] += (now.net / now.size - before.net / before.size) * before.size
            return
        if now.settling:
            sums["settlement"] += now.net * (before.size / now.size) - before.net
            return
        spot, vol, time = _steps(row, before, now)
        sums["spot"] += spot
        sums["vol"] += vol
        sums["time"] += time


def _seen(row: Row, market_ms: int) -> _Seen:
    net = row.net_transaction_delta_coin or 0.0
    quote = row.good
    forward = 0.0 if quote is None or quote.underlying_usd is None else quote.underlying_usd
    iv = 0.0 if quote is None or quote.iv is None else quote.iv
    return _Seen(float(row.size), net, forward, iv, market_ms, row.settling(market_ms))


def _steps(row: Row, before: _Seen, now: _Seen) -> tuple[float, float, float]:
    """Forward, then volatility, then time: changes of the net transaction delta of what was held, coin."""
    listed = row.instrument
    if not (before.forward_usd and before.iv and listed.strike_usd and listed.expiration_ms):
        return 0.0, 0.0, 0.0
    strike, sign, inverse = float(listed.strike_usd), listed.option_sign, row.inverse
    expiry_ms = listed.expiration_ms

    def net(forward: float, iv: float, at_ms: int) -> float:
        told = black76_one(forward, strike, years_to(expiry_ms, at_ms), iv, sign)
        return before.size * (told.delta - (told.price_usd / forward if inverse else 0.0))

    start = net(before.forward_usd, before.iv, before.market_ms)
    spot = net(now.forward_usd, before.iv, before.market_ms)
    vol = net(now.forward_usd, now.iv, before.market_ms)
    end = net(now.forward_usd, now.iv, now.market_ms)
    return spot - start, vol - spot, end - vol
