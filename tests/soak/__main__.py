"""Long runs: `python -m tests.soak [part ...] [--minutes N] [--first-seed K]`.

Each part runs from seed to seed until its minutes are over, once at least. A table tells what was done; the
exit code is 1 where anything was violated, and the seed that did it is named.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import time
import traceback
from collections.abc import Callable
from typing import NamedTuple

from tests.soak import hostile, lives, processes

Part = Callable[[int], str]
"""One run from a seed: what was done, in words. Raises AssertionError for a violation."""

PARTS: dict[str, Part] = {
    "kills-sqlite": processes.kills_on_sqlite,
    "kills-postgres": processes.kills_on_postgres,
    "network": processes.network,
    "takeovers": processes.taken_over,
    "month": processes.month,
    "lives": lives.lives,
    "fuzz": hostile.fuzz,
    "hostile": hostile.generated,
}


class Run(NamedTuple):
    """One part: how many seeds it ran, for how long, and which of them were violated."""

    part: str
    first_seed: int
    seeds: int
    seconds: float
    violated: tuple[int, ...]


def main() -> int:
    """0, or 1 where a part was violated."""
    asked = _arguments()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the processes of a part end with it
    runs = [_run(name, asked.first_seed, asked.minutes * 60.0) for name in asked.parts or PARTS]
    print(f"{'part':16} {'first seed':>10} {'seeds':>6} {'seconds':>8} {'violations':>10}")
    for run in runs:
        counts = f"{run.first_seed:10} {run.seeds:6} {run.seconds:8.0f} {len(run.violated):10}"
        print(f"{run.part:16} {counts}")
    for part, seed in [(run.part, seed) for run in runs for seed in run.violated]:
        print(f"VIOLATED: python -m tests.soak {part} --first-seed {seed} --minutes 0")
    return 1 if any(run.violated for run in runs) else 0


def _run(part: str, first_seed: int, most_seconds: float) -> Run:
    seed, violated, began_s = first_seed, [], time.monotonic()
    while seed == first_seed or time.monotonic() < began_s + most_seconds:
        seed_began_s = time.monotonic()
        try:
            told = PARTS[part](seed)
        except AssertionError:
            told = traceback.format_exc()
            violated.append(seed)
        print(f"{part}  seed {seed}  {time.monotonic() - seed_began_s:.0f} s\n{_indented(told)}", flush=True)
        seed += 1
    return Run(part, first_seed, seed - first_seed, time.monotonic() - began_s, tuple(violated))


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())


def _arguments() -> argparse.Namespace:
    told = __doc__ or ""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=told.splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="part", help=f"of {', '.join(PARTS)}; all of them")
    parser.add_argument("--minutes", type=float, default=10.0, help="of each part")
    parser.add_argument("--first-seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    asked = parser.parse_args()
    for name in asked.parts:
        if name not in PARTS:
            parser.error(f"part {name!r}: must be one of {', '.join(PARTS)}")
    return asked


if __name__ == "__main__":
    sys.exit(main())
