"""One published figure beside ours."""

from __future__ import annotations

import math
from typing import Any, Literal, NamedTuple

from hedger.lab.executor import Executor
from hedger.lab.experiment import read
from hedger.lab.run import Result, run
from hedger.lab.statistics import Figure

SIGMAS = 3.5
"""A simulated figure may miss by so many standard errors: one in two thousand does by chance."""


class Row(NamedTuple):
    """`tolerance` is absolute; `most`: ours must not exceed theirs by more, `least`: not fall short of it."""

    what: str
    ours: float
    theirs: float
    tolerance: float
    relation: Literal["equal", "least", "most"] = "equal"

    @property
    def holds(self) -> bool:
        """False for NaN."""
        apart = self.ours - self.theirs
        if self.relation == "least":
            return apart >= -self.tolerance
        return (apart if self.relation == "most" else abs(apart)) <= self.tolerance


class Effort(NamedTuple):
    """How much is simulated, and where. `share` of the full number of paths, never fewer than 1,000."""

    executor: Executor
    share: float = 1.0

    def paths(self, full: int) -> int:
        return max(1_000, round(full * self.share))

    @property
    def whole(self) -> bool:
        return self.share >= 1.0

    def simulate(self, tables: dict[str, Any], paths: int, seed: int) -> Result:
        """The experiment of a file's tables, at this effort."""
        simulation = {**tables.get("simulation", {}), "paths": self.paths(paths), "seed": seed}
        return run(read({**tables, "simulation": simulation}), self.executor)


def exact(what: str, ours: float, theirs: float, relative: float = 1e-9) -> Row:
    return Row(what, ours, theirs, relative * abs(theirs))


def printed(what: str, ours: float, theirs: float, digits: int) -> Row:
    """Theirs is rounded to so many decimals."""
    return Row(what, ours, theirs, 0.5 * 10.0**-digits * (1.0 + 1e-9))


def simulated(what: str, ours: Figure, theirs: float, their_se: float = 0.0, slack: float = 0.0) -> Row:
    """Within the standard errors of both, and `slack` for what the two do differently."""
    return Row(what, ours.value, theirs, slack + SIGMAS * math.hypot(ours.se, their_se))


def scaled(figure: Figure, factor: float) -> Figure:
    return Figure(figure.value * factor, figure.se * factor)


EVERY_STEP: dict[str, Any] = {"policy": "band", "params": {"lower": 0.0, "upper": 0.0, "to_centre": 1}}
"""A rule that hedges to the target whenever it is asked."""


def short_call(spot: float, strike: float, days: float, iv: float, **book: Any) -> dict[str, Any]:
    leg = {"kind": "call", "strike_usd": strike, "expiry_days": days, "quantity_coin": -1.0, "iv": iv}
    return {"spot_usd": spot, "options": [leg], **book}
