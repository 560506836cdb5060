"""What a book remembers of its execution: the hedge being worked, what rests, what waits for a person."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from decimal import Decimal

from hedger.domain.order import Side
from hedger.domain.time_units import MINUTE_S
from hedger.domain.vocabulary import Reason
from hedger.engine.hedging.manual_order import OrderAsked
from hedger.engine.records import HedgeDone
from hedger.execution.plan import Round


@dataclass(slots=True)
class Hedge:
    """One hedge, worked by child orders one after the other until its target is reached."""

    instrument: str
    side: Side
    target_coin: float | None  # where delta is to be; None: the hedge position itself goes to zero
    reason: Reason
    detail: str
    rounding: Round
    decided: Decimal  # the whole of it at the decision, in the instrument's unit
    reference_price: float  # mark at the decision
    config_hash: str  # of the settings it was decided under
    started_ms: int
    started_wire_s: float
    children: list[str] = field(default_factory=list)  # labels, the oldest first
    tries: int = 0  # placements and re-pegs of a chase
    pegged_wire_s: float = 0.0
    clipped: bool = False  # the last child was cut to what the touch showed
    cut: bool = False  # the last child, filled whole, leaves a lot or more to the target it was sent for
    crossing: bool = False  # a chase that gave up resting: what is left is taken


@dataclass(slots=True)
class Awaited:
    """A hedge that waits for a person."""

    side: Side
    coin: float  # unsigned, the whole of it
    detail: str
    since_ms: int


@dataclass(slots=True)
class Manual:
    """An operator's order or cancel, and what became of it: an answer once `told`."""

    asked: OrderAsked
    until_wire_s: float  # a ticker that is not there by then refuses it
    told: bool = False
    label: str = ""  # empty: refused
    detail: str = ""


@dataclass(slots=True)
class Stopped:
    """The account when a book was first seen stopped."""

    since_ms: int
    equity_coin: float | None
    equity_usd: float | None


@dataclass(slots=True)
class Working:
    """One book's execution."""

    hedge: Hedge | None = None
    last: HedgeDone | None = None
    done: int = 0  # hedges worked to an end in this run
    shortfall_usd: float = 0.0  # their sum, fees included; positive: lost
    fees_usd: float = 0.0
    confirmed: bool = False  # the first hedge since start or resume has passed
    awaited: Awaited | None = None
    allowed: tuple[Side, float] | None = None  # what a person confirmed: side and size in coin
    neutral: bool = False  # neutralising, and was brought to the target
    stopped: Stopped | None = None
    edge_wire_s: dict[Side, float] = field(default_factory=dict)  # of the last terms at each edge of the band
    peg_wire_s: float = -math.inf  # before it nothing is rested again: the last one would have taken
    peg_detail: str = ""
    resting_note: str = ""  # why nothing rests where something could
    amends_wire_s: deque[float] = field(default_factory=deque)
    manual: dict[str, Manual] = field(default_factory=dict)  # by the asker's number, the newest last

    def amends_minute(self, wire_s: float) -> int:
        """Amendments in the last 60 s of wire time."""
        while self.amends_wire_s and wire_s - self.amends_wire_s[0] >= MINUTE_S:
            self.amends_wire_s.popleft()
        return len(self.amends_wire_s)

    def begin_anew(self) -> None:
        """After a resume the next hedge is a first one again."""
        self.confirmed, self.awaited, self.allowed, self.neutral = False, None, None, False
