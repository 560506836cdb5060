"""Theta-offset: hedge at a window's end only if the move cost more than decay earned (theory 3.8).

With gap B = y - target, book gamma G and decay Th at the window's start, a move of x USD in dt earns
f = B x + G x^2 / 2 + Th dt. Short gamma hedges to the target iff f < 0, long gamma iff f > 0; both are
"(B + G x)^2 > B^2 - 2 G Th dt". Around it three rules that hold at every call, not at window ends only:

- delta that was *born* (start-up, a trade, an expiry, new settings) is hedged at once: a window that begins
  with a large B would wait for absurd moves;
- a *cap* of `cap_sigmas` standard deviations of the window's delta move, |G| F iv sqrt(dt);
- where decay cannot offset gamma (G Th >= 0, almost no gamma, long gamma not asked for) a *sigma band* of
  `sigma_band_k` such deviations replaces the window rule.

The scale of the band widens cap and sigma band; what the window rule compares is money and stays as it is.
In a blackout only the cap hedges. Before an announced event delta goes to the target once.

What a window is judged by may be widened: `reference = last_rebalance` adds what the windows since the last
hedge came to (Hegic's other reading: a third of the hedges at two to three times the risk), `fee_bps` asks
that the loss exceed what the hedge costs, `inner_sigmas` leaves small gaps alone whatever the window lost.

A hedge once due stays due until the gap is at most one lot, or what delta drifts by while an order is on its
way; then the book is flat and a new reference starts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from hedger.domain.keys import Key
from hedger.domain.time_units import DAY_S
from hedger.policies.bounds import check_keys, check_target
from hedger.policies.due import NONE, move_usd, near_coin, standing, window_end_s
from hedger.policies.inputs import Inputs, Interval
from hedger.policies.levels import index_levels
from hedger.policies.reasons import Reason
from hedger.policies.rounding import Rounding
from hedger.policies.shared_keys import WINDOW_S

_WAITING_WINDOW = int(Reason.WAITING_WINDOW)
_DECAY_PAYS = int(Reason.DECAY_PAYS)
_DECAY_LOST = int(Reason.DECAY_LOST)
_MISSED_PAYS = int(Reason.MISSED_WINDOW_PAYS)
_MISSED_LOST = int(Reason.MISSED_WINDOW_LOST)
_FEE_EXCEEDS = int(Reason.FEE_EXCEEDS)
_INNER_HOLD = int(Reason.INNER_BAND_HOLD)
_QUIET_WINDOW = int(Reason.QUIET_WINDOW)
_MOVE_PAYS = int(Reason.MOVE_PAYS)
_CAP = int(Reason.CAP)
_SIGMA_HOLD = int(Reason.SIGMA_BAND_HOLD)
_SIGMA_HEDGE = int(Reason.SIGMA_BAND_HEDGE)
_BLACKOUT = int(Reason.BLACKOUT)
_NOT_FINITE = int(Reason.NOT_FINITE)


WINDOW, LAST_REBALANCE = 0, 1


class Params(NamedTuple):
    """DOC has unit and meaning of each field."""

    window_s: float = 21_600.0
    cap_sigmas: float = 2.0
    sigma_band_k: float = 1.0
    long_gamma: int = 0
    gamma_floor_coin_per_usd: float = 1e-7
    reference: int = WINDOW
    fee_bps: float = 0.0
    inner_sigmas: float = 0.0


DOC: Mapping[str, Key] = MappingProxyType(
    {
        "window_s": WINDOW_S,
        "cap_sigmas": Key("sigma of the window's delta move", "beyond this hedge at once", above=0, most=10),
        "sigma_band_k": Key(
            "sigma of the window's delta move",
            "half-width of the band used where decay cannot offset",
            above=0,
        ),
        "long_gamma": Key("0 or 1", "1: use the window rule for long gamma too", least=0, most=1),
        "gamma_floor_coin_per_usd": Key(
            "coin per USD", "a smaller book gamma counts as none, and as this in cap and sigma band", above=0
        ),
        "reference": Key(
            "window or last_rebalance",
            "what move and decay are counted from",
            words={"window": WINDOW, "last_rebalance": LAST_REBALANCE},
        ),
        "fee_bps": Key(
            "bps of the hedge",
            "a window must have lost more than this before it is hedged; 0: off",
            least=0,
            most=500,
        ),
        "inner_sigmas": Key(
            "sigma of the window's delta move",
            "a gap within this is not hedged at a window's end; 0: off",
            least=0,
            most=10,
        ),
    }
)


class Memory(NamedTuple):
    """The reference the present window is judged against, and the hedge still due."""

    book_epoch: float
    ref_s: float
    ref_index_usd: float
    ref_gap_coin: float
    ref_gamma_coin_per_usd: float
    ref_theta_usd_per_day: float
    due: int
    """The reason of a hedge not yet seen in y; -1 if none."""
    centred_s: float = 0.0
    """The announced event before which delta has been at its target; 0: none yet."""
    carried_usd: float = 0.0
    """What the windows since the last hedge came to before this one; 0 where each counts by itself."""


INITIAL_MEMORY = Memory(math.nan, math.nan, math.nan, math.nan, math.nan, math.nan, NONE, 0.0, 0.0)


def decide(params: Params, memory: Memory, inputs: Inputs) -> tuple[Memory, float, int]:
    """The kernel: where delta should be now, and why."""
    if not all_finite(inputs):
        return memory, inputs.delta_coin, _NOT_FINITE
    after, target, reason = without_blackout(params, memory, inputs)
    if inputs.blackout != 0.0 and after.due != NONE and inside_cap(params, inputs):
        return memory, inputs.delta_coin, _BLACKOUT
    return after, target, reason


def without_blackout(params: Params, memory: Memory, inputs: Inputs) -> tuple[Memory, float, int]:
    """The rules as they are outside every blackout window."""
    before = standing(memory.book_epoch, memory.due, memory.centred_s, inputs)
    if before != NONE:
        return hedge_until_flat(params, memory, inputs, before)
    reason, due = judge(params, memory, inputs)
    if due:
        return hedge_until_flat(params, memory, inputs, reason)
    if windows_ended(params, memory, inputs) >= 1.0:
        carried_usd = window_pnl_usd(memory, inputs) if params.reference == LAST_REBALANCE else 0.0
        return reference(inputs, memory.centred_s, carried_usd), inputs.delta_coin, reason
    return memory, inputs.delta_coin, reason


def all_finite(inputs: Inputs) -> bool:
    """Whether every input this rule reads is a finite number (a sum is finite only if all its terms are)."""
    return math.isfinite(
        inputs.now_s
        + inputs.delta_coin
        + inputs.target_delta_coin
        + inputs.gamma_coin_per_usd
        + inputs.theta_usd_per_day
        + inputs.index_usd
        + inputs.iv
        + inputs.lot_coin
        + inputs.book_epoch
        + inputs.band_scale
    )


def hedge_until_flat(
    params: Params, memory: Memory, inputs: Inputs, reason: int
) -> tuple[Memory, float, int]:
    """Ask for the target until it is reached; then start a new reference."""
    if abs(inputs.delta_coin - inputs.target_delta_coin) > reached_coin(params, memory, inputs):
        waiting = Memory(
            inputs.book_epoch,
            memory.ref_s,
            memory.ref_index_usd,
            memory.ref_gap_coin,
            memory.ref_gamma_coin_per_usd,
            memory.ref_theta_usd_per_day,
            reason,
            memory.centred_s,
            memory.carried_usd,
        )
        return waiting, inputs.target_delta_coin, reason
    flat = reference(inputs, inputs.centre_s if inputs.centre_s > 0.0 else memory.centred_s)
    return flat, inputs.delta_coin, _WAITING_WINDOW if decay_offsets(params, flat) else _SIGMA_HOLD


def reached_coin(params: Params, memory: Memory, inputs: Inputs) -> float:
    """The gap that is none: one lot; once a hedge went out what its way took, but never more than the cap."""
    if memory.due == NONE or memory.book_epoch != inputs.book_epoch:
        return inputs.lot_coin
    return min(near_coin(inputs), half_width(params, inputs, params.cap_sigmas))


def reference(inputs: Inputs, centred_s: float = 0.0, carried_usd: float = 0.0) -> Memory:
    """The book as it is now: what the next window is judged against."""
    return Memory(
        inputs.book_epoch,
        inputs.now_s,
        inputs.index_usd,
        inputs.delta_coin - inputs.target_delta_coin,
        inputs.gamma_coin_per_usd,
        inputs.theta_usd_per_day,
        NONE,
        centred_s,
        carried_usd,
    )


def inside_cap(params: Params, inputs: Inputs) -> bool:
    """Whether delta is where only the window rules would move it."""
    gap = abs(inputs.delta_coin - inputs.target_delta_coin)
    return gap <= half_width(params, inputs, params.cap_sigmas)


def judge(params: Params, memory: Memory, inputs: Inputs) -> tuple[int, bool]:
    """(reason, whether a hedge is due): the cap, then the sigma band or the window rule."""
    if not inside_cap(params, inputs):
        return _CAP, True
    gap = abs(inputs.delta_coin - inputs.target_delta_coin)
    if not decay_offsets(params, memory):
        if gap > half_width(params, inputs, params.sigma_band_k):
            return _SIGMA_HEDGE, True
        return _SIGMA_HOLD, False
    ended = windows_ended(params, memory, inputs)
    if ended < 1.0:
        return _WAITING_WINDOW, False
    short = memory.ref_gamma_coin_per_usd < 0.0
    earned_usd = window_pnl_usd(memory, inputs)
    due = earned_usd < 0.0 if short else earned_usd > 0.0
    if due and gap <= params.inner_sigmas * sigma_coin(params, inputs):
        return _INNER_HOLD, False
    if due and abs(earned_usd) <= params.fee_bps * 1e-4 * inputs.index_usd * gap:
        return _FEE_EXCEEDS, False
    if ended >= 2.0:
        return _MISSED_LOST if due else _MISSED_PAYS, due
    if short:
        return _DECAY_LOST if due else _DECAY_PAYS, due
    return _MOVE_PAYS if due else _QUIET_WINDOW, due


def half_width(params: Params, inputs: Inputs, sigmas: float) -> float:
    """`sigmas` standard deviations of the window's delta move, times the scale, in coin; at least one lot."""
    return max(inputs.band_scale * sigmas * sigma_coin(params, inputs), inputs.lot_coin)


