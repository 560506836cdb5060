"""Garbage collection between batches: a full collection in the tick path can pause for 100 ms.

After start-up everything alive is frozen out of the collector's sight, and young generations are collected
on a schedule, when no event waits.
"""

from __future__ import annotations

import gc

FREEZE_AFTER_S = 10.0
YOUNG_EVERY_S = 1.0
OLD_EVERY_S = 60.0


class Garbage:
    """Owns the collector while the daemon runs; `restore` gives it back."""

    def __init__(self) -> None:
        self._was_enabled = gc.isenabled()
        self._started_s: float | None = None
        self._frozen = False
        self._young_s = self._old_s = 0.0

    def between_batches(self, wire_s: float) -> None:
        """Called after each step; collects when a period has passed."""
        if self._started_s is None:
            self._started_s = self._young_s = self._old_s = wire_s
            gc.disable()
        if not self._frozen and wire_s - self._started_s >= FREEZE_AFTER_S:
            gc.collect()
            gc.freeze()
            self._frozen = True
        if wire_s - self._old_s >= OLD_EVERY_S:
            self._old_s = self._young_s = wire_s
            gc.collect()
        elif wire_s - self._young_s >= YOUNG_EVERY_S:
            self._young_s = wire_s
            gc.collect(0)

    def restore(self) -> None:
        """Give the collector back as it was found."""
        if self._frozen:
            gc.unfreeze()
        if self._was_enabled:
            gc.enable()
