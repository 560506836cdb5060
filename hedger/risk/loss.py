"""How much a book has lost: the account's equity with options at mark, against what it was at a reference.

The equity of the settlement currency is cash, session results, open futures and the value of the options
(deribit.md 9), so a hedge that loses what its options earn is no loss. A `usd` book is measured in what that
equity is worth in USD, every other book in the currency itself: a coin-neutral book is meant to fall with the
coin. Of a book with legs in the coin and in dollars each wallet is measured by itself, and what it lost
counts at the price of now: money that lies in dollars is not lost when the coin rises. A deposit is no profit
and a withdrawal no loss: the reference moves with them.
"""

from __future__ import annotations

from typing import NamedTuple

from hedger.domain.time_units import DAY_MS
from hedger.domain.vocabulary import Neutral
from hedger.risk.envelope import Envelope
from hedger.risk.tiers import Cap


class Wallets(NamedTuple):
    """Equity by the currency it is held in; `price_usd` is the coin's."""

    coin: float
    dollars: float
    price_usd: float


class Reference(NamedTuple):
    """What the equity was: in the coin, the worth of that in USD then, and in dollars."""

    market_ms: int
    coin: float
    coin_usd: float
    dollars: float

    def with_flow(self, coin: float, dollars: float, price_usd: float) -> Reference:
        """As if a deposit (withdrawals negative) had been there from the beginning."""
        return self._replace(
            coin=self.coin + coin,
            coin_usd=self.coin_usd + coin * price_usd,
            dollars=self.dollars + dollars,
        )

    def lost(self, now: Wallets, neutral: Neutral) -> float:
        """What is lost since (a profit is negative): USD for a `usd` book, coin for every other one."""
        dollars = self.dollars - now.dollars
        if neutral is Neutral.USD:
            return self.coin_usd - now.coin * now.price_usd + dollars
        return self.coin - now.coin + dollars / now.price_usd


def reference(market_ms: int, wallets: Wallets) -> Reference:
    """The equity as it is now, to count losses from."""
    worth_usd = wallets.coin * wallets.price_usd
    return Reference(market_ms, wallets.coin, worth_usd, wallets.dollars)


def day_of(market_ms: int) -> int:
    """The UTC day, counted from the epoch."""
    return market_ms // DAY_MS


def unit_of(neutral: Neutral) -> str:
    """What a book's losses are counted in."""
    return "USD" if neutral is Neutral.USD else "coin"


def loss_caps(
    day: Reference, start: Reference, now: Wallets, neutral: Neutral, envelope: Envelope
) -> tuple[Cap, ...]:
    """The caps on losses that are set, with what is lost now (a profit is a use of nothing)."""
    unit = unit_of(neutral)
    if neutral is Neutral.USD:
        limits = (envelope.max_loss_day_usd, envelope.max_loss_usd)
    else:
        limits = (envelope.max_loss_day_coin, envelope.max_loss_coin)
    names = (f"max_loss_day_{unit.lower()}", f"max_loss_{unit.lower()}")
    lost = (day.lost(now, neutral), start.lost(now, neutral))
    caps = (
        Cap(name, unit, _not_negative(used), limit)
        for name, used, limit in zip(names, lost, limits, strict=True)
    )
    return tuple(cap for cap in caps if cap.limit > 0.0)


def _not_negative(amount: float) -> float:
    return 0.0 if amount <= 0.0 else amount  # NaN stays NaN, and counts as beyond the limit
