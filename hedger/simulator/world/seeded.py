"""The seeded market of one underlying: calendar, strikes and smiles over an `IndexPath`."""

from __future__ import annotations

from functools import cached_property

from hedger.pricing.black76 import YEAR_MS
from hedger.simulator.model import Funding, Listing, WorldEvent
from hedger.simulator.time_units import DAY_MS, EXPIRY_OF_DAY_MS, HOUR_MS, MINUTE_MS
from hedger.simulator.world import seeding
from hedger.simulator.world.chain import ChainWorld
from hedger.simulator.world.contracts import (
    future_listing,
    option_listing,
)
from hedger.simulator.world.expiries import (
    listed_expiries,
)
from hedger.simulator.world.path import IndexPath
from hedger.simulator.world.scene import (
    ExpiryState,
    Spread,
    average_so_far,
    expiry_state,
    funding,
    future_spread,
    resting_usd,
)
from hedger.simulator.world.smile import Smile, smile
from hedger.simulator.world.strikes import wanted_strikes
from hedger.simulator.world.terms import Terms

_NO_NEW_STRIKES_MS = 2 * HOUR_MS
_HALF_TICK_COIN = 0.00005  # half a tick: what even a worthless option's quotes keep apart
_QUIET_BUCKET_MS = 10 * MINUTE_MS


class SeededScene:
    """One instant of the seeded world; per-expiry values are computed once."""

    def __init__(self, path: IndexPath, iv_level: float, seed: int, market_ms: int) -> None:
        self.market_ms = market_ms
        self.point = path.at(market_ms)
        self._path, self._iv_level, self._seed = path, iv_level, seed
        self._expiries: dict[int, ExpiryState] = {}
        self._smiles: dict[int, Smile] = {}

    @property
    def index_usd(self) -> float:
        return self.point.index_usd

    def expiry(self, expiration_ms: int) -> ExpiryState:
        state = self._expiries.get(expiration_ms)
        if state is None:
            state = self._expiries[expiration_ms] = self._expiry_state(expiration_ms)
        return state

    def smile(self, expiration_ms: int) -> Smile:
        """The smile of an expiry."""
        known = self._smiles.get(expiration_ms)
        if known is None:
            state = self.expiry(expiration_ms)
            known = smile(state.forward_usd, state.tau_years, self._iv_level, self.point.vol_multiple)
            self._smiles[expiration_ms] = known
        return known

    def iv(self, listing: Listing) -> float:
        return self.smile(listing.expiration_ms).iv(float(listing.strike or 0))

    def perpetual_mark(self) -> float:
        return self.index_usd * (1.0 + self.point.premium)

    def funding(self, *, linear: bool) -> Funding:
        return funding(self._path, self.market_ms, linear=linear)

    def index_range_24h(self) -> tuple[float, float]:
        return self._range

    def option_spread(self, listing: Listing, mark_coin: float, delta: float, vega_coin: float) -> Spread:
        """About a vol point wide at the money, wider in stress and in the wings; far options lack a side."""
        if listing.strike is None:
            raise ValueError(f"{listing.name}: an option needs a strike")
        x = abs(self.smile(listing.expiration_ms).moneyness(float(listing.strike)))
        half = vega_coin * 0.006 * self.point.vol_multiple * (1.0 + 0.25 * min(x, 8.0)) + _HALF_TICK_COIN
        bits = seeding.at(seeding.key(self._seed, listing.name), self.market_ms // _QUIET_BUCKET_MS, 7)
        if abs(delta) > 0.97 and bits % 100 < 30:
            return Spread(None, half) if bits & 1024 else Spread(half, None)
        if abs(delta) < 0.03 and bits % 100 < 15:
            return Spread(None, half)
        return Spread(half, half)

    def future_spread(self, listing: Listing, mark_usd: float) -> Spread:
        tau_years = 0.0 if listing.is_perpetual else self.expiry(listing.expiration_ms).tau_years
        return future_spread(listing, mark_usd, tau_years, self.point.vol_multiple)

    def resting_usd(self, listing: Listing) -> float:
        return resting_usd(listing)

    @cached_property
    def _range(self) -> tuple[float, float]:
        return self._path.range_24h(self.market_ms)

    def _expiry_state(self, expiration_ms: int) -> ExpiryState:
        tau_years = max(expiration_ms - self.market_ms, 0) / YEAR_MS
        forward = self.index_usd * (1.0 + self.point.basis_per_year * tau_years)
        average = average_so_far(self._path, self.market_ms, expiration_ms)
        return expiry_state(self.market_ms, expiration_ms, tau_years, forward, average)


class SeededWorld(ChainWorld):
    """One underlying's market from a seed (a World); build it with `seeded_world` or `bitcoin_world`."""

    def __init__(self, seed: int, origin_ms: int, path: IndexPath, iv_level: float, terms: Terms) -> None:
        super().__init__(seed, origin_ms, None, path, terms)
        self._path, self._iv_level = path, iv_level
        self._strikes: dict[int, set[int]] = {}
        self._list_new(origin_ms)

    def _scene_at(self, market_ms: int) -> SeededScene:
        return SeededScene(self._path, self._iv_level, self._seed, market_ms)

    def _pass_time(self, until_ms: int) -> list[WorldEvent]:
        """The calendar acts on full hours: expiries and new expiries at 08:00 UTC, new strikes each hour."""
        events: list[WorldEvent] = []
        hour_ms = (self._now_ms // HOUR_MS + 1) * HOUR_MS
        while hour_ms <= until_ms:
            if (hour_ms - EXPIRY_OF_DAY_MS) % DAY_MS == 0:
                events += self._expire(hour_ms)
                self._strikes.pop(hour_ms, None)
            events += self._list_new(hour_ms)
            hour_ms += HOUR_MS
        return events

    def _list_new(self, market_ms: int) -> list[WorldEvent]:
        scene = self._scene_at(market_ms)
        events: list[WorldEvent] = []
        for expiration_ms in listed_expiries(market_ms):
            if expiration_ms not in self._strikes:
                self._strikes[expiration_ms] = set()
                created_ms = self._created(expiration_ms, market_ms)
                future = future_listing(self._terms, expiration_ms, self._next_id, created_ms)
                events.append(self._list(market_ms, future))
            elif expiration_ms - market_ms < _NO_NEW_STRIKES_MS:
                continue
            events += self._list_strikes(scene, expiration_ms)
        return events

    def _list_strikes(self, scene: SeededScene, expiration_ms: int) -> list[WorldEvent]:
        """Missing strikes around the forward, each as call and put."""
        state, listed = scene.expiry(expiration_ms), self._strikes[expiration_ms]
        created_ms = self._created(expiration_ms, scene.market_ms)
        atm = scene.smile(expiration_ms).atm
        events: list[WorldEvent] = []
        for strike in wanted_strikes(state.forward_usd, state.tau_years, atm, new=not listed):
            if strike in listed:
                continue
            listed.add(strike)
            for option_type in ("call", "put"):
                number = self._next_id
                option = option_listing(self._terms, expiration_ms, strike, option_type, number, created_ms)
                events.append(self._list(scene.market_ms, option))
        return events
