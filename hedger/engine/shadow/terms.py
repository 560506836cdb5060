"""What a shadow is told to be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hedger.policies.partial import PartialParams
from hedger.policies.registry import live_policy

MOST_SHADOWS = 16
"""Of one book: each costs about what the live policy does."""


@dataclass(frozen=True, slots=True)
class ShadowSettings:
    """A policy that is asked beside the live one: its name in figures, and its parameters as numbers."""

    name: str
    policy: str
    params: dict[str, float] = field(default_factory=dict)
    partial: PartialParams = field(default_factory=PartialParams)  # as the book's unless it says otherwise


def params_over(
    base: Mapping[str, float], policy: str, values: Mapping[str, float | str], target_delta_coin: float
) -> dict[str, float]:
    """A policy's parameters whole: `values`, else those of `base`, else its defaults.

    Raises ValueError for a policy or values that may not trade.
    """
    known = live_policy(policy)
    whole = known.params({**base, **known.numbers(values)}, target_delta_coin)
    return whole._asdict()  # type: ignore[no-any-return]
