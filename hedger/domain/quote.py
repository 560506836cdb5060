"""What a venue says about prices. None is missing: a missing value is never read as zero."""

from __future__ import annotations

import msgspec

from hedger.domain.instrument import InstrumentState


class Quote(msgspec.Struct, frozen=True, tag="quote", forbid_unknown_fields=True, gc=False):
    """One ticker. Prices are in the instrument's own unit (USD for futures, coin for inverse options).

    `iv` is a fraction (0.55), greeks are unadjusted Black greeks per 1 coin as the venue prints them:
    gamma per USD, vega in USD per vol point, theta in USD per day.
    """

    venue: str
    instrument: str
    market_ms: int  # the venue's timestamp
    received_wire_s: float  # monotonic seconds at which the frame arrived
    state: InstrumentState
    mark: float
    index_usd: float
    bid: float | None = None
    bid_amount: float = 0.0
    ask: float | None = None
    ask_amount: float = 0.0
    min_price: float | None = None
    max_price: float | None = None
    underlying_usd: float | None = None  # options: the forward of the expiry
    iv: float | None = None
    delta: float | None = None
    gamma: float | None = None
    vega: float | None = None
    theta: float | None = None
    funding_8h: float | None = None
    estimated_delivery_usd: float | None = None


class IndexPrice(msgspec.Struct, frozen=True, tag="index_price", forbid_unknown_fields=True):
    """The venue's index, in USD per coin."""

    venue: str
    index: str
    price_usd: float
    market_ms: int
    received_wire_s: float
