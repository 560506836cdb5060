"""What a study of recorded smiles says; all of it can be written as JSON."""

from __future__ import annotations

import msgspec

RULES = ("sticky_delta", "fitted", "minimum_variance")
"""Rules that are held against Black's delta."""


class Params(msgspec.Struct, frozen=True):
    """How the record is used."""

    window_days: float = 60.0  # Hull-White's coefficients and R are learned from so much of the past
    gap_h: float = 14.0  # intervals longer than this are left out: chains are missing in between
    block_h: float = 48.0  # errors further apart than this count as independent
    least_days: float = 10.0  # intervals are judged from so long after the first chain on


class Residuals(msgspec.Struct, frozen=True):
    """How well expiries of one tenor are fitted."""

    tenor: str
    fits: int
    used: int  # their slope shifts a delta; the others' options keep Black's
    parabolas: int  # fitted by three parameters, for want of strikes
    rms_points_median: float  # vega-weighted, vol points
    rms_points_p90: float
    rms_points_most: float
    worst_points_median: float  # of a single strike, vol points
    butterflies: int  # fits with a negative density
    calendars: int  # fits with less total variance somewhere than the expiry before


class Outcome(msgspec.Struct, frozen=True):
    """Hedging by one rule against Black's delta, on some of the options."""

    options: str
    tenor: str
    rule: str
    ratio: float  # sum of squared errors over Black's; 1 - Gain
    error: float | None  # standard error by blocks; None: too few
    confidence: float | None  # that the ratio is below 1
    intervals: int
    hedges: int  # option intervals in it
    hindsight_r: float  # the R that would have had the least variance, of use to nobody at the time


class Stuck(msgspec.Struct, frozen=True):
    """R of one expiry at its last chain."""

    expiration_ms: int
    r: float  # shrunk to 1 and clipped: as used
    raw: float | None  # by the regression alone; None: too few moves
    error: float | None  # its standard error
    moves: int


class Fit(msgspec.Struct, frozen=True):
    """The smile of one expiry in one chain."""

    expiration_ms: int
    days: float
    forward_usd: float
    strikes: int
    curve: str  # svi, parabola; empty: none
    atm_iv: float | None  # a fraction
    slope: float | None  # d sigma / dk at the money
    rms_points: float | None
    worst_points: float | None
    gap: str  # why its slope is not used
    calendar: str  # where total variance falls from the expiry before


class Study(msgspec.Struct, frozen=True):
    """What one coin's record says."""

    coin: str
    first_ms: int
    last_ms: int
    chains: int
    intervals: int
    params: Params
    residuals: tuple[Residuals, ...]
    outcomes: tuple[Outcome, ...]
    stickiness: tuple[Stuck, ...]
    calls: tuple[float, float, float]  # Hull-White's a, b, c at the end
    puts: tuple[float, float, float]
    last_chain: tuple[Fit, ...]
