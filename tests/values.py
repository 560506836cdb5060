"""Any value of a type, as a strategy of hypothesis: structs, dataclasses and what they are made of.

Numbers are finite and integers fit 64 bits, as everything that passed the decoder; texts hold whatever UTF-8
can. A type this does not know raises, so that nobody believes a new one is covered.
"""

from __future__ import annotations

import dataclasses
import types
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import msgspec
from hypothesis import strategies as st

TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
SIMPLE: dict[Any, st.SearchStrategy[Any]] = {
    bool: st.booleans(),
    int: st.integers(-(2**63), 2**63 - 1),
    float: st.floats(allow_nan=False, allow_infinity=False),
    str: TEXT,
    type(None): st.none(),
    Decimal: st.decimals(-(10**30), 10**30, allow_nan=False, allow_infinity=False, places=12),
}


@cache
def of(kind: Any) -> st.SearchStrategy[Any]:
    """Values of `kind`. Raises TypeError for a kind of type nobody has thought of."""
    if kind in SIMPLE:
        return SIMPLE[kind]
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return of(parts[0])
    if origin in (Union, types.UnionType):
        return st.one_of([of(part) for part in parts])
    if origin is tuple and parts[-1] is Ellipsis:
        return st.lists(of(parts[0]), max_size=3).map(tuple)
    if origin is tuple:
        return st.tuples(*map(of, parts))
    if origin is dict:
        return st.dictionaries(of(parts[0]), of(parts[1]), max_size=3)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return st.sampled_from(kind)
    if isinstance(kind, type) and (issubclass(kind, msgspec.Struct) or dataclasses.is_dataclass(kind)):
        return _record(kind)
    if isinstance(kind, type) and issubclass(kind, tuple) and hasattr(kind, "_fields"):
        return st.builds(kind, *map(of, get_type_hints(kind).values()))
    raise TypeError(f"no strategy for {kind!r}")


def _record(kind: type[Any]) -> st.SearchStrategy[Any]:
    hints = get_type_hints(kind, include_extras=True)
    names = (
        [f.name for f in dataclasses.fields(kind)]
        if dataclasses.is_dataclass(kind)
        else kind.__struct_fields__
    )
    return st.deferred(lambda: st.builds(kind, **{name: of(hints[name]) for name in names}))


def structs_of(union: Any) -> list[type[msgspec.Struct]]:
    """The members of a closed union, and the structs they hold, each once."""
    found: dict[type[msgspec.Struct], None] = {}
    waiting = [union]
    while waiting:
        kind = waiting.pop()
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            if kind in found:
                continue
            found[kind] = None
            waiting += get_type_hints(kind, include_extras=True).values()
        waiting += get_args(kind)
    return sorted(found, key=lambda one: one.__qualname__)
