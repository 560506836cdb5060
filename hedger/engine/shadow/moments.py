"""Mean and variance of figures that come one at a time."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(slots=True)
class Moments:
    """Count, mean and sum of squared deviations (Welford 1962, Technometrics 4(3): 419-420)."""

    count: int = 0
    mean: float = 0.0
    squares: float = 0.0

    def add(self, value: float) -> None:
        """Take in one more figure."""
        self.count += 1
        off = value - self.mean
        self.mean += off / self.count
        self.squares += off * (value - self.mean)

    @property
    def variance(self) -> float | None:
        """Unbiased, in the figures' unit squared; None for fewer than two."""
        return self.squares / (self.count - 1) if self.count > 1 else None

    @property
    def sd(self) -> float | None:
        """Standard deviation in the figures' unit; None for fewer than two."""
        return None if self.variance is None else math.sqrt(self.variance)
