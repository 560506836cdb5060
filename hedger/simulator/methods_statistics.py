"""Public data about the market as a whole: expirations, volatility, settlements (deribit.md 6 and 11)."""

from __future__ import annotations

from hedger.simulator.methods import Call, method
from hedger.simulator.methods_account import asked_currency
from hedger.simulator.model import Listing
from hedger.simulator.params import required_integer
from hedger.simulator.rpc import invalid_param
from hedger.simulator.settlements import KINDS as SETTLEMENT_KINDS
from hedger.simulator.settlements import Settlement
from hedger.simulator.time_units import DAY_MS
from hedger.simulator.volatility import realised

Json = dict[str, object]
_RESOLUTIONS = ("1", "60", "3600", "43200", "1D")
_MOST_CANDLES = 1000
_NO_MORE = "none"


@method("public/get_expirations")
def get_expirations(call: Call) -> object:
    """By kind for `any`, by currency and kind for `grouped` or one currency."""
    kind = call.params.choice("kind", ("future", "option", "any"), "any")
    pair = call.params.text("currency_pair")
    grouped = call.params.required_text("currency") == "grouped"
    currency = "any" if grouped else asked_currency(call)
    rows = [
        row
        for row in call.exchange.markets.listings().values()
        if kind in ("any", row.kind)
        and pair in ("", row.price_index)
        and currency in ("any", row.settlement_currency)
    ]
    if currency == "any" and not grouped:
        return _by_kind(rows)
    currencies = dict.fromkeys(row.settlement_currency for row in rows)
    return {
        code.lower(): _by_kind([row for row in rows if row.settlement_currency == code])
        for code in currencies
    }


def _by_kind(rows: list[Listing]) -> Json:
    ordered = sorted(rows, key=lambda row: row.expiration_ms)
    return {
        kind: list(dict.fromkeys(row.name.split("-")[1] for row in ordered if row.kind == kind))
        for kind in dict.fromkeys(row.kind for row in ordered)
    }


@method("public/get_historical_volatility")
def get_historical_volatility(call: Call) -> object:
    """Realised volatility by the hour, of the time this exchange has been watched."""
    return realised(call.exchange.history.index_points(asked_currency(call)))


@method("public/get_volatility_index_data")
def get_volatility_index_data(call: Call) -> object:
    """Candles `[tick, open, high, low, close]` of the volatility index, the newest that fit one answer."""
    currency, params = asked_currency(call), call.params
    start_ms = required_integer(params, "start_timestamp")
    end_ms = required_integer(params, "end_timestamp")
    resolution = params.choice("resolution", _RESOLUTIONS, "")
    width_ms = DAY_MS if resolution == "1D" else int(resolution) * 1000
    rows = call.exchange.history.volatility_candles(currency, start_ms, end_ms, width_ms)
    earlier = rows[:-_MOST_CANDLES]
    return {"data": rows[-_MOST_CANDLES:], "continuation": earlier[-1][0] if earlier else None}


@method("public/get_last_settlements_by_currency")
def get_last_settlements_by_currency(call: Call) -> object:
    currency = asked_currency(call)
    return _page(call, [row for row in _settlements(call) if currency in ("any", row.currency)])


@method("public/get_last_settlements_by_instrument")
def get_last_settlements_by_instrument(call: Call) -> object:
    """Of an instrument that may be gone; unknown names have no settlements."""
    name = call.params.required_text("instrument_name")
    return _page(call, [row for row in _settlements(call) if row.name == name])


def _settlements(call: Call) -> list[Settlement]:
    """Newest first, of the asked type and not after the asked time."""
    kind = call.params.choice("type", ("", *SETTLEMENT_KINDS), "")
    latest_ms = call.params.integer("search_start_timestamp")
    return [
        row
        for row in reversed(call.exchange.history.settlements)
        if kind in ("", row.kind) and (latest_ms is None or row.market_ms <= latest_ms)
    ]


def _page(call: Call, rows: list[Settlement]) -> Json:
    token = call.params.text("continuation")
    if token and token != _NO_MORE and not token.isdigit():
        raise invalid_param("continuation", "wrong format")
    start = len(rows) if token == _NO_MORE else int(token or 0)
    end = start + call.params.count(20)
    more = str(end) if end < len(rows) else _NO_MORE
    return {"settlements": [row.as_json() for row in rows[start:end]], "continuation": more}
