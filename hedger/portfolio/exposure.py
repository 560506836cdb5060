"""The net exposure of a book in every convention, with what is missing and what is stale.

With n D the Black deltas of the options, n p their value in coin, Q/F the futures, E the equity (theory 1.4):

    black            sum n D + Q/F
    net_transaction  sum n (D - p) + Q/F            DeltaTotal: slope of the equity counted in coin
    with_equity      E + DeltaTotal                 slope of the equity counted in USD

and always E + DeltaTotal = C + sum n D + Q/F with the non-option cash C = E - sum n p.
"""

from __future__ import annotations

import math
from enum import StrEnum
from typing import assert_never

import msgspec

from hedger.domain.errors import InvariantError
from hedger.domain.vocabulary import Neutral

_VOL_POINTS = 100.0
IDENTITY_TOLERANCE = 1e-9
"""Relative to the largest term of the identity, at least 1 coin."""


class Source(StrEnum):
    """Whose deltas are counted."""

    EXCHANGE = "exchange"  # the tickers' greeks
    MODEL = "model"  # our own Black-76 on the tickers' volatility and forward
    ACCOUNT = "account"  # the venue's total of the whole account


class Exposure(msgspec.Struct, frozen=True, kw_only=True):
    """One book at one instant. A sum over rows of which one is missing is None, never a partial sum."""

    black: float | None  # coin
    net_transaction: float | None  # coin
    with_equity: float | None  # coin; None also while the account is unknown
    hedge_coin: float | None  # futures and perpetuals: sum of Q/mark, coin
    options_value_coin: float | None  # sum of n p; in the settlement window the part not yet fixed
    non_option_cash: float | None  # C, coin
    equity_coin: float | None  # E, at full marks; 0 for a book settled in dollars: collateral beside the coin
    gamma_coin_per_usd: float | None  # sum of n G
    curvature_coin_per_usd: float | None  # of the result counted in coin, times F; see gamma_of_controlled
    theta_usd_per_day: float | None
    vega_usd: float | None  # per vol point
    iv: float | None  # vega-weighted, a fraction; None without vega
    vanna_coin: float | None  # sum of n dD/dsigma, per 1.00 of volatility
    index_usd: float | None
    identity_gap: float | None  # E + DeltaTotal - (C + sum n D + Q/F), coin
    disagreement_coin: float | None  # the venue's option deltas less ours by the venue's own convention
    gross_coin: float  # coins of options held, long and short alike
    missing: tuple[str, ...]  # "INSTRUMENT: why", by name
    stale: tuple[str, ...]  # "INSTRUMENT: age and limit" of futures; the index first
    by_model: tuple[str, ...]  # options valued by our model, because their ticker is too old or lacks greeks
    oldest_option_s: float  # wire-time age of the oldest of those tickers; 0 while all are fresh


def controlled(exposure: Exposure, neutral: Neutral) -> float | None:
    """The quantity y, in coin, that a book of this kind keeps at its target; None where it is not known."""
    match neutral:
        case Neutral.COIN:
            return exposure.net_transaction
        case Neutral.USD:
            return exposure.with_equity
        case Neutral.BLACK:
            return exposure.black
        case _:
            assert_never(neutral)


def gamma_of_controlled(exposure: Exposure, neutral: Neutral) -> float | None:
    """The curvature that belongs to y as slope, in coin per USD; None where it is not known.

    In USD the equity U = E F has U' = E + DT and U'' = sum n G whatever the futures are, because they are
    linear in USD; so for `usd`, and for `black` (U without its cash), it is sum n G. Counted in coin the
    slope is E' = DT / F and the curvature E'' = sum n G / F - 2 DT / F^2 (inverse options: d2c/dF2 =
    G/F - 2 NTD/F^2, futures: -2 Q/F^3). P&L of a move x is E' x + E'' x^2 / 2; times F it reads
    DT x + (sum n G - 2 DT / F) x^2 / 2, so beside y = DT stands F E'' = sum n G - 2 DT / F (theory 1.2-1.4,
    3.8). Near y = 0 the two agree. What settles in dollars is curved by sum n G whatever its y.
    """
    if neutral is Neutral.COIN:
        return exposure.curvature_coin_per_usd
    return exposure.gamma_coin_per_usd


def gamma_weighted_years(
    gamma_coin_per_usd: float, vega_usd_per_point: float, iv: float, index_usd: float
) -> float:
    """Time to expiry of the one option with this gamma and vega: vega = F^2 G sigma tau; NaN: none has."""
    scale = index_usd * index_usd * gamma_coin_per_usd * iv
    years = _VOL_POINTS * vega_usd_per_point / scale if scale else math.nan
    return years if years > 0.0 else math.nan


def identity_gap(
    equity: float | None, cash: float | None, net: float | None, black: float | None
) -> float | None:
    """E + DeltaTotal - (C + sum n D + Q/F), coin; None while a term is not known."""
    if equity is None or cash is None or net is None or black is None:
        return None
    return (equity + net) - (cash + black)


def check_identity(exposure: Exposure, tolerance: float = IDENTITY_TOLERANCE) -> None:
    """Raise InvariantError when the running sums no longer add up; nothing to check while one is missing."""
    gap = exposure.identity_gap
    if gap is None:
        return
    terms = (exposure.net_transaction, exposure.black, exposure.options_value_coin, exposure.equity_coin)
    scale = max(1.0, *(abs(term) for term in terms if term is not None))
    if not abs(gap) <= tolerance * scale:
        agree = f"E + DeltaTotal and C + sum n D + Q/F must agree within {tolerance * scale:g}"
        raise InvariantError(f"identity_gap = {gap!r} coin: {agree}")
