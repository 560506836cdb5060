"""Recorded chains played back: exact at the snapshots, a seeded bridge of the index between them.

Between two snapshots the logarithm of the index is a Brownian bridge scaled by the recorded at-the-money
volatility; volatilities, spreads and the ratios of forwards and perpetual to the index are linear. An
instrument is listed from the snapshot before its first appearance until it expires. At the end the world
freezes.
"""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np

from hedger.pricing.black76 import YEAR_MS
from hedger.simulator.model import Funding, Listing, WorldEvent
from hedger.simulator.time_units import YEAR_S
from hedger.simulator.world.chain import ChainWorld
from hedger.simulator.world.contracts import future_listing, future_name, option_listing
from hedger.simulator.world.record import Record, linear, name_parts
from hedger.simulator.world.scene import (
    ExpiryState,
    Spread,
    average_so_far,
    expiry_state,
    funding,
    future_spread,
    resting_usd,
)
from hedger.simulator.world.terms import BTC
from hedger.simulator.world.timeline import Floats, Stretch, Timeline

_WIDEST_PREMIUM = 0.002  # the recorded perpetual is a candle up to 30 s away from the snapshot
_LEAST_DISTANCE_COIN = 1e-5  # keeps quotes recorded on top of the mark from meeting


class BridgedIndex(Timeline):
    """The recorded index with a bridge between snapshots, one stretch per pair of them."""

    def __init__(self, seed: int, record: Record) -> None:
        super().__init__(record.times_ms[0], BTC.funding_cap)
        self._seed, self._record = seed, record

    def _next_stretch(self, first_s: int) -> Stretch:
        left_ms = self.first_ms + first_s * 1000
        place = self._record.times_ms.index(left_ms)
        if place + 1 < len(self._record.times_ms):
            index, right_ms = self._bridge(place), self._record.times_ms[place + 1]
        else:
            index, right_ms = np.array([self._record.index_usd[place]]), left_ms
        premium = np.linspace(self.premium(left_ms), self.premium(right_ms), len(index), endpoint=False)
        return self._accrue(first_s, index, premium)

    def _forget(self) -> None:
        """Nothing but the stretch itself was kept."""

    def premium(self, market_ms: int) -> float:
        """(perpetual - index) / index; 0 where the record has no perpetual."""
        series = self._record.perpetual
        if not series.times_ms or market_ms > series.times_ms[-1]:
            return 0.0
        return min(max(linear(series, market_ms), -_WIDEST_PREMIUM), _WIDEST_PREMIUM)

    def _bridge(self, place: int) -> Floats:
        """The index for every second from a snapshot up to, without, the next one."""
        left_ms, right_ms = self._record.times_ms[place : place + 2]
        left, right = (math.log(value) for value in self._record.index_usd[place : place + 2])
        count = (right_ms - left_ms) // 1000
        rng = np.random.default_rng((self._seed & ((1 << 64) - 1), left_ms))
        walk = np.cumsum(rng.standard_normal(count)) * (self._record.atm[place] / math.sqrt(YEAR_S))
        share = np.arange(count + 1) / count
        noise = np.concatenate(([0.0], walk)) - share * walk[-1]
        index: Floats = np.exp(left + (right - left) * share + noise)
        return np.round(index[:-1], 2)


