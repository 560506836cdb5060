"""Awaiting a state: asked again and again until it is there, or a deadline says what never came."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal, TypeVar

T = TypeVar("T")

POLL_S = 0.02
WITHIN_S = 40.0


def until(condition: Callable[[], T | Literal[False] | None], what: str, within_s: float = WITHIN_S) -> T:
    """The first true answer of `condition`; AssertionError naming `what` after `within_s` wire seconds."""
    deadline = time.monotonic() + within_s
    while not (answer := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within_s:g} s: {what}")
        time.sleep(POLL_S)
    return answer
