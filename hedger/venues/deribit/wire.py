"""The fields we need, as they are on the wire. Unknown fields are skipped, wrong types refused by msgspec.

Decimal fields are read from the number's own text ("4.0e-7"), floats only for tickers. None is missing.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")

ABSENT = msgspec.Raw()  # a field that is not there; Raw takes no part in unions


class Params(msgspec.Struct, Generic[T], gc=False):
    channel: str
    data: T


class Notification(msgspec.Struct, Generic[T], gc=False):
    """`{"method": "subscription", "params": {"channel": ..., "data": ...}}`"""

    params: Params[T]


class Greeks(msgspec.Struct, gc=False):
    delta: float | None = None
    gamma: float | None = None
    vega: float | None = None
    theta: float | None = None


class Ticker(msgspec.Struct, gc=False):
    instrument_name: str
    timestamp: int
    state: str = ""
    mark_price: float | None = None
    index_price: float | None = None
    best_bid_price: float | None = None
    best_bid_amount: float | None = None
    best_ask_price: float | None = None
    best_ask_amount: float | None = None
    min_price: float | None = None
    max_price: float | None = None
    underlying_price: float | None = None
    mark_iv: float | None = None  # per cent
    greeks: Greeks | None = None
    funding_8h: float | None = None
    estimated_delivery_price: float | str | None = None  # "expired" was recorded


class Index(msgspec.Struct, gc=False):
    index_name: str
    price: float
    timestamp: int


class Order(msgspec.Struct):
    order_id: str
    instrument_name: str
    direction: str
    order_state: str
    amount: Decimal
    price: msgspec.Raw = ABSENT  # a number, or "market_price"
    filled_amount: Decimal = Decimal(0)  # absent on triggers
    average_price: Decimal | None = None  # absent on triggers
    label: str = ""
    order_type: str = ""
    reduce_only: bool = False
    cancel_reason: str | None = None
    last_update_timestamp: int = 0
    is_liquidation: bool = False


class Trade(msgspec.Struct):
    trade_id: str
    order_id: str
    instrument_name: str
    direction: str
    amount: Decimal
    price: Decimal
    timestamp: int
    fee: Decimal
    fee_currency: str
    label: str = ""
    mark_price: float | None = None
    index_price: float | None = None
    liquidity: str = ""
    trade_seq: int = 0
    block_trade_id: str | None = None
    combo_id: str | None = None
    combo_trade_id: str | int | None = None  # a text on the wire, a number in the documents
    liquidation: str | None = None


class Position(msgspec.Struct):
    instrument_name: str
    size: Decimal
    direction: str
    average_price: Decimal | None = None
    mark_price: Decimal | None = None
    delta: float | None = None
    floating_profit_loss: Decimal | None = None
    initial_margin: Decimal | None = None
    maintenance_margin: Decimal | None = None
    realized_funding: Decimal | None = None


class Changes(msgspec.Struct):
    orders: list[Order] = []
    trades: list[Trade] = []
    positions: list[Position] = []


class Rate(msgspec.Struct):
    rate: float
    burst: float


class MatchingLimits(msgspec.Struct):
    trading: dict[str, Rate] = {}  # "total", or per currency where limits_per_currency


class Limits(msgspec.Struct):
    matching_engine: MatchingLimits | None = None
    non_matching_engine: Rate | None = None


class Summary(msgspec.Struct):
    """One currency's account summary; `user.portfolio` carries the same fields."""

    currency: str
    balance: Decimal
    equity: Decimal
    available_funds: Decimal
    initial_margin: Decimal
    maintenance_margin: Decimal
    options_value: Decimal = Decimal(0)
    options_delta: float | None = None
    delta_total: float | None = None
    delta_total_map: dict[str, float] = {}
    session_rpl: Decimal = Decimal(0)
    session_upl: Decimal = Decimal(0)
    futures_session_upl: Decimal = Decimal(0)
    margin_model: str = ""
    limits: Limits | None = None
    fees: msgspec.Raw = ABSENT  # extended summaries only, in one of two shapes
    margin_balance: Decimal | None = None
    projected_initial_margin: Decimal | None = None
    projected_maintenance_margin: Decimal | None = None
    estimated_liquidation_ratio: float | None = None
    total_equity_usd: Decimal | None = None  # with cross collateral only
    total_margin_balance_usd: Decimal | None = None
    total_initial_margin_usd: Decimal | None = None
    total_maintenance_margin_usd: Decimal | None = None


class Summaries(msgspec.Struct):
    id: int
    summaries: list[Summary]


class TickStep(msgspec.Struct):
    above_price: Decimal
    tick_size: Decimal


class InstrumentRow(msgspec.Struct):
    instrument_name: str
    kind: str
    base_currency: str
    quote_currency: str
    contract_size: Decimal
    min_trade_amount: Decimal
    tick_size: Decimal
    instrument_type: str = ""  # reversed | linear; absent in 2021 and in documented examples
    settlement_currency: str = ""  # absent on spot
    price_index: str = ""
    tick_size_steps: list[TickStep] = []
    state: str = ""
    is_active: bool = True
    expiration_timestamp: int | None = None
    strike: Decimal | None = None
    option_type: str | None = None
    maker_commission: Decimal = Decimal(0)
    taker_commission: Decimal = Decimal(0)
    settlement_period: str | None = None
    max_leverage: Decimal | None = None


class ComboLeg(msgspec.Struct):
    """A leg of one unit of a combo; a negative amount is traded the other way round."""

    instrument_name: str
    amount: Decimal


class Combo(msgspec.Struct):
    legs: list[ComboLeg]


class Platform(msgspec.Struct):
    """`{"price_index", "locked"}` or `{"maintenance"}`; one word says which index, or all."""

    price_index: str = ""
    locked: bool | None = None
    maintenance: bool | None = None


class Status(msgspec.Struct):
    """`locked` is a string on the wire ("true" | "partial" | "false") and a boolean in older documents."""

    locked: bool | str
    locked_indices: list[str] = []
    locked_currencies: list[str] = []


class Lock(msgspec.Struct):
    """`user.lock`: "ALL", or the currency that is locked."""

    locked: bool
    currency: str = ""


class StateChange(msgspec.Struct):
    instrument_name: str
    state: str
    timestamp: int = 0


class Authenticated(msgspec.Struct):
    expires_in: float
    refresh_token: str
    scope: str = ""

    def __repr__(self) -> str:
        return f"Authenticated(scope={self.scope!r})"


class Placed(msgspec.Struct):
    order: Order
    trades: list[Trade] = []


class TradePage(msgspec.Struct):
    trades: list[Trade]
    has_more: bool = False


class LogRow(msgspec.Struct):
    """A row of the transaction log; kinds are added at any time, and money has no instrument."""

    id: int
    type: str
    timestamp: int
    currency: str
    change: Decimal = Decimal(0)
    instrument_name: str | None = None
    amount: Decimal | None = None  # not signed
    side: str | None = None  # "open buy", "close sell", "long", "short", "-"
    trade_id: str | None = None
    interest_pl: Decimal | None = None
    commission: Decimal | None = None


class LogPage(msgspec.Struct):
    logs: list[LogRow]
    continuation: int | None = None


class ErrorBody(msgspec.Struct):
    code: int
    message: str = ""
    data: object = None


class Envelope(msgspec.Struct):
    """A reply (id, result or error), or a frame without a channel we know."""

    id: int | str | None = None
    method: str = ""
    params: msgspec.Raw = ABSENT
    result: msgspec.Raw = ABSENT
    error: ErrorBody | None = None
    usOut: int = 0
    testnet: bool | None = None
