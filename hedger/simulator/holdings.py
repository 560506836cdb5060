"""What the account holds in a settlement currency: positions and open orders with their markets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hedger.simulator.account import Account
from hedger.simulator.markets import Markets
from hedger.simulator.model import Listing
from hedger.simulator.numbers import ZERO
from hedger.simulator.orders import Order
from hedger.simulator.requirements import Holding, Working

IDLE = Working()

Works = tuple[tuple[Listing, Working], ...]  # instruments with open orders


def works_of(orders: Iterable[Order]) -> Works:
    """Open orders by instrument."""
    works: dict[Listing, Working] = {}
    for order in orders:
        works[order.listing] = _with_order(works.get(order.listing, IDLE), order)
    return tuple(works.items())


def holdings_of(
    account: Account, markets: Markets, works: Sequence[tuple[Listing, Working]], currency: str
) -> tuple[Holding, ...]:
    """Instruments of a settlement currency with a position or an open order, positions first."""
    rows = {row.listing: IDLE for row in account.open_positions(currency)}
    rows |= {listing: working for listing, working in works if listing.settlement_currency == currency}
    return tuple(_holding(account, markets, listing, working) for listing, working in rows.items())


def _holding(account: Account, markets: Markets, listing: Listing, working: Working) -> Holding:
    quoted = markets.quoted(listing)
    return Holding(
        listing=listing,
        size=account.size(listing.name),
        mark=quoted.mark,
        index=quoted.index,
        underlying=quoted.underlying,
        unit_delta=quoted.unit_delta,
        iv=quoted.market.iv or 0.0,
        working=working,
    )


def _with_order(working: Working, order: Order) -> Working:
    """The open orders of an instrument with one more."""
    if order.sign < 0:
        return Working(working.buys, working.sells + order.remaining, working.premium)
    premium = order.price * order.remaining if order.listing.is_option else ZERO
    return Working(working.buys + order.remaining, working.sells, working.premium + premium)
