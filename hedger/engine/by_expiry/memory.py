"""What a book remembers of hedging by expiry; lost at a restart, and safe to lose."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from decimal import Decimal

from hedger.execution.allocate import Allocation
from hedger.execution.slow import Slow
from hedger.portfolio.basis import BasisLine


@dataclass(slots=True)
class Leg:
    """A step of a move whose first leg was handed on; sizes in the venue's unit."""

    first: str  # the instrument of the first leg: the future, or the perpetual
    future: str
    future_size: Decimal  # by the book's own trades, before
    home_size: Decimal
    most: Decimal  # unsigned: what the first leg can have traded at most
    started_wire_s: float
    tries: int = 0  # of the second leg
    tried_wire_s: float = -math.inf  # the last of them


@dataclass(slots=True)
class ByExpiry:
    """One book's slow figures, its newest division of the hedge, and the step under way."""

    futures: tuple[str, ...] = ()  # to choose from, by expiry; watched
    spreads: tuple[str, ...] = ()  # that a move may go through; watched
    standing: Slow | None = None
    funding: Slow | None = None  # mean rate of 8 h
    allocation: Allocation | None = None  # None: not known
    waits: str = ""  # why it is not known
    looked_wire_s: float = -math.inf
    leg: Leg | None = None
    spread: str = ""  # label of the newest order in a spread, until its end is judged
    two_legs_until_ms: float = -math.inf  # market time: a spread has failed, moves take two legs
    two_legs_why: str = ""
    stepped_ms: float = -math.inf  # market time of the last step
    held_back: str = ""  # why the next step is not made
    steps: int = 0  # first legs and orders in spreads handed on in this run
    moved_usd: float = 0.0  # traded by both legs in this run
    fees_usd: float = 0.0  # paid for it
    basis: BasisLine = field(default_factory=BasisLine)

    def traded(self, notional_usd: float, fees_usd: float) -> None:
        """A fill of a leg."""
        self.moved_usd += notional_usd
        self.fees_usd += fees_usd
