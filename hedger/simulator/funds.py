"""What the account can afford: its margins in every currency, by its margin model.

With segregated models every settlement currency stands for itself. With `cross_sm` all currencies are one
account in USD: margin balance and margins are sums, shown converted in every currency (deribit.md 9). A
haircut on the equity held in a currency is added to the initial margin (Deribit, "Cross collateral
specifications"): none on BTC and USDC as in the recorded `pme/simulate`; 2 % on ETH is an assumption.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from hedger.simulator.account import Account
from hedger.simulator.holdings import holdings_of
from hedger.simulator.liquidation_price import liquidation_ratio
from hedger.simulator.markets import Markets
from hedger.simulator.numbers import ZERO, exact, rounded
from hedger.simulator.orders import Order
from hedger.simulator.render_account import CASH_PLACES, Totals, account_totals
from hedger.simulator.requirements import (
    CROSS_SM,
    SEGREGATED_PM,
    SEGREGATED_SM,
    Holding,
    Requirement,
    requirement,
)

COLLATERAL = ("BTC", "ETH", "USDC")
HAIRCUTS = {"BTC": ZERO, "ETH": Decimal("0.02"), "USDC": ZERO}
DAY_MS, EXPIRY_OF_DAY_MS = 86_400_000, 8 * 3_600_000  # 08:00 UTC


@dataclass(frozen=True, slots=True)
class Cross:
    """The whole account of a cross model, USD."""

    equity_usd: Decimal
    margin_balance_usd: Decimal
    initial_usd: Decimal
    maintenance_usd: Decimal
    delta_usd: Decimal


@dataclass(frozen=True, slots=True)
class Margins:
    """The margins of one currency; with a cross model those of the whole account, converted into it."""

    model: str
    margin_balance: Decimal
    initial: Decimal  # open orders included
    maintenance: Decimal
    projected_initial: Decimal  # after the next expiry
    projected_maintenance: Decimal
    projected_delta_total: Decimal
    cross: Cross | None = None

    @property
    def available(self) -> Decimal:
        return self.margin_balance - self.initial

    @property
    def breached(self) -> bool:
        """Whether the account must be liquidated."""
        return self.maintenance > self.margin_balance


class Funds:
    """Reads the account, its open orders and the markets; changes nothing."""

    def __init__(
        self, account: Account, markets: Markets, orders: Callable[[], Iterable[Order]] = tuple
    ) -> None:
        self._account = account
        self._markets = markets
        self._orders = orders

    @property
    def model(self) -> str:
        return self._account.margin_model

    # -- what it needs ----------------------------------------------------------------------------

    def requirement(self, currency: str) -> Requirement:
        """Margin of all positions and open orders that settle in a currency."""
        return requirement(self.model, self.holdings(currency), self._now_ms)

    def margins(self, currency: str) -> Margins:
        """The margins as a summary of the currency tells them, rounded as there."""
        return self._margins(currency, tuple(self._orders()))

    def affords(self, order: Order) -> bool:
        """Whether the account may have this order: within its margin balance, or cutting what it needs."""
        others = tuple(row for row in self._orders() if row.order_id != order.order_id)
        currency = order.listing.settlement_currency
        after = self._margins(currency, (*others, order))
        if after.initial <= after.margin_balance:
            return True
        return after.initial <= self._margins(currency, others).initial and not self._costs_premium(order)

    def added_by(self, order: Order) -> Decimal:
        """What one more order would add to the initial margin."""
        currency, orders = order.listing.settlement_currency, tuple(self._orders())
        after = self._margins(currency, (*orders, order))
        return max(ZERO, after.initial - self._margins(currency, orders).initial)

    def _costs_premium(self, order: Order) -> bool:
        """Bought options are paid in cash, whatever they do to the margin."""
        return order.listing.is_option and order.sign > 0

    def liquidation_ratios(self, currency: str) -> dict[str, Decimal]:
        """Per index, the factor on its price at which the account is liquidated; segregated standard only."""
        if self.model != SEGREGATED_SM:
            return {}
        margins = self.margins(currency)
        room = float(margins.margin_balance - margins.maintenance)
        groups: dict[str, list[Holding]] = {}
        for row in self.holdings(currency):
            groups.setdefault(row.listing.price_index, []).append(row)
        return {name: exact(liquidation_ratio(rows, room, self._now_ms)) for name, rows in groups.items()}

    # -- reading ----------------------------------------------------------------------------------

    @property
    def _now_ms(self) -> int:
        return self._markets.world.now_ms

    def totals(self, currency: str) -> Totals:
        return account_totals(self._account, currency, self._markets)

    def holdings(self, currency: str) -> list[Holding]:
        return self._holdings(currency, tuple(self._orders()))

    def _holdings(self, currency: str, orders: Iterable[Order]) -> list[Holding]:
        return holdings_of(self._account, self._markets, orders, currency)

    # -- margins ----------------------------------------------------------------------------------

    def _margins(self, currency: str, orders: Sequence[Order]) -> Margins:
        if self.model == CROSS_SM:
            return self._cross(currency, orders)
        totals, holdings = self.totals(currency), self._holdings(currency, orders)
        places = CASH_PLACES.get(currency, 8)
        need = requirement(self.model, holdings, self._now_ms)
        lasting = self._after_expiry(holdings)
        left = need if len(lasting) == len(holdings) else requirement(self.model, lasting, self._now_ms)
        whole = self.model == SEGREGATED_PM  # the value of options counts
        return Margins(
            self.model,
            totals.equity if whole else totals.equity - totals.options_value,
            rounded(need.initial + need.open_orders, places),
            rounded(need.maintenance, places),
            rounded(left.initial + left.open_orders, places),
            rounded(left.maintenance, places),
            self._projected_delta(totals, currency),
        )

    def _cross(self, currency: str, orders: Sequence[Order]) -> Margins:
        """Everything in USD, then in the currency asked for."""
        held = {row.listing.settlement_currency for row in self._account.open_positions()}
        ordered = {row.listing.settlement_currency for row in orders}
        price = self.usd_prices()
        codes = sorted({*self._account.ledgers, *held, *ordered} & set(price))
        totals = {code: self.totals(code) for code in codes}
        need = {code: self._usd_need(code, orders, price[code], projected=False) for code in codes}
        left = {code: self._usd_need(code, orders, price[code], projected=True) for code in codes}
        haircut = sum((HAIRCUTS[c] * max(ZERO, t.equity) * price[c] for c, t in totals.items()), ZERO)
        cross = Cross(
            equity_usd=_usd(sum((t.equity * price[c] for c, t in totals.items()), ZERO)),
            margin_balance_usd=_usd(
                sum(((t.equity - t.options_value) * price[c] for c, t in totals.items()), ZERO)
            ),
            initial_usd=_usd(sum((row[0] for row in need.values()), haircut)),
            maintenance_usd=_usd(sum((row[1] for row in need.values()), ZERO)),
            delta_usd=_usd(sum((t.delta_total * price[c] for c, t in totals.items()), ZERO)),
        )
        places, unit = CASH_PLACES.get(currency, 8), price.get(currency)

        def shown(usd: Decimal) -> Decimal:
            return rounded(usd / unit, places) if unit else ZERO

        return Margins(
            model=self.model,
            margin_balance=shown(cross.margin_balance_usd),
            initial=shown(cross.initial_usd),
            maintenance=shown(cross.maintenance_usd),
            projected_initial=shown(sum((row[0] for row in left.values()), haircut)),
            projected_maintenance=shown(sum((row[1] for row in left.values()), ZERO)),
            projected_delta_total=self._projected_delta(self.totals(currency), currency),
            cross=cross,
        )

    def _usd_need(
        self, code: str, orders: Sequence[Order], price: Decimal, *, projected: bool
    ) -> tuple[Decimal, Decimal]:
        """Initial and maintenance margin of one settlement currency in USD."""
        holdings = self._holdings(code, orders)
        if projected:
            holdings = self._after_expiry(holdings)
        need = requirement(self.model, holdings, self._now_ms)
        return (need.initial + need.open_orders) * price, need.maintenance * price

    def usd_prices(self) -> dict[str, Decimal]:
        """USD per unit of every currency that is collateral and has a price here; USDC is taken at par."""
        prices = {"USDC": Decimal(1)}
        for code in COLLATERAL:
            price = self._markets.index_or_none(f"{code.lower()}_usd")
            if code not in prices and price is not None:
                prices[code] = price
        return prices

    def _after_expiry(self, holdings: Sequence[Holding]) -> list[Holding]:
        """What remains when the next 08:00 UTC has passed."""
        expiry_ms = (self._now_ms - EXPIRY_OF_DAY_MS) // DAY_MS * DAY_MS + DAY_MS + EXPIRY_OF_DAY_MS
        return [row for row in holdings if row.listing.expiration_ms > expiry_ms]

    def _projected_delta(self, totals: Totals, currency: str) -> Decimal:
        holdings = self._holdings(currency, ())
        lasting = {row.listing.name for row in self._after_expiry(holdings)}
        if all(row.listing.name in lasting for row in holdings):
            return totals.delta_total
        kept = Account(self._account.user_id, self._account.ledgers)
        kept.positions = {name: row for name, row in self._account.positions.items() if name in lasting}
        return account_totals(kept, currency, self._markets).delta_total


def _usd(value: Decimal) -> Decimal:
    return rounded(value, 10)
