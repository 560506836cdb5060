"""What-if margins and locks of the account (deribit.md 9; OpenAPI of August 2026)."""

from __future__ import annotations

from decimal import Decimal

from hedger.simulator.channels import CURRENCIES
from hedger.simulator.checks import check_amount
from hedger.simulator.funds import Funds
from hedger.simulator.methods import Call, method
from hedger.simulator.model import Listing
from hedger.simulator.numbers import ZERO
from hedger.simulator.orders import Order
from hedger.simulator.params import required_number
from hedger.simulator.render_margin import currency_summary
from hedger.simulator.rpc import invalid_param

READ_ACCOUNT = ("account", "read")
READ_TRADE = ("trade", "read")
LOCKABLE = ("BTC", "ETH", "USDC")
MESSAGES = {
    "liquidation": "Account is being liquidated.",
    "account": "Account is locked by the exchange.",
}


@method("private/simulate_portfolio", READ_ACCOUNT)
def simulate_portfolio(call: Call) -> object:
    """The summary of a currency as if positions were traded at their marks, without fees."""
    currency = call.params.required_text("currency").upper()
    if currency not in CURRENCIES:
        raise invalid_param("currency", "invalid currency")
    sizes = _simulated(call)
    exchange = call.exchange
    tried, markets = exchange.account.copy(), exchange.markets
    if not call.params.flag("add_positions", True):
        for held in tried.open_positions(currency):
            sizes[held.listing] = sizes.get(held.listing, ZERO) - held.size
    for listing, amount in sizes.items():
        mark, index = markets.mark(listing.name), markets.index(listing.price_index)
        tried.apply_trade(listing, amount, mark, ZERO, index, call.now_ms)
    return currency_summary(Funds(tried, markets, exchange.desk.open_orders), currency)


def _simulated(call: Call) -> dict[Listing, Decimal]:
    """Signed amounts by instrument: USD for inverse futures, coin for everything else."""
    amounts = call.params.amounts("simulated_positions")
    return {call.exchange.markets.listing(name): amount for name, amount in amounts.items()}


@method("private/get_user_locks", READ_ACCOUNT)
def get_user_locks(call: Call) -> object:
    """Per currency, whether it is locked. Schema says `enabled`, the example `locked`: both are told."""
    rows: list[object] = []
    for code in LOCKABLE:
        lock = call.exchange.account.lock_on(code)
        locked = lock is not None and lock.reason in MESSAGES
        row: dict[str, object] = {"currency": code, "enabled": locked, "locked": locked}
        rows.append({**row, "message": MESSAGES[lock.reason]} if lock is not None and locked else row)
    return rows


@method("private/get_margins", READ_TRADE)
def get_margins(call: Call) -> object:
    """What a buy and a sell of an amount at a price would add to the initial margin, and the price band."""
    listing = call.exchange.markets.listing(call.params.required_text("instrument_name"))
    amount, price = required_number(call.params, "amount"), required_number(call.params, "price")
    check_amount(listing, amount)
    market = call.exchange.markets.market(listing.name)
    added = {
        side: call.exchange.funds.added_by(_probe(listing, side, amount, price, call.now_ms))
        for side in ("buy", "sell")
    }
    return {
        **{side: float(margin) for side, margin in added.items()},
        "min_price": float(market.min_price),
        "max_price": float(market.max_price),
    }


def _probe(listing: Listing, side: str, amount: Decimal, price: Decimal, now_ms: int) -> Order:
    """An order to ask about."""
    return Order("probe", listing, side, amount, price, "", "limit", "good_til_cancelled", now_ms, now_ms)
