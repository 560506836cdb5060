"""The frozen picture of a book's execution: the hedge being worked, what rests, what the last one cost."""

from __future__ import annotations

import msgspec

from hedger.domain.vocabulary import Reason
from hedger.engine.records import HedgeDone


class HedgeView(msgspec.Struct, frozen=True):
    """The hedge being worked; amounts exact, in the instrument's unit."""

    instrument: str
    side: str
    reason: Reason
    detail: str
    target_coin: float | None  # where delta is to be; None: the hedge position goes to zero
    decided: str  # the whole of it at the decision
    filled: str
    tries: int  # placements and re-pegs of a chase
    crossing: bool  # the chase has given up resting
    started_ms: int  # market time
    age_s: float  # wire time
    reference_price: float  # mark at the decision
    children: tuple[str, ...]  # labels, the oldest first


class EdgeView(msgspec.Struct, frozen=True):
    """An order resting at an edge of the band."""

    label: str
    side: str
    price: str
    amount: str
    filled: str
    state: str


class WorkingView(msgspec.Struct, frozen=True):
    """How the book's hedges are executed. Sums are of this run."""

    hedge: HedgeView | None = None
    last: HedgeDone | None = None
    hedges_done: int = 0
    shortfall_usd: float = 0.0  # sum of the hedges done, fees included; positive: lost
    fees_usd: float = 0.0
    awaits_confirmation: str = ""  # the first hedge, held back for a person
    resting: tuple[EdgeView, ...] = ()
    resting_note: str = ""  # why nothing rests where something could
    naked_delta_coin: float | None = None  # distance from the target without the book's own hedge
