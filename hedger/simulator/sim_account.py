"""What happens to an account without its API: liquidation, locks, deleveraging, money, blocks (/sim/*)."""

from __future__ import annotations

import random
from collections.abc import Mapping
from decimal import Decimal

from hedger.simulator.channels import CURRENCIES
from hedger.simulator.checks import check_amount
from hedger.simulator.combos import describe_combo
from hedger.simulator.entries import DEPOSIT, TRANSFER, WITHDRAWAL, Entry
from hedger.simulator.exchange import Exchange
from hedger.simulator.forced import BlockLeg, deleverage, require_funds, trade_block
from hedger.simulator.locks import ACCOUNT, ALL, LIQUIDATION, POSITION, Lock
from hedger.simulator.orders import Provenance
from hedger.simulator.params import Params, required_number
from hedger.simulator.render_order import render_trade
from hedger.simulator.rpc import ApiError, invalid_param
from hedger.simulator.transfers import KINDS, convert, deposit, transfer, withdraw

Json = dict[str, object]

ROUNDS = 4  # of a liquidation that is asked for
MOST_LEGS = 20


def liquidate(exchange: Exchange, body: Mapping[str, object], wire_s: float) -> Json:
    """Liquidate whatever the margin: {currency?, rounds?}, one round per second of market time."""
    params = Params(body)
    currency, rounds = _currency(params, "BTC"), params.integer("rounds")
    rounds = ROUNDS if rounds is None else rounds
    if rounds < 1:
        raise invalid_param("rounds", "must be at least 1")
    lock = exchange.liquidator.start(currency, rounds, exchange.clock.market_ms(wire_s))
    exchange.publish(wire_s)
    return _lock_row(lock)


def lock(exchange: Exchange, body: Mapping[str, object], wire_s: float) -> Json:
    """Lock a currency or ALL by hand, or unlock it: {currency?, kind: account | position, locked?}."""
    params = Params(body)
    currency = ALL if params.text("currency", ALL).upper() == ALL else _currency(params, "")
    kind = params.choice("kind", (ACCOUNT, POSITION), ACCOUNT)
    if params.flag("locked", True):
        exchange.liquidator.lock(currency, kind, exchange.clock.market_ms(wire_s))
    else:
        exchange.liquidator.unlock(currency)
    exchange.publish(wire_s)
    return {"locks": locks(exchange)}


def locks(exchange: Exchange) -> list[Json]:
    """The locks that hold now."""
    return [_lock_row(row) for row in exchange.account.locks.values()]


def _lock_row(lock: Lock) -> Json:
    row: Json = {"currency": lock.currency, "reason": lock.reason, "since_ms": lock.since_ms}
    return {**row, "rounds_left": lock.rounds_left} if lock.reason == LIQUIDATION else row


def deleverage_position(exchange: Exchange, body: Mapping[str, object], wire_s: float) -> Json:
    """Auto-deleveraging takes a part of a position at the mark: {instrument, amount}; 10010 without one."""
    params = Params(body)
    listing = exchange.markets.listing(params.required_text("instrument"))
    amount = required_number(params, "amount")
    check_amount(listing, amount)
    change = deleverage(exchange.desk, listing, amount, exchange.clock.market_ms(wire_s))
    if change is None:
        raise ApiError(10010)
    exchange.desk.changes.append(change)
    exchange.publish(wire_s)
    return {"trades": [render_trade(row, exchange.identity.user_id) for row in change.trades]}


def move_money(exchange: Exchange, body: Mapping[str, object], wire_s: float) -> Json:
    """Deposit, withdrawal, transfer or conversion: {currency, amount, type, to?}.

    Amounts are positive; a transfer's sign says whether the money comes (+) or goes (-). `spot` sells the
    amount for the currency `to` (USDC) at the index.
    """
    params = Params(body)
    kind, amount = params.choice("type", KINDS, ""), required_number(params, "amount")
    currency, now_ms = _currency(params, ""), exchange.clock.market_ms(wire_s)
    if amount == 0 or (amount < 0 and kind != TRANSFER):
        raise invalid_param("amount", "must be positive")
    account, funds = exchange.account, exchange.funds
    if kind == DEPOSIT:
        entries = deposit(account, currency, amount, now_ms)
    elif kind == WITHDRAWAL:
        entries = withdraw(account, funds, currency, amount, now_ms)
    elif kind == TRANSFER:
        entries = transfer(account, funds, currency, amount, now_ms)
    else:
        entries = convert(account, funds, currency, params.text("to", "USDC").upper(), amount, now_ms)
    account.stamp(exchange.markets.exact_mark)
    exchange.announce_account(wire_s)
    return {"entries": [entry_row(row) for row in entries]}


