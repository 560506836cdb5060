"""Which options are sold or bought, and when: a file of legs, and the rule that picks them from a chain.

    tenor_days = 14            # the expiry nearest to this, in days
    least_tenor_days = 7       # no expiry closer than this is opened
    roll_days_before = 0       # closed this many days before expiry; 0: held to delivery

    [[leg]]
    side = "sell"              # sell or buy
    option = "call"            # call or put
    delta = 0.2                # strike by |Black delta| ... or moneyness = 1.0: by strike / forward
    amount_coin = 10           # ... or amount_per_equity = 1.0: coins of option per coin of equity

    [assumptions]              # costs, funding, equity at the start: see assumptions.Assumptions
    half_spread = 0.0001

All legs are opened together when nothing is held; a leg is sold at the bid and bought at the ask, and where
one of them has none the whole waits for the next recorded instant.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from hedger.backtest.assumptions import Assumptions
from hedger.backtest.chain import Floats, Recorded
from hedger.domain.errors import ConfigError
from hedger.domain.order import Side
from hedger.domain.time_units import DAY_MS


@dataclass(frozen=True, slots=True)
class Leg:
    """One option of the structure: exactly one way to pick its strike and one to size it."""

    side: str
    option: str
    delta: float | None = None
    moneyness: float | None = None
    amount_coin: float | None = None
    amount_per_equity: float | None = None

    def __post_init__(self) -> None:
        _one_of("side", self.side, ("sell", "buy"))
        _one_of("option", self.option, ("call", "put"))
        _exactly_one(self, "delta", "moneyness")
        _exactly_one(self, "amount_coin", "amount_per_equity")
        if self.delta is not None and not 0.0 < self.delta < 1.0:
            raise ValueError(f"delta = {self.delta}: must be between 0 and 1, without a sign")
        for name in ("moneyness", "amount_coin", "amount_per_equity"):
            value = getattr(self, name)
            if value is not None and not 0.0 < value < 1e6:
                raise ValueError(f"{name} = {value}: must be above 0 and finite")

    @property
    def way(self) -> Side:
        return Side.BUY if self.side == "buy" else Side.SELL

    @property
    def sign(self) -> float:
        return 1.0 if self.option == "call" else -1.0

    def amount(self, equity_coin: float) -> float:
        """Coins of option, before they are rounded to what may be traded."""
        if self.amount_coin is not None:
            return self.amount_coin
        assert self.amount_per_equity is not None
        return self.amount_per_equity * max(equity_coin, 0.0)


@dataclass(frozen=True, slots=True)
class Strategy:
    """Legs and their calendar, in days."""

    name: str
    legs: tuple[Leg, ...]
    description: str = ""
    tenor_days: float = 14.0
    least_tenor_days: float = 7.0
    roll_days_before: float = 0.0

    def __post_init__(self) -> None:
        if not self.legs:
            raise ValueError("leg = []: a strategy needs at least one [[leg]]")
        if not 0.0 <= self.roll_days_before < self.least_tenor_days <= self.tenor_days <= 1000.0:
            raise ValueError(
                f"roll_days_before = {self.roll_days_before}, least_tenor_days = {self.least_tenor_days}, "
                f"tenor_days = {self.tenor_days}: must rise in this order, from 0 to 1000"
            )


class Picked(NamedTuple):
    """An option to be traded, and the price it has: the bid or the ask, in coin."""

    name: str
    side: Side
    price: float
    leg: Leg


def pick(strategy: Strategy, instant: Recorded) -> list[Picked]:
    """The options of all legs at this instant; empty where an expiry or a price is missing."""
    expiration_ms = _expiry(strategy, instant)
    if expiration_ms is None:
        return []
    deltas = instant.deltas()
    picked = [_leg(leg, instant, deltas, expiration_ms) for leg in strategy.legs]
    return [each for each in picked if each is not None] if all(picked) else []


def _expiry(strategy: Strategy, instant: Recorded) -> int | None:
    """The listed expiry nearest to the tenor and no closer than the least; the earlier of two as near."""
    listed = np.unique(instant.expiration_ms)
    days = (listed - instant.market_ms) / DAY_MS
    listed, days = listed[days >= strategy.least_tenor_days], days[days >= strategy.least_tenor_days]
    return int(listed[np.argmin(np.abs(days - strategy.tenor_days))]) if len(listed) else None


def _leg(leg: Leg, instant: Recorded, deltas: Floats, expiration_ms: int) -> Picked | None:
    """The quoted strike nearest to what the leg asks for; the first listed of two as near."""
    prices = instant.bid if leg.way is Side.SELL else instant.ask
    usable = (instant.expiration_ms == expiration_ms) & (instant.sign == leg.sign) & ~np.isnan(prices)
    if not usable.any():
        return None
    if leg.delta is not None:
        distance = np.abs(np.abs(deltas) - leg.delta)
    else:
        distance = np.abs(instant.strike_usd / instant.forward_usd - float(leg.moneyness or 0.0))
    place = int(np.argmin(np.where(usable, distance, np.inf)))
    return Picked(instant.names[place], leg.way, float(prices[place]), leg)


def load_strategy(path: Path) -> tuple[Strategy, Assumptions]:
    """Read a strategy file. Raises ConfigError naming file, key and what would be right."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: no TOML: {error}") from error
    try:
        given = table.pop("assumptions", {})
        if not isinstance(given, dict):
            raise ValueError(f"assumptions = {given!r}: must be a table, [assumptions]")
        return parse_strategy(path.stem, table), Assumptions().changed(given)
    except ValueError as error:
        raise ConfigError(f"{path}: {error}") from error


