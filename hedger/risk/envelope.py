"""The limits every hedge passes: one dataclass, every key with its unit."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from hedger.domain.keys import Key, check_bounds


class AssetClass(StrEnum):
    """What an order may be made in."""

    PERPETUAL = "perpetual"
    FUTURE = "future"
    OPTION = "option"


class OrderStyle(StrEnum):
    """How an order may stand in the market."""

    LIMIT_IOC = "limit_ioc"  # at once or not at all: immediate or cancel, fill or kill
    MARKET = "market"
    POST_ONLY = "post_only"  # rests, never takes
    LIMIT_GTC = "limit_gtc"  # rests, and may take when it comes


@dataclass(frozen=True, slots=True)
class Envelope:
    """Limits of one book. A target may be shrunk to fit; an order that does not fit is refused."""

    max_order_usd: Annotated[float, Key("USD", "largest notional of one order", above=0, unlimited=True)] = (
        250_000.0
    )
    max_order_coin: Annotated[float, Key("coin", "largest size of one order", above=0, unlimited=True)] = 5.0
    max_hedge_position_coin: Annotated[
        float, Key("coin", "largest absolute position in the hedge instruments", above=0, unlimited=True)
    ] = 50.0
    max_orders_per_minute: Annotated[int, Key("orders", "orders in any 60 s of wire time", least=1)] = 20
    max_turnover_hour_usd: Annotated[
        float, Key("USD", "hedge turnover in any hour of market time", above=0, unlimited=True)
    ] = 2_000_000.0
    max_turnover_day_usd: Annotated[
        float, Key("USD", "hedge turnover in any 24 hours of market time", above=0, unlimited=True)
    ] = 10_000_000.0
    collar_mark_fraction: Annotated[
        float,
        Key("fraction", "an order's price may not be further than this from the mark", above=0, most=0.2),
    ] = 0.01
    collar_index_fraction: Annotated[
        float,
        Key("fraction", "an order's price may not be further than this from the index", above=0, most=0.5),
    ] = 0.05
    collar_option_fraction: Annotated[
        float,
        Key(
            "fraction",
            "an option order's price may not be further than this from the mark, as a share of the coin",
            above=0,
            most=0.5,
        ),
    ] = 0.01
    max_quote_age_s: Annotated[
        float, Key("s", "wire-time age of the hedge instrument's quote and of the index", above=0)
    ] = 5.0
    max_spread_fraction: Annotated[
        float,
        Key("fraction", "widest bid-ask spread of the hedge instrument, relative to mid", above=0, most=0.5),
    ] = 0.005

    asset_classes: Annotated[
        tuple[AssetClass, ...], Key("", "what orders may be made in: perpetual, future, option")
    ] = (AssetClass.PERPETUAL, AssetClass.FUTURE)
    order_types: Annotated[
        tuple[OrderStyle, ...],
        Key("", "orders that may be sent: limit_ioc, market, post_only, limit_gtc"),
    ] = tuple(OrderStyle)
    soft_fraction: Annotated[
        float,
        Key("fraction", "of a cap from which the band is doubled and an alarm raised", above=0, most=1),
    ] = 0.8
    max_loss_day_coin: Annotated[
        float,
        Key("coin", "fall of the equity since 00:00 UTC that pauses a coin or black book; 0: none", least=0),
    ] = 0.0
    max_loss_day_usd: Annotated[
        float,
        Key("USD", "fall of the equity's worth since 00:00 UTC that pauses a usd book; 0: none", least=0),
    ] = 0.0
    max_loss_coin: Annotated[
        float,
        Key("coin", "the same since the book was first run, or resumed after such a loss; 0: none", least=0),
    ] = 0.0
    max_loss_usd: Annotated[
        float,
        Key("USD", "the same since the book was first run, or resumed after such a loss; 0: none", least=0),
    ] = 0.0

    def __post_init__(self) -> None:
        check_bounds(self)
        for name in ("asset_classes", "order_types"):
            if not getattr(self, name):
                raise ValueError(f"{name} = []: must name at least one, or nothing could ever be sent")
