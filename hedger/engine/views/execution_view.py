"""The frozen picture of a book's execution: the hedge being worked, what rests, what the last one cost."""

from __future__ import annotations

import msgspec

from hedger.domain.vocabulary import Reason
from hedger.engine.records import HedgeDone


class HedgeView(msgspec.Struct, frozen=True):
    """The hedge being worked; amounts exact, in the instrument's unit."""

    instrument: str  # as the venue names it
    side: str  # buy or sell
    reason: Reason  # of the decision
    detail: str  # the decision's own words
    target_coin: float | None  # where delta is to be; None: the hedge position goes to zero
    decided: str  # the whole of it at the decision
    filled: str  # of it so far
    tries: int  # placements and re-pegs of a chase
    crossing: bool  # the chase has given up resting
    started_ms: int  # market time
    age_s: float  # wire time
    reference_price: float  # mark at the decision
    children: tuple[str, ...]  # labels, the oldest first


class EdgeView(msgspec.Struct, frozen=True):
    """An order resting at an edge of the band."""

    label: str  # ours
    side: str  # buy or sell
    price: str  # limit, in the instrument's price unit
    amount: str  # exact, in the instrument's amount unit
    filled: str  # of the amount
    state: str  # of the order's life


class WorkingView(msgspec.Struct, frozen=True):
    """How the book's hedges are executed. Sums are of this run."""

    hedge: HedgeView | None = None  # None: none is being worked
    last: HedgeDone | None = None  # None: none in this run
    hedges_done: int = 0  # worked to their end
    shortfall_usd: float = 0.0  # sum of the hedges done, fees included; positive: lost
    fees_usd: float = 0.0  # of the hedges done
    awaits_confirmation: str = ""  # the first hedge, held back for a person
    resting: tuple[EdgeView, ...] = ()  # at the band's edges
    resting_note: str = ""  # why nothing rests where something could
    naked_delta_coin: float | None = None  # distance from the target without the book's own hedge
