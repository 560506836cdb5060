"""Which strikes an expiry lists: a grid around the forward whose step grows with the time to expiry."""

from __future__ import annotations

import math

from hedger.simulator.time_units import YEAR_DAYS

_STEPS_PER_SIDE = 5
_STEPS_KEPT = 3
_COVERED_DEVIATIONS, _WIDEST_SHARE = 2.0, 0.6
_SHORTEST_YEARS = 1.0 / YEAR_DAYS
_LOWEST_SHARE = 0.2


def strike_step(forward_usd: float, tau_years: float, vol: float) -> int:
    """A round number (1, 2 or 5 times a power of ten) so that five steps cover two standard deviations."""
    deviations = _COVERED_DEVIATIONS * vol * math.sqrt(max(tau_years, _SHORTEST_YEARS))
    wanted = forward_usd * min(deviations, _WIDEST_SHARE) / _STEPS_PER_SIDE
    power = 10 ** math.floor(math.log10(wanted))
    nearest = min((1, 2, 5, 10), key=lambda digit: abs(math.log(digit * power / wanted)))
    return max(int(nearest * power), 1)


def wanted_strikes(forward_usd: float, tau_years: float, vol: float, *, new: bool) -> tuple[int, ...]:
    """Strikes that should be listed now, ascending: the whole grid of a new expiry, later only its core."""
    step = strike_step(forward_usd, tau_years, vol)
    centre = round(forward_usd / step)
    reach = _STEPS_PER_SIDE if new else _STEPS_KEPT
    grid = (number * step for number in range(centre - reach, centre + reach + 1))
    return tuple(strike for strike in grid if strike >= _LOWEST_SHARE * forward_usd)