def sigma_coin(params: Params, inputs: Inputs) -> float:
    """One standard deviation of the window's delta move, |G| F iv sqrt(dt), coin."""
    gamma = max(abs(inputs.gamma_coin_per_usd), params.gamma_floor_coin_per_usd)
    return gamma * move_usd(inputs, params.window_s)


def decay_offsets(params: Params, memory: Memory) -> bool:
    """Whether decay and gamma pull against each other at the reference: the window rule has a meaning."""
    gamma = memory.ref_gamma_coin_per_usd
    if abs(gamma) < params.gamma_floor_coin_per_usd or gamma * memory.ref_theta_usd_per_day >= 0.0:
        return False
    return gamma < 0.0 or params.long_gamma == 1


def windows_ended(params: Params, memory: Memory, inputs: Inputs) -> float:
    """How many window ends lie between the reference and now; 2 or more: at least one was missed."""
    return inputs.now_s // params.window_s - memory.ref_s // params.window_s


def window_pnl_usd(memory: Memory, inputs: Inputs) -> float:
    """f = B x + G x^2 / 2 + Th dt in USD, with the reference's greeks and the true time elapsed, and what was
    carried into the window."""
    x = inputs.index_usd - memory.ref_index_usd
    days = (inputs.now_s - memory.ref_s) / DAY_S
    drift_usd = memory.ref_gap_coin * x + 0.5 * memory.ref_gamma_coin_per_usd * x * x
    return drift_usd + memory.ref_theta_usd_per_day * days + memory.carried_usd


