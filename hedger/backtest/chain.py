"""A market as a backtest sees it: one coin's options, index and perpetual at recorded instants.

A chain is values only, in columns per instant, so that it travels to other processes whole. Nothing in an
instant comes from a later one.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from hedger.domain.names import parse_name
from hedger.domain.order import Side
from hedger.pricing.black76 import YEAR_MS, black76
from hedger.simulator.world.record import Snapshot

Floats = NDArray[np.float64]


class Row(NamedTuple):
    """One option at one instant: forward in USD, volatility as a fraction, prices in coin, None: no quote."""

    forward_usd: float
    iv: float
    mark: float
    bid: float | None
    ask: float | None


class Touch(NamedTuple):
    """Best bid and ask of the perpetual, and what is shown there, USD."""

    bid: float
    bid_usd: float
    ask: float
    ask_usd: float


class TradedOption(NamedTuple):
    """A trade that was really made: coins, coin per coin, coin."""

    market_ms: int
    instrument: str
    side: Side
    amount: Decimal
    price: Decimal
    fee: Decimal


class Opening(NamedTuple):
    """What an account holds when a chain begins: signed coins of options, signed USD of the perpetual."""

    equity_coin: Decimal
    options: tuple[tuple[str, Decimal], ...] = ()
    future_usd: Decimal = Decimal(0)


class Instant(Protocol):
    """What is known of the market at one time, in ms since the epoch."""

    @property
    def market_ms(self) -> int: ...

    @property
    def index_usd(self) -> float: ...

    @property
    def perpetual_usd(self) -> float: ...

    @property
    def touch(self) -> Touch | None:
        """Of the perpetual, where it was recorded."""

    @property
    def recorded(self) -> bool:
        """Whether marks are the exchange's own: inside a settlement window of the average already."""

    @property
    def options_trade(self) -> bool: ...

    @property
    def size(self) -> int:
        """How many rows of data it stands for."""

    @property
    def fingerprint(self) -> bytes:
        """All of it, for a digest."""

    def row(self, name: str) -> Row | None:
        """The option of that name; None where this instant does not tell it."""

    def table(self) -> Recorded:
        """All options that trade, in columns."""


@dataclass(frozen=True)
class Recorded:
    """A recorded instant: arrays of one length, one place per listed option; NaN where nobody quotes."""

    market_ms: int
    index_usd: float
    perpetual_usd: float
    names: tuple[str, ...]
    expiration_ms: NDArray[np.int64]
    strike_usd: Floats
    sign: Floats
    forward_usd: Floats
    iv: Floats
    mark: Floats
    bid: Floats
    ask: Floats
    recorded: bool = True
    options_trade: bool = True
    touch: Touch | None = None

    @property
    def size(self) -> int:
        return len(self.names)

    @property
    def fingerprint(self) -> bytes:
        scalars = repr((self.market_ms, self.index_usd, self.perpetual_usd, self.names)).encode()
        columns = (self.forward_usd, self.iv, self.mark, self.bid, self.ask)
        return b"".join((scalars, *(column.tobytes() for column in columns)))

    def table(self) -> Recorded:
        return self

    @cached_property
    def _places(self) -> dict[str, int]:
        return {name: place for place, name in enumerate(self.names)}

    def row(self, name: str) -> Row | None:
        """The option of that name; None where this instant does not tell it."""
        place = self._places.get(name)
        if place is None:
            return None
        return Row(
            float(self.forward_usd[place]),
            float(self.iv[place]),
            float(self.mark[place]),
            _quoted(self.bid[place]),
            _quoted(self.ask[place]),
        )

    def terms(self, name: str) -> tuple[int, float, float]:
        """Expiry in ms, strike in USD and sign of a listed option. KeyError for one that is not."""
        place = self._places[name]
        return int(self.expiration_ms[place]), float(self.strike_usd[place]), float(self.sign[place])

    def deltas(self) -> Floats:
        """Black deltas of all options, from the volatility of their marks: never a recorded delta."""
        tau = (self.expiration_ms - self.market_ms) / YEAR_MS
        return black76(self.forward_usd, self.strike_usd, tau, self.iv, self.sign).delta


