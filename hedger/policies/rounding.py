"""How the planner rounds the size of an order a policy asked for."""

from __future__ import annotations

from enum import StrEnum


class Rounding(StrEnum):
    """Sizes are whole lots; the direction of the trade never changes."""

    INWARD = "inward"  # up to the next lot: the result lies at or inside the edge aimed for
    NEAREST = "nearest"  # whichever leaves the smaller residual
    DOWN_AT_LEAST_ONE = "down_at_least_one"  # towards zero, but never less than one lot (the FMZ rule)
