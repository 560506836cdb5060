"""The data of public channels: every feed tells what to send now on one subscription, or None."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from hedger.simulator.channels import Channel
from hedger.simulator.connection import Subscription
from hedger.simulator.desk import Desk
from hedger.simulator.history import History
from hedger.simulator.liquidity import Level
from hedger.simulator.markets import Markets, among
from hedger.simulator.model import Listing
from hedger.simulator.render_market import grouped, levels, render_ticker
from hedger.simulator.time_units import MINUTE_MS
from hedger.simulator.volatility import volatility_index

Json = dict[str, object]
PLATFORM_INDICES = ("btc_usd", "eth_usd", "btc_usdc", "eth_usdc", "sol_usdc", "xrp_usdc")
FIRST_CHANGE_ID = 174_959_000_000
_TOUCH_PRICES = ("best_bid_price", "best_ask_price")
_QUOTE_FIELDS = (
    "best_bid_price",
    "best_bid_amount",
    "best_ask_price",
    "best_ask_amount",
    "instrument_name",
    "timestamp",
)


class Feeds:
    """Builds public data; everything of one instant is built once and shared by all connections."""

    def __init__(self, markets: Markets, desk: Desk, history: History) -> None:
        self._markets = markets
        self._desk = desk
        self._history = history
        self._tickers: dict[str, Json] = {}
        self._frozen: dict[str, Json] = {}
        self._frozen_names: frozenset[str] = frozenset()
        self.nulled: frozenset[str] = frozenset()  # instruments whose empty side is told as null (a fault)
        self._change_id = FIRST_CHANGE_ID
        self._producers: dict[str, Callable[[Subscription], object]] = {
            "ticker": self._ticker_feed,
            "incremental_ticker": self._incremental_ticker,
            "book": self._book,
            "book_window": self._book_window,
            "quote": self._quote,
            "perpetual": self._perpetual,
            "chart": self._chart,
            "index": self._index,
            "volatility": self._volatility,
            "markprice": self._mark_prices,
            "estimated_expiration_price": self._estimated_expiration,
        }

    # -- used by requests as well -----------------------------------------------------------------

    def refresh(self) -> None:
        """Forget what was built: the market moved or its liquidity changed."""
        self._tickers.clear()

    def freeze(self, names: frozenset[str]) -> None:
        """Keep telling the tickers of now for these instruments (a fault), and no others."""
        if names != self._frozen_names:
            self._frozen = {name: row for name, row in self._tickers.items() if among(names, name)}
        self._frozen_names = names

    def sides(self, listing: Listing) -> tuple[list[Level], list[Level]]:
        """Bids and asks as everybody sees them: what is left of the world's, and the account's own."""
        bids, asks = self._markets.ladder(listing, "bids"), self._markets.ladder(listing, "asks")
        for order in self._desk.open_orders():
            if order.name == listing.name:
                _add_level(
                    bids if order.sign > 0 else asks, order.price, order.remaining, descending=order.sign > 0
                )
        return bids, asks

    def ticker(self, name: str) -> Json:
        """The ticker of a live instrument."""
        if name in self._frozen:
            return self._frozen[name]
        known = self._tickers.get(name)
        if known is None:
            listing = self._markets.listing(name)
            bids, asks = self.sides(listing)
            known = render_ticker(listing, self._markets.market(name), bids, asks)
            if among(self.nulled, name):
                known.update({field: None for field in _TOUCH_PRICES if known[field] == 0.0})
            self._tickers[name] = known
            if among(self._frozen_names, name):
                self._frozen[name] = known
        return known

    def indices(self) -> tuple[str, ...]:
        """The price indices that platform_state tells about."""
        live = (listing.price_index for listing in self._markets.listings().values())
        return tuple(dict.fromkeys((*PLATFORM_INDICES, *live)))

    def next_change_id(self) -> int:
        self._change_id += 3
        return self._change_id

    # -- channels ---------------------------------------------------------------------------------

    def known(self, channel: Channel) -> bool:
        """Whether the instrument or index of a channel exists."""
        if channel.instrument:
            return self._markets.is_there(channel.instrument)
        if channel.index:
            indices = {listing.price_index for listing in self._markets.listings().values()}
            return channel.index in indices
        return True

    def produce(self, subscription: Subscription) -> object:
        """New data for a subscription, or None."""
        channel = subscription.channel
        producer = self._producers.get(channel.family)
        if producer is None or not self.known(channel):
            return None
        return producer(subscription)

    def snapshots(self, channel: Channel) -> list[Json]:
        """Messages that follow the ack of channels that otherwise tell events only."""
        if channel.family == "platform_state":
            locked = self._markets.locked
            return [
                {"price_index": index, "locked": among(locked, index), "reasons": []}
                for index in self.indices()
            ]
        if channel.family == "platform_methods":
            return [{"allow_unauthenticated_public_requests": True}]
        return []

    def _ticker_feed(self, sub: Subscription) -> object:
        return _if_new(sub, self.ticker(sub.channel.instrument))

    def _incremental_ticker(self, sub: Subscription) -> object:
        ticker, last = self.ticker(sub.channel.instrument), sub.last
        sub.last = ticker
        if not isinstance(last, dict):
            return {"type": "snapshot", **ticker}
        changed = {key: value for key, value in ticker.items() if last.get(key) != value}
        if not changed:
            return None
        return {
            "type": "change",
            **changed,
            "instrument_name": sub.channel.instrument,
            "timestamp": ticker["timestamp"],
        }

    def _quote(self, sub: Subscription) -> object:
        ticker = self.ticker(sub.channel.instrument)
        return _if_new(sub, {key: ticker[key] for key in _QUOTE_FIELDS}, but="timestamp")

    def _perpetual(self, sub: Subscription) -> object:
        ticker = self.ticker(sub.channel.instrument)
        if "current_funding" not in ticker:
            return None
        row = {
            "interest": ticker["interest_value"],
            "index_price": ticker["index_price"],
            "timestamp": ticker["timestamp"],
        }
        return _if_new(sub, row)

    def _index(self, sub: Subscription) -> object:
        price = float(self._markets.index(sub.channel.index))
        now_ms = self._markets.world.now_ms
        return _if_new(sub, {"index_name": sub.channel.index, "price": price, "timestamp": now_ms})

    def _volatility(self, sub: Subscription) -> object:
        """The volatility index of a currency, per cent a year, named by its price index."""
        name, now_ms = sub.channel.index, self._markets.world.now_ms
        value = volatility_index(self._markets, name.split("_")[0].upper())
        if value is None:
            return None
        row = {"timestamp": now_ms, "volatility": value, "index_name": name}
        return _if_new(sub, row, but="timestamp")

    def _estimated_expiration(self, sub: Subscription) -> object:
        price, left_ms = self._markets.estimated_delivery(sub.channel.index)
        seconds = left_ms // 1000
        return _if_new(sub, {"price": price, "seconds": seconds, "is_estimated": seconds <= 1800})

    def _mark_prices(self, sub: Subscription) -> object:
        """All options first, then those whose mark or volatility changed. `iv` is a fraction here."""
        seen = sub.last if isinstance(sub.last, dict) else {}
        rows = []
        for listing in self._markets.listings().values():
            if not listing.is_option or listing.price_index != sub.channel.index:
                continue
            market = self._markets.market(listing.name)
            told = (round(market.mark, 4), round(market.iv or 0.0, 4))
            if seen.get(listing.name) != told:
                seen[listing.name] = told
                row = {"instrument_name": listing.name, "mark_price": told[0], "iv": told[1]}
                rows.append({**row, "timestamp": market.market_ms})
        sub.last = seen
        return rows or None

    def _chart(self, sub: Subscription) -> object:
        resolution = sub.channel.resolution
        minutes = 1440 if resolution == "1D" else int(resolution)
        now_ms = self._markets.world.now_ms
        start_ms = now_ms // (minutes * MINUTE_MS) * minutes * MINUTE_MS
        chart = self._history.candles(sub.channel.instrument, start_ms, now_ms, minutes * MINUTE_MS)
        if not chart["ticks"]:
            return None
        candle = {key: column[-1] for key, column in chart.items() if key != "ticks"}
        return _if_new(sub, {"tick": chart["ticks"][-1], **candle})

    def _book_window(self, sub: Subscription) -> object:
        channel = sub.channel
        bids, asks = self.sides(self._markets.listing(channel.instrument))
        if channel.group != "none":
            step = Decimal(channel.group)
            bids, asks = grouped(bids, step, up=False), grouped(asks, step, up=True)
        window: Json = {"bids": levels(bids, channel.depth), "asks": levels(asks, channel.depth)}
        if _if_new(sub, window) is None:
            return None
        head = {"timestamp": self._markets.world.now_ms, "instrument_name": channel.instrument}
        return {**head, "change_id": self.next_change_id(), **window}

    def _book(self, sub: Subscription) -> object:
        name = sub.channel.instrument
        bids, asks = self.sides(self._markets.listing(name))
        now = {"bids": _by_price(bids), "asks": _by_price(asks)}
        changes = {side: _level_changes(sub.levels.get(side, {}), now[side]) for side in ("bids", "asks")}
        first = sub.change_id == 0
        if not first and not changes["bids"] and not changes["asks"]:
            return None
        previous, sub.change_id, sub.levels = sub.change_id, self.next_change_id(), now
        data: Json = {
            "type": "snapshot" if first else "change",
            "timestamp": self._markets.world.now_ms,
            "instrument_name": name,
            "change_id": sub.change_id,
            **changes,
        }
        return data if first else {**data, "prev_change_id": previous}


def _if_new(sub: Subscription, data: Json, *, but: str = "") -> Json | None:
    """The data if it differs from what was sent last (not counting the field `but`)."""
    last = sub.last
    if last is data:
        return None
    if isinstance(last, dict) and all(last.get(key) == value for key, value in data.items() if key != but):
        return None
    sub.last = data
    return data


def _by_price(side: list[Level]) -> dict[float, float]:
    return {float(price): float(amount) for price, amount in side}


def _level_changes(before: dict[float, float], now: dict[float, float]) -> list[list[object]]:
    """`["new"|"change"|"delete", price, amount]` rows that turn one side into the other."""
    rows: list[list[object]] = [["delete", price, 0.0] for price in before if price not in now]
    for price, amount in now.items():
        if price not in before:
            rows.append(["new", price, amount])
        elif before[price] != amount:
            rows.append(["change", price, amount])
    return rows


def _add_level(side: list[Level], price: Decimal, amount: Decimal, *, descending: bool) -> None:
    """Add an own order to a ladder, in its place."""
    for position, (level_price, level_amount) in enumerate(side):
        if level_price == price:
            side[position] = (price, level_amount + amount)
            return
        if (level_price < price) if descending else (level_price > price):
            side.insert(position, (price, amount))
            return
    side.append((price, amount))
