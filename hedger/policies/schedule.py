"""What a book is scheduled to do, as the file writes it; `calendar` reads it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from hedger.domain.keys import Key
from hedger.policies.calendar import (
    MOST_WINDOWS,
    Calendar,
    parse_announced,
    parse_slots,
    parse_windows,
)

_WINDOW = '"sat,sun 00:00-24:00" every week or "2026-12-24/2026-12-27" once'


@dataclass(frozen=True, slots=True)
class Schedule:
    """Windows of market time, UTC."""

    profiles: Annotated[
        tuple[str, ...],
        Key(
            "UTC",
            f"windows, each with the profile in force in it; the first that holds counts: {_WINDOW}",
            separator=";",
        ),
    ] = ()
    blackouts: Annotated[
        tuple[str, ...],
        Key("UTC", "windows without a hedge, unless delta is beyond the hard limit", separator=";"),
    ] = ()
    centre_before: Annotated[
        tuple[str, ...],
        Key(
            "UTC; minutes",
            'announced events: to the target once before them, like "2026-12-01T09:00 15"',
            separator=";",
        ),
    ] = ()

    def __post_init__(self) -> None:
        self.calendar()

    def calendar(self) -> Calendar:
        """Read anew at each call. Raises ValueError naming key and text."""
        return Calendar(
            _parsed("profiles", self.profiles, parse_slots),
            _parsed("blackouts", self.blackouts, parse_windows),
            _parsed("centre_before", self.centre_before, parse_announced),
        )


def _parsed(name: str, texts: Sequence[str], parse: Callable[[Sequence[str]], Any]) -> Any:
    if len(texts) > MOST_WINDOWS:
        raise ValueError(f"{name} = [{len(texts)} entries]: must be at most {MOST_WINDOWS}")
    try:
        return parse(texts)
    except ValueError as error:
        raise ValueError(f"{name} = {error}") from None
