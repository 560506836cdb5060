"""The part of the configuration the engine obeys; arrives as an event, swapped whole between steps."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, assert_never

from hedger.domain.keys import Key, check_bounds
from hedger.domain.vocabulary import Environment, Legs, Mode, Neutral, SmileRule
from hedger.engine.ownership.scope import Scope
from hedger.engine.shadow.terms import ShadowSettings
from hedger.execution.by_expiry_params import ByExpiryParams
from hedger.execution.params import ExecutionParams
from hedger.policies.partial import PartialParams
from hedger.policies.schedule import Schedule
from hedger.portfolio.exposure import Source
from hedger.risk.envelope import Envelope
from hedger.risk.margin_params import MarginParams

DOLLAR = "USDC"  # what linear instruments settle in (deribit.md 6)

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
    position_confirm_s: Annotated[
        float, Key("s", "after a fill its position must be told within this, or the venue is asked", above=0)
    ] = 2.0
    refresh_s: Annotated[float, Key("s", "period of the exact refresh of the running sums", above=0)] = 1.0
    decision_record_s: Annotated[
        float, Key("s", "an unchanged decision is recorded at most this often", above=0)
    ] = 1.0

    def __post_init__(self) -> None:
        check_bounds(self)


@dataclass(frozen=True, slots=True)
class AttributionParams:
    """When the lines of a result say too little of where it came from."""

    residual_share: Annotated[
        float,
        Key(
            "fraction",
            "alarm when greeks leave more of an interval's gross result (and more than rounding); 0: never",
            least=0,
            most=1,
        ),
    ] = 0.05

    def __post_init__(self) -> None:
        check_bounds(self)


@dataclass(frozen=True, slots=True)
class DeltaParams:
    """Whose delta counts, how far two sources may part, and how long a model may stand in for a dead feed."""

    source: Annotated[
        Source,
        Key("", "exchange: the tickers' greeks; model: our own; account: the venue's total of the account"),
    ] = Source.EXCHANGE
    tolerance_coin: Annotated[
        float,
        Key(
            "coin",
            "sources that differ by more raise an alarm, and only what both ask for is hedged",
            least=0,
        ),
    ] = 0.05
    tolerance_per_coin: Annotated[
        float, Key("coin per coin of options held", "added to tolerance_coin", least=0, most=0.1)
    ] = 0.001
    account_stale_s: Annotated[
        float, Key("s", "wire-time age from which the account's total is no source", above=0)
    ] = 10.0
    model_s: Annotated[
        float, Key("s", "option tickers may be this old: our model at the live index stands in", above=0)
    ] = 900.0
    last_resort_s: Annotated[
        float, Key("s", "and this old: only back to the hard limit, in small clips; then blocked", above=0)
    ] = 3600.0
    last_resort_clip_coin: Annotated[float, Key("coin", "largest order of that last resort", above=0)] = 0.5
    smile: Annotated[
        SmileRule,
        Key(
            "",
            "off, sticky_strike, sticky_delta, fitted, minimum_variance: hedged once proven; see chain",
        ),
    ] = SmileRule.OFF
    smile_fit_s: Annotated[
        float, Key("s", "market time after which an expiry's smile is fitted anew", least=1, most=3600)
    ] = 60.0
    smile_sample_s: Annotated[
        float, Key("s", "market time between two samples of hedging errors", least=60, most=86_400)
    ] = 3600.0
    smile_window_days: Annotated[
        float, Key("d", "market time over which the smile's delta is learned and judged", least=1, most=365)
    ] = 60.0
    smile_least_samples: Annotated[
        int, Key("", "samples without which the smile's delta is not used", least=24)
    ] = 240
    smile_opens_at: Annotated[
        float,
        Key("", "confidence in less variance at which the smile's delta is taken", least=0.5, most=0.999),
    ] = 0.95
    smile_closes_at: Annotated[float, Key("", "and below which it is left again", least=0.5, most=0.999)] = (
        0.8
    )

    def __post_init__(self) -> None:
        check_bounds(self)
        if self.smile_closes_at > self.smile_opens_at:
            raise ValueError(
                f"smile_closes_at = {self.smile_closes_at:g}: must be at most smile_opens_at = "
                f"{self.smile_opens_at:g}"
            )
        if self.last_resort_s < self.model_s:
            raise ValueError(
                f"last_resort_s = {self.last_resort_s:g}: must be at least model_s = {self.model_s:g}"
            )


class SettlementMode(StrEnum):
    """What becomes of the hedge of options that expire (theory 1.7)."""

    TWAP = "twap"  # unwound in slices while the delivery average runs
    HOLD = "hold"  # kept until delivery, closed after it
    KEEP = "keep"  # kept, and the book's target moves by it


@dataclass(frozen=True, slots=True)
class SettlementParams:
    """The half hour before 08:00 UTC of a day on which options of the book expire."""

    mode: Annotated[
        SettlementMode,
        Key("", "twap: unwind in slices to 08:00; hold: close after delivery; keep: the target moves"),
    ] = SettlementMode.TWAP
    slice_s: Annotated[float, Key("s", "market time between two slices of the unwind", least=1, most=900)] = (
        60.0
    )

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
    policy: Annotated[
        str, Key("", "band, time, theta_offset, whalley_wilmott or zakamouline: when and how far to hedge")
    ] = "band"
    policy_params: dict[str, float] = field(default_factory=dict)
    legs: Annotated[
        Legs,
        Key("", "inverse: settled in the coin; linear: in USDC; both: summed, needs cross-collateral margin"),
    ] = Legs.INVERSE
    partial: PartialParams = field(default_factory=PartialParams)
    delta: DeltaParams = field(default_factory=DeltaParams)
    settlement: SettlementParams = field(default_factory=SettlementParams)
    profiles: dict[str, dict[str, float]] = field(default_factory=dict)  # some parameters each, by name
    schedule: Schedule = field(default_factory=Schedule)
    shadows: tuple[ShadowSettings, ...] = ()  # policies asked beside this one, sending nothing
    scope: Scope = field(default_factory=Scope)
    envelope: Envelope = field(default_factory=Envelope)
    execution: ExecutionParams = field(default_factory=ExecutionParams)
    by_expiry: ByExpiryParams = field(default_factory=ByExpiryParams)
    margin: MarginParams = field(default_factory=MarginParams)

    def __post_init__(self) -> None:
        if not _BOOK_NAME.fullmatch(self.name):
            raise ValueError(f"book name {self.name!r}: 1-16 of a-z, 0-9 and _, starting with a letter")
        check_bounds(self)

    @property
    def currencies(self) -> tuple[str, ...]:
        """What the book's instruments settle in; the coin first."""
        match self.legs:
            case Legs.INVERSE:
                return (self.underlying,)
            case Legs.LINEAR:
                return (DOLLAR,)
            case Legs.BOTH:
                return (self.underlying, DOLLAR)
            case _:
                assert_never(self.legs)


