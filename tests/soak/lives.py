"""Whole lives under faults in virtual time, many of them."""

from __future__ import annotations

import os

from hedger.backtest.simulate.run import Summary, run

LIVES = int(os.environ.get("HEDGER_SOAK_LIVES", "500"))


def lives(seed: int) -> str:
    """LIVES seeds from LIVES x `seed` on, over all cores."""
    summary = Summary()
    for result in run(range(seed * LIVES, (seed + 1) * LIVES), os.cpu_count() or 1):
        summary.add(result)
    told = "\n".join(f"seed {bad.seed}: {bad.violation}: {bad.detail}" for bad in summary.violations)
    assert not summary.violations, told
    hours = summary.virtual_s / 3600
    return (
        f"{summary.lives} lives, {hours:,.0f} virtual hours, {summary.tally.restarts:,} restarts, "
        f"{summary.tally.takeovers:,} takeovers, blocked {summary.blocked_share:.1%} of the time"
    )
