"""What a hedge in another future than the option's own gains or loses by the basis alone (theory 1.6).

Options of an expiry move with their own forward F_e, the hedge with its instrument P. Deltas add up as if
both moved alike; where they do not, the book earns

    sum over expiries of NTD_e (dlnF_e - dlnP)      coin, NTD_e held at the start of the interval

beside everything a delta explains. A bucket hedged by the future of its own expiry has no such line: name
that future as its hedge and the term is zero.

It is no part of an account's change of equity, of which `attribution` has a line of the same name: there
options move with their own forwards, and each dated future's mark is held against the index.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

from hedger.portfolio.row import Row


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


class BasisLine:
    """The line of one book from look to look: every option and every future against the hedge instrument.

    A future that hedges the options of its own expiry takes their part away, as it should.
    """

    def __init__(self) -> None:
        self.coin = 0.0  # so far
        self._seen: dict[str, tuple[float, float]] = {}  # instrument -> (net coin, USD it moves with)
        self._hedge_usd = 0.0

    def look(self, rows: Iterable[Row], market_ms: int, hedge_usd: float) -> None:
        """Add what forwards and hedge did apart since the last look, at the deltas of then.

        What was not there then, has no price now, or is being settled by an average has no part in it.
        """
        now = {row.instrument.name: told for row in rows if (told := _moves_with(row, market_ms)) is not None}
        if self._hedge_usd:
            self.coin += basis_residual_coin(
                Bucket(net, before, now[name][1], self._hedge_usd, hedge_usd)
                for name, (net, before) in self._seen.items()
                if name in now
            )
        self._seen, self._hedge_usd = now, hedge_usd


def _moves_with(row: Row, market_ms: int) -> tuple[float, float] | None:
    """(net transaction delta, coin; the price it moves with, USD) of a position; None where there is none."""
    net = row.net_transaction_delta_coin
    if not row.size or net is None or row.settling(market_ms) or row.expired(market_ms) or row.good is None:
        return None
    price = row.good.underlying_usd if row.instrument.is_option else row.good.mark
    return (net, price) if price is not None and 0.0 < price < math.inf else None


def _log_move(before_usd: float, after_usd: float) -> float:
    if not (0.0 < before_usd < math.inf and 0.0 < after_usd < math.inf):
        raise ValueError(f"price {before_usd:g} to {after_usd:g} USD: must be finite and above 0")
    return math.log(after_usd / before_usd)
