"""Caps in two tiers: from a share of a cap the book is told to go slower, at the cap it stops."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

SOFT_ENDS = 0.95
"""Of the level where the soft tier began: a figure that trembles at the level does not switch the band."""

SOFT_SCALE = 2.0
"""By how much the no-trade band is widened while any cap is in its soft tier or beyond."""


class Tier(StrEnum):
    """How far a cap is used up; later members are stricter."""

    FREE = "free"
    SOFT = "soft"
    HARD = "hard"


class Cap(NamedTuple):
    """One limit of the envelope and how much of it is used, in its own unit."""

    name: str  # the key that sets it
    unit: str
    used: float
    limit: float


def tier(cap: Cap, soft_fraction: float, before: Tier = Tier.FREE) -> Tier:
    """The tier now; `before` is the one of the last look. A use that is no number is beyond every limit."""
    if not cap.used < cap.limit:
        return Tier.HARD
    soft = soft_fraction * cap.limit
    begins = soft if before is Tier.FREE else SOFT_ENDS * soft
    return Tier.SOFT if cap.used >= begins else Tier.FREE
