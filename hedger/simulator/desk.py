"""The matching engine for the one account: takes from the world's ladders, keeps what rests, books fills.

Everything that happens is appended to `changes`, which the exchange turns into notifications and rows.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal

from hedger.simulator.account import Account, liquidation_fee, trade_fee
from hedger.simulator.checks import (
    band_price,
    check_amount,
    check_combination,
    check_price,
    reducible,
)
from hedger.simulator.funds import Funds
from hedger.simulator.liquidity import Level, takes
from hedger.simulator.locks import POSITION
from hedger.simulator.markets import Markets, opposite
from hedger.simulator.model import Listing, Market
from hedger.simulator.numbers import ZERO, exact
from hedger.simulator.orders import (
    PLAIN,
    Order,
    Provenance,
    Revision,
    Ticket,
    Trade,
    id_of,
    number_of,
    tick_at,
)
from hedger.simulator.rpc import ApiError, invalid_param
from hedger.simulator.tape import Tape
from hedger.simulator.trades import Fill, record_trade

FIRST_ORDER_ID = 74_000_000_000


@dataclass(slots=True)
class Change:
    """What happened in one instrument in one stroke; `listing` where a position moved without an order."""

    instrument_name: str
    orders: list[Order] = field(default_factory=list)
    trades: list[Trade] = field(default_factory=list)
    listing: Listing | None = None


class Desk:
    """Orders of the account by id, in order of creation, and the trades they made."""

    def __init__(self, markets: Markets, account: Account) -> None:
        self.markets = markets
        self.account = account
        self.orders: dict[str, Order] = {}
        self.trades: list[Trade] = []
        self.changes: list[Change] = []
        self._resting: dict[str, Order] = {}
        self.funds = Funds(account, markets, self.open_orders)
        self.tape = Tape()

    # -- requests ---------------------------------------------------------------------------------

    def place(self, ticket: Ticket, now_ms: int) -> tuple[Order, list[Trade]]:
        """Check, match and perhaps rest an order. Raises ApiError; nothing has happened then."""
        market = self.markets.require_open(ticket.listing)
        self.require_unlocked(ticket.listing, ticket.direction, ticket.amount)
        check_combination(ticket)
        check_amount(ticket.listing, ticket.amount)
        order = self._new_order(ticket, market, now_ms)
        self._require_funds(order)
        if order.post_only:
            order.price = self._passive_price(order)
        self.orders[order.order_id] = order
        return order, self._work(order, now_ms)

    def edit(self, order: Order, revision: Revision, now_ms: int) -> list[Trade]:
        """Change an open order. Raises 11044 when it is not open, 11008 when that much is filled already."""
        if not order.is_open:
            raise ApiError(11044)
        market = self.markets.require_open(order.listing)
        self.require_unlocked(order.listing, order.direction, revision.amount - order.filled)
        check_amount(order.listing, revision.amount)
        check_price(order.listing, market, order.direction, revision.price)
        if revision.amount <= order.filled:
            raise ApiError(11008)
        amount = self._reduced(order, revision) if revision.reduce_only else revision.amount
        if amount > order.amount:
            self._require_funds(replace(order, amount=amount, price=revision.price))
        if revision.price != order.price or amount > order.amount:
            self._resting.pop(order.order_id, None)  # to the end of the queue at its price
        self._revise(order, revision, amount, now_ms)
        if order.post_only and self._would_take(order):
            if order.reject_post_only:
                self.cancel(order, "edit_post_only_reject", now_ms)
                return []
            order.price = self._passive_price(order)
        return self._work(order, now_ms)

    def _reduced(self, order: Order, revision: Revision) -> Decimal:
        """The total amount of a reduce-only order: what is filled, and at most the open position."""
        can_reduce = reducible(self.account.size(order.name), order.direction)
        if not can_reduce:
            raise ApiError(11030, detail="reduce_only")
        return min(revision.amount, order.filled + can_reduce)

    def _revise(self, order: Order, revision: Revision, amount: Decimal, now_ms: int) -> None:
        order.amount, order.price, order.replaced = amount, revision.price, True
        order.post_only, order.reject_post_only = revision.post_only, revision.reject_post_only
        order.reduce_only, order.last_update_ms = revision.reduce_only, now_ms
        can_reduce = reducible(self.account.size(order.name), order.direction)
        order.risk_reducing = order.remaining <= can_reduce

    def cancel(self, order: Order, reason: str, now_ms: int) -> None:
        """Cancel an open order. Raises 11044 when it is not open."""
        if not order.is_open:
            raise ApiError(11044)
        order.state, order.cancel_reason, order.last_update_ms = "cancelled", reason, now_ms
        self._resting.pop(order.order_id, None)
        self.changes.append(Change(order.name, [order]))

    # -- the exchange itself ----------------------------------------------------------------------

    def next_order_id(self, listing: Listing) -> str:
        """The id that the next order gets."""
        return id_of(listing.settlement_currency, FIRST_ORDER_ID + len(self.orders) + 1)

    def force(self, order: Order, now_ms: int) -> list[Trade]:
        """Work an order of the exchange itself: no check and no lock holds it up."""
        self.orders[order.order_id] = order
        return self._work(order, now_ms)

    def agree(self, order: Order, fee: Decimal, provenance: Provenance, now_ms: int) -> Change:
        """Fill a whole order at its price beside the book; the caller announces the change."""
        self.orders[order.order_id] = order
        taker = provenance.liquidation is None
        trade = self.enter(order, order.price, order.amount, fee, now_ms, taker, provenance)
        return Change(order.name, [order], [trade])

    # -- the market moves -------------------------------------------------------------------------

    def match_resting(self, now_ms: int) -> None:
        """Fill resting orders that the market has reached, best price first and then first come; trim
        reduce-only orders."""
        for order in sorted(self._resting.values(), key=lambda order: -order.sign * order.price):
            if order.reduce_only:
                self._trim(order, now_ms)
            if order.is_open and self.markets.trades(order.listing):
                self._fill_resting(order, now_ms)

    def fill_part(self, order: Order, share: float, now_ms: int) -> None:
        """Somebody trades with a resting order, for a share of what remains: whole lots, at least one."""
        lot = order.listing.min_trade_amount if order.listing.is_option else order.listing.contract_size
        amount = min(order.remaining, max(lot, order.remaining * exact(share) // lot * lot))
        change = Change(order.name, [order])
        change.trades.append(self._book(order, order.price, amount, now_ms, taker=False))
        self.changes.append(change)

    def open_orders(self) -> list[Order]:
        return list(self._resting.values())

    def restore(self, orders: list[Order], trades: list[Trade]) -> None:
        """Orders and trades of an earlier run; their connections are gone."""
        orders.sort(key=lambda order: number_of(order.order_id))
        trades.sort(key=lambda trade: number_of(trade.trade_id))
        for order in orders:
            order.connection_id = None
        self.orders = {order.order_id: order for order in orders}
        self._resting = {order.order_id: order for order in orders if order.is_open}
        self.trades = trades
        for trade in trades:
            self.tape.note(trade)

    # -- placing ----------------------------------------------------------------------------------

    def _new_order(self, ticket: Ticket, market: Market, now_ms: int) -> Order:
        listing = ticket.listing
        price = band_price(listing, market, ticket.direction) if ticket.price is None else ticket.price
        if ticket.order_type == "limit":
            check_price(listing, market, ticket.direction, price)
        can_reduce = reducible(self.account.size(listing.name), ticket.direction)
        amount = ticket.amount
        if ticket.reduce_only:
            amount = min(amount, can_reduce)
            if not amount:
                raise ApiError(11030, detail="reduce_only")
        return Order(
            order_id=self.next_order_id(listing),
            listing=listing,
            direction=ticket.direction,
            amount=amount,
            price=price,
            label=ticket.label,
            order_type=ticket.order_type,
            time_in_force=ticket.time_in_force,
            creation_ms=now_ms,
            last_update_ms=now_ms,
            post_only=ticket.post_only,
            reject_post_only=ticket.reject_post_only,
            reduce_only=ticket.reduce_only,
            api=ticket.api,
            risk_reducing=amount <= can_reduce,
            connection_id=ticket.connection_id,
        )

    def require_unlocked(self, listing: Listing, direction: str, amount: Decimal) -> None:
        """11098 while the account is locked; 10072 for what does not reduce while positions are."""
        lock = self.account.lock_on(listing.settlement_currency)
        if lock is None:
            return
        if lock.reason != POSITION:
            raise ApiError(11098)
        if amount > reducible(self.account.size(listing.name), direction):
            raise ApiError(10072)

    def _require_funds(self, order: Order) -> None:
        """10009 when the order would break the initial margin; one that reduces its position always may."""
        if order.risk_reducing:
            return
        if not self.funds.affords(order):
            raise ApiError(10009)

    def _would_take(self, order: Order) -> bool:
        ladder = self.markets.ladder(order.listing, opposite(order.direction))
        return bool(ladder) and order.crosses(ladder[0][0])

    def _passive_price(self, order: Order) -> Decimal:
        """A post-only price: as asked, or one tick off the touch; 11054 with reject_post_only."""
        if not self._would_take(order):
            return order.price
        if order.reject_post_only:
            raise ApiError(11054)
        best = self.markets.ladder(order.listing, opposite(order.direction))[0][0]
        price = best - order.sign * tick_at(order.listing, best)
        if price <= 0:
            raise ApiError(11054)
        return price

    def _work(self, order: Order, now_ms: int) -> list[Trade]:
        """Take what the limit allows, then rest or cancel the remainder."""
        side = opposite(order.direction)
        fills = takes(self.markets.ladder(order.listing, side), order.direction, order.price, order.remaining)
        available = sum((part for _, part in fills), ZERO)
        if order.time_in_force == "fill_or_kill" and available < order.remaining:
            fills = []
        self._cancel_own_opposite(order, fills, now_ms)
        change = Change(order.name, [order])
        self.changes.append(change)
        for price, part in fills:
            change.trades.append(self._fill(order, price, part, now_ms, taker=True))
        if order.remaining:
            self._rest_or_cancel(order, now_ms)
        return list(change.trades)

    def _rest_or_cancel(self, order: Order, now_ms: int) -> None:
        if order.time_in_force in ("immediate_or_cancel", "fill_or_kill"):
            order.state, order.last_update_ms = "cancelled", now_ms
            return
        if order.order_type == "market":  # protection: the residual rests at the edge of the band
            order.order_type, order.original_order_type = "limit", "market"
        self._resting[order.order_id] = order

    def _cancel_own_opposite(self, order: Order, fills: list[Level], now_ms: int) -> None:
        """Self-trade prevention `cancel_maker`: own resting orders that this one would meet are cancelled."""
        done = sum((part for _, part in fills), ZERO) == order.remaining
        reach = fills[-1][0] if fills and done else order.price
        for other in list(self._resting.values()):
            meets = other.crosses(reach) and other.direction != order.direction
            if other.name == order.name and other is not order and meets:
                self.cancel(other, "self_trade_prevention", now_ms)

    # -- filling ----------------------------------------------------------------------------------

    def _fill_resting(self, order: Order, now_ms: int) -> None:
        side = opposite(order.direction)
        ladder = self.markets.ladder(order.listing, side)
        fills = takes(ladder, order.direction, order.price, order.remaining)
        amount = sum((part for _, part in fills), ZERO)
        if amount:
            change = Change(order.name, [order])
            change.trades.append(self._fill(order, order.price, amount, now_ms, taker=False))
            self.changes.append(change)

    def _trim(self, order: Order, now_ms: int) -> None:
        """A reduce-only order shrinks with the position."""
        can_reduce = reducible(self.account.size(order.name), order.direction)
        if not can_reduce:
            self.cancel(order, "reduce_only", now_ms)
        elif can_reduce < order.remaining:
            order.amount, order.last_update_ms = order.filled + can_reduce, now_ms
            self.changes.append(Change(order.name, [order]))

    def _fill(self, order: Order, price: Decimal, amount: Decimal, now_ms: int, *, taker: bool) -> Trade:
        self.markets.consume(order.listing, opposite(order.direction), amount)
        return self._book(order, price, amount, now_ms, taker=taker)

    def _book(self, order: Order, price: Decimal, amount: Decimal, now_ms: int, *, taker: bool) -> Trade:
        """A trade with the usual fee, or that of a liquidation."""
        listing, provenance = order.listing, PLAIN
        index = self.markets.index(listing.price_index)
        fee = trade_fee(listing, amount, price, index, taker=taker)
        if order.is_liquidation:
            fee, provenance = liquidation_fee(listing, amount, price, index), Provenance(liquidation="T")
        return self.enter(order, price, amount, fee, now_ms, taker, provenance)

    def enter(
        self,
        order: Order,
        price: Decimal,
        amount: Decimal,
        fee: Decimal,
        now_ms: int,
        taker: bool,
        provenance: Provenance,
    ) -> Trade:
        """Book a trade of an order, wherever its other side came from."""
        listing = order.listing
        order.filled += amount
        order.notional += price * amount
        order.last_update_ms = now_ms
        if not order.remaining:
            order.state = "filled"
            self._resting.pop(order.order_id, None)
        index = self.markets.index(listing.price_index)
        funding = self.markets.market(listing.name).funding
        if funding is not None:
            self.account.accrue_funding(listing, funding.paid_per_unit)
        profit = self.account.apply_trade(listing, order.sign * amount, price, fee, index, now_ms)
        fill = Fill(price, amount, fee, profit, now_ms, taker, provenance)
        trade = record_trade(order, fill, self.markets, self.tape)
        self.account.name_trade(trade.trade_id)
        self.account.stamp(self.markets.exact_mark)
        self.trades.append(trade)
        self.tape.note(trade)
        return trade


def find_order(desk: Desk, order_id: str) -> Order:
    """An order by id; 10004 when the exchange never had it."""
    order = desk.orders.get(order_id)
    if order is None:
        raise ApiError(10004)
    return order


def amount_from(listing: Listing, amount: Decimal | None, contracts: Decimal | None) -> Decimal:
    """The amount of a request that gives `amount`, `contracts`, or both in agreement."""
    if amount is None and contracts is None:
        raise invalid_param("amount", "value required")
    from_contracts = None if contracts is None else contracts * listing.contract_size
    if amount is None:
        assert from_contracts is not None
        return from_contracts
    if from_contracts is not None and from_contracts != amount:
        raise invalid_param("contracts", "must agree with amount")
    return amount
