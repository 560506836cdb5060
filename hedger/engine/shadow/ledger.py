"""What one hedge has traded since the shadow began, what that is worth and what it has cost.

An inverse future of A USD bought at P and valued at F is worth A/P - A/F coin (theory 1.3), a linear one of A
coin A (F - P) dollars: so `cash` takes A/P or -A P, less the fee, and the position is worth -A/F or A F.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from hedger.domain.instrument import AmountUnit, Instrument
from hedger.domain.order import Side
from hedger.domain.time_units import FUNDING_PERIOD_MS
from hedger.execution.costs import shortfall


class Worth(NamedTuple):
    """Of what is settled in the coin, and of what is settled in dollars."""

    coin: float
    usd: float


@dataclass(slots=True)
class Ledger:
    """Trades in the hedge instrument: both hedges begin with nothing traded on the position they share."""

    amount: Decimal = Decimal(0)  # signed, in the instrument's amount unit
    cash: float = 0.0  # in the settlement currency
    trades: int = 0
    turnover_usd: float = 0.0
    fees_usd: float = 0.0
    spread_usd: float = 0.0  # the way from mark to the fills
    funding_usd: float = 0.0  # paid, estimated by the ticker's rate
    accrued_ms: int = 0  # market time up to which funding is in the cash

    @property
    def cost_usd(self) -> float:
        return self.fees_usd + self.spread_usd

    def trade(
        self, listed: Instrument, side: Side, amount: Decimal, price: Decimal, mark: float, fee: Decimal
    ) -> None:
        """Take in a fill; `mark` at its decision, `fee` in the settlement currency, paid positive."""
        lost = shortfall(listed, side, mark, ((amount, price),), fee)
        traded = side.sign * float(amount)
        bought = traded / float(price) if _inverse(listed) else -traded * float(price)
        self.amount += side.sign * amount
        self.cash += bought - float(fee)
        self.trades += 1
        self.turnover_usd += listed.amount_to_usd(amount, float(price))
        self.fees_usd += lost.fees_usd
        self.spread_usd += lost.usd - lost.fees_usd

    def accrue(self, listed: Instrument, mark: float, funding_8h: float | None, now_ms: int) -> None:
        """Pay funding on the position up to now: long pays the rate, per 8 h (theory 1.8)."""
        since_ms, self.accrued_ms = self.accrued_ms, now_ms
        if not funding_8h or not self.amount:
            return
        rate = funding_8h * max(0, now_ms - since_ms) / FUNDING_PERIOD_MS
        amount = float(self.amount)
        self.cash -= rate * (amount / mark if _inverse(listed) else amount * mark)
        self.funding_usd += rate * listed.amount_to_usd(amount, mark)

    def worth(self, listed: Instrument, mark: float) -> Worth:
        """Gain since the shadow began, costs and funding paid."""
        amount = float(self.amount)
        if _inverse(listed):
            return Worth(self.cash - amount / mark, 0.0)
        return Worth(0.0, self.cash + amount * mark)


def _inverse(listed: Instrument) -> bool:
    return listed.amount_unit is AmountUnit.USD
