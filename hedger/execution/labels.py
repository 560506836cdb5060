"""Labels `h-<book>-<epoch>-<sequence>`: unique across restarts, because every run has an epoch of its own.

A venue neither makes labels unique nor refuses a repeated one (deribit.md 8); uniqueness is our own doing.
"""

from __future__ import annotations

import re
from typing import NamedTuple

MAX_LABEL_LENGTH = 64
"""Deribit's limit."""

_LABEL = re.compile(r"h-([a-z][a-z0-9_]{0,15})-([1-9][0-9]{0,11})-([1-9][0-9]{0,11})", re.ASCII)


class Label(NamedTuple):
    """A label taken apart."""

    book: str
    epoch: int
    sequence: int


def make_label(book: str, epoch: int, sequence: int) -> str:
    """Raises ValueError for a book name or a number that the label could not carry."""
    label = f"h-{book}-{epoch}-{sequence}"
    if parse_label(label) is None:
        rule = "a book name of 1-16 of a-z, 0-9 and _, and numbers from 1 to 12 digits"
        raise ValueError(f"label = {label!r}: must be made of {rule}")
    return label


def parse_label(label: str) -> Label | None:
    """The parts of a hedger's label; None for any other."""
    found = _LABEL.fullmatch(label)
    return None if found is None else Label(found[1], int(found[2]), int(found[3]))
