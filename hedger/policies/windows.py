"""Hedging by the clock: every window to the target, whatever it costs (Way 1; theory 3.1); Leland's variant.

`time` hedges to the target at each window's end. `leland` hedges to the delta at a volatility that pays
for the cost of hedging that often, sigma_L^2 = sigma^2 (1 +- Le), Le = sqrt(8/pi) lam / (sigma sqrt(dt)),
greater for short gamma and smaller for long (theory 3.3); with Le >= 1 a long book has no such
volatility, and neither has one whose sums fit no single option: then it hedges to the plain delta and the
reason says so.

Between windows only delta that was born (start-up, a trade, an expiry, new settings) and delta beyond the
cap is hedged, at once. A hedge once due stays due until at most one lot is missing, or what delta drifts by
while an order is on its way.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from hedger.domain.keys import Key
from hedger.domain.time_units import YEAR_S
from hedger.policies import equivalent
from hedger.policies.bounds import check_keys, check_target
from hedger.policies.due import NONE, move_usd, near_coin, standing
from hedger.policies.inputs import Inputs, Interval
from hedger.policies.levels import index_levels
from hedger.policies.reasons import Reason
from hedger.policies.rounding import Rounding
from hedger.policies.shared_keys import COST_BPS, WINDOW_S

_WAITING = int(Reason.WAITING_WINDOW)
_ENDED = int(Reason.WINDOW_ENDED)
_PLAIN = int(Reason.PLAIN_DELTA)
_FLAT = int(Reason.WINDOW_FLAT)
_CAP = int(Reason.CAP)
_BLACKOUT = int(Reason.BLACKOUT)
_NOT_FINITE = int(Reason.NOT_FINITE)


class Params(NamedTuple):
    """DOC has unit and meaning of each field."""

    window_s: float = 21_600.0
    cap_sigmas: float = math.inf


DOC: Mapping[str, Key] = MappingProxyType(
    {
        "window_s": WINDOW_S,
        "cap_sigmas": Key(
            "sigma of the window's delta move",
            "beyond this hedge at once",
            above=0,
            most=10,
            words={"none": math.inf},
        ),
    }
)


class LelandParams(NamedTuple):
    """LELAND_DOC has unit and meaning of each field."""

    window_s: float = 21_600.0
    cap_sigmas: float = math.inf
    cost_bps: float = 5.0


LELAND_DOC: Mapping[str, Key] = MappingProxyType(
    {
        **DOC,
        "cost_bps": COST_BPS,
    }
)


class Memory(NamedTuple):
    """When the book was last hedged or found flat, and the hedge still due."""

    book_epoch: float
    settled_s: float
    """Market time at which the book was last flat; its window is over."""
    due: int
    """The reason of a hedge not yet seen in y; -1 if none."""
    centred_s: float
    """The announced event before which delta has been at its target; 0: none yet."""


INITIAL_MEMORY = Memory(math.nan, math.nan, NONE, 0.0)


def time(params: Params, memory: Memory, inputs: Inputs) -> tuple[Memory, float, int]:
    """The kernel of `time`: where delta should be now, and why."""
    return decide(params.window_s, params.cap_sigmas, memory, inputs, inputs.target_delta_coin, _ENDED)


def leland(params: LelandParams, memory: Memory, inputs: Inputs) -> tuple[Memory, float, int]:
    """The kernel of `leland`: where delta should be now, and why."""
    sigma = leland_sigma(params, inputs)
    if math.isnan(sigma):
        return decide(params.window_s, params.cap_sigmas, memory, inputs, inputs.target_delta_coin, _PLAIN)
    target = inputs.target_delta_coin - equivalent.shift_coin(inputs, sigma)
    return decide(params.window_s, params.cap_sigmas, memory, inputs, target, _ENDED)


def leland_sigma(params: LelandParams, inputs: Inputs) -> float:
    """The volatility whose delta pays for the hedging; NaN where the book has none (theory 3.3)."""
    if not equivalent.is_near_the_money(inputs):
        return math.nan
    dt_years = params.window_s / YEAR_S
    number = math.sqrt(8.0 / math.pi) * params.cost_bps * 1e-4 / (inputs.iv * math.sqrt(dt_years))
    short = inputs.book_gamma_coin_per_usd < 0.0
    if not short and number >= 1.0:
        return math.nan
    return inputs.iv * math.sqrt(1.0 + number if short else 1.0 - number)


def decide(
    window_s: float, cap_sigmas: float, memory: Memory, inputs: Inputs, target: float, ended: int
) -> tuple[Memory, float, int]:
    """The clock's rule towards `target`; `ended` is the reason a window's end is hedged for."""
    y = inputs.delta_coin
    if not math.isfinite(y + target + inputs.now_s + inputs.index_usd + inputs.lot_coin + inputs.book_epoch):
        return memory, y, _NOT_FINITE
    cap = cap_coin(window_s, cap_sigmas, inputs)
    far = abs(y - target) > cap
    reason = due_now(window_s, memory, inputs, far, ended)
    if reason == NONE:
        return memory, y, _WAITING
    went_out = memory.due != NONE and memory.book_epoch == inputs.book_epoch
    if abs(y - target) <= (min(near_coin(inputs), cap) if went_out else inputs.lot_coin):
        centred_s = inputs.centre_s if inputs.centre_s > 0.0 else memory.centred_s
        return Memory(inputs.book_epoch, inputs.now_s, NONE, centred_s), y, _FLAT
    if inputs.blackout != 0.0 and not far:
        return memory, y, _BLACKOUT
    return Memory(inputs.book_epoch, memory.settled_s, reason, memory.centred_s), target, reason


def due_now(window_s: float, memory: Memory, inputs: Inputs, far: bool, ended: int) -> int:
    """Why a hedge is due, -1 while none is."""
    before = standing(memory.book_epoch, memory.due, memory.centred_s, inputs)
    if before != NONE:
        return before
    if far:
        return _CAP
    return ended if inputs.now_s // window_s != memory.settled_s // window_s else NONE


def cap_coin(window_s: float, cap_sigmas: float, inputs: Inputs) -> float:
    """Beyond this gap delta is hedged between windows; without a cap, or without its inputs, infinite."""
    sigma_coin = abs(inputs.book_gamma_coin_per_usd) * move_usd(inputs, window_s)
    cap = inputs.band_scale * cap_sigmas * sigma_coin
    return max(cap, inputs.lot_coin) if math.isfinite(cap) else math.inf


def time_interval(params: Params, memory: Memory, inputs: Inputs) -> Interval:
    """One lot around the target at the window's end; the cap as hard limits."""
    return interval(params.window_s, params.cap_sigmas, inputs, inputs.target_delta_coin)


