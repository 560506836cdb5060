"""What a shadow is told to be."""

from __future__ import annotations

from dataclasses import dataclass, field

from hedger.policies.partial import PartialParams

MOST_SHADOWS = 16
"""Of one book: each costs about what the live policy does."""


@dataclass(frozen=True, slots=True)
class ShadowSettings:
    """A policy that is asked beside the live one: its name in figures, and its parameters as numbers."""

    name: str
    policy: str
    params: dict[str, float] = field(default_factory=dict)
    partial: PartialParams = field(default_factory=PartialParams)  # as the book's unless it says otherwise
