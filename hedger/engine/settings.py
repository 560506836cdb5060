"""The part of the configuration the engine obeys; arrives as an event, swapped whole between steps."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Annotated

from hedger.domain.keys import Key, check_bounds
from hedger.domain.vocabulary import Environment, Mode, Neutral
from hedger.execution.params import ExecutionParams
from hedger.risk.envelope import Envelope

_BOOK_NAME = re.compile(r"[a-z][a-z0-9_]{0,15}")


@dataclass(frozen=True, slots=True)
class Timing:
    """Deadlines and staleness bounds; all wire time."""

    option_stale_s: Annotated[float, Key("s", "an option's ticker older than this is stale", above=0)] = 60.0
    hedge_stale_s: Annotated[
        float, Key("s", "a hedge instrument's ticker older than this is stale", above=0)
    ] = 5.0
    index_stale_s: Annotated[float, Key("s", "an index older than this is stale", above=0)] = 5.0
    ack_timeout_s: Annotated[float, Key("s", "an order not answered for this long is unknown", above=0)] = 3.0
    lookup_interval_s: Annotated[float, Key("s", "pause between look-ups of an unknown order", above=0)] = 1.0
    snapshot_timeout_s: Annotated[float, Key("s", "a snapshot not answered is asked for again", above=0)] = (
        10.0
    )
    outbox_wait_s: Annotated[
        float, Key("s", "an order waiting longer for the journal is dropped", above=0)
    ] = 2.0
    reconcile_s: Annotated[
        float, Key("s", "period in which positions and orders are compared with the venue's", above=0)
    ] = 60.0
    refresh_s: Annotated[float, Key("s", "period of the exact refresh of the running sums", above=0)] = 1.0
    decision_record_s: Annotated[
        float, Key("s", "an unchanged decision is recorded at most this often", above=0)
    ] = 1.0

    def __post_init__(self) -> None:
        check_bounds(self)


@dataclass(frozen=True, slots=True)
class BookSettings:
    """One book: what it holds neutral, by which policy, within which limits, through which instrument."""

    name: str
    venue: str
    underlying: Annotated[str, Key("", "coin of the book: BTC")]
    hedge_instrument: Annotated[str, Key("", "the future or perpetual hedges are made of")]
    neutral: Annotated[
        Neutral | None, Key("", "coin, usd or black; no default for a live production book")
    ] = None
    target_delta_coin: Annotated[float, Key("coin", "the controlled quantity is steered to this")] = 0.0
    allow_naive: Annotated[bool, Key("", "let neutral = black trade")] = False
    policy: Annotated[str, Key("", "band or theta_offset")] = "band"
    policy_params: dict[str, float] = field(default_factory=dict)
    envelope: Envelope = field(default_factory=Envelope)
    execution: ExecutionParams = field(default_factory=ExecutionParams)

    def __post_init__(self) -> None:
        if not _BOOK_NAME.fullmatch(self.name):
            raise ValueError(f"book name {self.name!r}: 1-16 of a-z, 0-9 and _, starting with a letter")
        check_bounds(self)


@dataclass(frozen=True, slots=True)
class VenueTerms:
    """What the engine knows of a venue's configuration."""

    name: str
    environment: Environment


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """Everything the engine obeys. `market_speed` is market seconds per wire second (1 on a real venue)."""

    mode: Mode
    venues: tuple[VenueTerms, ...]
    books: tuple[BookSettings, ...]
    timing: Timing = field(default_factory=Timing)
    market_speed: float = 1.0
    config_hash: str = ""
