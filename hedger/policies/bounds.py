"""Checks of Params against their documented Keys, and building Params from settings."""

from __future__ import annotations

import math
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, get_type_hints

from hedger.domain.keys import Key


def check_keys(params: Any, doc: Mapping[str, Key]) -> None:
    """Refuse a value outside its Key's bounds. Raises ValueError naming field, value and what is right."""
    for field, key in doc.items():
        value = getattr(params, field)
        if not math.isfinite(value):
            raise ValueError(f"{field} = {value}: must be a finite number")
        if key.above is not None and not value > key.above:
            raise ValueError(f"{field} = {value}: must be above {key.above:g} {key.unit}".rstrip())
        if key.least is not None and value < key.least:
            raise ValueError(f"{field} = {value}: must be at least {key.least:g} {key.unit}".rstrip())
        if key.most is not None and value > key.most:
            raise ValueError(f"{field} = {value}: must be at most {key.most:g} {key.unit}".rstrip())


def build(params_type: type, values: Mapping[str, float]) -> Any:
    """Params from settings; what is absent keeps its default. Raises ValueError for a key that is not one."""
    kinds = get_type_hints(params_type)
    for field, value in values.items():
        if field not in kinds:
            near = get_close_matches(field, kinds, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(kinds)}"
            raise ValueError(f"{field} = {value!r}: no such parameter; {hint}")
    return params_type(**{field: _number(field, kinds[field], value) for field, value in values.items()})


def _number(field: str, kind: type, value: object) -> float:
    if not isinstance(value, int | float):
        raise ValueError(f"{field} = {value!r}: must be a number")
    if kind is int and value not in (0, 1):
        raise ValueError(f"{field} = {value!r}: must be 0 (off) or 1 (on)")
    return int(value) if kind is int else float(value)