class Filler(Protocol):
    """What puts modelled instants between the recorded ones."""

    @property
    def told(self) -> str: ...

    def over(self, recorded: Sequence[Instant]) -> Iterator[Instant]: ...


@dataclass(frozen=True)
class Chain:
    """Instants in time order. `told` says in words where they come from and what of them is modelled."""

    coin: str
    instants: tuple[Instant, ...]
    told: tuple[str, ...]
    filler: Filler | None = None
    opening: Opening | None = None  # None: an empty account with the assumed equity
    trades: tuple[TradedOption, ...] = ()  # that were really made

    def filled(self, filler: Filler) -> Chain:
        """The same chain with modelled instants between the recorded ones, and labelled so."""
        return replace(self, told=(*self.told, filler.told), filler=filler)

    @property
    def rows(self) -> int:
        """Options' quotes in all instants."""
        return sum(instant.size for instant in self.instants)

    @property
    def digest(self) -> str:
        """SHA-256 of all of it."""
        total = hashlib.sha256(self.coin.encode())
        for each in self.instants:
            total.update(each.fingerprint)
        return total.hexdigest()

    def between(self, start_ms: int | None, end_ms: int | None) -> Chain:
        """From `start_ms` to, without, `end_ms`. ValueError where less than two instants are left."""
        first = -math.inf if start_ms is None else start_ms
        last = math.inf if end_ms is None else end_ms
        kept = tuple(each for each in self.instants if first <= each.market_ms < last)
        if len(kept) < 2:
            raise ValueError(f"{len(kept)} recorded instants between --from and --to: at least 2 are needed")
        if self.opening is not None and kept[0] is not self.instants[0]:
            raise ValueError("a flight record begins with its book: only --to can cut it")
        return replace(self, instants=kept)

    def __iter__(self) -> Iterator[Instant]:
        return iter(self.instants) if self.filler is None else self.filler.over(self.instants)


def of_snapshots(coin: str, snapshots: Iterable[Snapshot], told: tuple[str, ...]) -> Chain:
    """Columns of recorded snapshots. A perpetual that was not recorded trades at the index.

    ValueError where two snapshots are not in time order.
    """
    instants: list[Recorded] = []
    for snapshot in snapshots:
        if instants and snapshot.market_ms <= instants[-1].market_ms:
            last_ms = instants[-1].market_ms
            raise ValueError(f"snapshot of {snapshot.market_ms} ms follows {last_ms}: must be later")
        instants.append(_recorded(snapshot))
    return Chain(coin, tuple(instants), told)


def _recorded(snapshot: Snapshot) -> Recorded:
    options = snapshot.options
    parsed = [parse_name(option.name) for option in options]
    perpetual_usd = snapshot.perpetual_usd
    return Recorded(
        market_ms=snapshot.market_ms,
        index_usd=snapshot.index_usd,
        perpetual_usd=snapshot.index_usd if perpetual_usd is None else perpetual_usd,
        names=tuple(each.name for each in parsed),  # one object per name, whatever the number of instants
        expiration_ms=np.array([each.expiration_ms for each in parsed], dtype=np.int64),
        strike_usd=np.array([float(each.strike or 0) for each in parsed]),
        sign=np.array([1.0 if each.option_type == "call" else -1.0 for each in parsed]),
        forward_usd=np.array([option.underlying_usd for option in options]),
        iv=np.array([option.iv for option in options]),
        mark=np.array([option.mark for option in options]),
        bid=np.array([math.nan if option.bid is None else option.bid for option in options]),
        ask=np.array([math.nan if option.ask is None else option.ask for option in options]),
    )


def _quoted(price: np.float64) -> float | None:
    return None if math.isnan(price) else float(price)