def leland_interval(params: LelandParams, memory: Memory, inputs: Inputs) -> Interval:
    """One lot around the shifted target at the window's end; the cap as hard limits."""
    sigma = leland_sigma(params, inputs)
    shift = 0.0 if math.isnan(sigma) else equivalent.shift_coin(inputs, sigma)
    return interval(params.window_s, params.cap_sigmas, inputs, inputs.target_delta_coin - shift)


def interval(window_s: float, cap_sigmas: float, inputs: Inputs, target: float) -> Interval:
    """As status shows it."""
    cap, lot = cap_coin(window_s, cap_sigmas, inputs), inputs.lot_coin
    below, above = index_levels(inputs, target - cap, target + cap)
    return Interval(target - lot, target + lot, target - cap, target + cap, below, above)


def validate(params: Params | LelandParams, target_delta_coin: float = 0.0) -> None:
    """ValueError naming field, value and what would be right."""
    check_keys(params, LELAND_DOC if isinstance(params, LelandParams) else DOC)
    check_target(target_delta_coin)


ROUNDING: Mapping[Reason, Rounding] = MappingProxyType(
    {
        Reason.BORN: Rounding.NEAREST,
        Reason.CAP: Rounding.NEAREST,
        Reason.CENTRE_BEFORE: Rounding.NEAREST,
        Reason.WINDOW_ENDED: Rounding.NEAREST,
        Reason.PLAIN_DELTA: Rounding.NEAREST,
    }
)
