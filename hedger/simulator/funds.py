"""What the account can afford: reads the account, its open orders and the markets, and changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

from hedger.simulator.account import Account
from hedger.simulator.holdings import holdings_of
from hedger.simulator.liquidation_price import liquidation_ratio
from hedger.simulator.margins import HAIRCUTS, Margins, Part, cross_margins, segregated_margins
from hedger.simulator.markets import Markets
from hedger.simulator.numbers import ZERO, exact
from hedger.simulator.orders import Order
from hedger.simulator.render_account import Totals, account_totals
from hedger.simulator.requirements import CROSS_SM, SEGREGATED_SM, Holding, Requirement, requirement

DAY_MS, EXPIRY_OF_DAY_MS = 86_400_000, 8 * 3_600_000  # 08:00 UTC


class Funds:
    """The funds of an account, by its margin model."""

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
        costs_cash = order.listing.is_option and order.sign > 0  # whatever it does to the margin
        return not costs_cash and after.initial <= self._margins(currency, others).initial

    def added_by(self, order: Order) -> Decimal:
        """What one more order would add to the initial margin."""
        currency, orders = order.listing.settlement_currency, tuple(self._orders())
        after = self._margins(currency, (*orders, order))
        return max(ZERO, after.initial - self._margins(currency, orders).initial)

    def liquidation_ratios(self, currency: str, margins: Margins) -> dict[str, Decimal]:
        """Per index, the factor on its price at which the account is liquidated; segregated standard only."""
        if self.model != SEGREGATED_SM:
            return {}
        room = float(margins.margin_balance - margins.maintenance)
        groups: dict[str, list[Holding]] = {}
        for row in self.holdings(currency):
            groups.setdefault(row.listing.price_index, []).append(row)
        return {name: exact(liquidation_ratio(rows, room, self._now_ms)) for name, rows in groups.items()}

    # -- what it has ------------------------------------------------------------------------------

    def totals(self, currency: str) -> Totals:
        return account_totals(self._account, currency, self._markets)

    def holdings(self, currency: str) -> list[Holding]:
        return self._holdings(currency, self._orders())

    def usd_prices(self) -> dict[str, Decimal]:
        """USD per unit of every currency that is collateral and has a price here; USDC is taken at par."""
        prices = {"USDC": Decimal(1)}
        for code in HAIRCUTS:
            price = self._markets.index_or_none(f"{code.lower()}_usd")
            if code not in prices and price is not None:
                prices[code] = price
        return prices

    def projected_delta_total(self, currency: str) -> Decimal:
        """`delta_total` without what expires next."""
        holdings = self._holdings(currency, ())
        lasting = {row.listing.name for row in self._after_expiry(holdings)}
        kept = Account(self._account.user_id, self._account.ledgers)
        kept.positions = {name: row for name, row in self._account.positions.items() if name in lasting}
        return account_totals(kept, currency, self._markets).delta_total

    # -- how --------------------------------------------------------------------------------------

    @property
    def _now_ms(self) -> int:
        return self._markets.world.now_ms

    def _margins(self, currency: str, orders: Sequence[Order]) -> Margins:
        if self.model != CROSS_SM:
            return segregated_margins(self.model, self._part(currency, orders))
        prices, used = self.usd_prices(), set(self._account.ledgers)
        used |= {row.listing.settlement_currency for row in self._account.open_positions()}
        used |= {row.listing.settlement_currency for row in orders}
        parts = [self._part(code, orders) for code in sorted(used & set(prices))]
        return cross_margins(parts, prices, currency)

    def _part(self, currency: str, orders: Sequence[Order]) -> Part:
        holdings = self._holdings(currency, orders)
        lasting = self._after_expiry(holdings)
        need = requirement(self.model, holdings, self._now_ms)
        left = need if len(lasting) == len(holdings) else requirement(self.model, lasting, self._now_ms)
        return Part(currency, self.totals(currency), need, left)

    def _holdings(self, currency: str, orders: Iterable[Order]) -> list[Holding]:
        return holdings_of(self._account, self._markets, orders, currency)

    def _after_expiry(self, holdings: Sequence[Holding]) -> list[Holding]:
        """What remains when the next 08:00 UTC has passed."""
        expiry_ms = (self._now_ms - EXPIRY_OF_DAY_MS) // DAY_MS * DAY_MS + DAY_MS + EXPIRY_OF_DAY_MS
        return [row for row in holdings if row.listing.expiration_ms > expiry_ms]
