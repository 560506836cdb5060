"""When the standing part of a hedge is worth a dated future, and how carefully it is moved there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from hedger.domain.globs import LEGAL
from hedger.domain.keys import Key, check_bounds


class Use(StrEnum):
    """What becomes of the choice between perpetual and dated futures."""

    OFF = "off"  # one net hedge in `hedge_instrument`, nothing else is looked at
    ADVISE = "advise"  # the choice and what it would save are shown; nothing of it is traded
    MOVE = "move"  # the standing part is moved, clip by clip, inside the policy's no-trade interval: by an
    # order in the spread of the two futures where the venue lists it, else in two legs


@dataclass(frozen=True, slots=True)
class ByExpiryParams:
    """Parameters of hedging by expiry."""

    use: Annotated[
        Use, Key("", "off: one net hedge; advise: show the choice; move: trade the standing part")
    ] = Use.OFF
    instruments: Annotated[
        tuple[str, ...],
        Key("", "dated futures to choose from, names or patterns; empty: every one; other ones are left"),
    ] = ()
    standing_half_life_h: Annotated[
        float, Key("h", "market time in which the standing part grows halfway to the hedge", least=1)
    ] = 24.0
    standing_days: Annotated[
        float,
        Key("days", "how long what no expiry ends (collateral) is expected to stand", least=1, most=365),
    ] = 30.0
    funding_half_life_h: Annotated[
        float, Key("h", "half-life of the mean of the funding rate that is expected", above=0)
    ] = 72.0
    roll_days: Annotated[
        float, Key("days", "before its expiry a future that hedges no options of its own is left", least=0.5)
    ] = 2.0
    min_saving_fraction: Annotated[
        float,
        Key(
            "fraction", "of the amount moved: what a move must save beyond its own costs", least=0, most=0.05
        ),
    ] = 0.0005
    capital_rate: Annotated[
        float, Key("1/year", "what the margin of a hedge could earn elsewhere", least=0, most=1)
    ] = 0.05
    clip_usd: Annotated[
        float, Key("USD", "one step of a move, and the depth a future must show for it", above=0)
    ] = 10_000.0
    max_offset_coin: Annotated[
        float, Key("coin", "long in one instrument and short in another at most this much", least=0)
    ] = 0.5
    pace_s: Annotated[float, Key("s", "market time between two steps of a move, at least", least=1)] = 60.0

    def __post_init__(self) -> None:
        check_bounds(self)
        for pattern in self.instruments:
            if not LEGAL.fullmatch(pattern):
                raise ValueError(f"instruments = {pattern!r}: must be a name or a pattern with * and ?")
