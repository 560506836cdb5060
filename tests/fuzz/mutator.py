"""Mutation with a sense for JSON: bytes alone seldom get past a parser, and one in C tells no coverage."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

ODD: tuple[Any, ...] = (
    *(None, True, "", "\x00", "\u202e", "\x1b[2J", "NaN", "Infinity", "market_price", [], {}, [[]]),
    *(0, -1, 1, 0.5, -0.0, 1e300, 5e-324, 10**30, 2**63, 253_402_300_800_000, "9" * 400),
)
Bytes = Callable[[bytes, int], bytes]


def mutated(data: bytes, most: int, seed: int, by_bytes: Bytes) -> bytes:
    """Every other time one value of the JSON in it; otherwise, and where there is none, by `by_bytes`."""
    draw = random.Random(seed)
    at = min((found for found in (data.find(b"{"), data.find(b"[")) if found >= 0), default=-1)
    if at >= 0 and draw.random() < 0.5:
        try:
            value = json.loads(data[at:])
        except (ValueError, RecursionError):
            return by_bytes(data, most)
        changed = data[:at] + json.dumps(_changed(value, draw), separators=(",", ":")).encode()
        return changed[:most]
    return by_bytes(data, most)


def _changed(value: Any, draw: random.Random) -> Any:
    """The value with one part of it replaced, scaled, left out, doubled or exchanged with another's."""
    if isinstance(value, dict) and value and draw.random() < 0.9:
        name, other = draw.choice(list(value)), draw.choice(list(value))
        match draw.randrange(8):
            case 0:
                return {each: part for each, part in value.items() if each != name}
            case 1:
                return value | {name: value[other]}
            case _:
                return value | {name: _changed(value[name], draw)}
    if isinstance(value, list) and value and draw.random() < 0.9:
        index = draw.randrange(len(value))
        part = _changed(value[index], draw)
        return [*value[:index], part, *([part] if draw.random() < 0.2 else []), *value[index + 1 :]]
    if isinstance(value, float | int) and draw.random() < 0.5:
        return value * draw.choice((-1, 0, 0.1, 0.5, 0.9, 1.1, 2, 10, 1e9))
    return draw.choice(ODD)