def parse_strategy(name: str, table: Mapping[str, Any]) -> Strategy:
    """A strategy out of a file's tables. Raises ValueError."""
    known = {field.name for field in fields(Strategy)} - {"name", "legs"} | {"leg"}
    _refuse_unknown("", table, known)
    legs = table.get("leg", [])
    if not isinstance(legs, list):
        raise ValueError(f"leg = {legs!r}: must be tables, [[leg]]")
    values = {key: value for key, value in table.items() if key != "leg"}
    _refuse_types(values, Strategy)
    made = tuple(_parsed_leg(number, leg) for number, leg in enumerate(legs, start=1))
    return Strategy(name=name, legs=made, **values)


def _parsed_leg(number: int, table: Mapping[str, Any]) -> Leg:
    where = f"leg {number}: "
    _refuse_unknown(where, table, {field.name for field in fields(Leg)})
    try:
        _refuse_types(table, Leg)
        missing = [name for name in ("side", "option") if name not in table]
        if missing:
            raise ValueError(f"{missing[0]}: must be given")
        return Leg(**table)
    except ValueError as error:
        raise ValueError(f"{where}{error}") from error


def _refuse_unknown(where: str, table: Mapping[str, Any], known: set[str]) -> None:
    for key in table:
        if key not in known:
            raise ValueError(f"{where}{key}: unknown key; must be one of {', '.join(sorted(known))}")


def _refuse_types(table: Mapping[str, Any], kind: type) -> None:
    words = {field.name for field in fields(kind) if "str" in str(field.type)}
    for key, value in table.items():
        if key in words and not isinstance(value, str):
            raise ValueError(f"{key} = {value!r}: must be a text")
        if key not in words and (isinstance(value, bool) or not isinstance(value, (int, float))):
            raise ValueError(f"{key} = {value!r}: must be a number")


def _one_of(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ValueError(f"{name} = {value!r}: must be {' or '.join(known)}")


def _exactly_one(leg: Leg, first: str, second: str) -> None:
    given = [name for name in (first, second) if getattr(leg, name) is not None]
    if len(given) != 1:
        raise ValueError(f"{first}, {second}: exactly one of them must be given, not {len(given)}")
