"""How an option order is judged: its price is a premium, and only paying too much of it is dangerous.

Option books are thin and wide, so neither the spread nor an empty far side stands in the way of a limit
order; a market order has no price to judge and is refused. Amounts are coins of the underlying for every kind
of option.
"""

from __future__ import annotations

import math

from hedger.domain.approval import Refused
from hedger.domain.instrument import Instrument
from hedger.domain.order import OrderIntent
from hedger.domain.quote import IndexPrice, Quote
from hedger.domain.vocabulary import Reason
from hedger.risk.envelope import Envelope


def collar(intent: OrderIntent, instrument: Instrument, quote: Quote, most_fraction: float) -> Refused | None:
    """A price no worse than the mark premium by more than the fraction, and a tick for cheap options."""
    if intent.price is None:
        return Refused(Reason.ILLEGAL_ORDER, "option orders need a price: there is no market order for them")
    price, sign = float(intent.price), intent.side.sign
    allowed = quote.mark * most_fraction + float(instrument.tick_at(intent.price))
    worse = sign * (price - quote.mark)
    if not (math.isfinite(quote.mark) and quote.mark >= 0.0 and worse <= allowed):
        detail = f"premium {price:g} is worse than the mark {quote.mark:g} by {worse:g}"
        return Refused(
            Reason.PRICE_COLLAR, f"{detail}, at most {allowed:g} (a fraction of {most_fraction:g})"
        )
    low, high = quote.min_price, quote.max_price
    if (low is not None and not price >= low) or (high is not None and not price <= high):
        return Refused(Reason.PRICE_COLLAR, f"premium {price:g} is outside the venue's band {low} to {high}")
    return None


def size(intent: OrderIntent, index: IndexPrice, envelope: Envelope) -> Refused | None:
    """The coins underneath, and their worth at the index: an option order is as large as what it controls."""
    coin = float(intent.amount)
    usd = coin * index.price_usd
    if not usd <= envelope.max_order_usd:
        detail = f"order on {usd:.2f} USD of the underlying, max_order_usd = {envelope.max_order_usd:g}"
        return Refused(Reason.ORDER_NOTIONAL, detail)
    if not coin <= envelope.max_order_coin:
        detail = f"order on {coin:g} coin, max_order_coin = {envelope.max_order_coin:g}"
        return Refused(Reason.ORDER_SIZE, detail)
    return None
