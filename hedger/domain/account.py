"""Fills, positions and account summaries: the venue's statements about our money."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from hedger.domain.order import Side

PAPER_TRADE = "paper-"  # how the ids of trades begin that paper mode made and no venue knows


class Fill(msgspec.Struct, frozen=True, tag="fill", forbid_unknown_fields=True):
    """One trade of the account, ours or a person's. Unique per (venue, fee_currency, trade_id)."""

    venue: str
    trade_id: str
    order_id: str
    label: str
    instrument: str
    side: Side
    amount: Decimal  # in the instrument's amount unit
    price: Decimal  # in the instrument's price unit
    fee: Decimal  # positive: paid; negative: rebate
    fee_currency: str
    market_ms: int
    mark_price: float | None = None
    index_usd: float | None = None
    liquidity: str = ""  # "M" | "T"
    trade_seq: int = 0
    block_trade_id: str | None = None
    combo_id: str | None = None  # of a leg: the combo it was traded in
    combo_trade_id: str | None = None  # and the trade of the combo it is part of
    liquidation: bool = False  # a side of it was under liquidation
    liquidated: str = ""  # which: "M" maker, "T" taker, "MT"

    @property
    def ours_liquidated(self) -> bool:
        """Whether it was our side; where the sides are not told, it was."""
        told = bool(self.liquidated) and self.liquidity in ("M", "T")
        return self.liquidation and (not told or self.liquidity in self.liquidated)

    @property
    def key(self) -> tuple[str, str, str]:
        return (self.venue, self.fee_currency, self.trade_id)

    @property
    def signed_amount(self) -> Decimal:
        return self.amount if self.side is Side.BUY else -self.amount


class Position(msgspec.Struct, frozen=True, tag="position", forbid_unknown_fields=True):
    """A position as the venue reports it; `size` is signed, in the instrument's amount unit."""

    venue: str
    instrument: str
    size: Decimal
    average_price: Decimal = Decimal(0)
    mark_price: Decimal | None = None
    delta_coin: float | None = None
    floating_pnl: Decimal | None = None
    initial_margin: Decimal | None = None  # in the settlement currency, as everything of margin
    maintenance_margin: Decimal | None = None
    realized_funding: Decimal | None = None  # perpetuals: of the session since 08:00 UTC, positive received


class LedgerEntry(msgspec.Struct, frozen=True, tag="ledger_entry", forbid_unknown_fields=True):
    """One row of the venue's own log of the account: a wallet's cash changed, perhaps a position, too."""

    venue: str
    number: str  # the venue's, unique per currency
    kind: str  # the venue's word: trade, settlement, delivery, exercise, deposit, ...
    currency: str
    market_ms: int
    change: Decimal  # of the cash, fees included
    instrument: str = ""
    amount: Decimal = Decimal(0)  # signed, by which the position moved
    trade_id: str = ""
    interest: Decimal | None = None  # a settlement's: funding of the session it ended, in `change` already
    fee: Decimal = Decimal(0)  # positive: paid; in `change` already


class Fee(msgspec.Struct, frozen=True, tag="fee", forbid_unknown_fields=True):
    """The account's own fees on a kind of instrument: fractions of the notional (negative: a rebate), or
    `relative`: of the listing's fees."""

    kind: str  # perpetual | future | option | ...
    index: str
    maker: float
    taker: float
    relative: bool = False


class Account(msgspec.Struct, frozen=True, tag="account", forbid_unknown_fields=True):
    """One currency's account summary; amounts in that currency's coin.

    With cross collateral `margin_balance`, `available_funds` and both margins are the whole account converted
    into the currency, and the totals in USD are told; balance and equity stay per currency (deribit.md 9).
    """

    venue: str
    currency: str
    balance: Decimal
    equity: Decimal
    available_funds: Decimal
    initial_margin: Decimal
    maintenance_margin: Decimal
    options_value: Decimal = Decimal(0)
    options_delta: float | None = None
    delta_total: float | None = None
    delta_total_by_index: dict[str, float] = {}
    session_rpl: Decimal = Decimal(0)
    session_upl: Decimal = Decimal(0)
    futures_session_upl: Decimal = Decimal(0)
    margin_model: str = ""
    received_wire_s: float = 0.0
    fees: tuple[Fee, ...] = ()  # told by the extended summary only
    margin_balance: Decimal | None = None  # what margin is held against; not told: see risk.funds
    projected_initial_margin: Decimal | None = None  # after the next expiry
    projected_maintenance_margin: Decimal | None = None
    estimated_liquidation_ratio: float | None = None
    total_equity_usd: Decimal | None = None  # the whole account, cross collateral only
    total_margin_balance_usd: Decimal | None = None
    total_initial_margin_usd: Decimal | None = None
    total_maintenance_margin_usd: Decimal | None = None
