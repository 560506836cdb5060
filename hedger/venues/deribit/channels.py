"""Names of the channels we subscribe (deribit.md 7)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

CHUNK = 200  # channels a call: documented up to 500, recorded with 131

TICKER = "ticker"
INDEX = "deribit_price_index"
CHANGES = "user.changes"
PORTFOLIO = "user.portfolio"
PLATFORM = "platform_state"
STATE = "instrument.state"
LOCK = "user.lock"


class Channel(NamedTuple):
    """A channel's name taken apart; all empty for a frame that speaks of no channel."""

    name: str
    family: str
    subject: str


NONE = Channel("", "", "")


def ticker(instrument: str) -> str:
    return f"{TICKER}.{instrument}.100ms"


def index(name: str) -> str:
    return f"{INDEX}.{name}"


def account_channels(currencies: Iterable[str]) -> tuple[str, ...]:
    """What must be acknowledged before the link counts as up."""
    names = [f"{CHANGES}.any.any.raw", PLATFORM]
    for currency in currencies:
        names += [f"{PORTFOLIO}.{currency}", f"{STATE}.any.{currency}"]
    return tuple(names)


def family(channel: str) -> str:
    """The part of a channel's name that says what its data is; empty for one we do not read."""
    if channel in (PLATFORM, LOCK):
        return channel
    head, _, rest = channel.partition(".")
    if head in (TICKER, INDEX):
        return head
    second = rest.partition(".")[0]
    joined = f"{head}.{second}"
    return joined if joined in (CHANGES, PORTFOLIO, STATE) else ""


def subject(channel: str) -> str:
    """The instrument or index a channel speaks of; empty where it speaks of many."""
    head, _, rest = channel.partition(".")
    if head == TICKER:
        return rest.rpartition(".")[0]
    return rest if head == INDEX else ""


@lru_cache(maxsize=16_384)
def heard(name: bytes) -> Channel:
    """The channel of a frame. One object per channel: its texts are hashed and compared once."""
    text = name.decode("ascii", "replace")
    return Channel(text, family(text), subject(text))


def chunks(channels: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """At most CHUNK channels a call, in order."""
    names = tuple(channels)
    for start in range(0, len(names), CHUNK):
        yield names[start : start + CHUNK]