@dataclass(frozen=True, slots=True)
class VenueTerms:
    """What the engine knows of a venue's configuration."""

    name: str
    environment: Environment
    holds_paper: bool = False  # its account holds what is filled on paper, too, as a backtest's does


@dataclass(frozen=True, slots=True)
class Edit:
    """A key set on the running daemon, above file and environment; `file_value` is what the file had then."""

    key: str  # dotted
    value: str  # as it was written
    since_ms: int  # market time
    by: str
    file_value: str = ""  # JSON; empty: the file had none


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """Everything the engine obeys. `market_speed` is market seconds per wire second (1 on a real venue)."""

    mode: Mode
    venues: tuple[VenueTerms, ...]
    books: tuple[BookSettings, ...]
    timing: Timing = field(default_factory=Timing)
    market_speed: float = 1.0
    config_hash: str = ""
    edits: tuple[Edit, ...] = ()
    lease_margin_s: float = 2.0  # wire time before a lease's end in which nothing may be executed any more
    attribution: AttributionParams = field(default_factory=AttributionParams)

    def paper_apart(self, venue: str) -> bool:
        """Whether hedges are filled on paper, and a venue's account knows nothing of them."""
        return self.mode is Mode.PAPER and not any(
            terms.holds_paper for terms in self.venues if terms.name == venue
        )
