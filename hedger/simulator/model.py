"""Values shared by the simulator's parts, and the seam between its world and its exchange.

Nothing here is shared with the client side of the product on purpose: a misreading of the protocol
must not be able to hide in both. Prices of inverse options are in coin, of inverse futures in USD, of linear
instruments in USDC. Amounts are in USD for inverse futures and in coin for everything else.
Time is market time, integer milliseconds since the Unix epoch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Listing:
    """One tradable instrument as the exchange lists it (what get_instruments tells)."""

    name: str
    instrument_id: int
    kind: str  # "option" | "future" (perpetuals are futures with settlement_period "perpetual")
    settlement_period: str  # "day" | "week" | "month" | "perpetual"
    base_currency: str
    quote_currency: str
    counter_currency: str
    settlement_currency: str
    instrument_type: str  # "reversed" (inverse) | "linear"
    price_index: str  # "btc_usd"
    contract_size: Decimal
    min_trade_amount: Decimal  # USD for inverse futures, coin for everything else
    tick_size: Decimal
    tick_size_steps: tuple[tuple[Decimal, Decimal], ...]  # (above_price, tick_size), ascending
    maker_commission: Decimal
    taker_commission: Decimal
    max_leverage: int
    creation_ms: int
    expiration_ms: int
    strike: Decimal | None = None
    option_type: str | None = None  # "call" | "put"

    def __hash__(self) -> int:
        """Its name tells it from all others."""
        return hash(self.name)

    @property
    def is_option(self) -> bool:
        return self.kind == "option"

    @property
    def is_linear(self) -> bool:
        """Settled in USDC: amounts in coin, prices and money in USDC."""
        return self.instrument_type == "linear"

    @property
    def is_perpetual(self) -> bool:
        return self.settlement_period == "perpetual"


@dataclass(frozen=True, slots=True)
class Greeks:
    """Unadjusted Black-76 greeks per 1 coin, in the units of the wire (vega per vol point, theta per day)."""

    delta: float
    gamma: float
    vega: float
    theta: float
    rho: float


@dataclass(frozen=True, slots=True)
class Funding:
    current: float  # instantaneous 8 h rate, fraction
    realised_8h: float
    interest_value: float  # sum of rate x dt / 8 h since the world began
    paid_per_unit: float = 0.0  # a long of N has paid N x its change: coin per USD, or USDC per coin (linear)


@dataclass(frozen=True, slots=True)
class Market:
    """The state of one instrument's market at one instant, before any order of the account touches it."""

    name: str
    market_ms: int
    state: str  # open | settlement | delivered | ...
    index: float
    mark: float  # unrounded; in the unit of the instrument's prices
    bids: tuple[tuple[Decimal, Decimal], ...]  # (price, amount), best first; empty = nobody there
    asks: tuple[tuple[Decimal, Decimal], ...]
    min_price: Decimal
    max_price: Decimal
    open_interest: float
    settlement_price: float
    estimated_delivery_price: float
    underlying: float | None = None  # options: the forward of this expiry
    underlying_name: str | None = None
    iv: float | None = None  # options: fraction, unrounded
    bid_iv: float | None = None
    ask_iv: float | None = None
    greeks: Greeks | None = None
    funding: Funding | None = None
    last_price: Decimal | None = None
    high_24h: float | None = None
    low_24h: float | None = None
    volume_24h_usd: float = 0.0
    delivery_price: float | None = None  # once it has expired
    delta_decay: float = 1.0  # 1 - m/30 in the last half hour before expiry; greeks.delta already has it


@dataclass(frozen=True, slots=True)
class Listed:
    """An instrument appeared."""

    market_ms: int
    listing: Listing


@dataclass(frozen=True, slots=True)
class Expired:
    """An instrument expired; delivery_price is the index average over the last 30 minutes, in USD."""

    market_ms: int
    name: str
    delivery_price: float


WorldEvent = Listed | Expired


class World(Protocol):
    """Where prices come from: a seeded model or recorded chains. Deterministic in (arguments, market time):

    the path does not depend on how often or in what steps `advance` is called.
    """

    origin_ms: int
    end_ms: int | None  # None: never ends

    @property
    def now_ms(self) -> int: ...

    @property
    def ended(self) -> bool:
        """True once the recorded data has run out; the world is then frozen at its last instant."""

    def advance(self, market_ms: int) -> Sequence[WorldEvent]:
        """Move to `market_ms`, never backwards; what was listed and what expired, in time order."""

    def listings(self) -> Mapping[str, Listing]:
        """Live instruments by name, in a stable order."""

    def market(self, name: str) -> Market:
        """The market of a live instrument now. Raises KeyError for a name that is not listed."""

    def index_price(self, index_name: str) -> float:
        """The index in USD. Raises KeyError for an unknown index."""
