"""Small markets that are made, for tests which must run anywhere: six-hourly, Black-76 on a skewed smile."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import numpy as np

from hedger.backtest.chain import Chain, Recorded, of_snapshots
from hedger.backtest.contenders import Contender, book_of, default_book
from hedger.backtest.strategy import Leg, Strategy
from hedger.engine.settings import BookSettings
from hedger.pricing.scalar import black76_one, years_to
from hedger.simulator.world.expiries import expiry_code
from hedger.simulator.world.record import OptionRow, Snapshot

START_MS = 1_767_261_600_000  # 2026-01-01 10:00 UTC
EXPIRIES_MS = (1_767_945_600_000, 1_768_550_400_000, 1_769_155_200_000)  # Fridays 9, 16, 23 January, 08:00
STEP_MS = 6 * 3_600_000
HALF_SPREAD_COIN = 0.0005

STRANGLE = Strategy(
    "strangle",
    (Leg("sell", "call", delta=0.2, amount_coin=10.0), Leg("sell", "put", delta=0.2, amount_coin=10.0)),
    tenor_days=8.0,
    least_tenor_days=5.0,
)
STRADDLE = Strategy(
    "straddle",
    (Leg("buy", "call", moneyness=1.0, amount_coin=5.0), Leg("buy", "put", moneyness=1.0, amount_coin=5.0)),
    tenor_days=8.0,
    least_tenor_days=5.0,
    roll_days_before=1.0,
)


def chain(instants: int = 60, seed: int = 7) -> Chain:
    """A BTC market of so many instants, drawn from a seed."""
    return of_snapshots("BTC", (_snapshot(*at) for at in _path(instants, seed)), ("made for a test",))


def _path(instants: int, seed: int) -> list[tuple[int, float]]:
    chance, index, path = random.Random(seed), 90_000.0, []
    for number in range(instants):
        path.append((START_MS + number * STEP_MS, index))
        index *= math.exp(chance.gauss(0.0, 0.012))
    return path


def _snapshot(market_ms: int, index_usd: float) -> Snapshot:
    live = [expiry for expiry in EXPIRIES_MS if expiry > market_ms]
    forwards = {expiry: index_usd * (1.0 + 0.02 * years_to(expiry, market_ms)) for expiry in live}
    rows = [
        _row(expiry, strike, sign, market_ms, forwards[expiry])
        for expiry in live
        for strike in range(70_000, 112_000, 2_000)
        for sign in (1.0, -1.0)
    ]
    return Snapshot(market_ms, index_usd, index_usd * 1.0002, forwards, rows)


def _row(expiry: int, strike: int, sign: float, market_ms: int, forward: float) -> OptionRow:
    iv = 0.5 + 0.3 * math.log(strike / forward) ** 2 - 0.1 * math.log(strike / forward)
    value = black76_one(forward, strike, years_to(expiry, market_ms), iv, sign)
    mark = round(value.price_usd / forward, 6)
    bid = mark - HALF_SPREAD_COIN
    name = f"BTC-{expiry_code(expiry)}-{strike}-{'C' if sign > 0 else 'P'}"
    return OptionRow(name, forward, iv, mark, _tick(bid) if bid > 0 else None, _tick(mark + HALF_SPREAD_COIN))


def _tick(price: float) -> float | None:
    return round(round(price / 0.0001) * 0.0001, 4) or None


def perturbed(market: Chain, from_place: int) -> Chain:
    """The same market up to an instant, another one from there on."""
    changed = tuple(
        each if place < from_place else _other(each) for place, each in enumerate(market.instants)
    )
    return replace(market, instants=changed)


def _other(instant: Recorded) -> Recorded:
    """Ten per cent lower, twenty points more volatile, dearer by half; the options are the same."""
    return replace(
        instant,
        index_usd=instant.index_usd * 0.9,
        perpetual_usd=instant.perpetual_usd * 0.9,
        forward_usd=instant.forward_usd * 0.9,
        iv=instant.iv + 0.2,
        mark=instant.mark * 1.5,
        bid=instant.bid * 1.5,
        ask=instant.ask * 1.5,
    )


def without(market: Chain, name: str, places: Sequence[int]) -> Chain:
    """The same market, in which some instants do not tell one option."""
    changed = tuple(
        _less(each, name) if place in places else each for place, each in enumerate(market.instants)
    )
    return replace(market, instants=changed)


def _less(instant: Recorded, name: str) -> Recorded:
    keep = np.array([each != name for each in instant.names])
    columns = ("expiration_ms", "strike_usd", "sign", "forward_usd", "iv", "mark", "bid", "ask")
    return replace(
        instant,
        names=tuple(each for each in instant.names if each != name),
        **{column: getattr(instant, column)[keep] for column in columns},
    )


def book(policy: str = "time", **params: float | str) -> BookSettings:
    """A coin-neutral book of wide limits under a policy."""
    return book_of(Contender(policy, policy, params), default_book("BTC"))


def exact(value: float) -> Decimal:
    return Decimal(repr(value))
