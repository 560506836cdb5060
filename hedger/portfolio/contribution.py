"""What one position adds to its book, and the running sums of a book.

An option's delta is the venue's (it already holds the decay of the settlement window); price, gamma, vega and
theta are our own Black-76 at the venue's implied volatility, because the venue rounds them to uselessness and
its theta is not Black's within a day of expiry (theory 1.1).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from functools import partial
from typing import NamedTuple

from hedger.domain.instrument import Instrument, Payoff
from hedger.domain.quote import Quote
from hedger.pricing.scalar import black76_one, years_to

SETTLEMENT_WINDOW_MS = 30 * 60 * 1000
"""Delivery is the mean index of the last half hour: exposure falls linearly to zero over it (theory 1.7)."""

_DAYS_PER_YEAR = 365.0
_VOL_POINTS = 100.0
_INF = math.inf


class Contribution(NamedTuple):
    """One position's share of the book: totals of the position, not per unit."""

    options_delta: float
    """Sum of n D, coin."""
    options_net: float
    """Sum of n (D - p) for inverse options, of n D for linear ones, coin."""
    options_value: float
    """Sum of n p of inverse options, coin; 0 for linear ones, whose value is not held in the coin."""
    futures: float
    """Sum of Q / mark of inverse futures, of the size of linear ones, coin."""
    gamma: float
    """Coin per USD."""
    theta: float
    """USD per day."""
    vega: float
    """USD per vol point."""
    vega_weight: float
    """|vega|, the weight of the position's volatility in the book's."""
    weighted_iv: float
    """|vega| times the implied volatility as a fraction."""


NOTHING = Contribution(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)

Outcome = Contribution | str
"""A contribution, or the reason why it cannot be known."""

Valuation = Callable[[float, Quote | None, int], Outcome]
"""(signed size, last quote, market time in ms) -> contribution."""


class OptionTerms(NamedTuple):
    """An option's contract in floats."""

    strike_usd: float
    expiration_ms: int
    sign: float
    inverse: bool


def valuation_of(instrument: Instrument) -> Valuation:
    """How positions in `instrument` are valued."""
    inverse = instrument.payoff is Payoff.INVERSE
    if instrument.is_future:
        return partial(_future, inverse, instrument.expiration_ms)
    if not instrument.is_option:
        return partial(_unknown, f"no model for a {instrument.kind}")
    if instrument.strike_usd is None or instrument.expiration_ms is None or not instrument.option_sign:
        return partial(_unknown, "listed without strike, expiry or type")
    terms = OptionTerms(
        float(instrument.strike_usd), instrument.expiration_ms, float(instrument.option_sign), inverse
    )
    return partial(_option, terms)


def exposed_share(expiration_ms: int, market_ms: int) -> float:
    """The part of a payoff still exposed to the market: 1 until the settlement window, 0 at expiry."""
    left_ms = expiration_ms - market_ms
    if left_ms >= SETTLEMENT_WINDOW_MS:
        return 1.0
    return max(left_ms, 0) / SETTLEMENT_WINDOW_MS


def _unknown(why: str, size: float, quote: Quote | None, market_ms: int) -> Outcome:
    return why


def _future(
    inverse: bool, expiration_ms: int | None, size: float, quote: Quote | None, market_ms: int
) -> Outcome:
    if quote is None:
        return "no quote"
    mark = quote.mark
    if not 0.0 < mark < _INF:
        return f"no mark price (mark = {mark})"
    coin = size / mark if inverse else size
    if expiration_ms is not None:
        coin *= exposed_share(expiration_ms, market_ms)
    return Contribution(0.0, 0.0, 0.0, coin, 0.0, 0.0, 0.0, 0.0, 0.0)


def _option(terms: OptionTerms, size: float, quote: Quote | None, market_ms: int) -> Outcome:
    """In the settlement window the venue's delta has decayed already; price and greeks decay here."""
    if quote is None:
        return "no quote"
    delta, iv, forward_usd = quote.delta, quote.iv, quote.underlying_usd
    if delta is None or not -1.0 <= delta <= 1.0:
        return f"greeks missing (delta = {delta})"
    if iv is None or not 0.0 < iv < _INF:
        return f"greeks missing (iv = {iv})"
    if forward_usd is None or not 0.0 < forward_usd < _INF:
        return f"greeks missing (underlying price = {forward_usd})"
    strike_usd, expiration_ms, sign, inverse = terms
    model = black76_one(forward_usd, strike_usd, years_to(expiration_ms, market_ms), iv, sign)
    left = size * exposed_share(expiration_ms, market_ms)
    black = size * delta
    value = left * model.price_usd / forward_usd if inverse else 0.0
    vega = left * model.vega_usd / _VOL_POINTS
    gamma, theta = left * model.gamma_per_usd, left * model.theta_usd_per_year / _DAYS_PER_YEAR
    if not math.isfinite(value + gamma + theta + vega):
        return f"greeks missing (not finite at iv = {iv}, underlying price = {forward_usd})"
    weight = abs(vega)
    return Contribution(black, black - value, value, 0.0, gamma, theta, vega, weight, weight * iv)


class Sums:
    """Running sums of a book, moved by the difference a row makes: the cost does not grow with the book."""

    __slots__ = Contribution._fields

    options_delta: float
    options_net: float
    options_value: float
    futures: float
    gamma: float
    theta: float
    vega: float
    vega_weight: float
    weighted_iv: float

    def __init__(self) -> None:
        self.set(NOTHING)

    def move(self, before: Contribution, after: Contribution) -> None:
        """Replace one row's contribution."""
        self.options_delta += after[0] - before[0]
        self.options_net += after[1] - before[1]
        self.options_value += after[2] - before[2]
        self.futures += after[3] - before[3]
        self.gamma += after[4] - before[4]
        self.theta += after[5] - before[5]
        self.vega += after[6] - before[6]
        self.vega_weight += after[7] - before[7]
        self.weighted_iv += after[8] - before[8]

    def set(self, total: Contribution) -> None:
        """Forget the running history: the sums are `total`."""
        for name, value in zip(Contribution._fields, total, strict=True):
            setattr(self, name, value)

    def correction_coin(self, exact: Contribution) -> float:
        """How far the running delta sums are from `exact`, the worst of them, in coin."""
        return max(
            abs(self.options_delta - exact.options_delta),
            abs(self.options_net - exact.options_net),
            abs(self.options_value - exact.options_value),
            abs(self.futures - exact.futures),
        )


def exact_total(contributions: Iterable[Contribution]) -> Contribution:
    """The correctly rounded sum of each field, whatever the order of the rows."""
    return Contribution(*(math.fsum(column) for column in zip(NOTHING, *contributions, strict=True)))
