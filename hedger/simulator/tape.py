"""The public tape: numbers of all trades, and the trades of others, a few a market minute at the touch."""

from __future__ import annotations

import random
from collections import deque
from decimal import Decimal

from hedger.simulator.markets import Markets, opposite
from hedger.simulator.model import Listing
from hedger.simulator.orders import Trade, id_of, number_of

FIRST_TRADE_ID = 208_000_000
KEPT = 5_000
EVERY_MS = 5_000  # market time between two rounds of trades of others
LARGEST_SHARE = 0.2  # of what rests at the touch


class Tape:
    """Trades of others in order; the account's own stand with the desk. One numbering for both."""

    def __init__(self) -> None:
        self.others: deque[Trade] = deque(maxlen=KEPT)
        self.news: list[Trade] = []  # not announced yet
        self._number = 0
        self._last: dict[str, Trade] = {}

    def next_id(self, currency: str = "BTC") -> str:
        self._number += 1
        return id_of(currency, FIRST_TRADE_ID + self._number)

    def last(self, name: str) -> Trade | None:
        """The instrument's trade before, whoever made it."""
        return self._last.get(name)

    def note(self, trade: Trade) -> None:
        """A trade happened."""
        self._number = max(self._number, number_of(trade.trade_id) - FIRST_TRADE_ID)
        self._last[trade.instrument_name] = trade

    def print(self, trade: Trade) -> None:
        """A trade between others happened."""
        self.note(trade)
        self.others.append(trade)
        self.news.append(trade)


class Strangers:
    """Others who trade: every few seconds of market time in the perpetuals and in one other instrument.

    Who buys, what and how much follows from the seed and the market time. The ladders are what is left
    after such trades, so these take nothing off them.
    """

    def __init__(self, seed: int, markets: Markets, tape: Tape) -> None:
        self._seed, self._markets, self._tape = seed, markets, tape
        self._round = -1

    def trade(self, now_ms: int) -> None:
        """The round of this instant, if it is a new one."""
        this_round = now_ms // EVERY_MS
        if this_round == self._round:
            return
        self._round = this_round
        chance = random.Random(f"{self._seed}:{this_round}")
        listings = list(self._markets.listings().values())
        for listing in (*(row for row in listings if row.is_perpetual), chance.choice(listings)):
            self._trade_in(listing, chance, now_ms)

    def _trade_in(self, listing: Listing, chance: random.Random, now_ms: int) -> None:
        direction = chance.choice(("buy", "sell"))
        share, lot = Decimal(chance.random() * LARGEST_SHARE), listing.min_trade_amount
        market, ladder = (
            self._markets.market(listing.name),
            self._markets.ladder(listing, opposite(direction)),
        )
        if market.state != "open" or not ladder:
            return
        price, offered = ladder[0]
        amount = max(lot, offered * share // lot * lot)
        self._tape.print(self._trade(listing, direction, price, amount, now_ms))

    def _trade(self, listing: Listing, direction: str, price: Decimal, amount: Decimal, now_ms: int) -> Trade:
        market, last = self._markets.market(listing.name), self._tape.last(listing.name)
        return Trade(
            trade_id=self._tape.next_id(listing.settlement_currency),
            trade_seq=last.trade_seq + 1 if last else 1,
            order_id="",
            label="",
            instrument_name=listing.name,
            kind=listing.kind,
            currency=listing.settlement_currency,
            timestamp_ms=now_ms,
            direction=direction,
            price=price,
            amount=amount,
            contracts=amount / listing.contract_size,
            fee=Decimal(0),
            profit_loss=Decimal(0),
            liquidity="T",
            order_state="",
            order_type="",
            tick_direction=tick_direction(last, price),
            mark_price=self._markets.mark(listing.name),
            index_price=self._markets.index(listing.price_index),
            iv=round(market.iv * 100, 2) if market.iv is not None else None,
            underlying_price=None,
            post_only=False,
            reduce_only=False,
            risk_reducing=False,
            api=False,
            linear=listing.is_linear,
        )


def tick_direction(last: Trade | None, price: Decimal) -> int:
    """0 plus, 1 zero-plus, 2 minus, 3 zero-minus tick against the last trade of the instrument."""
    if last is None or price > last.price:
        return 0
    if price < last.price:
        return 2
    return 1 if last.tick_direction in (0, 1) else 3
