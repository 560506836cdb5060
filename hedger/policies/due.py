"""What several policies wait for and count by: a hedge that stays due, and one deviation of the index."""

from __future__ import annotations

import math

from hedger.domain.time_units import YEAR_S
from hedger.policies.inputs import Inputs
from hedger.policies.reasons import Reason

NONE = -1
"""No hedge is due."""

SETTLING_S = 10.0
"""Market time that an order may take from its decision to the look at what it left."""

_BORN = int(Reason.BORN)
_CENTRE_BEFORE = int(Reason.CENTRE_BEFORE)


def standing(book_epoch: float, due: int, centred_s: float, inputs: Inputs) -> int:
    """Why a hedge to the target is due whatever the policy's own rule says; NONE while it is for that to say.

    Delta was born since the memory's `book_epoch`, an earlier hedge is not seen in delta yet, or an announced
    event is near before which delta has not been at its target.
    """
    if inputs.book_epoch != book_epoch:
        return _BORN
    if due != NONE:
        return due
    if inputs.centre_s > 0.0 and centred_s != inputs.centre_s:
        return _CENTRE_BEFORE
    return NONE


def move_usd(inputs: Inputs, horizon_s: float) -> float:
    """One standard deviation of the index over the horizon, F iv sqrt(h), in USD."""
    return inputs.index_usd * inputs.iv * math.sqrt(horizon_s / YEAR_S)


def window_end_s(window_s: float, now_s: float) -> float:
    """When the window that is running ends, market time; windows lie on the clock."""
    return (now_s // window_s + 1.0) * window_s


def near_coin(inputs: Inputs) -> float:
    """How near its target a hedge that went out has arrived: a lot, or what delta drifts by in SETTLING_S.

    Delta moves on while an order is on its way. To chase what it moved by, order after order, would be to
    hedge without a pause.
    """
    drift_coin = abs(inputs.book_gamma_coin_per_usd) * move_usd(inputs, SETTLING_S)
    return drift_coin if drift_coin > inputs.lot_coin else inputs.lot_coin  # NaN is not
