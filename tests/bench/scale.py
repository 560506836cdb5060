"""Cost per tick as the book grows: it must follow what changed, not how much is held."""

from __future__ import annotations

import gc
import random
import statistics
import time

from tests.bench.frames import hold, live_rig

SMALL, LARGE = 50, 5_000
EXPIRIES = ("30JAN26", "27FEB26", "27MAR26", "26JUN26", "25SEP26", "25DEC26")


def chain(size: int) -> list[str]:
    """So many options of several expiries."""
    strikes = range(20_000, 20_000 + 100 * (size // (2 * len(EXPIRIES)) + 1), 100)
    made = [f"BTC-{expiry}-{strike}-{kind}" for strike in strikes for expiry in EXPIRIES for kind in "CP"]
    return made[:size]


def tick_us(size: int, count: int) -> float:
    """Median CPU of a step with one ticker, over blocks, in a book of `size` positions."""
    rig, names = live_rig(), chain(size)
    for batch in hold(rig, names):
        rig.step(*batch)
    draw = random.Random(3)
    blocks = []
    for _ in range(20):
        stream = []
        for _ in range(count // 20):
            rig.market_ms += 1
            rig.wire_s += 0.0001
            stream.append(
                (rig.now, [rig.option_quote(draw.choice(names), iv=0.55 + draw.uniform(-0.01, 0.01))])
            )
        gc.disable()
        began_s = time.process_time()
        for now, events in stream:
            rig.engine.step(now, events)
        blocks.append((time.process_time() - began_s) / len(stream) * 1e6)
        gc.enable()
    return statistics.median(blocks)


def book_size(count: int = 4_000) -> dict[str, float]:
    """Microseconds per tick with SMALL and LARGE books, and their ratio: 1 is flat."""
    small, large = tick_us(SMALL, count), tick_us(LARGE, count)
    return {f"{SMALL}_us": small, f"{LARGE}_us": large, "ratio": large / small}
