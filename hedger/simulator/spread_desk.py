"""Orders in future spreads: immediate ones only, matched with the spread's own book, booked in both legs."""

from __future__ import annotations

from decimal import Decimal

from hedger.simulator.account import trade_fee
from hedger.simulator.checks import check_amount, check_combination, check_price
from hedger.simulator.desk import Change, Desk
from hedger.simulator.forced import BlockLeg, require_funds
from hedger.simulator.liquidity import takes
from hedger.simulator.markets import opposite
from hedger.simulator.model import Listing
from hedger.simulator.numbers import ZERO
from hedger.simulator.orders import Order, Provenance, Ticket, Trade, id_of, number_of
from hedger.simulator.rpc import ApiError
from hedger.simulator.spreads import Spread, leg_prices
from hedger.simulator.trades import Fill, record_trade

IMMEDIATE = ("immediate_or_cancel", "fill_or_kill")
FIRST_LEG_ORDER_ID = 900_000_000_000  # the exchange's own orders in the legs; nobody can ask for them
CHEAPER_LEG = Decimal("0.5")
"""Of its fee: the leg with the lower fee pays less in a combo; how much less is not published."""


def place_spread(desk: Desk, spread: Spread, ticket: Ticket, now_ms: int) -> tuple[Order, list[Trade]]:
    """Check and match an order. Raises ApiError; nothing has happened then."""
    if ticket.order_type != "limit" or ticket.time_in_force not in IMMEDIATE or ticket.reduce_only:
        raise ApiError(10033)
    market = desk.markets.require_open(spread.listing)
    check_combination(ticket)
    check_amount(spread.listing, ticket.amount)
    assert ticket.price is not None  # a limit order has one, or check_combination has refused it
    check_price(spread.listing, market, ticket.direction, ticket.price, difference=True)
    legs = _legs(desk, spread, ticket)
    for leg in legs:
        desk.require_unlocked(leg.listing, leg.direction, leg.amount)
    require_funds(desk, legs, now_ms)
    order = Order(
        order_id=desk.next_order_id(spread.listing),
        listing=spread.listing,
        direction=ticket.direction,
        amount=ticket.amount,
        price=ticket.price,
        label=ticket.label,
        order_type="limit",
        time_in_force=ticket.time_in_force,
        creation_ms=now_ms,
        last_update_ms=now_ms,
        api=ticket.api,
        connection_id=ticket.connection_id,
    )
    desk.orders[order.order_id] = order
    return order, _match(desk, spread, order, now_ms)


def _legs(desk: Desk, spread: Spread, ticket: Ticket) -> list[BlockLeg]:
    sign = 1 if ticket.direction == "buy" else -1
    return [
        BlockLeg(listing, _direction(sign * side), ticket.amount, desk.markets.mark(listing.name))
        for listing, side in spread.legs
    ]


def _direction(sign: int) -> str:
    return "buy" if sign > 0 else "sell"


def _match(desk: Desk, spread: Spread, order: Order, now_ms: int) -> list[Trade]:
    """What the book gives at once; whether legs are told before the order or behind it goes by its number."""
    side = opposite(order.direction)
    fills = takes(desk.markets.ladder(order.listing, side), order.direction, order.price, order.remaining)
    if order.time_in_force == "fill_or_kill" and sum((part for _, part in fills), ZERO) < order.remaining:
        fills = []
    whole, parts = Change(order.name, [order]), []
    for price, part in fills:
        desk.markets.consume(order.listing, side, part)
        whole.trades.append(_own_trade(desk, order, price, part, now_ms))
        parts += _leg_trades(desk, spread, order, whole.trades[-1], now_ms)
    if order.remaining:
        order.state = "cancelled"
    desk.changes += [*parts, whole] if number_of(order.order_id) % 2 else [whole, *parts]
    return list(whole.trades)


def _own_trade(desk: Desk, order: Order, price: Decimal, amount: Decimal, now_ms: int) -> Trade:
    """The spread's own trade: it moves no position and costs nothing."""
    order.filled += amount
    order.notional += price * amount
    order.state = "open" if order.remaining else "filled"
    trade = record_trade(order, Fill(price, amount, ZERO, ZERO, now_ms, True), desk.markets, desk.tape)
    desk.trades.append(trade)
    desk.tape.note(trade)
    return trade


def _leg_trades(desk: Desk, spread: Spread, order: Order, whole: Trade, now_ms: int) -> list[Change]:
    markets = desk.markets
    prices = leg_prices(whole.price, markets.mark(spread.bought.name), markets.mark(spread.sold.name))
    fees = [
        trade_fee(leg, whole.amount, price, markets.index(leg.price_index), taker=True)
        for (leg, _), price in zip(spread.legs, prices, strict=True)
    ]
    cheaper = fees.index(min(fees))
    fees[cheaper] = trade_fee_share(fees[cheaper])
    provenance = Provenance(combo_id=order.name, combo_trade_id=whole.trade_id)
    found = []
    for number, ((leg, sign), price, fee) in enumerate(zip(spread.legs, prices, fees, strict=True)):
        part = _leg_order(order, leg, _direction(sign * order.sign), whole, price, number)
        trade = desk.enter(part, price, whole.amount, fee, now_ms, True, provenance)
        found.append(Change(leg.name, trades=[trade], listing=leg))
    return found


def trade_fee_share(fee: Decimal) -> Decimal:
    """The cheaper leg's fee, in the eight decimals of the exchange."""
    return (fee * CHEAPER_LEG).quantize(Decimal("1e-8"))


def _leg_order(
    order: Order, leg: Listing, direction: str, whole: Trade, price: Decimal, number: int
) -> Order:
    numbered = FIRST_LEG_ORDER_ID + 2 * number_of(whole.trade_id) + number
    return Order(
        order_id=id_of(leg.settlement_currency, numbered),
        listing=leg,
        direction=direction,
        amount=whole.amount,
        price=price,
        label="",
        order_type="limit",
        time_in_force=order.time_in_force,
        creation_ms=order.creation_ms,
        last_update_ms=order.last_update_ms,
        api=False,
    )
