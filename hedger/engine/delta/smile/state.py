"""What a book remembers of its smiles. Samples outlive the daemon (memory), fits do not."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

from hedger.domain.vocabulary import SmileRule
from hedger.pricing.black76 import Floats
from hedger.pricing.smile.strip import Fitted
from hedger.pricing.smile.track import Shifts, Track
from hedger.pricing.smile.variance_ratio import CLOSED, Gate


class Hedged(NamedTuple):
    """One expiry as it was at the last sample: what is hedged from there to the next."""

    fitted: Fitted
    shifts: Shifts
    sizes: Floats
    """Coins of each option of the strip that the book held, signed."""


class Squared(NamedTuple):
    """Squared hedging error of the book over one interval, as fractions of its gross worth in coin."""

    market_ms: int
    black: float
    sticky_delta: float
    fitted: float
    minimum_variance: float


@dataclass(slots=True)
class SmileState:
    """One book's; replaced whole when the rule is switched off."""

    rule: SmileRule
    track: Track
    fits: dict[int, Fitted] = field(default_factory=dict)  # by expiry: the last fit, good or not
    look_ms: int = 0  # market time of the next fit
    hedged: dict[int, Hedged] = field(default_factory=dict)  # by expiry, as of `sampled_ms`
    sampled_ms: int = 0  # market time; 0: never
    measured: deque[Squared] = field(default_factory=deque)
    gate: Gate = CLOSED
    shift_coin: float = 0.0  # what the rule adds to the book's delta, whether or not the gate lets it
    shifts_coin: dict[int, float] = field(default_factory=dict)  # the same by expiry
