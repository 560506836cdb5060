"""Two tiers of a cap, with a soft one that does not tremble."""

from __future__ import annotations

import math

import pytest

from hedger.risk.tiers import Cap, Tier, tier


@pytest.mark.parametrize(
    ("used", "expected"),
    [(0.0, Tier.FREE), (79.9, Tier.FREE), (80.0, Tier.SOFT), (99.9, Tier.SOFT), (100.0, Tier.HARD)],
)
def test_soft_from_its_share_of_the_cap_and_hard_at_the_cap(used: float, expected: Tier) -> None:
    assert tier(Cap("max", "USD", used, 100.0), 0.8) is expected


def test_the_soft_tier_ends_a_little_below_where_it_began() -> None:
    trembling = Cap("max", "USD", 77.0, 100.0)
    assert tier(trembling, 0.8, Tier.SOFT) is Tier.SOFT
    assert tier(trembling, 0.8, Tier.FREE) is Tier.FREE
    assert tier(Cap("max", "USD", 75.9, 100.0), 0.8, Tier.SOFT) is Tier.FREE


def test_a_use_that_is_no_number_is_beyond_the_cap() -> None:
    assert tier(Cap("max", "USD", math.nan, 100.0), 0.8) is Tier.HARD


def test_a_soft_fraction_of_one_leaves_only_the_cap() -> None:
    assert tier(Cap("max", "USD", 99.999, 100.0), 1.0) is Tier.FREE
