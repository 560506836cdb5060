"""kill -9 at any moment of either side leaves nothing that a restart does not find out.

`HEDGER_KILLS=100` makes the loops as long; `HEDGER_SEED` repeats one that failed.
"""

from __future__ import annotations

import os
import random

import pytest

from tests.end_to_end.kills import STYLES, kill_loop
from tests.end_to_end.yard import Yard
from tests.postgres import binaries, running_postgres

KILLS = int(os.environ.get("HEDGER_KILLS", "5"))
SEED = int(os.environ.get("HEDGER_SEED", random.SystemRandom().randrange(1_000_000)))


@pytest.mark.timeout(180 + 60 * KILLS)
@pytest.mark.parametrize("style", STYLES)
def test_nothing_is_done_twice_and_nothing_is_lost(yard: Yard, style: str) -> None:
    print(f"HEDGER_SEED={SEED}")
    with kill_loop(yard, STYLES[style], SEED) as loop:
        print(loop.run(KILLS))


@pytest.mark.timeout(180 + 60 * KILLS)
@pytest.mark.skipif(binaries() is None, reason="no PostgreSQL server here: apt-get install postgresql")
def test_nor_with_a_database_that_is_killed_too(yard: Yard) -> None:
    print(f"HEDGER_SEED={SEED}")
    with running_postgres(fsync=True) as server, kill_loop(yard, STYLES["chase"], SEED, server) as loop:
        print(loop.run(KILLS))
