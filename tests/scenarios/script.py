"""Scenario files: what happens, `----`, what the engine does about it; text that a trader can read.

    # Prose, kept as it is.

    trade sell 10 BTC-30JAN26-105000-C block=B1     <- events, one a line
    wait 1s
    ----
    00:00:02.040 btc wait settling_trade: ...       <- decisions, up to an empty line

`pytest tests/scenarios --rewrite` writes what really happened behind each `----`; the diff is the review.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

RULE = "----"


class Block(NamedTuple):
    """Lines as they stand before the rule (prose included), and the lines expected behind it."""

    given: tuple[str, ...]
    expected: tuple[str, ...]

    def events(self) -> Iterable[str]:
        """The given lines that say something happens."""
        return (line for line in self.given if line.strip() and not line.startswith("#"))


class Script(NamedTuple):
    """A whole file: its blocks, and prose behind the last of them."""

    blocks: tuple[Block, ...]
    rest: tuple[str, ...]


def parse(text: str) -> Script:
    """Raises ValueError for events that no rule follows."""
    blocks: list[Block] = []
    given: list[str] = []
    lines = iter(text.splitlines())
    for line in lines:
        if line != RULE:
            given.append(line)
            continue
        expected = []
        for told in lines:
            if not told.strip():
                break
            expected.append(told)
        blocks.append(Block(tuple(given), tuple(expected)))
        given = []
    script = Script(tuple(blocks), tuple(given))
    stray = [*Block(script.rest, ()).events()]
    if stray:
        raise ValueError(f"{stray[0]!r}: no {RULE} follows")
    return script


def run(script: Script, happen: Callable[[str], Iterable[str]]) -> Script:
    """The same script with what really happened: `happen` takes an event's line and tells what it did."""
    blocks = tuple(
        Block(block.given, tuple(told for line in block.events() for told in happen(line)))
        for block in script.blocks
    )
    return Script(blocks, script.rest)


def render(script: Script) -> str:
    """The file of a script."""
    parts = [line for block in script.blocks for line in (*block.given, RULE, *block.expected, "")]
    return "\n".join([*parts, *script.rest]).rstrip("\n") + "\n"
