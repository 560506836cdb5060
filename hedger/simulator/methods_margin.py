"""What-if margins, locks of the account, combos (deribit.md 9; OpenAPI of August 2026)."""

from __future__ import annotations

from decimal import Decimal

from hedger.simulator.channels import CURRENCIES
from hedger.simulator.combos import Combo
from hedger.simulator.funds import Funds
from hedger.simulator.methods import Call, method
from hedger.simulator.model import Listing
from hedger.simulator.numbers import ZERO
from hedger.simulator.render_margin import currency_summary
from hedger.simulator.rpc import ApiError, invalid_param

READ_ACCOUNT = ("account", "read")
LOCKABLE = ("BTC", "ETH", "USDC")
MESSAGES = {
    "liquidation": "Account is being liquidated.",
    "account": "Account is locked by the exchange.",
    "position": "Positions may only be reduced.",
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
        row: dict[str, object] = {"currency": code, "enabled": lock is not None, "locked": lock is not None}
        rows.append(row if lock is None else {**row, "message": MESSAGES[lock.reason]})
    return rows


@method("public/get_combos")
def get_combos(call: Call) -> object:
    """Combos of a currency that were traded here and whose legs are still listed."""
    return [combo.as_json() for combo in _live_combos(call)]


@method("public/get_combo_ids")
def get_combo_ids(call: Call) -> object:
    return [combo.id for combo in _live_combos(call)]


@method("public/get_combo_details")
def get_combo_details(call: Call) -> object:
    found = call.exchange.account.combos.get(call.params.required_text("combo_id"))
    if found is None:
        raise ApiError(13020)
    return found.as_json()


def _live_combos(call: Call) -> list[Combo]:
    currency = call.params.required_text("currency")
    listed = call.exchange.world.listings()
    return [
        combo
        for combo in call.exchange.account.combos.values()
        if currency in ("any", combo.currency) and all(leg.instrument_name in listed for leg in combo.legs)
    ]
