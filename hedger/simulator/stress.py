"""Portfolio margin: what a portfolio of one underlying loses in the worst of many imagined markets.

After the risk matrix that Deribit publishes through `private/pme/simulate` (parameters and the recorded
example there; "Portfolio Margin" in its support pages):
  standard table  prices moved by -16, -12, ... +16 %, each with volatility up, unchanged and down
  extended table  prices moved by -66, -33, +50, +100, ... +500 % with volatility up, for options far out
                  of the money: 16 % / |move| of an option's result counts; a future's is that at +-16 %
  volatility      up   iv + max(iv, 0.5) * 0.5 * (30 / days)^p      p = 0.3 below 30 days, 0.13 above
                  down iv - iv * 0.25 * (30 / days)^p
  roll shock      the coins of futures and of options' deltas of each expiry, without netting between them,
                  times max(1 %, 7.5 % a year to expiry): what the basis between expiries may do
Initial margin is the worst loss and the roll shock; maintenance margin is 0.8 of it.

Assumed where nothing is published: a floor of one day under the days of the volatility shock, no dampener of
the extended table, and no delta shock (it begins at 20 million USD of net delta).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hedger.pricing.black76 import black76_price
from hedger.simulator.model import Listing
from hedger.simulator.time_units import DAY_MS, YEAR_DAYS

PRICE_RANGE = 0.16
MOVES = tuple(PRICE_RANGE * step / 4 for step in range(-4, 5))
EXTENDED_MOVES = (-0.66, -0.33, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0)
VOLATILITY_UP, VOLATILITY_DOWN = 0.5, 0.25
LEAST_VOLATILITY_FOR_UP = 0.5
SHORT_TERM_POWER, LONG_TERM_POWER = 0.3, 0.13
POWER_DAYS, LEAST_DAYS = 30.0, 1.0
ANNUAL_BASIS_MOVE, LEAST_BASIS_MOVE = 0.075, 0.01
MAINTENANCE_FACTOR = 0.8

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Leg:
    """A position with its market: mark in the instrument's price unit, `forward_usd` and `iv` of options."""

    listing: Listing
    size: float  # signed, in the instrument's amount unit
    mark: float
    delta_coin: float  # of the whole position
    forward_usd: float = 0.0
    iv: float = 0.0  # fraction


@dataclass(frozen=True, slots=True)
class Matrix:
    """Results of legs of one underlying in its settlement currency, per leg, and their sums."""

    standard: Floats  # legs x moves x (up, same, down)
    extended: Floats  # legs x extreme moves
    coins: Floats  # delta per leg
    basis_moves: Floats  # per leg, fraction
    expiries: tuple[int, ...]  # of the legs; 0 for perpetuals
    coin_value: float  # 1 for inverse instruments, the index for linear ones

    @property
    def worst_loss(self) -> float:
        """Of all legs together; never negative."""
        standard, extended = self.standard.sum(axis=0), self.extended.sum(axis=0)
        return max(0.0, -float(standard.min()), -float(extended.min()))

    @property
    def roll_shock(self) -> float:
        """Net coins of every expiry by themselves, times what its basis may move."""
        shocks: dict[int, float] = {}
        for expiry_ms, shock in zip(self.expiries, self.coins * self.basis_moves, strict=True):
            shocks[expiry_ms] = shocks.get(expiry_ms, 0.0) + float(shock)
        return self.coin_value * sum(abs(shock) for shock in shocks.values())

    @property
    def initial(self) -> float:
        return self.worst_loss + self.roll_shock

    @property
    def maintenance(self) -> float:
        return MAINTENANCE_FACTOR * self.initial

    @property
    def initial_by_leg(self) -> Floats:
        """What every leg would need by itself."""
        worst = np.minimum(self.standard.min(axis=(1, 2)), self.extended.min(axis=1))
        needed: Floats = np.maximum(0.0, -worst) + self.coin_value * np.abs(self.coins * self.basis_moves)
        return needed

    def scaled(self, factors: Floats) -> Matrix:
        """The same legs with their sizes multiplied by one factor each: results are linear in size."""
        return replace(
            self,
            standard=self.standard * factors[:, None, None],
            extended=self.extended * factors[:, None],
            coins=self.coins * factors,
        )


