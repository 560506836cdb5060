"""What a JSON value is made of, and in what two of them differ: names, JSON types, presence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

# Objects whose names are data: one shape for whatever stands under them.
MAPS = re.compile(r"(_map|trading)$")
# Numbers that are counted or are times: an answer that prints them with a fraction is another type.
WHOLE = re.compile(r"(timestamp|(^|_)id|_seq|^us(In|Out|Diff)|expires_in|tick_direction|timeframe|^tick)$")


@dataclass(slots=True)
class Node:
    """One place in all samples of a frame."""

    kinds: set[str] = field(default_factory=set)
    members: dict[str, Node] = field(default_factory=dict)
    seen: int = 0  # samples of the parent in which it stood
    objects: int = 0  # times it was an object


def shape_of(samples: Iterable[Any]) -> Node:
    """The shape of all samples together."""
    root = Node()
    for sample in samples:
        _look(root, "", sample)
    return root


def _look(node: Node, name: str, value: Any) -> None:
    node.seen += 1
    node.kinds.add(_kind(name, value))
    if isinstance(value, dict):
        node.objects += 1
        for key, item in value.items():
            label = "*" if MAPS.search(name) else key
            _look(node.members.setdefault(label, Node()), key, item)
    elif isinstance(value, list):
        for item in value:
            _look(node.members.setdefault("[]", Node()), name, item)


def _kind(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int) and WHOLE.search(name):
        return "whole number"
    if isinstance(value, (int, float)):
        return "number"
    return {str: "string", list: "array", dict: "object", type(None): "null"}[type(value)]


def differences(ours: Node, theirs: Node, path: str = "") -> Iterator[str]:
    """How ours differs, one line each: `lacks PATH`, `adds PATH`, `PATH is KIND, recorded KIND`.

    A name that the recorded frames have only sometimes may be absent from ours, and a null that only they
    have is no difference: ours need not show every state. Where the recorded frames show no example of what
    stands inside an object or an array, there is nothing to compare.
    """
    if not ours.kinds <= theirs.kinds:
        yield f"{path} is {_listed(ours.kinds - theirs.kinds)}, recorded {_listed(theirs.kinds)}"
    if not theirs.members or not ours.members:
        if theirs.objects and ours.objects:
            yield from _presence(ours, theirs, path)
        return
    yield from _presence(ours, theirs, path)
    for name in sorted(set(ours.members) & set(theirs.members)):
        yield from differences(ours.members[name], theirs.members[name], _join(path, name))


def _presence(ours: Node, theirs: Node, path: str) -> Iterator[str]:
    for name in sorted(set(ours.members) | set(theirs.members)):
        mine, recorded = ours.members.get(name), theirs.members.get(name)
        if name in ("*", "[]"):
            continue
        if recorded is None:
            yield f"adds {_join(path, name)}"
        elif recorded.seen >= theirs.objects and (mine is None or mine.seen < ours.objects):
            yield f"lacks {_join(path, name)}"


def _join(path: str, name: str) -> str:
    return f"{path}{name}" if name == "[]" or not path else f"{path}.{name}"


def _listed(kinds: set[str]) -> str:
    return " or ".join(sorted(kinds))
