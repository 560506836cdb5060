"""Checks of Params against their documented Keys, and building Params from settings."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, get_type_hints

from hedger.domain.keys import Key, check_value, hint


def check_keys(params: Any, doc: Mapping[str, Key]) -> None:
    """Refuse a value outside its Key's bounds. Raises ValueError naming field, value and what is right."""
    for field, key in doc.items():
        check_value(field, getattr(params, field), key)


def check_target(target_delta_coin: float) -> None:
    """Refuse a target that is no number. Raises ValueError naming value and what is right."""
    if not math.isfinite(target_delta_coin):
        raise ValueError(f"target_delta_coin = {target_delta_coin}: must be a finite number")


def build(params_type: type, values: Mapping[str, float | str], doc: Mapping[str, Key]) -> Any:
    """Params from settings; what is absent keeps its default. Raises ValueError for a key that is not one."""
    return params_type(**numbers(params_type, values, doc))


def numbers(params_type: type, values: Mapping[str, float | str], doc: Mapping[str, Key]) -> dict[str, float]:
    """The given values as the kernel reads them, words turned into their numbers. Raises ValueError."""
    kinds = get_type_hints(params_type)
    for field, value in values.items():
        if field not in kinds:
            raise ValueError(f"{field} = {value!r}: no such parameter; {hint(field, kinds)}")
    return {field: _number(field, kinds[field], value, doc[field]) for field, value in values.items()}


def _number(field: str, kind: type, value: object, key: Key) -> float:
    if key.words is not None and value in key.words:
        return kind(key.words[str(value)])  # type: ignore[no-any-return]
    if not isinstance(value, int | float):
        right = "must be a number" if key.words is None else _one_of(kind, key.words)
        raise ValueError(f"{field} = {value!r}: {right}")
    if kind is int and key.words is not None and value not in key.words.values():
        raise ValueError(f"{field} = {value!r}: {_one_of(kind, key.words)}")
    if kind is int and key.words is None and value not in (0, 1):
        raise ValueError(f"{field} = {value!r}: must be 0 (off) or 1 (on)")
    return int(value) if kind is int else float(value)


def _one_of(kind: type, words: Mapping[str, float]) -> str:
    named = " or ".join(f'"{word}"' for word in words)
    return f"must be {named}" if kind is int else f"must be a number or {named}"