def no_trade_gap_coin(
    gap_coin: float,
    gamma_coin_per_usd: float,
    theta_usd_per_day: float,
    days: float,
    carried_usd: float = 0.0,
    fee_usd_per_coin: float = 0.0,
) -> float:
    """The gap beyond which the window rule trades.

    sqrt(B^2 - 2 G Th dt), what is carried adding to Th dt; with a fee of c a coin |G| c + sqrt(G^2 c^2 + B^2
    - 2 G Th dt), where what the window lost is what hedging that gap costs. 0 where it trades at any gap.
    """
    income_usd = theta_usd_per_day * days + carried_usd
    fee_coin = abs(gamma_coin_per_usd) * fee_usd_per_coin
    square = fee_coin**2 + gap_coin**2 - 2.0 * gamma_coin_per_usd * income_usd
    return 0.0 if square < 0.0 else fee_coin + math.sqrt(square)


def no_trade_moves_usd(
    gap_coin: float,
    gamma_coin_per_usd: float,
    theta_usd_per_day: float,
    days: float,
    carried_usd: float = 0.0,
) -> tuple[float, float]:
    """[x-, x+] = (-B +- sqrt(B^2 - 2 G Th dt)) / G: index moves over which the window rule does not trade."""
    root = no_trade_gap_coin(gap_coin, gamma_coin_per_usd, theta_usd_per_day, days, carried_usd)
    return moves_to(root, gap_coin, gamma_coin_per_usd)


