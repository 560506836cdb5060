"""The limits every hedge passes: one dataclass, every key with its unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from hedger.domain.keys import Key, check_bounds


@dataclass(frozen=True, slots=True)
class Envelope:
    """Limits of one book. A target may be shrunk to fit; an order that does not fit is refused."""

    max_order_usd: Annotated[float, Key("USD", "largest notional of one order", above=0)] = 250_000.0
    max_order_coin: Annotated[float, Key("coin", "largest size of one order", above=0)] = 5.0
    max_hedge_position_coin: Annotated[
        float, Key("coin", "largest absolute position in the hedge instruments", above=0)
    ] = 50.0
    max_orders_per_minute: Annotated[int, Key("orders", "orders in any 60 s of wire time", least=1)] = 20
    max_turnover_hour_usd: Annotated[
        float, Key("USD", "hedge turnover in any hour of market time", above=0)
    ] = 2_000_000.0
    max_turnover_day_usd: Annotated[
        float, Key("USD", "hedge turnover in any 24 hours of market time", above=0)
    ] = 10_000_000.0
    collar_mark_fraction: Annotated[
        float,
        Key("fraction", "an order's price may not be further than this from the mark", above=0, most=0.2),
    ] = 0.01
    collar_index_fraction: Annotated[
        float,
        Key("fraction", "an order's price may not be further than this from the index", above=0, most=0.5),
    ] = 0.05
    max_quote_age_s: Annotated[
        float, Key("s", "wire-time age of the hedge instrument's quote and of the index", above=0)
    ] = 5.0
    max_spread_fraction: Annotated[
        float,
        Key("fraction", "widest bid-ask spread of the hedge instrument, relative to mid", above=0, most=0.5),
    ] = 0.005

    def __post_init__(self) -> None:
        check_bounds(self)
