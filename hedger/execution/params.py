"""How a hedge is worked: order style, slippage cap, validity."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from hedger.domain.keys import Key, check_bounds


class Style(StrEnum):
    LIMIT_IOC = "limit_ioc"  # limit, immediate or cancel, capped against mark
    MARKET = "market"  # market with the venue's protection; a resting residual is cancelled at once


@dataclass(frozen=True, slots=True)
class ExecutionParams:
    """Parameters of a book's order placement."""

    style: Annotated[Style, Key("", "limit_ioc or market")] = Style.LIMIT_IOC
    max_slippage_fraction: Annotated[
        float,
        Key("fraction", "a limit_ioc order may cross no further beyond the mark", above=0, most=0.05),
    ] = 0.001
    validity_s: Annotated[
        float,
        Key("s", "wire time after which the venue must refuse an order still under way", above=0, most=60),
    ] = 5.0

    def __post_init__(self) -> None:
        check_bounds(self)
