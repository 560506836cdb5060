"""The latched switch: which command leads where.

A command can only make the state stricter; `resume` alone leads back, from every state and always to running.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from hedger.domain.vocabulary import BreakerState, stricter

_RESUME = "resume"

COMMANDS: Mapping[str, BreakerState] = MappingProxyType(
    {
        "pause": BreakerState.PAUSED,
        _RESUME: BreakerState.RUNNING,
        "reduce_only": BreakerState.REDUCE_ONLY,
        "flatten": BreakerState.FLATTENING,
        "halt": BreakerState.HALTED,
    }
)
"""Command -> the state it asks for; the same for a book and for the daemon."""


def after(state: BreakerState, command: str) -> BreakerState:
    """The state after `command`. Raises ValueError naming the valid commands."""
    asked = COMMANDS.get(command)
    if asked is None:
        raise ValueError(f"command = {command!r}: must be one of {', '.join(COMMANDS)}")
    return asked if command == _RESUME else stricter(state, asked)
