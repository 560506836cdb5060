"""What a world must know at one instant so that every market can be quoted from it.

`SeededScene` computes it from the path, `ReplayScene` interpolates it between recorded chains; the markets
themselves (`option_market`, `future_market`) are built the same way for both.
"""

from __future__ import annotations

import math
from typing import NamedTuple, Protocol

from hedger.simulator.model import Funding, Listing
from hedger.simulator.time_units import HOUR_MS, MINUTE_MS
from hedger.simulator.world.timeline import Course

AVERAGING_MS = 30 * MINUTE_MS
"""The delivery price is the index average of the last 30 minutes before expiry (deribit.md 11)."""


class ExpiryState(NamedTuple):
    """One expiry at one instant."""

    forward_usd: float  # of the index at expiry, as if no averaging had begun
    tau_years: float
    delta_decay: float  # 1 - m/30 in the last half hour, 1 before
    average_usd: float  # the index average so far; the index before the last half hour

    @property
    def future_usd(self) -> float:
        """The fair future: the average so far, weighted by the time it covers, and the forward for the rest.

        Its derivative by the index is exactly the exchange's delta decay.
        """
        return self.delta_decay * self.forward_usd + (1.0 - self.delta_decay) * self.average_usd

    def deviation(self, iv: float) -> float:
        """Standard deviation of the logarithm of the delivery price, out of an implied volatility.

        Until the averaging begins the exchange's iv sqrt(tau) (deribit.md 10). Towards its end what is left
        of the average deviates by (1 - u) iv sqrt(tau / 3) (theory.md 1.7); one runs into the other.
        """
        elapsed = 1.0 - self.delta_decay
        return self.delta_decay * iv * math.sqrt(self.tau_years / (1.0 + 2.0 * elapsed))


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

    def funding(self, *, linear: bool) -> Funding:
        """Funding of the perpetual."""

    def index_range_24h(self) -> tuple[float, float]:
        """Lowest and highest index of the last 24 hours, in USD."""

    def option_spread(self, listing: Listing, mark_coin: float, delta: float, vega_coin: float) -> Spread:
        """Spread of an option in coin; `vega_coin` per 1.00 of volatility."""

    def future_spread(self, listing: Listing, mark_usd: float) -> Spread:
        """Spread of a future or the perpetual in USD."""

    def resting_usd(self, listing: Listing) -> float:
        """What rests at one price of a future or the perpetual, on average."""


def delta_decay(market_ms: int, expiration_ms: int) -> float:
    """Factor of every delta of an expiring contract: falls linearly from 1 to 0 in the last half hour."""
    return min(1.0, (expiration_ms - market_ms) / AVERAGING_MS)


def expiry_state(
    market_ms: int, expiration_ms: int, tau_years: float, forward_usd: float, average_usd: float
) -> ExpiryState:
    """The state of an expiry; `average_usd` is the index where no averaging has begun."""
    return ExpiryState(forward_usd, tau_years, delta_decay(market_ms, expiration_ms), average_usd)


def average_so_far(timeline: Course, market_ms: int, expiration_ms: int) -> float:
    """The running delivery price: the mean of the 4 s samples since 07:30, before that the index."""
    begin_ms = max(expiration_ms - AVERAGING_MS, timeline.first_ms)
    return timeline.mean(begin_ms, market_ms) if market_ms > begin_ms else timeline.index_at(market_ms)


def funding(timeline: Course, market_ms: int, *, linear: bool) -> Funding:
    """Funding of the perpetual: the rate now, what the last 8 hours paid, and the running sums."""
    now = timeline.funding_at(market_ms)
    before = timeline.funding_at(max(market_ms - 8 * HOUR_MS, timeline.first_ms))
    paid = now.usd_per_coin if linear else now.coin_per_usd
    return Funding(now.rate_8h, now.interest - before.interest, now.interest, paid)


def resting_usd(listing: Listing) -> float:
    """Depth of a market like Deribit's: at every price of a future or the perpetual, on average."""
    return 50_000.0 if listing.is_perpetual else 8_000.0


def future_spread(listing: Listing, mark_usd: float, tau_years: float, stress: float) -> Spread:
    """A tick or so for the perpetual; dated futures are wider the longer they run; stress widens all."""
    half = 0.3 if listing.is_perpetual else 0.8 + 10.0 * tau_years
    half *= stress * mark_usd / 100_000.0
    return Spread(half, half)
