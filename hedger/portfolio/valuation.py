"""What a position is worth and how it moves, by the venue's ticker and by our own model.

An option's delta is the venue's; price, gamma, vega and theta are our own at the venue's implied volatility,
because the venue rounds them to uselessness and its theta is not Black's within a day of expiry (theory 1.1).
Within a day of expiry our own greeks use the variance of the delivery average, and inside the settlement
window delta is that of an option on the average, whatever the venue shows (theory 1.7).
"""

from __future__ import annotations

import math
from typing import NamedTuple

from hedger.domain.instrument import Instrument, Payoff
from hedger.domain.quote import Quote
from hedger.domain.time_units import DAY_MS, YEAR_DAYS
from hedger.portfolio.contribution import Contribution
from hedger.pricing.black76 import YEAR_MS
from hedger.pricing.implied import SIGMA_MAX
from hedger.pricing.scalar import black76_one
from hedger.pricing.settlement import Fixing, averaging_one, elapsed_share, variance_years

MOST_MARK_APART = 0.02
"""Of the coin, between the venue's mark and Black's price at the ticker's own forward and volatility: 0.0003
at most in what was recorded. A ticker beyond it contradicts itself: forward, volatility or mark is wrong."""

MOST_INDEX_APART = 1.25
"""Times by which the index in a ticker and the index itself may differ: both are told ten times a second."""

_VOL_POINTS = 100.0
_INF = math.inf
_INDEX_APART_TWICE = MOST_INDEX_APART * MOST_INDEX_APART
_new = tuple.__new__  # a NamedTuple of 14 fields by its own constructor takes twice as long

Outcome = Contribution | str
"""A contribution, or the reason why it cannot be known."""


class OptionTerms(NamedTuple):
    """An option's contract in floats."""

    strike_usd: float
    expiration_ms: int
    sign: float
    inverse: bool


def option_terms(instrument: Instrument) -> OptionTerms | None:
    """The contract of an option; None where the listing does not tell it."""
    strike, expiration_ms, sign = instrument.strike_usd, instrument.expiration_ms, instrument.option_sign
    if strike is None or expiration_ms is None or not sign:
        return None
    return OptionTerms(float(strike), expiration_ms, float(sign), instrument.payoff is Payoff.INVERSE)


def greeks_gap(quote: Quote) -> str:
    """What an option's ticker lacks to be valued by; empty when nothing."""
    delta, iv, forward_usd = quote.delta, quote.iv, quote.underlying_usd
    if delta is None or not -1.0 <= delta <= 1.0:
        return f"greeks missing (delta = {delta})"
    if iv is None or not 0.0 < iv <= SIGMA_MAX:
        return f"greeks missing (iv = {iv})"
    if forward_usd is None or not 0.0 < forward_usd < _INF:
        return f"greeks missing (underlying price = {forward_usd})"
    return ""


def index_gap(quote: Quote, index_usd: float | None) -> str:
    """How a ticker contradicts the index it was made at; empty where it does not, or nothing is known."""
    if index_usd is None or index_usd < quote.index_usd * MOST_INDEX_APART < index_usd * _INDEX_APART_TWICE:
        return ""
    return f"contradicts the index: {quote.index_usd:g} in its ticker, told {index_usd:g}"


def live_forward_usd(quote: Quote, index_usd: float) -> float | None:
    """The forward of an option's expiry at a newer index: the basis stays as it was last seen."""
    if quote.underlying_usd is None or not 0.0 < quote.index_usd < _INF:
        return None
    return quote.underlying_usd * (index_usd / quote.index_usd)


def value_future(instrument: Instrument, size: float, quote: Quote | None, market_ms: int) -> Outcome:
    """A future or perpetual; past its expiry, as after an exercise, it is in transit to cash: delta 0."""
    if quote is None:
        expired = instrument.expiration_ms is not None and instrument.expiration_ms <= market_ms
        return _future(0.0, 0.0) if expired else "no quote"
    mark = quote.mark
    if not 0.0 < mark < _INF:
        return f"no mark price (mark = {mark})"
    inverse = instrument.payoff is Payoff.INVERSE
    coin = size / mark if inverse else size
    if instrument.expiration_ms is not None:
        coin *= 1.0 - elapsed_share(instrument.expiration_ms, market_ms)
    return _future(coin, -2.0 * coin / mark if inverse else 0.0)


