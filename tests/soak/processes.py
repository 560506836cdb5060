"""Parts with real processes: killed, cut off from each other, without room on the disk."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from pathlib import Path

from tests.end_to_end.flat import flat_days
from tests.end_to_end.kills import STYLES, kill_loop
from tests.end_to_end.storms import Storm
from tests.end_to_end.takeovers import takeovers
from tests.end_to_end.yard import Yard, yard_in
from tests.postgres import running_postgres

KILLS = 36  # of each style of hedging
FAULTS = 40
TAKEOVERS = 25


def kills_on_sqlite(seed: int) -> str:
    """Over a hundred kills of daemon and exchange."""
    told = []
    for name, style in STYLES.items():
        with _yard() as yard, kill_loop(yard, style, seed) as loop:
            told.append(f"{name}: {loop.run(KILLS)}")
    return "\n".join(told)


def kills_on_postgres(seed: int) -> str:
    """Over a hundred kills of daemon, exchange and database."""
    told = []
    with running_postgres(fsync=True) as server:
        for name, style in STYLES.items():
            with _yard() as yard, kill_loop(yard, style, seed, server) as loop:
                told.append(f"{name}: {loop.run(KILLS)}")
    return "\n".join(told)


def network(seed: int) -> str:
    """Faults of the wire in each style of hedging."""
    told = []
    for name in STYLES:
        with _yard() as yard, Storm.over(yard, name, seed) as storm:
            told.append(f"{name}: {storm.run(FAULTS)}")
    return "\n".join(told)


def taken_over(seed: int) -> str:
    """Standbys that take over from daemons which are killed or frozen, on both stores."""
    told = []
    with running_postgres(fsync=True) as server:
        for database in ("", server.new_database()):
            with _yard() as yard, takeovers(yard, "chase", seed, database) as loop:
                told.append(f"{'postgres' if database else 'sqlite'}: {loop.run(TAKEOVERS)}")
    return "\n".join(told)


def month(seed: int) -> str:
    """A month in the market, an hour a second; there is nothing to draw, the seed is not used."""
    with _yard() as yard:
        return flat_days(yard, days=31, speed=3_600, most_growth_mb=0.25)


@contextmanager
def _yard() -> Iterator[Yard]:
    """Its processes' last words are told only where something went wrong."""
    with tempfile.TemporaryDirectory(prefix="hedger-soak-") as folder, redirect_stdout(StringIO()) as words:
        try:
            with yard_in(Path(folder), warm=False) as yard:
                yield yard
        except AssertionError:
            print(words.getvalue(), file=sys.stderr)
            raise
