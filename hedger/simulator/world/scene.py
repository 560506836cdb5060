"""What a world must know at one instant so that every market can be quoted from it.

`SeededScene` computes it from the path, `ReplayScene` interpolates it between recorded chains; the markets
themselves (`option_market`, `future_market`) are built the same way for both.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from hedger.simulator.model import Funding, Listing
from hedger.simulator.world.expiries import HOUR_MS
from hedger.simulator.world.timeline import Timeline

AVERAGING_MS = 30 * 60_000
"""The delivery price is the index average of the last 30 minutes before expiry (deribit.md 11)."""


class ExpiryState(NamedTuple):
    """One expiry at one instant."""

    forward_usd: float
    tau_years: float
    delta_decay: float  # 1 - m/30 in the last half hour, 1 before
    expected_delivery_usd: float


class Spread(NamedTuple):
    """Distances of the best bid and ask from the mark, in price units; None where nobody quotes."""

    bid: float | None
    ask: float | None


class Scene(Protocol):
    """The state behind all markets at one instant."""

    @property
    def market_ms(self) -> int: ...

    @property
    def index_usd(self) -> float: ...

    def expiry(self, expiration_ms: int) -> ExpiryState:
        """Forward, time and decay of an expiry."""

    def iv(self, listing: Listing) -> float:
        """Implied volatility of an option, a fraction."""

    def perpetual_mark(self) -> float:
        """Mark of the perpetual in USD."""

    def funding(self) -> Funding:
        """Funding of the perpetual."""

    def index_range_24h(self) -> tuple[float, float]:
        """Lowest and highest index of the last 24 hours, in USD."""

    def option_spread(self, listing: Listing, mark_coin: float, delta: float, vega_coin: float) -> Spread:
        """Spread of an option in coin; `vega_coin` per 1.00 of volatility."""

    def future_spread(self, listing: Listing, mark_usd: float) -> Spread:
        """Spread of a future or the perpetual in USD."""


def delta_decay(market_ms: int, expiration_ms: int) -> float:
    """Factor of every delta of an expiring contract: falls linearly from 1 to 0 in the last half hour."""
    return min(1.0, (expiration_ms - market_ms) / AVERAGING_MS)


def expiry_state(
    market_ms: int,
    expiration_ms: int,
    tau_years: float,
    index_usd: float,
    forward_usd: float,
    average_usd: float,
) -> ExpiryState:
    """The state of an expiry whose delivery price is partly fixed once the averaging has begun.

    In the last half hour the fair forward is the average so far, weighted by the time it covers, and the
    market forward for the rest. Its derivative by the index is exactly the exchange's delta decay.
    """
    left = delta_decay(market_ms, expiration_ms)
    fixed = (1.0 - left) * average_usd
    return ExpiryState(left * forward_usd + fixed, tau_years, left, left * index_usd + fixed)


def funding(timeline: Timeline, market_ms: int) -> Funding:
    """Funding of the perpetual: the rate now, what the last 8 hours paid, and the running sums."""
    now = timeline.funding_at(market_ms)
    before = timeline.funding_at(max(market_ms - 8 * HOUR_MS, timeline.first_ms))
    return Funding(now.rate_8h, now.interest - before.interest, now.interest, now.coin_per_usd)


def future_spread(listing: Listing, mark_usd: float, tau_years: float, stress: float) -> Spread:
    """A tick or so for the perpetual; dated futures are wider the longer they run; stress widens all."""
    half = 0.3 if listing.is_perpetual else 0.8 + 10.0 * tau_years
    half *= stress * mark_usd / 100_000.0
    return Spread(half, half)
