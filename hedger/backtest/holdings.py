"""What the account holds from instant to instant: funding, deliveries, trades, marks, equity, margin.

Everything that moves coin is booked in the ledger and, at the same place, told to the attribution.
"""

from __future__ import annotations

import math
from decimal import Decimal

from hedger.backtest.assumptions import Assumptions
from hedger.backtest.attributed import Attribution, mark_of
from hedger.backtest.chain import Instant, Opening, Row
from hedger.backtest.delivery import delivery_value_coin
from hedger.backtest.ledger import Kind, Ledger
from hedger.backtest.listings import VENUE
from hedger.backtest.market import Market
from hedger.domain.account import Account, Fill
from hedger.domain.time_units import FUNDING_PERIOD_MS
from hedger.portfolio.attribution import Mark
from hedger.risk.standard import Holding, Required, standard
from hedger.venues.paper_account import OPTION_FEE_CAP


class Holdings:
    """One account on one market."""

    def __init__(self, market: Market, assumptions: Assumptions) -> None:
        self.ledger, self.attribution = Ledger(), Attribution()
        self.rows: dict[str, Row] = {}  # the last told of each held option
        self.unquoted = 0  # held options without a quote, over all instants
        self._market, self._assumed = market, assumptions

    def take_over(self, opening: Opening) -> None:
        """What the account holds when the chain begins, at its marks; its options are listed.

        ValueError where one of them is not quoted then.
        """
        instant, ledger = self._market.instant, self.ledger
        for name, size in opening.options:
            row = instant.row(name)
            if row is None:
                raise ValueError(f"{name} is held when the chain begins, and not quoted then")
            self.rows[name] = row
            ledger.taken_over(instant.market_ms, name, size, exact(row.mark))
        perpetual, price = self._market.perpetual.name, exact(instant.perpetual_usd)
        ledger.future_taken_over(instant.market_ms, perpetual, opening.future_usd, price)
        options = (size * exact(self.rows[name].mark) for name, size in ledger.options.items())
        marks = sum(options, -ledger.future_usd / price)
        ledger.book(instant.market_ms, Kind.DEPOSIT, "", opening.equity_coin - ledger.cash - marks)

    # -- from instant to instant ----------------------------------------------------------------------

    def carry(self, before: Instant) -> list[str]:
        """From `before` to the market's instant: funding, deliveries, new marks. Names what was delivered."""
        self._fund(before, self._market.instant)
        expired = [name for name in self.ledger.options if self._expires_ms(name) <= self._now_ms]
        for name in expired:
            self._deliver(name, before)
        for name, size in self.ledger.options.items():
            self._keep(name, size, before)
        return expired

    @property
    def _now_ms(self) -> int:
        return self._market.instant.market_ms

    def _expires_ms(self, name: str) -> int:
        return self._market.options[name].expiration_ms or 0

    def _keep(self, name: str, size: Decimal, before: Instant) -> None:
        was, row = self.rows[name], self._market.row(name)
        self.unquoted += row is None
        self.rows[name] = row = row or self._market.without_quote(name, was, before)
        marks = mark_of(was, before.market_ms), mark_of(row, self._now_ms)
        self.attribution.option_held(self._market.options[name], size, *marks)

    def _fund(self, before: Instant, after: Instant) -> None:
        """Funding of the position held between two instants: -Q / P x rate x dt / 8 h (theory 4)."""
        size = self.ledger.future_usd
        rate = exact(self._assumed.funding_8h) * (after.market_ms - before.market_ms)
        got = -size / exact(before.perpetual_usd) * rate / FUNDING_PERIOD_MS
        self.ledger.book(after.market_ms, Kind.FUNDING, self._market.perpetual.name, got)
        self.attribution.future_held(size, before, after)
        self.attribution.funded(got)

    def _deliver(self, name: str, before: Instant) -> None:
        """Pay an expired option in coin at the delivery price, and take it away."""
        listed, size = self._market.options[name], self.ledger.options.pop(name)
        price = self._market.path.delivery_usd(self._expires_ms(name))
        value = delivery_value_coin(listed, price)
        fee = abs(size) * min(exact(self._assumed.delivery_fee), OPTION_FEE_CAP * value)
        self.ledger.book(self._now_ms, Kind.DELIVERY, name, size * value)
        self.ledger.book(self._now_ms, Kind.DELIVERY_FEE, name, -fee)
        was = self.rows.pop(name)
        delivered = Mark(self._expires_ms(name), float(value), price, was.iv)
        self.attribution.option_held(listed, size, mark_of(was, before.market_ms), delivered)
        self.attribution.charged(fee)

    # -- trades --------------------------------------------------------------------------------------

    def option_traded(self, fill: Fill, row: Row) -> Decimal:
        """A trade of an option; the position after it."""
        self.rows[fill.instrument] = row
        self.ledger.option_traded(fill)
        self.attribution.traded(fill, self._market.options[fill.instrument], row.mark)
        return self.ledger.options.get(fill.instrument, Decimal(0))

    def hedged(self, fill: Fill) -> None:
        """A trade of the perpetual."""
        self.ledger.future_traded(fill)
        self.attribution.traded(fill, self._market.perpetual, self._market.instant.perpetual_usd)

    # -- what it is worth ----------------------------------------------------------------------------

    @property
    def options_coin(self) -> float:
        """Value of the options at their marks."""
        return math.fsum(float(size) * self.rows[name].mark for name, size in self.ledger.options.items())

    @property
    def equity_coin(self) -> float:
        """Cash, options at their marks, the perpetual at its mark."""
        future = float(self.ledger.future_usd) / self._market.instant.perpetual_usd
        return float(self.ledger.cash) + self.options_coin - future

    def margin(self) -> Required:
        """Standard margin of all positions, coin."""
        needed = [standard(each, each.size) for each in self._positions()]
        return Required(sum(each.initial for each in needed), sum(each.maintenance for each in needed))

    def _positions(self) -> list[Holding]:
        price = self._market.instant.perpetual_usd
        held = [Holding(self._market.perpetual, float(self.ledger.future_usd), price, price)]
        for name, size in self.ledger.options.items():
            row = self.rows[name]
            held.append(Holding(self._market.options[name], float(size), row.mark, row.forward_usd))
        return held

    def summary(self, coin: str) -> Account:
        """What the venue would tell; its parts add up to its equity (deribit.md 9)."""
        ledger, options, margin = self.ledger, self.options_coin, self.margin()
        future = ledger.future_result_coin(self._market.instant.perpetual_usd)
        equity = float(ledger.balance + ledger.session) + options + future
        return Account(
            venue=VENUE,
            currency=coin,
            balance=ledger.balance,
            equity=exact(equity),
            available_funds=exact(equity - margin.initial),
            initial_margin=exact(margin.initial),
            maintenance_margin=exact(margin.maintenance),
            options_value=exact(options),
            session_rpl=ledger.session,
            futures_session_upl=exact(future),
            session_upl=exact(future),
            margin_model="segregated_sm",
        )


def exact(value: float) -> Decimal:
    """The shortest decimal that is this float."""
    return Decimal(repr(value))
