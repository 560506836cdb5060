"""What candidates are tried on, and how that is told."""

from __future__ import annotations

from typing import NamedTuple

from hedger.lab.tune import Candidate, Try


class Case(NamedTuple):
    """Recorded chains or a held book."""

    book: str
    today: Candidate
    first: Try
    second: Try
    searched: str
    """The first half in words."""
    judged: str
    assumed: tuple[str, ...]
    unit: str = "coin"
    """Of P&L and cost."""
    each: str = "interval"
    """What a score counts."""
    coin_worth: float = 1.0
    """Of a coin in that unit: a risk aversion per coin is divided by it."""
