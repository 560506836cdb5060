"""The books the tests of the policies speak of."""

from __future__ import annotations

import math

from hedger.policies.inputs import Inputs
from hedger.pricing.scalar import black76_one

NOON_S = 1_780_315_200.0  # 2026-06-01 12:00 UTC: an end of a six-hour window
HOUR_S = 3_600.0
GAMMA = 2.4636986686636664e-05  # of the 30-day 105,000 call at 100,000 and 55 %
THETA_USD_PER_DAY = 102.09162291380264  # earned by whoever is short of it


def book(
    delta_coin: float = 0.0,
    *,
    now_s: float = NOON_S,
    target: float = 0.0,
    gamma: float = -GAMMA,
    theta: float = THETA_USD_PER_DAY,
    index: float = 100_000.0,
    iv: float = 0.55,
    lot: float = 1e-4,
    last_hedge_s: float = math.nan,
    epoch: float = 1.0,
) -> Inputs:
    """One call sold, hedged up to `delta_coin`."""
    known = (now_s, delta_coin, target, gamma, theta, index, iv, lot, last_hedge_s, epoch)
    return Inputs(*known, book_gamma_coin_per_usd=gamma)


def option(
    coins: float,
    delta_coin: float = 0.0,
    *,
    forward: float = 100_000.0,
    strike: float = 100_000.0,
    tau_years: float = 30 / 365,
    iv: float = 0.5,
    now_s: float = NOON_S,
    lot: float = 1e-9,
) -> Inputs:
    """So many coins of one call and a hedge that leaves `delta_coin`; everything a kernel may know of it."""
    one = black76_one(forward, strike, tau_years, iv, 1.0)
    d2 = math.log(forward / strike) / (iv * math.sqrt(tau_years)) - 0.5 * iv * math.sqrt(tau_years)
    gamma = coins * one.gamma_per_usd
    known = (now_s, delta_coin, 0.0, gamma, coins * one.theta_usd_per_year / 365, forward, iv, lot)
    return Inputs(
        *known,
        math.nan,
        1.0,
        book_gamma_coin_per_usd=gamma,
        vanna_coin=-gamma * forward * math.sqrt(tau_years) * d2,
        tau_years=tau_years,
    )
