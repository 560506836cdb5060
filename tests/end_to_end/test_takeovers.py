"""One daemon after the other: whatever becomes of the one that trades, the other takes over without a doubt.

`HEDGER_TAKEOVERS=50` makes the loop as long; `HEDGER_SEED` repeats one that failed.
"""

from __future__ import annotations

import os
import random

import pytest

from tests.end_to_end.takeovers import takeovers
from tests.end_to_end.yard import Yard

TAKEOVERS = int(os.environ.get("HEDGER_TAKEOVERS", "3"))
SEED = int(os.environ.get("HEDGER_SEED", random.SystemRandom().randrange(1_000_000)))


@pytest.mark.timeout(180 + 90 * TAKEOVERS)
def test_a_standby_takes_over_from_one_that_is_killed_or_frozen(yard: Yard) -> None:
    print(f"HEDGER_SEED={SEED}")
    with takeovers(yard, "chase", SEED) as loop:
        print(loop.run(TAKEOVERS))
