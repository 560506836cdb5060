"""Orders and trades of the account, as values of the exchange (prices and amounts are Decimal)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from hedger.simulator.model import Listing
from hedger.simulator.numbers import ZERO


@dataclass(slots=True)
class Order:
    """One order. `amount` is the total, filled part included; the unit is the instrument's (USD or coin)."""

    order_id: str
    listing: Listing
    direction: str  # buy | sell
    amount: Decimal
    price: Decimal
    label: str
    order_type: str  # limit | market
    time_in_force: str
    creation_ms: int
    last_update_ms: int
    post_only: bool = False
    reject_post_only: bool = False
    reduce_only: bool = False
    state: str = "open"  # open | filled | cancelled | rejected
    filled: Decimal = ZERO
    notional: Decimal = ZERO  # sum of price times amount over the fills
    original_order_type: str | None = None
    cancel_reason: str | None = None
    replaced: bool = False
    api: bool = True
    risk_reducing: bool = False
    connection_id: int | None = None
    is_liquidation: bool = False  # an order of the exchange itself
    from_block: bool = False

    @property
    def name(self) -> str:
        return self.listing.name

    @property
    def sign(self) -> int:
        return 1 if self.direction == "buy" else -1

    @property
    def remaining(self) -> Decimal:
        return self.amount - self.filled

    @property
    def is_open(self) -> bool:
        return self.state == "open"

    @property
    def average_price(self) -> Decimal:
        """Amount-weighted mean price of the fills; 0 until the first."""
        return self.notional / self.filled if self.filled else ZERO

    def crosses(self, price: Decimal) -> bool:
        """Whether this order would trade at `price` of the other side."""
        return price <= self.price if self.direction == "buy" else price >= self.price


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a trade comes from when it is no plain fill from the book."""

    liquidation: str | None = None  # M | T: the side that was liquidated
    block_trade_id: str | None = None
    leg_count: int = 0  # of the block
    combo_id: str | None = None
    combo_trade_id: str | None = None


PLAIN = Provenance()


@dataclass(frozen=True, slots=True)
class Trade:
    """One fill of an order of the account."""

    trade_id: str
    trade_seq: int
    order_id: str
    label: str
    instrument_name: str
    kind: str
    currency: str
    timestamp_ms: int
    direction: str
    price: Decimal
    amount: Decimal
    contracts: Decimal
    fee: Decimal  # coin, positive = paid
    profit_loss: Decimal
    liquidity: str  # M | T
    order_state: str  # state of the order after this trade
    order_type: str
    tick_direction: int
    mark_price: Decimal
    index_price: Decimal
    iv: float | None  # percent
    underlying_price: float | None
    post_only: bool
    reduce_only: bool
    risk_reducing: bool
    api: bool
    provenance: Provenance = PLAIN
    linear: bool = False


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a buy, sell or close_position asks for, before any check."""

    listing: Listing
    direction: str
    amount: Decimal
    price: Decimal | None
    order_type: str
    label: str = ""
    time_in_force: str = "good_til_cancelled"
    post_only: bool = False
    reject_post_only: bool = False
    reduce_only: bool = False
    api: bool = True
    connection_id: int | None = None


@dataclass(frozen=True, slots=True)
class Revision:
    """What an edit makes of an order. `amount` is the new total, filled part included."""

    amount: Decimal
    price: Decimal
    post_only: bool
    reject_post_only: bool
    reduce_only: bool


def id_of(currency: str, number: int) -> str:
    """Ids of orders and trades: plain digits for BTC, elsewhere with the currency before them."""
    return str(number) if currency == "BTC" else f"{currency}-{number}"


def number_of(identifier: str) -> int:
    """The number in an id of an order or trade; unique over all currencies here."""
    return int(identifier.rpartition("-")[2])


def tick_at(listing: Listing, price: Decimal) -> Decimal:
    """The tick size that applies at a price (tick_size_steps apply above their price)."""
    tick = listing.tick_size
    for above, step in listing.tick_size_steps:
        if price > above:
            tick = step
    return tick
