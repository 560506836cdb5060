"""Every field that `hedger status --json` prints says what it is, in its own source."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any, get_args, get_type_hints

import msgspec
import pytest

from hedger.web.answers import ChainAnswer, OutlooksAnswer, StatusAnswer


def structs_in(kind: Any, seen: set[type]) -> Iterator[type]:
    """The struct types a type is made of."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and kind not in (msgspec.Struct, *seen):
        seen.add(kind)
        for part in (*kind.__bases__, *get_type_hints(kind).values()):
            yield from structs_in(part, seen)
        yield kind
    for part in get_args(kind):
        yield from structs_in(part, seen)


UNIT_IN_NAME = re.compile(r"(_usd|_coin|_pct|_per_day|_points|_bps|_(usd_)?24h)$")
ANSWERED = sorted(
    structs_in(tuple[StatusAnswer, OutlooksAnswer, ChainAnswer], set()), key=lambda k: k.__name__
)


@pytest.mark.parametrize("struct", ANSWERED, ids=lambda struct: struct.__name__)
def test_every_field_says_its_unit_or_meaning(struct: type) -> None:
    """A comment on its line, its name in the docstring of its struct, or a unit in the name itself."""
    source = inspect.getsource(struct)
    told = struct.__doc__ or ""
    lines = re.findall(r"^    (\w+): [^#\n]*(#.*)?$", source, re.MULTILINE)
    silent = [name for name, comment in lines if not comment and not re.search(rf"\b{name}\b", told)]
    assert [name for name in silent if not UNIT_IN_NAME.search(name)] == []
