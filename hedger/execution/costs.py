"""What a hedge costs: expected from fees and spread, and afterwards its implementation shortfall.

A fill is held against the mark at the decision. An inverse future of A USD bought at P and valued at R has
lost A (1/R - 1/P) coin; a linear one of A coin has lost A (P - R) dollars. Sales count the other way round.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import NamedTuple

from hedger.domain.instrument import AmountUnit, Instrument, Kind
from hedger.domain.order import Side
from hedger.domain.quote import Quote
from hedger.execution.plan import Planned

FeeKey = tuple[str, str]
"""(kind, index), like ("perpetual", "btc_usd")."""


class Rates(NamedTuple):
    """Fees as fractions of the notional (negative: a rebate), or `relative`: of the listing's fees."""

    maker: float
    taker: float
    relative: bool = False


class Shortfall(NamedTuple):
    """Against the mark at the decision, fees included; positive: lost."""

    filled: Decimal
    average_price: float
    fees_usd: float
    coin: float
    usd: float
    bps: float  # of the notional that traded


NOTHING = Shortfall(Decimal(0), 0.0, 0.0, 0.0, 0.0, 0.0)


def rates_of(instrument: Instrument, overrides: Mapping[FeeKey, Rates]) -> Rates:
    """The account's own fees where it has any on this kind and index, else those of the listing."""
    own = overrides.get((instrument.kind.value, instrument.price_index))
    if own is None and instrument.kind is Kind.PERPETUAL:
        own = overrides.get((Kind.FUTURE.value, instrument.price_index))  # a venue that calls it a future
    listed = Rates(float(instrument.maker_commission), float(instrument.taker_commission))
    if own is None:
        return listed
    return Rates(own.maker * listed.maker, own.taker * listed.taker) if own.relative else own


def rates_of_legs(legs: Iterable[Instrument], overrides: Mapping[FeeKey, Rates]) -> Rates:
    """Of an order that trades in all of these at once, at most: a venue may ask less for a spread."""
    rates = [rates_of(leg, overrides) for leg in legs]
    return Rates(math.fsum(rate.maker for rate in rates), math.fsum(rate.taker for rate in rates))


def expected_usd(planned: Planned, instrument: Instrument, quote: Quote, rates: Rates) -> float:
    """Fee and the way from mark to the touch, in USD, for an order of the size planned.

    An order that rests earns that way where it fills; the chance that it does not is not in here.
    """
    rate = rates.maker if planned.post_only else rates.taker
    takes_ask = (planned.side is Side.BUY) != planned.post_only
    touch = quote.ask if takes_ask else quote.bid
    if touch is None:
        away = 0.0
    elif instrument.is_spread:  # its mark is a difference of prices
        away = planned.side.sign * (touch - quote.mark) / quote.index_usd
    else:
        away = planned.side.sign * (touch / quote.mark - 1.0)
    return planned.usd * (rate + away)


def shortfall(
    instrument: Instrument,
    side: Side,
    reference: float,
    parts: Iterable[tuple[Decimal, Decimal]],
    fees: Decimal,
) -> Shortfall:
    """Of fills (amount, price) against the `reference` mark; `fees` in the settlement currency, paid
    positive.
    """
    exact = [(amount, price) for amount, price in parts if amount]
    if not exact:
        return NOTHING
    traded = [(float(amount), float(price)) for amount, price in exact]
    whole = sum((amount for amount, _ in exact), Decimal(0))
    filled = float(whole)
    inverse = instrument.amount_unit is AmountUnit.USD
    if inverse:
        lost_coin = side.sign * sum(amount * (1.0 / reference - 1.0 / price) for amount, price in traded)
        coin = lost_coin + float(fees)
        average = filled / sum(amount / price for amount, price in traded)
        fees_usd = float(fees) * reference
    else:
        lost_usd = side.sign * sum(amount * (price - reference) for amount, price in traded)
        coin = (lost_usd + float(fees)) / reference
        average = sum(amount * price for amount, price in traded) / filled
        fees_usd = float(fees)
    notional = instrument.amount_to_usd(filled, reference)
    return Shortfall(whole, average, fees_usd, coin, coin * reference, coin * reference / notional * 1e4)