def _future(coin: float, curvature: float) -> Contribution:
    return Contribution(0.0, 0.0, 0.0, coin, 0.0, curvature, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


def value_option(
    terms: OptionTerms, size: float, quote: Quote, market_ms: int, forward_usd: float, *, by_model: bool
) -> Outcome:
    """An option before its settlement window; `by_model` where the ticker's delta is too old to count.

    The one function every ticker of an option goes through: written out, it takes half the time. Vanna is
    -phi(d1) d2 / sigma = G F (sigma tau / 2 - ln(F/K) / sigma) (theory 1.1).
    """
    iv, told = quote.iv or 0.0, quote.delta or 0.0
    strike_usd, expiration_ms, sign, inverse = terms
    left_ms = expiration_ms - market_ms
    tau_years = left_ms / YEAR_MS
    plain = black76_one(forward_usd, strike_usd, tau_years, iv, sign)
    price_usd, delta, gamma, vega_usd, theta_usd = plain
    if not by_model:
        mark_usd = quote.mark * forward_usd if inverse else quote.mark
        if not abs(price_usd - mark_usd) <= MOST_MARK_APART * forward_usd:
            return f"contradicts itself: mark {mark_usd:g} USD, by its forward and volatility {price_usd:g}"
    if left_ms < DAY_MS:
        tau_years = variance_years(expiration_ms, market_ms)
        price_usd, delta, gamma, vega_usd, theta_usd = black76_one(
            forward_usd, strike_usd, tau_years, iv, sign
        )
    black = size * delta if by_model else size * told
    value = size * price_usd / forward_usd if inverse else 0.0
    gamma *= size
    vega = size * vega_usd / _VOL_POINTS
    weight = abs(vega)
    return _new(
        Contribution,
        (
            black,
            size * delta,
            value,
            0.0,
            gamma,
            gamma - 2.0 * (black - value) / forward_usd if inverse else gamma,
            size * theta_usd / YEAR_DAYS,
            vega,
            weight,
            weight * iv,
            abs(size),
            0.0 if by_model else size * (told - plain[1]),
            0.0,
            gamma * forward_usd * (0.5 * iv * tau_years - math.log(forward_usd / strike_usd) / iv),
        ),
    )


def value_averaging(
    terms: OptionTerms,
    size: float,
    quote: Quote,
    market_ms: int,
    forward_usd: float,
    iv: float,
    fixing: Fixing,
) -> Contribution:
    """An option inside its window: on the average, at the volatility from before the window."""
    strike_usd, expiration_ms, sign, inverse = terms
    model = averaging_one(forward_usd, strike_usd, expiration_ms, market_ms, iv, sign, fixing)
    left = 1.0 - fixing.elapsed  # the part of the premium that the index still moves
    mean_usd = fixing.elapsed * fixing.average_usd + left * forward_usd
    full = size * model.price_usd / mean_usd if inverse else 0.0
    black, value, gamma = size * model.delta, full * left, size * model.gamma_per_usd
    vega = size * model.vega_usd / _VOL_POINTS
    return Contribution(
        options_delta=black,
        options_model=black,
        options_value=value,
        futures=0.0,
        gamma=gamma,
        curvature=gamma - 2.0 * (black - value) / mean_usd if inverse else gamma,
        theta=size * model.theta_usd_per_year / YEAR_DAYS,
        vega=vega,
        vega_weight=abs(vega),
        weighted_iv=abs(vega) * iv,
        gross=abs(size),
        disagreement=0.0,
        marked_down=full - size * quote.mark if inverse else 0.0,
        vanna=0.0,
    )
