"""Public market data: instruments, tickers, books, indices, funding, charts (deribit.md 6 and 7)."""

from __future__ import annotations

from datetime import UTC, datetime

from hedger.simulator.channels import KINDS
from hedger.simulator.methods import Call, method
from hedger.simulator.methods_account import asked_currency
from hedger.simulator.methods_combo import combo_instrument, combo_instruments
from hedger.simulator.model import Listing
from hedger.simulator.params import required_integer
from hedger.simulator.render_market import render_instrument, render_order_book, render_summary
from hedger.simulator.rpc import invalid_param
from hedger.simulator.time_units import MINUTE_MS

_CURRENCIES = (
    ("BTC", "Bitcoin", "BITCOIN", 8),
    ("ETH", "Ethereum", "ETHER", 6),
    ("USDC", "USD Coin", "USDC", 6),
)
_RESOLUTIONS = ("1", "3", "5", "10", "15", "30", "60", "120", "180", "360", "720", "1D")


def _named(call: Call) -> Listing:
    return call.exchange.markets.listing(call.params.required_text("instrument_name"))


def _chosen(call: Call) -> list[Listing]:
    """Listings of the asked currency and kind; without parameters all of them."""
    currency = asked_currency(call, required=False)
    kind = call.params.choice("kind", KINDS, "any")
    rows = call.exchange.markets.listings().values()
    return [row for row in rows if currency in ("any", row.settlement_currency) and kind in ("any", row.kind)]


@method("public/get_currencies")
def get_currencies(call: Call) -> object:
    return [
        {
            "currency": code,
            "currency_long": name,
            "coin_type": coin,
            "decimals": decimals,
            "min_confirmations": 1,
            "min_withdrawal_fee": 0.0001,
            "withdrawal_fee": 0.0001,
            "withdrawal_priorities": [],
            "network_currency": code,
            "network_fee": 0.0001,
            "in_cross_collateral_pool": False,
            "apr": 0.0,
        }
        for code, name, coin, decimals in _CURRENCIES
    ]


@method("public/get_instruments")
def get_instruments(call: Call) -> object:
    if call.params.flag("expired"):
        return []
    combos = combo_instruments(call, call.params.text("kind"), asked_currency(call, required=False))
    return [*(render_instrument(row, _state(call, row)) for row in _chosen(call)), *combos]


def _state(call: Call, listing: Listing) -> str:
    return call.exchange.markets.market(listing.name).state


@method("public/get_instrument")
def get_instrument(call: Call) -> object:
    listing = _named(call)
    spread = call.exchange.markets.spread(listing.name)
    if spread is not None:
        return combo_instrument(spread.as_combo(), [spread.bought, spread.sold], _state(call, listing))
    return render_instrument(listing, _state(call, listing))


@method("public/get_contract_size")
def get_contract_size(call: Call) -> object:
    return {"contract_size": float(_named(call).contract_size)}


@method("public/ticker")
def ticker(call: Call) -> object:
    return call.exchange.feeds.ticker(_named(call).name)


@method("public/get_order_book")
def get_order_book(call: Call) -> object:
    listing, feeds = _named(call), call.exchange.feeds
    depth = call.params.integer("depth")
    if depth is not None and depth < 1:
        raise invalid_param("depth", "wrong format")
    bids, asks = feeds.sides(listing)
    return render_order_book(feeds.ticker(listing.name), bids, asks, depth or 5, feeds.next_change_id())


@method("public/get_index_price")
def get_index_price(call: Call) -> object:
    name, markets = call.params.required_text("index_name"), call.exchange.markets
    price = float(markets.index(name))
    return {"index_price": price, "estimated_delivery_price": markets.estimated_delivery(name)[0]}


@method("public/get_index_price_names")
def get_index_price_names(call: Call) -> object:
    return sorted({row.price_index for row in call.exchange.markets.listings().values()})


@method("public/get_book_summary_by_currency")
def get_book_summary_by_currency(call: Call) -> object:
    asked_currency(call)
    return [_summary(call, row) for row in _chosen(call)]


@method("public/get_book_summary_by_instrument")
def get_book_summary_by_instrument(call: Call) -> object:
    return [_summary(call, _named(call))]


def _summary(call: Call, listing: Listing) -> dict[str, object]:
    bids, asks = call.exchange.feeds.sides(listing)
    return render_summary(listing, call.exchange.markets.market(listing.name), bids, asks)


@method("public/get_funding_rate_value")
def get_funding_rate_value(call: Call) -> object:
    start_ms, end_ms = _time_range(call)
    return call.exchange.history.funding_value(_perpetual(call).name, start_ms, end_ms)


@method("public/get_funding_rate_history")
def get_funding_rate_history(call: Call) -> object:
    start_ms, end_ms = _time_range(call)
    return call.exchange.history.funding_rows(
        _perpetual(call).name, start_ms, min(end_ms, call.exchange.world.now_ms)
    )


def _perpetual(call: Call) -> Listing:
    listing = _named(call)
    if not listing.is_perpetual:
        raise invalid_param("instrument_name", "must be a perpetual")
    return listing


def _time_range(call: Call) -> tuple[int, int]:
    return required_integer(call.params, "start_timestamp"), required_integer(call.params, "end_timestamp")


@method("public/get_tradingview_chart_data")
def get_tradingview_chart_data(call: Call) -> object:
    start_ms, end_ms = _time_range(call)
    resolution = call.params.choice("resolution", _RESOLUTIONS, "1")
    minutes = 1440 if resolution == "1D" else int(resolution)
    chart = call.exchange.history.candles(_named(call).name, start_ms, end_ms, minutes * MINUTE_MS)
    return {**chart, "status": "ok" if chart["ticks"] else "no_data"}


@method("public/get_delivery_prices")
def get_delivery_prices(call: Call) -> object:
    index, offset = call.params.required_text("index_name"), call.params.integer("offset") or 0
    rows = reversed(call.exchange.history.deliveries(index))
    data = [{"date": _date(ms), "delivery_price": price} for ms, price in rows]
    return {"data": data[offset : offset + call.params.count()], "records_total": len(data)}


def _date(market_ms: int) -> str:
    return datetime.fromtimestamp(market_ms / 1000, UTC).date().isoformat()
