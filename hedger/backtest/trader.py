"""Who trades the options: a strategy at recorded prices, or people as they once did. Never the engine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hedger.backtest.chain import Instant, TradedOption
from hedger.backtest.desk import Desk, OptionOrder
from hedger.backtest.holdings import exact
from hedger.backtest.strategy import Strategy, pick
from hedger.domain.order import Side
from hedger.domain.time_units import DAY_MS


class Trader:
    """Says at each instant what is traded there; `postponed` counts those at which a price was missing."""

    def __init__(self, strategy: Strategy | None, made: Sequence[TradedOption], desk: Desk) -> None:
        self._strategy, self._desk = strategy, desk
        self._still_to_come = list(reversed(made))
        self.postponed = 0

    def orders(self, instant: Instant) -> list[OptionOrder]:
        """In the order in which they are to be traded."""
        planned: list[OptionOrder] = []
        if self._strategy is not None and instant.options_trade:
            planned = self._by_strategy(self._strategy, instant)
        return [order for order in (*planned, *self._as_made(instant)) if order.amount > 0]

    def _by_strategy(self, strategy: Strategy, instant: Instant) -> list[OptionOrder]:
        """Close what is to be rolled, open what is missing; all of it or nothing."""
        closing = self._closing(strategy, instant)
        if closing is None:
            self.postponed += 1
            return []
        if len(closing) < len(self._desk.holdings.ledger.options):
            return closing
        opening = self._opening(strategy, instant)
        if not opening:
            self.postponed += 1
            return []
        return [*closing, *opening]

    def _closing(self, strategy: Strategy, instant: Instant) -> list[OptionOrder] | None:
        """What closes held options whose time has come; None where one of them has no price."""
        closing: list[OptionOrder] = []
        for name, size in self._desk.holdings.ledger.options.items():
            left_ms = (self._desk.market.options[name].expiration_ms or 0) - instant.market_ms
            if left_ms > strategy.roll_days_before * DAY_MS:
                continue
            row = instant.row(name)
            price = None if row is None else row.ask if size < 0 else row.bid
            if price is None:
                return None
            closing.append(OptionOrder(name, Side.BUY if size < 0 else Side.SELL, abs(size), exact(price)))
        return closing

    def _opening(self, strategy: Strategy, instant: Instant) -> list[OptionOrder]:
        """All legs at the sizes that the equity of this moment allows; empty where one has no price, or is
        less than may be traded."""
        desk, equity = self._desk, self._desk.holdings.equity_coin
        orders = [
            OptionOrder(
                each.name,
                each.side,
                desk.round_amount(each.name, each.leg.amount(equity)),
                exact(each.price),
            )
            for each in pick(strategy, instant.table())
        ]
        return orders if all(order.amount > 0 for order in orders) else []

    def _as_made(self, instant: Instant) -> Iterator[OptionOrder]:
        """Trades that were made until now, at the prices they had; one without a ticker waits for it."""
        left = self._still_to_come
        while left and left[-1].market_ms <= instant.market_ms and instant.row(left[-1].instrument):
            trade = left.pop()
            yield OptionOrder(trade.instrument, trade.side, trade.amount, trade.price, trade.fee)
