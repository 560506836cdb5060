"""Money that comes, goes or changes its currency outside of trading.

A spot conversion is done at the index, without a fee, as two entries; USDC is taken at par with the USD.
"""

from __future__ import annotations

from decimal import Decimal

from hedger.simulator.account import Account
from hedger.simulator.entries import DEPOSIT, SWAP, TRANSFER, WITHDRAWAL, Entry, Note
from hedger.simulator.funds import Funds
from hedger.simulator.numbers import ZERO, rounded
from hedger.simulator.render_account import CASH_PLACES
from hedger.simulator.rpc import ApiError, invalid_param

SPOT = "spot"
KINDS = (DEPOSIT, WITHDRAWAL, TRANSFER, SPOT)


def deposit(account: Account, currency: str, amount: Decimal, now_ms: int) -> list[Entry]:
    """Money from outside."""
    return [account.book(DEPOSIT, currency, amount, now_ms)]


def withdraw(account: Account, funds: Funds, currency: str, amount: Decimal, now_ms: int) -> list[Entry]:
    """Money to outside; 10009 beyond what is free to be withdrawn."""
    _require_free(funds, currency, amount)
    return [account.book(WITHDRAWAL, currency, -amount, now_ms)]


def transfer(account: Account, funds: Funds, currency: str, amount: Decimal, now_ms: int) -> list[Entry]:
    """Money from (positive) or to (negative) another account of the same owner."""
    if amount < 0:
        _require_free(funds, currency, -amount)
    return [account.book(TRANSFER, currency, amount, now_ms, Note(info="subaccount"))]


def convert(
    account: Account, funds: Funds, currency: str, into: str, amount: Decimal, now_ms: int
) -> list[Entry]:
    """Sell an amount of one currency for another at the index; 10009 beyond what is free."""
    price = _price(funds, currency, "currency") / _price(funds, into, "to")
    _require_free(funds, currency, amount)
    bought = rounded(amount * price, CASH_PLACES.get(into, 8))
    note = Note(info=f"{currency} to {into}", price=price)
    return [
        account.book(SWAP, currency, -amount, now_ms, note),
        account.book(SWAP, into, bought, now_ms, note),
    ]


def _price(funds: Funds, currency: str, param: str) -> Decimal:
    price = funds.usd_prices().get(currency)
    if price is None:
        raise invalid_param(param, f"must be one of {', '.join(funds.usd_prices())}")
    return price


def _require_free(funds: Funds, currency: str, amount: Decimal) -> None:
    free = min(funds.totals(currency).balance, funds.margins(currency).available)
    if amount > max(ZERO, free):
        raise ApiError(10009)