def risk_matrix(legs: Sequence[Leg], index_usd: float, now_ms: int) -> Matrix:
    """The results of all legs of one underlying, at market time `now_ms`."""
    standard, extended = np.zeros((len(legs), len(MOVES), 3)), np.zeros((len(legs), len(EXTENDED_MOVES)))
    for number, leg in enumerate(legs):
        if not leg.listing.is_option:
            standard[number] = _future_profit(leg, np.array(MOVES))[:, None]
            reach = np.clip(np.array(EXTENDED_MOVES), -PRICE_RANGE, PRICE_RANGE)
            extended[number] = _future_profit(leg, reach)
    numbers = [number for number, leg in enumerate(legs) if leg.listing.is_option]
    if numbers:
        options = [legs[number] for number in numbers]
        standard[numbers], extended[numbers] = _option_profits(options, now_ms)
    return Matrix(
        standard,
        extended,
        coins=np.array([leg.delta_coin for leg in legs]),
        basis_moves=np.array([_basis_move(leg.listing, now_ms) for leg in legs]),
        expiries=tuple(0 if leg.listing.is_perpetual else leg.listing.expiration_ms for leg in legs),
        coin_value=index_usd if any(leg.listing.is_linear for leg in legs) else 1.0,
    )


def shocked_vols(iv: float, left_days: float) -> tuple[float, float, float]:
    """Volatility up, unchanged and down, as fractions, for an option with so many days left."""
    days = max(LEAST_DAYS, left_days)
    power = SHORT_TERM_POWER if days < POWER_DAYS else LONG_TERM_POWER
    scale = (POWER_DAYS / days) ** power
    up = iv + max(iv, LEAST_VOLATILITY_FOR_UP) * VOLATILITY_UP * scale
    return up, iv, iv * max(0.0, 1.0 - VOLATILITY_DOWN * scale)


def _future_profit(leg: Leg, moves: Floats) -> Floats:
    """Inverse: size / mark * (1 - 1 / (1 + move)) coin. Linear: size * mark * move USDC."""
    if leg.listing.is_linear:
        return leg.size * leg.mark * moves
    return leg.size / leg.mark * (1.0 - 1.0 / (1.0 + moves))


def _option_profits(legs: Sequence[Leg], now_ms: int) -> tuple[Floats, Floats]:
    """Both tables of options: model value after a move less model value now, so that no move is no profit."""
    days = [(leg.listing.expiration_ms - now_ms) / DAY_MS for leg in legs]
    vols = np.array([shocked_vols(leg.iv, left) for leg, left in zip(legs, days, strict=True)])
    size, tau = np.array([leg.size for leg in legs]), np.maximum(0.0, np.array(days)) / YEAR_DAYS
    sign = np.array([1.0 if leg.listing.option_type == "call" else -1.0 for leg in legs])
    strike = np.array([float(leg.listing.strike or 0) for leg in legs])
    forward, linear = np.array([leg.forward_usd for leg in legs]), legs[0].listing.is_linear

    def value(moves: Floats, vol: Floats) -> Floats:
        """Per coin, in the settlement currency; the legs are the last axis."""
        moved = forward * (1.0 + moves)
        usd = black76_price(moved, strike, tau, vol, sign)
        return usd if linear else usd / moved

    now = value(np.zeros(len(legs)), vols[:, 1])
    moves, extremes = np.array(MOVES)[:, None, None], np.array(EXTENDED_MOVES)[:, None]
    standard = size * (value(moves, vols.T[None, :, :]) - now)
    extended = size * (value(extremes, vols[:, 0]) - now) * PRICE_RANGE / np.abs(extremes)
    return np.moveaxis(standard, -1, 0), extended.T


def _basis_move(listing: Listing, now_ms: int) -> float:
    """How far the price of an expiry may part from the others, as a fraction."""
    if listing.is_perpetual:
        return LEAST_BASIS_MOVE
    left_years = (listing.expiration_ms - now_ms) / DAY_MS / YEAR_DAYS
    return max(LEAST_BASIS_MOVE, ANNUAL_BASIS_MOVE * left_years)
