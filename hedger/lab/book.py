"""The options and the accounting of a simulated book, as an experiment's file writes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, NamedTuple

import numpy as np

from hedger.domain.keys import Key, check_bounds
from hedger.domain.time_units import YEAR_DAYS
from hedger.pricing.black76 import Floats, black76_price


@dataclass(frozen=True, slots=True)
class Leg:
    """One option position."""

    kind: Annotated[Literal["call", "put"], Key("call or put", "right to buy or to sell")]
    strike_usd: Annotated[float, Key("USD", "strike", above=0)]
    expiry_days: Annotated[float, Key("days", "days of 24 h from the start to expiry", above=0)]
    quantity_coin: Annotated[float, Key("coin", "contracts times contract size; negative: sold")]
    iv: Annotated[
        float, Key("fraction", "volatility it is priced and by default hedged at", above=0, most=10)
    ]

    def __post_init__(self) -> None:
        check_bounds(self)

    @property
    def sign(self) -> float:
        return 1.0 if self.kind == "call" else -1.0


@dataclass(frozen=True, slots=True)
class Book:
    """What is held and how its result is counted.

    linear: dollars; the hedge is a coin amount whose P&L is dollars. inverse: options and the perpetual
    settle in coin (theory 1.2, 1.3); `neutral` says which slope is hedged (theory 1.4), and the result is
    counted in coin for `coin`, else in USD.
    """

    spot_usd: Annotated[float, Key("USD", "index at the start; with rate 0 also the forward", above=0)]
    options: Annotated[tuple[Leg, ...], Key("list", "option positions, [[book.options]]")]
    accounting: Annotated[Literal["linear", "inverse"], Key("linear or inverse", "settlement")] = "linear"
    neutral: Annotated[Literal["usd", "coin", "bs"], Key("usd, coin or bs", "inverse: what is hedged")] = (
        "usd"
    )
    equity_coin: Annotated[float, Key("coin", "inverse: equity at the start, option marks included")] = 0.0
    hedge_coin: Annotated[float, Key("coin", "hedge held at the start")] = 0.0
    target_delta_coin: Annotated[float, Key("coin", "where delta is steered to")] = 0.0
    rate: Annotated[float, Key("per year", "interest, continuously compounded", least=-1, most=1)] = 0.0

    def __post_init__(self) -> None:
        check_bounds(self)
        if not self.options:
            raise ValueError("options = []: must hold at least one option")
        if not any(leg.quantity_coin for leg in self.options):
            raise ValueError("options: quantity_coin = 0 in all of them: must not be 0 in one at least")
        if self.accounting == "linear" and (self.neutral != "usd" or self.equity_coin != 0.0):
            raise ValueError("neutral and equity_coin: must be left out unless accounting is inverse")
        if self.accounting == "inverse" and self.rate != 0.0:
            raise ValueError(f"rate = {self.rate}: must be 0 where accounting is inverse")


def in_coin(book: Book) -> bool:
    """Whether a book's result is counted in coin, else in USD."""
    return book.accounting == "inverse" and book.neutral == "coin"


def unit_of(book: Book) -> str:
    """What P&L and cost of a book are counted in."""
    return "coin" if in_coin(book) else "USD"


class Legs(NamedTuple):
    """The options as arrays; quantities in coin, times in years, sign +1 for a call and -1 for a put."""

    sign: Floats
    strike: Floats
    tau: Floats
    quantity: Floats
    iv: Floats


def legs_of(book: Book) -> Legs:
    rows = [
        (leg.sign, leg.strike_usd, leg.expiry_days / YEAR_DAYS, leg.quantity_coin, leg.iv)
        for leg in book.options
    ]
    return Legs(*np.array(rows, dtype=np.float64).T)


def value_usd(legs: Legs, spot: Floats, now_years: float, rate: float) -> Floats:
    """Value of the whole book at each spot, USD, discounted at `rate`; an expired option's payoff."""
    tau = np.maximum(legs.tau - now_years, 0.0)
    forward = np.multiply.outer(spot, np.exp(rate * tau))
    each = black76_price(forward, legs.strike, tau, legs.iv, legs.sign)
    return np.asarray(each @ (legs.quantity * np.exp(-rate * tau)))
