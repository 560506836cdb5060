"""Utility bands: to the edge of an interval that weighs the cost of hedging against risk (theory 3.4, 3.5).

`whalley_wilmott` is the leading order for small costs, `zakamouline` the double asymptotic fitted to the
exact solution: a wider band around the delta at a modified volatility. Zakamouline's constants were
fitted for short gamma and a risk aversion near 100 / S per coin of notional; they say nothing within a
day of expiry. Where one of that does not hold, and where the book's sums fit no single option, its band
is Whalley and Wilmott's, and the reason says so. Both take the gamma of the book: n contracts are exactly
n times one contract at n times the risk aversion.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from hedger.domain.keys import Key
from hedger.domain.time_units import YEAR_DAYS
from hedger.policies import equivalent
from hedger.policies.bounds import check_keys, check_target
from hedger.policies.due import near_coin
from hedger.policies.inputs import Inputs, Interval
from hedger.policies.levels import index_levels
from hedger.policies.reasons import Reason
from hedger.policies.rounding import Rounding
from hedger.policies.shared_keys import COST_BPS

DAY_YEARS = 1.0 / YEAR_DAYS
LEAST_AVERSION, MOST_AVERSION = 30.0, 1_000.0
"""Risk aversion times index per coin of notional between which Zakamouline's constants are used: at 10 and
below Whalley-Wilmott is nearer to the exact band (theory 3.5)."""
ZAKAMOULINE_K = 5.76
"""Sinclair prints 5.76, two public programs 4.76: the exact band decides for 5.76 (theory 3.5)."""
LEAST_VARIANCE = 0.05  # of sigma squared, where a long book's modified variance would vanish

_WITHIN = int(Reason.WITHIN_BAND)
_EDGE = int(Reason.OUTSIDE_BAND_TO_EDGE)
_HARD = int(Reason.HARD_LIMIT_TO_EDGE)
_OTHER_WITHIN = int(Reason.FALLBACK_BAND_HOLD)
_OTHER_EDGE = int(Reason.FALLBACK_BAND_HEDGE)
_CENTRE_BEFORE = int(Reason.CENTRE_BEFORE)
_BLACKOUT = int(Reason.BLACKOUT)
_NOT_FINITE = int(Reason.NOT_FINITE)


class Params(NamedTuple):
    """DOC has unit and meaning of each field."""

    risk_aversion_per_usd: float = 1e-3
    cost_bps: float = 5.0
    most_half_width_coin: float = math.inf
    hard_times: float = 3.0
    min_trade_coin: float = 0.0


DOC: Mapping[str, Key] = MappingProxyType(
    {
        "risk_aversion_per_usd": Key(
            "per USD",
            "of exponential utility; the more, the narrower the band",
            above=0,
            most=10,
        ),
        "cost_bps": COST_BPS,
        "most_half_width_coin": Key(
            "coin", "the band reaches no further than this from its centre", above=0, words={"none": math.inf}
        ),
        "hard_times": Key(
            "times the band's half-width", "beyond this hedge at once, blackout or not", least=1, most=100
        ),
        "min_trade_coin": Key(
            "coin", "a smaller hedge is enlarged towards the band's centre, not past it", least=0
        ),
    }
)


class Memory(NamedTuple):
    """What was done about announced events."""

    centred_s: float
    """The announced event before which delta has been at its target; 0: none yet."""


INITIAL_MEMORY = Memory(0.0)


class Band(NamedTuple):
    """Where delta is left alone, coin; NaN where an input is not known."""

    lower: float
    upper: float
    half: float
    fallback: int
    """1 where Whalley-Wilmott's band stands in for Zakamouline's."""


def whalley_wilmott(params: Params, memory: Memory, inputs: Inputs) -> tuple[Memory, float, int]:
    """The kernel of `whalley_wilmott`: where delta should be now, and why."""
    return decide(params, memory, inputs, whalley_wilmott_band(params, inputs))


def zakamouline(params: Params, memory: Memory, inputs: Inputs) -> tuple[Memory, float, int]:
    """The kernel of `zakamouline`: where delta should be now, and why."""
    return decide(params, memory, inputs, zakamouline_band(params, inputs))


def decide(params: Params, memory: Memory, inputs: Inputs, band: Band) -> tuple[Memory, float, int]:
    """Nothing inside the band, to its edge outside; to the target before an announced event."""
    y, target = inputs.delta_coin, inputs.target_delta_coin
    if not math.isfinite(y + target + inputs.now_s + band.lower + band.upper):
        return memory, y, _NOT_FINITE
    there = abs(y - target) <= near_coin(inputs)
    announced = inputs.centre_s > 0.0 and memory.centred_s != inputs.centre_s
    if announced and there:
        return Memory(inputs.centre_s), y, _WITHIN
    if announced and inputs.blackout == 0.0:
        return memory, target, _CENTRE_BEFORE
    if band.lower <= y <= band.upper:
        return memory, y, _OTHER_WITHIN if band.fallback == 1 else _WITHIN
    end = landing(params.min_trade_coin, y, band)
    if abs(y - 0.5 * (band.lower + band.upper)) > params.hard_times * band.half:
        return memory, end, _HARD
    if inputs.blackout != 0.0:
        return memory, y, _BLACKOUT
    return memory, end, _OTHER_EDGE if band.fallback == 1 else _EDGE


def landing(min_trade_coin: float, y: float, band: Band) -> float:
    """The nearer edge, or further in by the minimum trade, but never past the centre."""
    centre = 0.5 * (band.lower + band.upper)
    if y < band.lower:
        return min(max(band.lower, y + min_trade_coin), centre)
    return max(min(band.upper, y - min_trade_coin), centre)


def whalley_wilmott_band(params: Params, inputs: Inputs) -> Band:
    """Around the target."""
    return around(params, inputs, 0.0, half_width(params, inputs), 0)


def zakamouline_band(params: Params, inputs: Inputs) -> Band:
    """Around delta at the modified volatility; Whalley-Wilmott's where the formula says nothing."""
    if not zakamouline_holds(params, inputs):
        return around(params, inputs, 0.0, half_width(params, inputs), 1)
    half, shift = modified(params, inputs)
    return around(params, inputs, shift, half, 0)


