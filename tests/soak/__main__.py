"""Long runs: `python -m tests.soak [part ...] [--minutes N] [--first-seed K]`.

Each part runs from seed to seed until its minutes are over, once at least. A table tells what was done; the
exit code is 1 where anything was violated, and the seed that did it is named.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
import traceback
from collections.abc import Callable

from tests.soak import hostile, processes

Part = Callable[[int], str]
"""One run from a seed: what was done, in words. Raises AssertionError for a violation."""

PARTS: dict[str, Part] = {
    "kills-sqlite": processes.kills_on_sqlite,
    "kills-postgres": processes.kills_on_postgres,
    "network": processes.network,
    "month": processes.month,
    "fuzz": hostile.fuzz,
    "hostile": hostile.generated,
}


def main() -> int:
    """0, or 1 where a part was violated."""
    asked = _arguments()
    seed = asked.first_seed
    violated = []
    for name in asked.parts or PARTS:
        violated += [(name, bad) for bad in _run(name, PARTS[name], seed, asked.minutes * 60.0)]
    for name, bad in violated:
        print(f"VIOLATED: python -m tests.soak {name} --first-seed {bad} --minutes 0")
    return 1 if violated else 0


def _run(name: str, part: Part, seed: int, seconds: float) -> list[int]:
    """The seeds that were violated."""
    violated, deadline = [], time.monotonic() + seconds
    while True:
        began_s = time.monotonic()
        try:
            told = part(seed)
        except AssertionError:
            told = traceback.format_exc()
            violated.append(seed)
        print(f"{name}  seed {seed}  {time.monotonic() - began_s:.0f} s\n{_indented(told)}", flush=True)
        seed += 1
        if time.monotonic() >= deadline:
            return violated


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
