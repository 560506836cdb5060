"""Orders of the exchange itself, and trades beside the book: liquidation, deleveraging, blocks, combos."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from hedger.simulator.account import trade_fee
from hedger.simulator.checks import band_price, reducible
from hedger.simulator.desk import Change, Desk
from hedger.simulator.funds import Funds
from hedger.simulator.model import Listing
from hedger.simulator.numbers import ZERO
from hedger.simulator.orders import Order, Provenance, Trade
from hedger.simulator.rpc import ApiError


@dataclass(frozen=True, slots=True)
class BlockLeg:
    """One leg of a block or combo: unsigned amount, price in the instrument's unit."""

    listing: Listing
    direction: str
    amount: Decimal
    price: Decimal
    label: str = ""

    @property
    def sign(self) -> int:
        return 1 if self.direction == "buy" else -1


def liquidate(desk: Desk, listing: Listing, amount: Decimal, now_ms: int) -> list[Trade]:
    """Trade a signed amount at what the book gives within the price band; the rest is cancelled."""
    direction = "buy" if amount > 0 else "sell"
    price = band_price(listing, desk.markets.market(listing.name), direction)
    order = _order(desk, BlockLeg(listing, direction, abs(amount), price), now_ms)
    order.order_type, order.time_in_force, order.is_liquidation = "market", "immediate_or_cancel", True
    return desk.force(order, now_ms)


def deleverage(desk: Desk, listing: Listing, amount: Decimal, now_ms: int) -> Change | None:
    """Auto-deleveraging: at most an unsigned amount of a position goes to a bankrupt account, at the mark.

    None when there is no position. The account pays no fee; it is the other side that was liquidated.
    """
    held = desk.account.size(listing.name)
    direction = "sell" if held > 0 else "buy"
    taken = min(amount, reducible(held, direction))
    if not taken:
        return None
    order = _order(desk, BlockLeg(listing, direction, taken, desk.markets.mark(listing.name)), now_ms)
    order.is_liquidation = True
    return desk.agree(order, ZERO, Provenance(liquidation="T"), now_ms)


def trade_block(desk: Desk, legs: list[BlockLeg], provenance: Provenance, now_ms: int) -> list[Change]:
    """All legs at once, as one trade: positions have all of it at the same instant."""
    changes = []
    for leg in legs:
        order = _order(desk, leg, now_ms)
        order.from_block = provenance.block_trade_id is not None
        index = desk.markets.index(leg.listing.price_index)
        fee = trade_fee(leg.listing, leg.amount, leg.price, index, taker=True)
        changes.append(desk.agree(order, fee, provenance, now_ms))
    return changes


def require_funds(desk: Desk, legs: list[BlockLeg], now_ms: int) -> None:
    """10009 when all legs together would break the initial margin, unless they need less than before."""
    tried, markets = desk.account.copy(), desk.markets
    for leg in legs:
        index, signed = markets.index(leg.listing.price_index), leg.amount * leg.sign
        tried.apply_trade(leg.listing, signed, leg.price, ZERO, index, now_ms)
    after = Funds(tried, markets, desk.open_orders)
    for currency in dict.fromkeys(leg.listing.settlement_currency for leg in legs):
        needs = after.margins(currency)
        if needs.available < 0 and needs.initial > desk.funds.margins(currency).initial:
            raise ApiError(10009)


def _order(desk: Desk, leg: BlockLeg, now_ms: int) -> Order:
    """An order that nobody sent through the API."""
    can_reduce = reducible(desk.account.size(leg.listing.name), leg.direction)
    return Order(
        order_id=desk.next_order_id(leg.listing),
        listing=leg.listing,
        direction=leg.direction,
        amount=leg.amount,
        price=leg.price,
        label=leg.label,
        order_type="limit",
        time_in_force="good_til_cancelled",
        creation_ms=now_ms,
        last_update_ms=now_ms,
        api=False,
        risk_reducing=leg.amount <= can_reduce,
    )
