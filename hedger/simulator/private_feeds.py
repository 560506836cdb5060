"""What events become on `user.*`, `trades.*` and `instrument.state.*` channels."""

from __future__ import annotations

from collections.abc import Sequence

from hedger.simulator.account import Account
from hedger.simulator.channels import Channel
from hedger.simulator.connection import Subscription
from hedger.simulator.desk import Change
from hedger.simulator.funds import Funds
from hedger.simulator.markets import Markets
from hedger.simulator.model import Listing
from hedger.simulator.orders import Trade
from hedger.simulator.positions import Position
from hedger.simulator.render_margin import changed_position, currency_summary
from hedger.simulator.render_order import render_order, render_public_trade, render_trade
from hedger.simulator.settling import StateChange

Json = dict[str, object]
EVENT_FAMILIES = ("user.changes", "user.orders", "user.trades", "trades", "instrument.state")


class PrivateFeeds:
    """Turns changes into the data of one subscription."""

    def __init__(self, account: Account, markets: Markets, funds: Funds) -> None:
        self._account = account
        self._funds = funds
        self._markets = markets

    def events(
        self, sub: Subscription, changes: Sequence[Change], states: Sequence[StateChange]
    ) -> list[object]:
        """Messages to send now; aggregated channels keep theirs until `flush`."""
        channel = sub.channel
        if channel.family == "instrument.state":
            return [_render_state(s) for s in states if channel.covers(s.listing.name, *_class(s.listing))]
        if channel.family not in EVENT_FAMILIES:
            return []
        rows = [
            row for change in changes if self._covers(channel, change) for row in self._rows(channel, change)
        ]
        return self._paced(sub, rows)

    def prints(self, sub: Subscription, trades: Sequence[Trade]) -> list[object]:
        """Trades of others for a `trades` channel, paced like the account's own."""
        rows = [
            render_public_trade(trade)
            for trade in trades
            if sub.channel.covers(trade.instrument_name, trade.kind, trade.currency)
        ]
        return self._paced(sub, rows)

    def _paced(self, sub: Subscription, rows: list[Json]) -> list[object]:
        if sub.channel.interval in ("100ms", "agg2"):
            sub.pending.extend(rows)
            return []
        return self._messages(sub.channel, rows)

    def flush(self, sub: Subscription) -> object:
        """One message with everything that waited on an aggregated channel."""
        rows, sub.pending = sub.pending, []
        if sub.channel.family != "user.changes":
            return rows
        merged = rows[0]
        same = [row for row in rows[1:] if row["instrument_name"] == merged["instrument_name"]]
        sub.pending = [row for row in rows[1:] if row["instrument_name"] != merged["instrument_name"]]
        for row in same:
            merged = {
                **row,
                "orders": [*_list(merged["orders"]), *_list(row["orders"])],
                "trades": [*_list(merged["trades"]), *_list(row["trades"])],
            }
        return merged

    def portfolio(self, channel: Channel) -> list[Json]:
        """The summaries that a `user.portfolio` channel tells, one per currency."""
        asked = channel.currency
        currencies = sorted(self._account.ledgers) if asked == "any" else [asked]
        return [currency_summary(self._funds, code) for code in currencies]

    def _covers(self, channel: Channel, change: Change) -> bool:
        listing = _listing_of(change)
        return listing is not None and channel.covers(listing.name, *_class(listing))

    def _messages(self, channel: Channel, rows: list[Json]) -> list[object]:
        """`user.changes` and raw `user.orders`: one object a message; trades: one list."""
        if channel.family in ("user.changes", "user.orders"):
            return list(rows)
        return [rows] if rows else []

    def _rows(self, channel: Channel, change: Change) -> list[Json]:
        user_id = self._account.user_id
        if channel.family == "user.changes":
            return [self._render_change(change)]
        if channel.family == "user.orders":
            return [render_order(order, user_id) for order in change.orders]
        if channel.family == "user.trades":
            return [render_trade(trade, user_id) for trade in change.trades]
        return [render_public_trade(trade) for trade in change.trades]

    def _render_change(self, change: Change) -> Json:
        user_id = self._account.user_id
        return {
            "instrument_name": change.instrument_name,
            "orders": [render_order(order, user_id) for order in change.orders],
            "trades": [render_trade(trade, user_id) for trade in change.trades],
            "positions": self._positions(change),
        }

    def _positions(self, change: Change) -> list[Json]:
        """The position after the change, even when flat; none for an instrument that is gone."""
        listing = _listing_of(change)
        if listing is None or listing.name not in self._markets.listings():
            return []
        held = self._account.positions.get(listing.name) or Position(listing)
        return [changed_position(self._funds, self._markets, held)]


def _listing_of(change: Change) -> Listing | None:
    return change.orders[0].listing if change.orders else change.listing


def _class(listing: Listing) -> tuple[str, str]:
    """Kind and currency of an instrument, as channels name them."""
    return listing.kind, listing.settlement_currency


def _render_state(state: StateChange) -> Json:
    return {"timestamp": state.market_ms, "state": state.state, "instrument_name": state.listing.name}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