class ReplayScene:
    """One instant between two recorded snapshots."""

    def __init__(self, record: Record, index: BridgedIndex, market_ms: int) -> None:
        self.market_ms = market_ms
        self.index_usd = index.index_at(market_ms)
        self._record, self._index = record, index
        self._expiries: dict[int, ExpiryState] = {}

    def expiry(self, expiration_ms: int) -> ExpiryState:
        state = self._expiries.get(expiration_ms)
        if state is None:
            state = self._expiries[expiration_ms] = self._expiry_state(expiration_ms)
        return state

    def iv(self, listing: Listing) -> float:
        left, right, share = self._record.options[listing.name].around(self.market_ms)
        return left.iv + (right.iv - left.iv) * share

    def perpetual_mark(self) -> float:
        return self.index_usd * (1.0 + self._index.premium(self.market_ms))

    def funding(self, *, linear: bool) -> Funding:
        return funding(self._index, self.market_ms, linear=linear)

    def index_range_24h(self) -> tuple[float, float]:
        return self._range

    def option_spread(self, listing: Listing, mark_coin: float, delta: float, vega_coin: float) -> Spread:
        """Recorded distances from the mark; a side is empty where the nearer snapshot had no quote."""
        left, right, share = self._record.options[listing.name].around(self.market_ms)
        nearer = left if share < 0.5 else right
        return Spread(
            _between(left.bid, right.bid, nearer.bid, share), _between(left.ask, right.ask, nearer.ask, share)
        )

    def future_spread(self, listing: Listing, mark_usd: float) -> Spread:
        tau_years = 0.0 if listing.is_perpetual else self.expiry(listing.expiration_ms).tau_years
        return future_spread(listing, mark_usd, tau_years, 1.0)

    def resting_usd(self, listing: Listing) -> float:
        return resting_usd(listing)

    @cached_property
    def _range(self) -> tuple[float, float]:
        return self._index.range_24h(self.market_ms)

    def _expiry_state(self, expiration_ms: int) -> ExpiryState:
        tau_years = max(expiration_ms - self.market_ms, 0) / YEAR_MS
        forward = self.index_usd * linear(self._record.forwards[expiration_ms], self.market_ms)
        average = average_so_far(self._index, self.market_ms, expiration_ms)
        return expiry_state(self.market_ms, expiration_ms, tau_years, forward, average)


class ReplayWorld(ChainWorld):
    """Recorded BTC chains as a World; build it with `replay_world`."""

    def __init__(self, seed: int, record: Record) -> None:
        index = BridgedIndex(seed, record)
        super().__init__(seed, record.start_ms, record.end_ms, index, BTC)
        self._record, self._index = record, index
        self._waiting = self._listing_plan()
        self._list_until(record.start_ms)

    def _scene_at(self, market_ms: int) -> ReplayScene:
        """Before the record begins the world is as in its first snapshot."""
        return ReplayScene(self._record, self._index, max(market_ms, self._index.first_ms))

    def _listing_plan(self) -> list[tuple[int, int, str]]:
        """(when, expiry, option name) of all listings still to come, the next one last."""
        plan = [(listed_ms, name_parts(name)[0], name) for name, listed_ms in self._record.listed_ms.items()]
        return sorted(plan, reverse=True)

    def _pass_time(self, until_ms: int) -> list[WorldEvent]:
        events: list[WorldEvent] = []
        for expiration_ms in sorted(self._record.forwards):
            if self._now_ms < expiration_ms <= until_ms:
                events += self._list_until(expiration_ms - 1)
                events += self._expire(expiration_ms)
        return events + self._list_until(until_ms)

    def _list_until(self, until_ms: int) -> list[WorldEvent]:
        events: list[WorldEvent] = []
        while self._waiting and self._waiting[-1][0] <= until_ms:
            listed_ms, expiration_ms, name = self._waiting.pop()
            if expiration_ms > max(listed_ms, self._now_ms):
                events += self._list_option(max(listed_ms, self._now_ms), name)
        return events

    def _list_option(self, market_ms: int, name: str) -> list[WorldEvent]:
        """An option, after its future if that is not listed yet."""
        expiration_ms, strike, option_type = name_parts(name)
        created_ms = self._created(expiration_ms, market_ms)
        events: list[WorldEvent] = []
        if future_name(BTC, expiration_ms) not in self._listings:
            future = future_listing(BTC, expiration_ms, self._next_id, created_ms)
            events.append(self._list(market_ms, future))
        option = option_listing(BTC, expiration_ms, strike, option_type, self._next_id, created_ms)
        events.append(self._list(market_ms, option))
        return events


def _between(left: float | None, right: float | None, nearer: float | None, share: float) -> float | None:
    if nearer is None:
        return None
    if left is None or right is None:
        return max(nearer, _LEAST_DISTANCE_COIN)
    return max(left + (right - left) * share, _LEAST_DISTANCE_COIN)
