"""Whether one delta hedges with less variance than another, and how sure that is (theory 2, 4).

Hedging errors e = dV - delta dF of the same options over the same intervals, delta fixed at their start:

    ratio = sum e_smile^2 / sum e_Black^2         (Hull and White's Gain is 1 - ratio)

Errors of one instant move together and volatility comes in spells, so options are no independent observations
and an F-test on their number would be far too sure. The sums are kept per instant; instants are gathered
into blocks, and the standard error is that of resampling whole blocks, in closed form (the delta method on a
ratio of sums):

    se^2 = n / (n - 1) sum_b (A_b - ratio B_b)^2 / (sum_b B_b)^2

over n blocks with sums A_b of e_smile^2 and B_b of e_Black^2.

Confidence that the true ratio is below 1 is Student's t with n - 1 degrees of freedom.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from scipy.special import stdtr

from hedger.pricing.black76 import Floats

LEAST_BLOCKS = 8


class Ratio(NamedTuple):
    """The ratio with what is known of it; NaN without errors to compare."""

    ratio: float
    error: float
    """Standard error; NaN below LEAST_BLOCKS blocks."""
    confidence: float
    """That the true ratio is below 1: 0 to 1; NaN as above."""
    instants: int
    blocks: int


def variance_ratio(squares: Floats, squares_black: Floats, block: int) -> Ratio:
    """`squares` and `squares_black`: sums of squared errors per instant, shape (instants,), in time order;
    `block`: instants per block, so many that errors further apart are independent. An unfinished last block
    counts."""
    instants = len(squares)
    base = float(squares_black.sum())
    if not base > 0.0:
        return Ratio(math.nan, math.nan, math.nan, instants, 0)
    starts = np.arange(0, instants, block)
    mine, black = np.add.reduceat(squares, starts), np.add.reduceat(squares_black, starts)
    ratio, blocks = float(mine.sum()) / base, len(starts)
    if blocks < LEAST_BLOCKS:
        return Ratio(ratio, math.nan, math.nan, instants, blocks)
    error = math.sqrt(blocks / (blocks - 1) * float(((mine - ratio * black) ** 2).sum())) / base
    return Ratio(ratio, error, _confidence(ratio, error, blocks), instants, blocks)


def _confidence(ratio: float, error: float, blocks: int) -> float:
    if not error > 0.0:
        return float(ratio < 1.0)
    return float(stdtr(blocks - 1, (1.0 - ratio) / error))


class Gate(NamedTuple):
    """Whether the smile's delta may be used, and why."""

    open: bool
    why: str
    ratio: Ratio


CLOSED = Gate(False, "nothing measured yet", Ratio(math.nan, math.nan, math.nan, 0, 0))


def judge(before: Gate, ratio: Ratio, least_instants: int, opens_at: float, closes_at: float) -> Gate:
    """The gate after a new measurement: it opens at a confidence of `opens_at`, stays open down to
    `closes_at`, and is closed while fewer than `least_instants` have been measured."""
    if ratio.instants < least_instants:
        return Gate(False, f"{ratio.instants} of {least_instants} intervals measured", ratio)
    if math.isnan(ratio.confidence):
        return Gate(False, f"{ratio.blocks} of {LEAST_BLOCKS} blocks of intervals measured", ratio)
    needed = closes_at if before.open else opens_at
    is_open = ratio.confidence >= needed
    told = f"variance ratio {ratio.ratio:.3f} +- {ratio.error:.3f} over {ratio.instants} intervals"
    than = f"below 1 with confidence {ratio.confidence:.3f}, {'at least' if is_open else 'needs'} {needed:g}"
    return Gate(is_open, f"{told}: {than}", ratio)
