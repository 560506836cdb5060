"""What only a simulator can tell and do: its whole truth, a pause, a person's trade, faults (/sim/*)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from hedger.simulator.exchange import Exchange
from hedger.simulator.fault_requests import read_fault
from hedger.simulator.journal import MarketMove
from hedger.simulator.methods import Call
from hedger.simulator.methods_trade import person_trade
from hedger.simulator.numbers import ZERO
from hedger.simulator.params import Params
from hedger.simulator.render_order import render_order, render_trade
from hedger.simulator.rpc import invalid_param
from hedger.simulator.sim_account import entry_row, locks
from hedger.simulator.world.fixed import FixedWorlds, Move

Json = dict[str, object]


def state(exchange: Exchange, wire_s: float) -> Json:
    """Everything, exact: beside every rounded number stands the unrounded one as text."""
    account, markets, user_id = exchange.account, exchange.markets, exchange.identity.user_id
    ledgers = [account.ledgers[code] for code in sorted(account.ledgers)]
    totals = {row.currency: exchange.funds.totals(row.currency) for row in ledgers}
    exact_equity = {code: str(account.exact_equity(code, markets.exact_mark)) for code in totals}
    held = account.open_positions()
    return {
        "now_ms": exchange.clock.market_ms(wire_s),
        "world_ms": exchange.world.now_ms,
        "origin_ms": exchange.clock.origin_ms,
        "started_unix_ms": round(exchange.clock.started_unix_ms),
        "speed": exchange.clock.speed,
        "ended": exchange.world.ended,
        "paused": exchange.clock.paused,
        "positions": {row.listing.name: float(row.size) for row in held},
        "positions_exact": {row.listing.name: str(row.size) for row in held},
        "orders": [render_order(order, user_id) for order in exchange.desk.orders.values()],
        "trades": [render_trade(trade, user_id) for trade in exchange.desk.trades],
        "equity": {code: float(row.equity) for code, row in totals.items()},
        "equity_exact": exact_equity,
        "balance_exact": {row.currency: str(row.balance) for row in ledgers},
        "changes_exact": {code: str(_changes(exchange, code)) for code in totals},
        "fees": {row.currency: float(row.fees_paid) for row in ledgers},
        "fees_exact": {row.currency: str(row.fees_paid) for row in ledgers},
        "funding_exact": {row.currency: str(row.funding_paid) for row in ledgers},
        "margin_model": account.margin_model,
        "locks": locks(exchange),
        "entries": [entry_row(entry) for entry in account.log],
        "duplicate_labels": duplicate_labels(exchange),
    }


def _changes(exchange: Exchange, currency: str) -> Decimal:
    """The sum of all that ever changed a currency's cash: its balance, to the last digit."""
    rows = (entry.change for entry in exchange.account.log if entry.currency == currency)
    return sum(rows, ZERO)


def duplicate_labels(exchange: Exchange) -> Json:
    """Labels that more than one order carries, with how many; the exchange itself accepts them."""
    counts: dict[str, int] = {}
    for order in exchange.desk.orders.values():
        if order.label:
            counts[order.label] = counts.get(order.label, 0) + 1
    return {label: count for label, count in counts.items() if count > 1}


def trade(exchange: Exchange, body: Mapping[str, object], wire_s: float) -> Json:
    """A person's trade on the account: {instrument, side, amount, price?, label?}. Raises ApiError."""
    params = Params(body)
    listing = exchange.markets.listing(params.required_text("instrument"))
    params.required_text("side")
    side = params.choice("side", ("buy", "sell"), "")
    call = Call(exchange, None, "sim/trade", params, None, wire_s, exchange.clock.market_ms(wire_s))
    order = person_trade(call, listing, side)
    exchange.publish(wire_s)
    return render_order(order, exchange.identity.user_id)


def fault(exchange: Exchange, body: Mapping[str, object], wire_s: float) -> Json:
    """Switch a fault on (fault_requests.py tells the fields), or with the kind `clear` all of them off."""
    if Params(body).required_text("kind") == "clear":
        exchange.weather.clear(wire_s)
    else:
        exchange.switch_on(read_fault(body), wire_s)
    exchange.publish(wire_s)
    return faults(exchange, wire_s)


def faults(exchange: Exchange, wire_s: float) -> Json:
    return {"faults": exchange.faults.listed(wire_s)}


def market(exchange: Exchange, body: Mapping[str, object], wire_s: float) -> Json:
    """Move a fixed market now: {index?, iv?, underlying?}. Raises ApiError for any other market."""
    params, world = Params(body), exchange.world
    if not isinstance(world, FixedWorlds):
        raise invalid_param("index", "only the fixed market of a book file can be moved")
    underlying = params.choice("underlying", world.underlyings, world.underlyings[0])
    index_usd, iv = _positive(params, "index"), _positive(params, "iv")
    if index_usd is None and iv is None:
        raise invalid_param("index", "value required")
    done = MarketMove(underlying, Move(world.now_ms, index_usd, iv))
    world.move(done.underlying, done.move)
    exchange.moves.append(done)
    exchange.market_moved(wire_s)
    return {"now_ms": world.now_ms, "underlying": underlying, "index": index_usd, "iv": iv}


def _positive(params: Params, name: str) -> float | None:
    value = params.number(name)
    if value is not None and value <= 0:
        raise invalid_param(name, "must be above 0")
    return None if value is None else float(value)


def pause(exchange: Exchange, wire_s: float) -> Json:
    exchange.pause(wire_s)
    return {"now_ms": exchange.clock.market_ms(wire_s), "paused": True}


def resume(exchange: Exchange, wire_s: float) -> Json:
    exchange.resume(wire_s)
    return {"now_ms": exchange.clock.market_ms(wire_s), "paused": False}
