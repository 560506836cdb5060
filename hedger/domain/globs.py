"""Patterns of names: `*` stands for any characters, `?` for one; everything else for itself."""

from __future__ import annotations

import re
from functools import lru_cache

LEGAL = re.compile(r"[A-Za-z0-9_.:#/*? -]{1,80}", re.ASCII)
"""What a pattern may be made of: characters of instrument names and of labels, and the two wildcards."""


@lru_cache(maxsize=65_536)
def matches(pattern: str, name: str) -> bool:
    """Whether the pattern stands for the name."""
    return _compiled(pattern).fullmatch(name) is not None


@lru_cache(maxsize=4_096)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile("".join({"*": ".*", "?": "."}.get(char, re.escape(char)) for char in pattern))


@lru_cache(maxsize=4_096)
def overlap(first: str, second: str) -> bool:
    """Whether there can be a name that both patterns stand for."""
    reach = {0}  # how far `second` may have been used up by what `first` stands for so far
    reach = _skipped(reach, second)
    for char in first:
        reach = _stepped(reach, char, second)
    return len(second) in reach


def _stepped(reach: set[int], char: str, second: str) -> set[int]:
    """The reach after one more character of the first pattern."""
    if char == "*":
        return set(range(min(reach), len(second) + 1)) if reach else set()
    after: set[int] = set()
    for at in reach:
        if at == len(second):
            continue
        if second[at] == "*":
            after.add(at)  # it stands for this character, and goes on
        elif char == "?" or second[at] in ("?", char):
            after.add(at + 1)
    return _skipped(after, second)


def _skipped(reach: set[int], second: str) -> set[int]:
    """A `*` of the second pattern may stand for nothing."""
    after = set(reach)
    for at in sorted(reach):
        while at < len(second) and second[at] == "*":
            at += 1
            after.add(at)
    return after
