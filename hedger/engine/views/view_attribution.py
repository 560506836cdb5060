"""What status shows of the running attribution: each wallet's day, cut at 00:00 and at 08:00 UTC."""

from __future__ import annotations

import msgspec


class AttributionView(msgspec.Struct, frozen=True):
    """One wallet's day so far. Amounts are in its currency unless their name says USD; gains are positive.

    The lines are delta, gamma, theta, vega, vanna, volga and residual of the options, future_delta
    (perpetuals: their mark, dated futures: the index), future_basis (dated futures' marks apart from it),
    future_gamma and future_residual, funding, fees, slippage (fills against the mark at decision),
    option_slippage (premiums against the mark at the trade), settlement, transfers, unexplained (told equity
    beyond the others) and in USD collateral. They sum to `change`.
    """

    venue: str  # as configured
    currency: str  # of the wallet
    cut: str  # when its day begins, UTC
    since_ms: int  # market time from which it is known
    equity_before: float  # in the currency, then
    equity: float  # in the currency, as told last
    change: float  # in the currency
    change_usd: float
    lines: dict[str, float]  # in the currency
    lines_usd: dict[str, float]  # the same in USD
    theta: float  # in the currency; what decay earned
    gamma_paid: float  # in the currency; what movement took of it, without the coin's own curvature
    fees: float  # in the currency
    funding: float  # in the currency
    theta_kept: float  # in the currency: theta, gamma paid, fees and funding together
    theta_kept_per_day: float | None
    realised_vol: float | None  # a fraction, weighted by dollar gamma; None: the book's gamma cancelled out
    implied_vol: float | None  # a fraction
    realised_less_implied: float  # in the currency: theta and gamma paid together
    bookings: int  # trades and payments, each of which the venue has rounded
    cash_gap: float  # in the currency: cash and realised result beyond what was booked, at the last look
    cash_tolerance: float  # in the currency: what rounding may make of it; more is an alarm
    taylor_residual: float | None  # in the currency: what greeks left of the newest closed interval
    taylor_share: float | None  # its size, as a fraction of the interval's gross result
    taylor_tolerance: float | None  # in the currency: the size let pass; more is an alarm
