"""Who hears what, and when: first messages of subscriptions, events, and feeds at their pace of wire time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hedger.simulator.channels import Channel
from hedger.simulator.connection import Connection, Subscription
from hedger.simulator.desk import Change
from hedger.simulator.feeds import Feeds
from hedger.simulator.locks import LockNews
from hedger.simulator.orders import Trade
from hedger.simulator.outlet import Outlet
from hedger.simulator.private_feeds import PrivateFeeds
from hedger.simulator.settling import StateChange

INTERVAL_S = {"raw": 0.1, "100ms": 0.1, "agg2": 1.0, "": 0.1}
FAMILY_INTERVAL_S = {
    "incremental_ticker": 1.0,
    "markprice": 1.0,
    "volatility": 1.0,
    "estimated_expiration_price": 1.0,
    "chart": 1.0,
    "user.portfolio": 1.0,
}
PACING_SLACK_S = 0.005


def pace_s(channel: Channel) -> float:
    """The shortest wire time between two messages of a channel that are not events."""
    return FAMILY_INTERVAL_S.get(channel.family, INTERVAL_S[channel.interval])


class Broadcast:
    """Serves the subscriptions of all connections."""

    def __init__(
        self, feeds: Feeds, private_feeds: PrivateFeeds, outlet: Outlet, connections: Mapping[int, Connection]
    ) -> None:
        self._feeds = feeds
        self._private = private_feeds
        self._outlet = outlet
        self._connections = connections
        self._new: list[tuple[Connection, Subscription]] = []

    def subscribed(self, connection: Connection, subscription: Subscription) -> None:
        """A new subscription: its first message follows the reply that grants it."""
        self._new.append((connection, subscription))

    def snapshots(self, wire_s: float) -> None:
        """Send the first messages of new subscriptions."""
        new, self._new = self._new, []
        for connection, subscription in new:
            for row in self._feeds.snapshots(subscription.channel):
                self._outlet.notify(connection, subscription, row, wire_s)
            self._send_state(connection, subscription, wire_s)

    def announce(self, changes: Sequence[Change], states: Sequence[StateChange], wire_s: float) -> None:
        """Events at once to whom they concern, then what they made of the account."""
        for connection in self._connections.values():
            for subscription in connection.subscriptions.values():
                for data in self._private.events(subscription, changes, states):
                    self._outlet.notify(connection, subscription, data, wire_s)
        self.portfolios(wire_s)

    def locks(self, news: Sequence[LockNews], wire_s: float) -> None:
        """That the account was locked or unlocked."""
        for row in news:
            for connection in self._connections.values():
                for subscription in connection.subscriptions.values():
                    if subscription.channel.family == "user.lock":
                        self._outlet.notify(connection, subscription, row.as_json(), wire_s)

    def prints(self, trades: Sequence[Trade], wire_s: float) -> None:
        """Trades of others, to whom they concern."""
        for connection in self._connections.values():
            for subscription in connection.subscriptions.values():
                if subscription.channel.family == "trades":
                    for data in self._private.prints(subscription, trades):
                        self._outlet.notify(connection, subscription, data, wire_s)

    def platform(self, data: dict[str, object], wire_s: float) -> None:
        """What happens to the platform, to whom it concerns."""
        for connection in self._connections.values():
            for subscription in connection.subscriptions.values():
                if subscription.channel.family == "platform_state":
                    self._outlet.notify(connection, subscription, data, wire_s)

    def due(self, connection: Connection, wire_s: float) -> None:
        """Send what the pace of every subscription allows."""
        for subscription in connection.subscriptions.values():
            if wire_s - subscription.sent_s < pace_s(subscription.channel) - PACING_SLACK_S:
                continue
            if subscription.pending:
                data = self._private.flush(subscription)
                self._outlet.notify(connection, subscription, data, wire_s)
            else:
                self._send_state(connection, subscription, wire_s)

    def portfolios(self, wire_s: float, *, anyway: bool = False) -> None:
        """Send every `user.portfolio` that changed, or `anyway` every one."""
        for connection in self._connections.values():
            for subscription in connection.subscriptions.values():
                if subscription.channel.family == "user.portfolio":
                    subscription.last = None if anyway else subscription.last
                    self._send_portfolio(connection, subscription, wire_s)

    def _send_state(self, connection: Connection, subscription: Subscription, wire_s: float) -> None:
        """The present state of what a subscription is about, if it is new."""
        if subscription.channel.family == "user.portfolio":
            self._send_portfolio(connection, subscription, wire_s)
            return
        data = self._feeds.produce(subscription)
        if data is not None:
            self._outlet.notify(connection, subscription, data, wire_s)

    def _send_portfolio(self, connection: Connection, subscription: Subscription, wire_s: float) -> None:
        """One message per currency, if anything in it changed."""
        rows = self._private.portfolio(subscription.channel)
        if rows == subscription.last:
            return
        subscription.last = rows
        for row in rows:
            self._outlet.notify(connection, subscription, row, wire_s)
