"""private/get_transaction_log: the cash book as the API tells it (deribit.md 11)."""

from __future__ import annotations

from collections.abc import Callable

from hedger.simulator.entries import DELIVERY, EXERCISE, KINDS, SETTLEMENT, Entry
from hedger.simulator.methods import Call, method
from hedger.simulator.methods_account import READ_ACCOUNT, asked_currency
from hedger.simulator.numbers import rounded
from hedger.simulator.orders import Trade
from hedger.simulator.params import required_integer
from hedger.simulator.render_account import CASH_PLACES, DOLLAR_COINS
from hedger.simulator.rpc import ApiError, invalid_param

Json = dict[str, object]
MOST_ROWS = 250
USUAL_ROWS = 100
WORDS = (*KINDS, "maker", "taker", "open", "close", "buy", "sell", "option", "future", "liquidation")


@method("private/get_transaction_log", READ_ACCOUNT)
def get_transaction_log(call: Call) -> object:
    """Changes of the cash of one currency in a range of time, newest first.

    `continuation` is the id of the next older row, null at the end; `query` keeps a kind, role or side.
    """
    chosen = _chosen(call)
    count = call.params.count(default=USUAL_ROWS, most=MOST_ROWS)
    page, rest = chosen[:count], chosen[count:]
    trades = {trade.trade_id: trade for trade in call.exchange.desk.trades}
    rows = [_row(call, entry, trades.get(entry.note.trade_id)) for entry in page]
    return {"logs": rows, "continuation": rest[0].number if rest else None}


def _chosen(call: Call) -> list[Entry]:
    currency, wanted = asked_currency(call), _query(call)
    start_ms = required_integer(call.params, "start_timestamp")
    end_ms = required_integer(call.params, "end_timestamp")
    if end_ms < start_ms:
        raise ApiError(-32602, {"reason": "must not be before start_timestamp", "param": "end_timestamp"})
    newest = call.params.integer("continuation")
    return [
        entry
        for entry in reversed(call.exchange.account.log)
        if entry.currency == currency
        and start_ms <= entry.market_ms <= end_ms
        and (newest is None or entry.number <= newest)
        and wanted(entry)
    ]


def _query(call: Call) -> Callable[[Entry], bool]:
    word = call.params.text("query")
    if word and word not in WORDS:
        raise invalid_param("query", f"must be one of {', '.join(WORDS)}")
    if not word:
        return lambda entry: True
    trades = {trade.trade_id: trade for trade in call.exchange.desk.trades}
    return lambda entry: word in _words(entry, trades.get(entry.note.trade_id))


def _words(entry: Entry, trade: Trade | None) -> set[str]:
    """What a `query` may find a row by."""
    kind = "option" if _is_option(entry) else "future" if entry.note.instrument_name else ""
    return {entry.kind, kind, _role(trade), *_side(entry).split()}


def _row(call: Call, entry: Entry, trade: Trade | None) -> Json:
    identity, note = call.exchange.identity, entry.note
    places = CASH_PLACES.get(entry.currency, 8)
    row: Json = {
        "id": entry.number,
        "user_seq": entry.number,
        "user_id": identity.user_id,
        "username": identity.account,
        "type": entry.kind,
        "timestamp": entry.market_ms,
        "currency": entry.currency,
        "side": _side(entry),
        "change": float(rounded(entry.change, places)),
        "cashflow": float(rounded(note.cashflow if note.instrument_name else entry.change, places)),
        "commission": float(note.commission),
        "balance": float(rounded(entry.balance, places)),
        "equity": None if entry.equity is None else float(rounded(entry.equity, places)),
        "instrument_name": note.instrument_name or None,
        "position": float(note.position) if note.instrument_name else None,
        "price": float(note.price) if note.instrument_name else None,
        "interest_pl": float(rounded(note.interest, places)) if note.instrument_name else None,
        "trade_id": note.trade_id or None,
        "order_id": None if trade is None else trade.order_id,
        "info": note.info or {},
    }
    if note.instrument_name:
        row["amount"], row["price_currency"] = float(abs(note.amount)), _price_currency(entry)
    return {**row, **_particulars(entry, trade, places)}


def _particulars(entry: Entry, trade: Trade | None, places: int) -> Json:
    """What only some kinds of rows tell."""
    note = entry.note
    if trade is not None:
        return {
            "mark_price": float(trade.mark_price),
            "index_price": float(trade.index_price),
            "contracts": float(trade.contracts),
            "user_role": _role(trade),
            "fee_role": _role(trade),
            "profit_as_cashflow": False,
        }
    if entry.kind == SETTLEMENT:
        return {
            "session_rpl": float(rounded(note.realised, places)),
            "session_upl": float(rounded(note.cashflow - note.realised, places)),
            "total_interest_pl": float(rounded(note.interest, places)),
            "index_price": float(note.index),
        }
    if entry.kind in (EXERCISE, DELIVERY):
        return {"index_price": float(note.index), "settlement_price": float(note.index)}
    return {}


def _side(entry: Entry) -> str:
    """`open buy` and the like for trades and deliveries, `long` or `short` for settlements, `-` for money."""
    note = entry.note
    if not note.instrument_name:
        return "-"
    if entry.kind == SETTLEMENT:
        return "short" if note.amount < 0 else "long"
    closes = abs(note.position) < abs(note.position - note.amount)
    return f"{'close' if closes else 'open'} {'sell' if note.amount < 0 else 'buy'}"


def _role(trade: Trade | None) -> str:
    if trade is None:
        return ""
    return "taker" if trade.liquidity == "T" else "maker"


def _is_option(entry: Entry) -> bool:
    return entry.note.instrument_name.endswith(("-C", "-P"))


def _price_currency(entry: Entry) -> str:
    """What the price is in: the coin for inverse options, dollars for inverse futures, else USDC."""
    if entry.currency in DOLLAR_COINS or _is_option(entry):
        return entry.currency
    return "USD"