def around(params: Params, inputs: Inputs, shift: float, half: float, fallback: int) -> Band:
    """Never narrower than one lot to either side, or it could not be hedged into."""
    half = max(min(half * inputs.band_scale, params.most_half_width_coin), inputs.lot_coin)
    centre = inputs.target_delta_coin - shift
    return Band(centre - half, centre + half, half, fallback)


def half_width(params: Params, inputs: Inputs) -> float:
    """Whalley-Wilmott's (3/2 lam S G^2 / gam)^(1/3) in coin, r = 0 (theory 3.4)."""
    gamma = inputs.book_gamma_coin_per_usd
    cost = 1.5 * params.cost_bps * 1e-4 * inputs.index_usd * gamma * gamma
    return (cost / params.risk_aversion_per_usd) ** (1.0 / 3.0)  # type: ignore[no-any-return]


def zakamouline_holds(params: Params, inputs: Inputs) -> bool:
    """Short gamma, more than a day to expiry, one equivalent option, risk aversion where the fit was made."""
    if not inputs.book_gamma_coin_per_usd < 0.0 or not inputs.tau_years > DAY_YEARS:
        return False
    if not equivalent.is_near_the_money(inputs):
        return False
    aversion = params.risk_aversion_per_usd * inputs.index_usd * abs(equivalent.coins(inputs))
    return LEAST_AVERSION <= aversion <= MOST_AVERSION


def modified(params: Params, inputs: Inputs) -> tuple[float, float]:
    """Zakamouline's (half-width H1 + H0, D(sigma_m) - D(sigma) of the options), coin, r = 0 (theory 3.5)."""
    cost, aversion = params.cost_bps * 1e-4, params.risk_aversion_per_usd
    gamma, index_usd, sigma = abs(inputs.book_gamma_coin_per_usd), inputs.index_usd, inputs.iv
    tau_years = inputs.tau_years
    h0 = cost / (aversion * index_usd * sigma * sigma * tau_years)
    h1 = 1.12 * cost**0.31 * tau_years**0.05 * sigma**-0.25 * (gamma / aversion) ** 0.5
    k = -ZAKAMOULINE_K * cost**0.78 * tau_years**-0.02 * sigma**-0.25
    k *= (aversion * index_usd * index_usd * gamma) ** 0.15
    variance = 1.0 - k if inputs.book_gamma_coin_per_usd < 0.0 else max(1.0 + k, LEAST_VARIANCE)
    return h1 + h0, equivalent.shift_coin(inputs, sigma * math.sqrt(variance))


def whalley_wilmott_interval(params: Params, memory: Memory, inputs: Inputs) -> Interval:
    """The band as it stands, and the index levels at which delta, by its gamma, leaves it."""
    return interval(params, inputs, whalley_wilmott_band(params, inputs))


def zakamouline_interval(params: Params, memory: Memory, inputs: Inputs) -> Interval:
    """The band as it stands, and the index levels at which delta, by its gamma, leaves it."""
    return interval(params, inputs, zakamouline_band(params, inputs))


def interval(params: Params, inputs: Inputs, band: Band) -> Interval:
    """As status shows it."""
    beyond = (params.hard_times - 1.0) * band.half
    below, above = index_levels(inputs, band.lower, band.upper)
    return Interval(band.lower, band.upper, band.lower - beyond, band.upper + beyond, below, above)


def validate(params: Params, target_delta_coin: float = 0.0) -> None:
    """ValueError naming field, value and what would be right."""
    check_keys(params, DOC)
    check_target(target_delta_coin)


ROUNDING: Mapping[Reason, Rounding] = MappingProxyType(
    {
        Reason.OUTSIDE_BAND_TO_EDGE: Rounding.INWARD,
        Reason.FALLBACK_BAND_HEDGE: Rounding.INWARD,
        Reason.HARD_LIMIT_TO_EDGE: Rounding.INWARD,
        Reason.CENTRE_BEFORE: Rounding.NEAREST,
    }
)
