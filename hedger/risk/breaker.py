"""The latched switch: which command leads where.

A command makes the state stricter; `resume` alone leads back, from every state and always to running. From
`paused` a person may also ask for the one thing that ends a delta nobody hedges: neutralise, or flatten.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from hedger.domain.vocabulary import BreakerState, stricter

_RESUME = "resume"
_FROM_PAUSED = frozenset({BreakerState.NEUTRALISING, BreakerState.FLATTENING})

COMMANDS: Mapping[str, BreakerState] = MappingProxyType(
    {
        "pause": BreakerState.PAUSED,
        _RESUME: BreakerState.RUNNING,
        "reduce_only": BreakerState.REDUCE_ONLY,
        "neutralise": BreakerState.NEUTRALISING,
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
    if command == _RESUME or (state is BreakerState.PAUSED and asked in _FROM_PAUSED):
        return asked
    return stricter(state, asked)
