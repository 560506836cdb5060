"""The fault simulation: lives, events and frames per second of CPU, in one process."""

from __future__ import annotations

import time

from hedger.backtest.simulate.run import run


def fault_simulation(lives: int) -> dict[str, float]:
    """Seeds from 1 on; a violation ends the benchmark."""
    events = frames = 0
    began_s = time.process_time()
    for result in run(range(1, lives + 1), workers=1):
        assert not result.violation, result
        events, frames = events + result.tally.events, frames + result.tally.frames
    spent_s = time.process_time() - began_s
    return {
        "CPU s per life": spent_s / lives,
        "events/s": events / spent_s,
        "frames/s": frames / spent_s,
    }