def moves_to(bound_coin: float, gap_coin: float, gamma_coin_per_usd: float) -> tuple[float, float]:
    """The index moves, down and up, between which a gap that drifts with gamma stays within a bound."""
    first = (-gap_coin - bound_coin) / gamma_coin_per_usd
    second = (-gap_coin + bound_coin) / gamma_coin_per_usd
    return min(first, second), max(first, second)


def interval(params: Params, memory: Memory, inputs: Inputs) -> Interval:
    """The cap as hard limits; inside it the no-trade interval of this window's end, or the sigma band."""
    target = inputs.target_delta_coin
    cap = half_width(params, inputs, params.cap_sigmas)
    if memory.due != NONE or memory.book_epoch != inputs.book_epoch:
        lot = inputs.lot_coin
        return Interval(target - lot, target + lot, target - cap, target + cap, math.nan, math.nan)
    cap_below, cap_above = index_levels(inputs, target - cap, target + cap)
    if not decay_offsets(params, memory):
        half = min(cap, half_width(params, inputs, params.sigma_band_k))
        below, above = index_levels(inputs, target - half, target + half)
        return Interval(target - half, target + half, target - cap, target + cap, below, above)
    end_s = window_end_s(params.window_s, inputs.now_s)
    seen = (memory.ref_gap_coin, memory.ref_gamma_coin_per_usd, memory.ref_theta_usd_per_day)
    days = (end_s - memory.ref_s) / DAY_S
    fee_usd_per_coin = params.fee_bps * 1e-4 * inputs.index_usd
    paid_for = no_trade_gap_coin(*seen, days, memory.carried_usd, fee_usd_per_coin)
    bound = max(paid_for, params.inner_sigmas * sigma_coin(params, inputs))
    down, up = moves_to(bound, memory.ref_gap_coin, memory.ref_gamma_coin_per_usd)
    half = min(cap, bound)
    below = _nearer(max, memory.ref_index_usd + down, cap_below)
    above = _nearer(min, memory.ref_index_usd + up, cap_above)
    return Interval(target - half, target + half, target - cap, target + cap, below, above)


def _nearer(choose: Callable[[float, float], float], window_level: float, cap_level: float) -> float:
    """The trigger met first; a level that gamma never reaches or that is not positive is unknown."""
    level = window_level if math.isnan(cap_level) else choose(window_level, cap_level)
    return level if level > 0.0 else math.nan


def validate(params: Params, target_delta_coin: float = 0.0) -> None:
    """ValueError naming field, value and what would be right."""
    check_keys(params, DOC)
    check_target(target_delta_coin)
    if params.cap_sigmas < params.sigma_band_k:
        raise ValueError(
            f"cap_sigmas = {params.cap_sigmas}: must be at least sigma_band_k = {params.sigma_band_k}"
        )


ROUNDING: Mapping[Reason, Rounding] = MappingProxyType(
    {
        Reason.BORN: Rounding.NEAREST,
        Reason.CAP: Rounding.NEAREST,
        Reason.CENTRE_BEFORE: Rounding.NEAREST,
        Reason.DECAY_LOST: Rounding.NEAREST,
        Reason.MISSED_WINDOW_LOST: Rounding.NEAREST,
        Reason.MOVE_PAYS: Rounding.NEAREST,
        Reason.SIGMA_BAND_HEDGE: Rounding.NEAREST,
    }
)
