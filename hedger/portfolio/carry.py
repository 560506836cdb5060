"""What selling volatility came to: realised against implied, and the theta that was kept."""

from __future__ import annotations

import math

import msgspec

from hedger.portfolio.attribution import Lines


class Carry(msgspec.Struct, frozen=True):
    """Of one period, in the currency of its lines; volatilities are fractions, weighted by dollar gamma."""

    realised_vol: float | None  # None: the book's gamma cancelled out, or it held no options
    implied_vol: float | None
    realised_less_implied: float  # what gamma earned or paid beyond theta
    theta: float
    gamma_paid: float
    fees: float
    funding: float
    theta_kept: float  # theta + gamma paid + fees + funding, as signed lines
    theta_kept_per_day: float | None


def carry(lines: Lines, days: float) -> Carry:
    """Theta less what gamma, fees and funding took, and the volatilities behind it.

    sum g (dF/F)^2 over sum g dt is realised variance, -theta over it implied, with g = n G F^2 / 2 signed: a
    book whose long and short gamma cancel has neither.
    """
    kept = math.fsum((lines.theta, lines.gamma_paid, lines.fees, lines.funding))
    return Carry(
        realised_vol=_vol(lines.gamma_paid, lines.gamma_years),
        implied_vol=_vol(-lines.theta, lines.gamma_years),
        realised_less_implied=lines.realised_less_implied,
        theta=lines.theta,
        gamma_paid=lines.gamma_paid,
        fees=lines.fees,
        funding=lines.funding,
        theta_kept=kept,
        theta_kept_per_day=kept / days if days > 0.0 else None,
    )


def _vol(variance: float, weight: float) -> float | None:
    if not weight or variance / weight < 0.0:
        return None
    return math.sqrt(variance / weight)
