"""What the account can afford: reads the account, its open orders and the markets, and changes nothing.

Everything is worked out once per state of the account and moment of the markets; open orders are arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from hedger.simulator.account import Account
from hedger.simulator.holdings import Works, holdings_of, works_of
from hedger.simulator.liquidation_price import liquidation_ratio
from hedger.simulator.margins import HAIRCUTS, Margins, Part, cross_margins, segregated_margins
from hedger.simulator.markets import Markets
from hedger.simulator.numbers import ZERO, exact
from hedger.simulator.orders import Order
from hedger.simulator.remembered import Remembered
from hedger.simulator.render_account import Totals, account_totals
from hedger.simulator.requirements import CROSS_SM, SEGREGATED_SM, Holding, Requirement, requirement
from hedger.simulator.time_units import DAY_MS, EXPIRY_OF_DAY_MS


@dataclass(frozen=True, slots=True)
class Figures:
    """All that a summary of one currency tells."""

    totals: Totals
    margins: Margins
    projected_delta_total: Decimal  # without what expires next
    liquidation_ratios: Mapping[str, Decimal]  # per index, the factor on its price; segregated standard only


class Funds:
    """The funds of an account, by its margin model."""

    def __init__(
        self, account: Account, markets: Markets, orders: Callable[[], Iterable[Order]] = tuple
    ) -> None:
        self._account = account
        self._markets = markets
        self._orders = orders
        self._known = Remembered(lambda: (markets.moment, account.state()))

    @property
    def model(self) -> str:
        return self._account.margin_model

    # -- what it needs ----------------------------------------------------------------------------

    def requirement(self, currency: str) -> Requirement:
        """Margin of all positions and open orders that settle in a currency."""
        return self._known.once(self._requirement, currency, self._works)

    def margins(self, currency: str) -> Margins:
        """The margins as a summary of the currency tells them, rounded as there."""
        return self._known.once(self._margins, currency, self._works)

    def affords(self, order: Order) -> bool:
        """Whether the account may have this order: within its margin balance, or cutting what it needs."""
        others = [row for row in self._orders() if row.order_id != order.order_id]
        currency = order.listing.settlement_currency
        after = self._margins(currency, works_of([*others, order]))
        if after.initial <= after.margin_balance:
            return True
        costs_cash = order.listing.is_option and order.sign > 0  # whatever it does to the margin
        return not costs_cash and after.initial <= self._margins(currency, works_of(others)).initial

    def added_by(self, order: Order) -> Decimal:
        """What one more order would add to the initial margin."""
        currency = order.listing.settlement_currency
        after = self._margins(currency, works_of([*self._orders(), order]))
        return max(ZERO, after.initial - self.margins(currency).initial)

    def figures(self, currency: str) -> Figures:
        """What it has and needs, and how far that is from liquidation."""
        return self._known.once(self._figures, currency, self._works)

    # -- what it has ------------------------------------------------------------------------------

    def totals(self, currency: str) -> Totals:
        return self._known.once(self._totals, currency)

    def holdings(self, currency: str) -> tuple[Holding, ...]:
        return self._known.once(self._holdings, currency, self._works)

    def usd_prices(self) -> dict[str, Decimal]:
        """USD per unit of every currency that is collateral and has a price here; USDC is taken at par."""
        prices = {"USDC": Decimal(1)}
        for code in HAIRCUTS:
            price = self._markets.index_or_none(f"{code.lower()}_usd")
            if code not in prices and price is not None:
                prices[code] = price
        return prices

    # -- how --------------------------------------------------------------------------------------

    @property
    def _now_ms(self) -> int:
        return self._markets.world.now_ms

    @property
    def _works(self) -> Works:
        return works_of(self._orders())

    @property
    def _next_expiry_ms(self) -> int:
        """The next 08:00 UTC."""
        return (self._now_ms - EXPIRY_OF_DAY_MS) // DAY_MS * DAY_MS + DAY_MS + EXPIRY_OF_DAY_MS

    def _margins(self, currency: str, works: Works) -> Margins:
        if self.model != CROSS_SM:
            return segregated_margins(self.model, self._part(currency, works))
        prices, used = self.usd_prices(), set(self._account.ledgers)
        used |= {row.listing.settlement_currency for row in self._account.open_positions()}
        used |= {listing.settlement_currency for listing, _ in works}
        parts = [self._part(code, works) for code in sorted(used & set(prices))]
        return cross_margins(parts, prices, currency)

    def _part(self, currency: str, works: Works) -> Part:
        holdings = self._known.once(self._holdings, currency, works)
        lasting = [row for row in holdings if row.listing.expiration_ms > self._next_expiry_ms]
        need = self._known.once(self._requirement, currency, works)
        left = need if len(lasting) == len(holdings) else requirement(self.model, lasting, self._now_ms)
        return Part(currency, self.totals(currency), need, left)

    def _requirement(self, currency: str, works: Works) -> Requirement:
        return requirement(self.model, self._known.once(self._holdings, currency, works), self._now_ms)

    def _holdings(self, currency: str, works: Works) -> tuple[Holding, ...]:
        return holdings_of(self._account, self._markets, works, currency)

    def _figures(self, currency: str, works: Works) -> Figures:
        return Figures(
            totals=self._known.once(self._totals, currency),
            margins=self._known.once(self._margins, currency, works),
            projected_delta_total=self._known.once(self._projected_delta_total, currency),
            liquidation_ratios=self._liquidation_ratios(currency, works),
        )

    def _liquidation_ratios(self, currency: str, works: Works) -> dict[str, Decimal]:
        if self.model != SEGREGATED_SM:
            return {}
        holdings = self._known.once(self._holdings, currency, works)
        indices = dict.fromkeys(row.listing.price_index for row in holdings)
        return {name: self._known.once(self._liquidation_ratio, currency, name) for name in indices}

    def _liquidation_ratio(self, currency: str, index: str) -> Decimal:
        """Of one index; open orders have no part in it."""
        margins = self._known.once(self._margins, currency, ())
        room = float(margins.margin_balance - margins.maintenance)
        holdings = self._known.once(self._holdings, currency, ())
        held = [row for row in holdings if row.listing.price_index == index]
        return exact(liquidation_ratio(held, room, self._now_ms))

    def _totals(self, currency: str) -> Totals:
        return account_totals(self._account, self._account.open_positions(currency), currency, self._markets)

    def _projected_delta_total(self, currency: str) -> Decimal:
        held = self._account.open_positions(currency)
        lasting = [row for row in held if row.listing.expiration_ms > self._next_expiry_ms]
        if len(lasting) == len(held):
            return self.totals(currency).delta_total
        return account_totals(self._account, lasting, currency, self._markets).delta_total
