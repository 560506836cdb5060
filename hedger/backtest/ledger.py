"""The account of a backtest: positions, and every coin that came or went, by kind.

Exact to the 28 digits of Decimal. A future of signed size Q in USD is worth the coin it was bought with,
sum of dQ / price, less Q / mark (theory 1.3): the first part is booked at each trade, the second is a mark.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from hedger.domain.account import Fill


class Kind(StrEnum):
    """Why coin moved."""

    DEPOSIT = "deposit"
    PREMIUM = "premium"  # of option trades
    OPTION_FEE = "option_fee"
    FUTURE = "future"  # coin value of a future's trade at its price
    HEDGE_FEE = "hedge_fee"
    FUNDING = "funding"
    DELIVERY = "delivery"  # value of options at expiry
    DELIVERY_FEE = "delivery_fee"


_BALANCE = (Kind.DEPOSIT, Kind.PREMIUM, Kind.OPTION_FEE)


class Entry(NamedTuple):
    """One movement of coin, positive: received."""

    market_ms: int
    kind: Kind
    instrument: str
    coin: Decimal


class Ledger:
    """Positions are signed: coins of options, USD of the perpetual."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.options: dict[str, Decimal] = {}
        self.future_usd = Decimal(0)
        self._sums = dict.fromkeys(Kind, Decimal(0))

    def book(self, market_ms: int, kind: Kind, instrument: str, coin: Decimal) -> None:
        """Write an entry down; nothing is written for nothing."""
        if coin:
            self.entries.append(Entry(market_ms, kind, instrument, coin))
            self._sums[kind] += coin

    def taken_over(self, market_ms: int, name: str, size: Decimal, mark: Decimal) -> None:
        """An option held from before, at its mark."""
        self.options[name] = size
        self.book(market_ms, Kind.PREMIUM, name, -size * mark)

    def future_taken_over(self, market_ms: int, name: str, size_usd: Decimal, mark: Decimal) -> None:
        """A future held from before, at its mark."""
        self.future_usd += size_usd
        self.book(market_ms, Kind.FUTURE, name, size_usd / mark)

    def option_traded(self, fill: Fill) -> None:
        """Premium and fee of an option trade."""
        size = self.options.get(fill.instrument, Decimal(0)) + fill.signed_amount
        self.options.pop(fill.instrument, None)
        if size:
            self.options[fill.instrument] = size
        self.book(fill.market_ms, Kind.PREMIUM, fill.instrument, -fill.signed_amount * fill.price)
        self.book(fill.market_ms, Kind.OPTION_FEE, fill.instrument, -fill.fee)

    def future_traded(self, fill: Fill) -> None:
        """An inverse future's trade, and its fee."""
        self.future_usd += fill.signed_amount
        self.book(fill.market_ms, Kind.FUTURE, fill.instrument, fill.signed_amount / fill.price)
        self.book(fill.market_ms, Kind.HEDGE_FEE, fill.instrument, -fill.fee)

    def sum(self, kind: Kind) -> Decimal:
        return self._sums[kind]

    @property
    def cash(self) -> Decimal:
        """Everything booked."""
        return sum(self._sums.values(), Decimal(0))

    @property
    def balance(self) -> Decimal:
        """What the venue calls balance between two settlements: deposits, premiums and their fees."""
        return sum((self._sums[kind] for kind in _BALANCE), Decimal(0))

    @property
    def session(self) -> Decimal:
        """The rest, but for the futures' own result."""
        return self.cash - self.balance - self._sums[Kind.FUTURE]

    def future_result_coin(self, mark_usd: float) -> float:
        """Of all futures' trades, at a mark: sum of dQ / price - Q / mark."""
        return float(self._sums[Kind.FUTURE]) - float(self.future_usd) / mark_usd