def entry_row(entry: Entry) -> Json:
    """One line of the cash book, exact as text."""
    return {
        "number": entry.number,
        "timestamp": entry.market_ms,
        "type": entry.kind,
        "currency": entry.currency,
        "change": str(entry.change),
        "balance": str(entry.balance),
        "instrument_name": entry.note.instrument_name or None,
    }


def block(exchange: Exchange, body: Mapping[str, object], wire_s: float) -> Json:
    """A person's block or combo trade.

    {legs: [{instrument, side, amount, price?, label?}], order?: given | shuffled, gap_ms?, combo?}. It
    happens at once, at the marks unless priced; its legs are told one by one, `gap_ms` of wire time apart.
    10009 beyond the margin, 11098 or 10072 while a lock is on.
    """
    params = Params(body)
    legs = [_leg(exchange, row) for row in _leg_rows(body)]
    gap_ms, now_ms = params.number("gap_ms") or Decimal(0), exchange.clock.market_ms(wire_s)
    if gap_ms < 0:
        raise invalid_param("gap_ms", "must not be negative")
    require_funds(exchange.desk, legs, now_ms)
    shuffled = params.choice("order", ("given", "shuffled"), "given") == "shuffled"
    number = exchange.account.blocks = exchange.account.blocks + 1
    provenance = _provenance(exchange, legs, number, params.flag("combo"), now_ms)
    changes = trade_block(exchange.desk, legs, provenance, now_ms)
    if shuffled:
        random.Random(f"{exchange.seed}:block:{number}").shuffle(changes)
    exchange.tell_apart(changes, float(gap_ms) / 1000, wire_s)
    user_id = exchange.identity.user_id
    return {
        "block_trade_id": provenance.block_trade_id,
        "combo_id": provenance.combo_id,
        "trades": [render_trade(trade, user_id) for change in changes for trade in change.trades],
    }


def _leg_rows(body: Mapping[str, object]) -> list[Mapping[str, object]]:
    rows = body.get("legs")
    if not isinstance(rows, list) or not 1 <= len(rows) <= MOST_LEGS:
        raise invalid_param("legs", f"must be a list of 1 to {MOST_LEGS} legs")
    if not all(isinstance(row, dict) for row in rows):
        raise invalid_param("legs", "each must be an object with instrument, side and amount")
    return rows


def _leg(exchange: Exchange, row: Mapping[str, object]) -> BlockLeg:
    params = Params(row)
    listing = exchange.markets.listing(params.required_text("instrument"))
    exchange.markets.require_open(listing)
    params.required_text("side")
    side, amount = params.choice("side", ("buy", "sell"), ""), required_number(params, "amount")
    check_amount(listing, amount)
    exchange.desk.require_unlocked(listing, side, amount)
    price = params.number("price")
    if price is not None and price <= 0:
        raise ApiError(10023)
    agreed = exchange.markets.mark(listing.name) if price is None else price
    return BlockLeg(listing, side, amount, agreed, params.text("label"))


def _provenance(
    exchange: Exchange, legs: list[BlockLeg], number: int, combo: bool, now_ms: int
) -> Provenance:
    """A block's number, or the combo that the legs are; a new combo becomes known."""
    if not combo:
        return Provenance(block_trade_id=f"BLOCK-{number}", leg_count=len(legs))
    known = exchange.account.combos
    signed = [(leg.listing, leg.amount * leg.sign) for leg in legs]
    made = describe_combo(signed, len(known), now_ms)
    found = known.setdefault(made.id, made)
    return Provenance(combo_id=found.id, combo_trade_id=exchange.desk.tape.next_id())


def _currency(params: Params, default: str) -> str:
    """A currency in capitals; required without a default."""
    code = (params.text("currency", default) if default else params.required_text("currency")).upper()
    if code not in CURRENCIES:
        raise invalid_param("currency", "invalid currency")
    return code
