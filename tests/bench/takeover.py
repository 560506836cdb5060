"""From the end of the holder to the standby's first chance to trade: real processes, the default lease.

Beside it what a plain start takes on the same machine, most of which a standby is spared.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

from tests.end_to_end.pair import freeze, until_standby, until_taken_over
from tests.end_to_end.sides import Daemon
from tests.end_to_end.yard import BRISK, Yard, yard_in

DEFAULT_LEASE_S = 10.0


def takeover() -> dict[str, float]:
    """Wire seconds; the frozen holder's counts from SIGSTOP, at a random moment of its lease."""
    return {
        "a plain start, s": _plain_start(),
        "after a clean stop, s": _measured(lambda holder: holder.process.stop()),
        "after kill -9, s": _measured(lambda holder: holder.process.kill()),
        f"after SIGSTOP, lease of {DEFAULT_LEASE_S:g} s, s": _measured(freeze),
    }


def _measured(end: Callable[[Daemon], object]) -> float:
    with redirect_stdout(StringIO()), tempfile.TemporaryDirectory() as folder, yard_in(Path(folder)) as yard:
        holder, standby = _pair(yard)
        end(holder)
        return until_taken_over(standby, 2)


def _pair(yard: Yard) -> tuple[Daemon, Daemon]:
    exchange = yard.exchange("--seed", "3", "--speed", "1", "--book", "strangle")
    holder = yard.daemon(exchange, overrides=BRISK)
    holder.until_quiet()
    standby = yard.daemon(exchange, overrides=BRISK)
    until_standby(standby)
    return holder, standby


def _plain_start() -> float:
    with redirect_stdout(StringIO()), tempfile.TemporaryDirectory() as folder, yard_in(Path(folder)) as yard:
        exchange = yard.exchange("--seed", "3", "--speed", "1", "--book", "strangle")
        began_s = time.monotonic()
        until_taken_over(yard.daemon(exchange, overrides=BRISK), 1)
        return time.monotonic() - began_s
