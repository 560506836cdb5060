"""How a hedge is worked: order style, slippage cap, clips, chase, orders at the band's edges, validity."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from hedger.domain.keys import Key, check_bounds


class Style(StrEnum):
    LIMIT_IOC = "limit_ioc"  # limit, immediate or cancel, capped against mark
    MARKET = "market"  # market with the venue's protection; a resting residual is cancelled at once
    CHASE = "chase"  # post-only at the touch, re-pegged as it moves, then limit_ioc


@dataclass(frozen=True, slots=True)
class ExecutionParams:
    """Parameters of a book's order placement."""

    style: Annotated[Style, Key("", "limit_ioc, market or chase")] = Style.LIMIT_IOC
    max_slippage_fraction: Annotated[
        float,
        Key("fraction", "a limit_ioc order may cross no further beyond the mark", above=0, most=0.05),
    ] = 0.001
    validity_s: Annotated[
        float,
        Key("s", "wire time after which the venue must refuse an order still under way", above=0, most=60),
    ] = 5.0
    depth_share: Annotated[
        float,
        Key(
            "fraction",
            "an order that takes is no larger than this share of the amount shown at the touch; 0: off",
            least=0,
            most=10,
        ),
    ] = 1.0
    min_clip_usd: Annotated[
        float, Key("USD", "a thin touch does not cut clips smaller than this", least=0)
    ] = 10_000.0
    give_up_s: Annotated[
        float,
        Key("s", "wire time after which a hedge still being worked is given up and decided afresh", above=0),
    ] = 120.0
    chase_tries: Annotated[int, Key("", "placements and re-pegs of a chase before it crosses", least=1)] = 5
    chase_s: Annotated[float, Key("s", "wire time of a chase before it crosses", above=0)] = 30.0
    repeg_s: Annotated[
        float, Key("s", "wire time between two prices of an order that rests, at least", least=0.1)
    ] = 2.0
    max_amends_per_minute: Annotated[int, Key("", "amendments in any 60 s of wire time", least=1)] = 60
    resting: Annotated[
        bool, Key("", "while gamma is long, rest post-only orders at both edges of the band")
    ] = False
    resting_reprice_fraction: Annotated[
        float,
        Key(
            "fraction", "an edge that moved less than this of the price is not re-priced", above=0, most=0.05
        ),
    ] = 0.0005
    confirm_above_coin: Annotated[
        float,
        Key(
            "coin",
            "the first hedge after start or resume, if larger, waits for `hedger confirm`; 0: off",
            least=0,
        ),
    ] = 0.0

    def __post_init__(self) -> None:
        check_bounds(self)
