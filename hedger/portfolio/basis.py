"""What a hedge in another future than the option's own gains or loses by the basis alone (theory 1.6).

Options of an expiry move with their own forward F_e, the hedge with its instrument P. Deltas add up as if
both moved alike; where they do not, the book earns

    sum over expiries of NTD_e (dlnF_e - dlnP)      coin, NTD_e held at the start of the interval

beside everything a delta explains. A bucket hedged by the future of its own expiry has no such line: name
that future as its hedge and the term is zero.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple


class Bucket(NamedTuple):
    """One expiry over one interval; the prices are those at its start and at its end, USD."""

    net_coin: float  # net transaction delta at the start, signed
    forward_usd: float
    forward_then_usd: float
    hedge_usd: float  # the instrument this bucket is hedged by
    hedge_then_usd: float


def basis_residual_coin(buckets: Iterable[Bucket]) -> float:
    """The line over one interval, coin. Raises ValueError for a price that is not finite and above 0."""
    return math.fsum(
        each.net_coin
        * (
            _log_move(each.forward_usd, each.forward_then_usd)
            - _log_move(each.hedge_usd, each.hedge_then_usd)
        )
        for each in buckets
    )


def _log_move(before_usd: float, after_usd: float) -> float:
    if not (0.0 < before_usd < math.inf and 0.0 < after_usd < math.inf):
        raise ValueError(f"price {before_usd:g} to {after_usd:g} USD: must be finite and above 0")
    return math.log(after_usd / before_usd)
