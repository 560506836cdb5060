"""What one unit of hedge costs in an instrument over its expected life: the terms between which to choose.

All costs are fractions of the notional, positive: paid.

    enter, leave   fee + half spread, each once
    carry          side x funding per 8 h x 3 x days                        perpetual
                   side x ln(mark / index) x days / days to expiry          dated future: its basis runs off
    roll           a leave and an enter for each future after the first, each as long as this one is good
    margin         initial margin x capital rate x years

A long hedge pays a positive basis and positive funding, a short one earns them. Successors of a dated future
are taken to have its annualised basis. The perpetual's own premium comes and goes within hours: it is what
funding is made of and is not counted twice.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import msgspec

from hedger.domain.time_units import DAY_MS, FUNDINGS_PER_DAY, YEAR_DAYS


class Candidate(NamedTuple):
    """An instrument a hedge could stand in, as it trades now."""

    instrument: str
    expiration_ms: int | None  # None: perpetual
    mark_usd: float
    index_usd: float
    fee: float  # taker's, fraction of the notional
    half_spread: float  # fraction of the mark
    funding_8h: float = 0.0  # expected, fraction; perpetual only
    initial_margin: float = 0.0  # fraction of the notional
    bid_usd: float = math.inf  # shown at the bid
    ask_usd: float = math.inf  # shown at the ask
    shut: str = ""  # why it cannot be traded now; empty: it can
    leave: str = ""  # why what is there has to leave, whatever it costs; empty: it may stay

    @property
    def trade(self) -> float:
        """Fee and half spread of one trade, fraction; a rebate is no reason to go to and fro."""
        return max(0.0, self.fee + self.half_spread)

    def days_left(self, now_ms: int) -> float:
        """Until it expires; infinite for a perpetual."""
        return math.inf if self.expiration_ms is None else (self.expiration_ms - now_ms) / DAY_MS

    def shown_usd(self, side: int) -> float:
        """Depth at the touch for a trade on this side (+1 buys)."""
        return self.ask_usd if side > 0 else self.bid_usd


class Cost(msgspec.Struct, frozen=True):
    """One candidate for one part of the hedge: fractions of the notional over the life, positive: paid."""

    instrument: str  # as the venue names it
    enter: float  # fee and half spread
    leave: float  # the same, once more
    carry: float  # funding, or the basis that runs off
    roll: float  # into the futures after this one
    margin: float  # what its margin could earn elsewhere
    total: float  # the sum
    refused: str = ""  # why it is no choice; empty: it is one

    @property
    def standing(self) -> float:
        """What is still ahead of a hedge that is there already."""
        return self.total - self.enter


def cost(
    candidate: Candidate,
    side: int,
    life_days: float,
    now_ms: int,
    *,
    good_days: float,
    capital_rate: float,
    refused: str = "",
) -> Cost:
    """Of a hedge on one side (+1 long) over its life. `good_days`: until the candidate must be left.

    Raises ValueError for prices or a life that are not finite and above 0.
    """
    known = (candidate.mark_usd, candidate.index_usd, life_days)
    if not all(0.0 < value < math.inf for value in known):
        raise ValueError(f"mark, index, life_days = {known}: must be finite and above 0")
    trade = candidate.trade
    carry = side * _carry_per_day(candidate, now_ms) * life_days
    rolls = max(0, math.ceil(life_days / good_days - 1e-9) - 1) if 0.0 < good_days < math.inf else 0
    roll = 2.0 * trade * rolls
    margin = candidate.initial_margin * capital_rate * life_days / YEAR_DAYS
    total = 2.0 * trade + carry + roll + margin
    return Cost(candidate.instrument, trade, trade, carry, roll, margin, total, refused)


def _carry_per_day(candidate: Candidate, now_ms: int) -> float:
    """What a long pays in a day, fraction."""
    if candidate.expiration_ms is None:
        return candidate.funding_8h * FUNDINGS_PER_DAY
    days = candidate.days_left(now_ms)
    return math.log(candidate.mark_usd / candidate.index_usd) / days if days > 0.0 else 0.0
