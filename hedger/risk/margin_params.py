"""The floor under the account's margin that no hedge may break."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from hedger.domain.keys import Key, check_bounds


@dataclass(frozen=True, slots=True)
class MarginParams:
    """What must be left after a hedge. A hedge that makes the required margin smaller always passes."""

    min_excess_fraction: Annotated[
        float,
        Key(
            "fraction",
            "margin balance less initial margin, over margin balance, after a hedge",
            least=0,
            most=0.95,
        ),
    ] = 0.05
    min_maintenance_distance: Annotated[
        float,
        Key(
            "fraction",
            "margin balance less maintenance margin, over margin balance, after a hedge",
            least=0,
            most=0.95,
        ),
    ] = 0.1

    def __post_init__(self) -> None:
        check_bounds(self)
