"""What the exchange refuses about an order, with the wire's codes (deribit.md 2 and 8)."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from hedger.simulator.model import Listing, Market
from hedger.simulator.numbers import ZERO, is_multiple
from hedger.simulator.orders import Ticket, tick_at
from hedger.simulator.rpc import ApiError, invalid_param

MAX_LABEL = 64


def check_amount(listing: Listing, amount: Decimal) -> None:
    """10002 below the minimum; 10027 (futures) or 10021 (options) when no whole number of lots."""
    if amount <= 0:
        raise invalid_param("amount", "wrong format")
    if amount < listing.min_trade_amount:
        raise ApiError(10002)
    if listing.is_option and not is_multiple(amount, listing.min_trade_amount):
        raise ApiError(10021)
    if not listing.is_option and not is_multiple(amount, listing.contract_size):
        raise ApiError(10027)


def check_price(
    listing: Listing, market: Market, direction: str, price: Decimal, *, difference: bool = False
) -> None:
    """10023 not positive, 10043 off the tick, 10007 a buy above the band, 10005 a sell below it.

    A `difference` of two prices need not be positive.
    """
    if price <= 0 and not difference:
        raise ApiError(10023)
    if not is_multiple(price, tick_at(listing, price)):
        raise ApiError(10043)
    if direction == "buy" and price > market.max_price:
        raise ApiError(10007, detail=str(float(market.max_price)))
    if direction == "sell" and price < market.min_price:
        raise ApiError(10005, detail=str(float(market.min_price)))


def check_combination(ticket: Ticket) -> None:
    """Labels of at most 64 characters; post-only needs a limit order good till cancelled (11055)."""
    if len(ticket.label) > MAX_LABEL:
        raise invalid_param("label", "wrong format")
    resting = ticket.time_in_force == "good_til_cancelled"
    if ticket.post_only and not (resting and ticket.order_type == "limit"):
        raise ApiError(11055)
    if ticket.order_type == "limit" and ticket.price is None:
        raise invalid_param("price", "value required")


def band_price(listing: Listing, market: Market, direction: str) -> Decimal:
    """The limit of a market order: the edge of the price band, rounded into it."""
    edge = market.max_price if direction == "buy" else market.min_price
    rounding = ROUND_FLOOR if direction == "buy" else ROUND_CEILING
    tick = tick_at(listing, edge)
    return (edge / tick).to_integral_value(rounding) * tick


def reducible(position: Decimal, direction: str) -> Decimal:
    """How much an order of this direction can reduce a signed position."""
    return max(ZERO, -position) if direction == "buy" else max(ZERO, position)
