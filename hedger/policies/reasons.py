"""Why a kernel answered what it did: small integers inside the kernels, words outside."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum, unique
from types import MappingProxyType

from hedger.domain import vocabulary


@unique
class Reason(IntEnum):
    """The one rule that decided. Kernels return the plain integer."""

    WITHIN_BAND = 0
    OUTSIDE_BAND_TO_EDGE = 1
    OUTSIDE_BAND_TO_CENTRE = 2
    HARD_LIMIT_TO_EDGE = 3
    HARD_LIMIT_TO_CENTRE = 4
    STEP = 5
    DWELL = 6
    COOLDOWN = 7
    MIN_TRADE = 8
    WAITING_WINDOW = 9
    DECAY_PAYS = 10
    DECAY_LOST = 11
    MISSED_WINDOW_PAYS = 12
    MISSED_WINDOW_LOST = 13
    QUIET_WINDOW = 14
    MOVE_PAYS = 15
    CAP = 16
    BORN = 17
    SIGMA_BAND_HOLD = 18
    SIGMA_BAND_HEDGE = 19
    NOT_FINITE = 20
    OUTSIDE_BAND_BY_RATIO = 21
    MIN_MOVE = 22
    MAX_INTERVAL = 23
    CENTRE_BEFORE = 24
    BLACKOUT = 25
    FALLBACK_BAND_HOLD = 26
    FALLBACK_BAND_HEDGE = 27
    WINDOW_ENDED = 28
    WINDOW_FLAT = 29
    FEE_EXCEEDS = 30
    INNER_BAND_HOLD = 31
    SLICE = 32
    PLAIN_DELTA = 33


ACTS: frozenset[Reason] = frozenset(
    {
        Reason.OUTSIDE_BAND_TO_EDGE,
        Reason.OUTSIDE_BAND_TO_CENTRE,
        Reason.OUTSIDE_BAND_BY_RATIO,
        Reason.MAX_INTERVAL,
        Reason.CENTRE_BEFORE,
        Reason.HARD_LIMIT_TO_EDGE,
        Reason.HARD_LIMIT_TO_CENTRE,
        Reason.STEP,
        Reason.DECAY_LOST,
        Reason.MISSED_WINDOW_LOST,
        Reason.MOVE_PAYS,
        Reason.CAP,
        Reason.BORN,
        Reason.SIGMA_BAND_HEDGE,
        Reason.FALLBACK_BAND_HEDGE,
        Reason.WINDOW_ENDED,
        Reason.SLICE,
        Reason.PLAIN_DELTA,
    }
)
"""The reasons that ask for a trade; every other one holds."""


EXPLANATION: Mapping[Reason, str] = MappingProxyType(
    {
        Reason.WITHIN_BAND: "delta is inside the band",
        Reason.OUTSIDE_BAND_TO_EDGE: "delta left the band: hedge back to the band's edge",
        Reason.OUTSIDE_BAND_TO_CENTRE: "delta left the band: hedge back to the target",
        Reason.HARD_LIMIT_TO_EDGE: "delta is beyond the hard limit: hedge at once, to the band's edge",
        Reason.HARD_LIMIT_TO_CENTRE: "delta is beyond the hard limit: hedge at once, to the target",
        Reason.STEP: "delta is further from the target than the step: hedge to the target",
        Reason.DWELL: "delta left the band, but not for long enough yet",
        Reason.COOLDOWN: "delta left the band, but the last hedge is too recent",
        Reason.MIN_TRADE: "delta left the band, but even a hedge to the target is below the minimum trade",
        Reason.WAITING_WINDOW: "the observation window has not ended",
        Reason.DECAY_PAYS: "window ended: decay earned covers what the move cost, no hedge",
        Reason.DECAY_LOST: "window ended: the move cost more than decay earned, hedge to the target",
        Reason.MISSED_WINDOW_PAYS: "a window's end was missed: over the true time no hedge is due",
        Reason.MISSED_WINDOW_LOST: "a window's end was missed: over the true time a hedge is due",
        Reason.QUIET_WINDOW: "window ended, long gamma: the move earned less than decay cost, no hedge",
        Reason.MOVE_PAYS: "window ended, long gamma: the move earned more than decay cost, hedge it",
        Reason.CAP: "delta drifted beyond the cap: hedge to the target at once",
        Reason.BORN: "delta is new (start-up, trade, expiry or settings): hedge to the target at once",
        Reason.SIGMA_BAND_HOLD: "gamma and theta do not offset: delta is inside the sigma band",
        Reason.SIGMA_BAND_HEDGE: "gamma and theta do not offset: delta left the sigma band, hedge it",
        Reason.OUTSIDE_BAND_BY_RATIO: "delta left the band: hedge back by the hedge ratio",
        Reason.MIN_MOVE: "delta left the band, but the index has not moved far enough for a hedge",
        Reason.MAX_INTERVAL: "the maximum interval ended away from the target: hedge to the target",
        Reason.CENTRE_BEFORE: "an announced event is near: hedge to the target before it",
        Reason.BLACKOUT: "a hedge is due, but this is a blackout window and delta is inside the hard limit",
        Reason.FALLBACK_BAND_HOLD: "Zakamouline's formula does not hold here: inside Whalley-Wilmott's band",
        Reason.FALLBACK_BAND_HEDGE: (
            "Zakamouline's formula does not hold here: delta left Whalley-Wilmott's band, hedge to its edge"
        ),
        Reason.WINDOW_ENDED: "window ended: hedge to the target",
        Reason.WINDOW_FLAT: "window ended: delta is at its target to the lot",
        Reason.FEE_EXCEEDS: "window ended: the move cost more than decay earned, but less than a hedge costs",
        Reason.INNER_BAND_HOLD: "window ended: decay lost, but delta is still inside the inner band",
        Reason.PLAIN_DELTA: "window ended, no volatility of Leland's here: hedge to the plain delta",
        Reason.SLICE: "the next slice of a hedge made in part",
        Reason.NOT_FINITE: "an input is not a finite number: nothing is traded on it",
    }
)
"""One line a trader can read, for every reason."""


WORD: Mapping[Reason, vocabulary.Reason] = MappingProxyType(
    {
        Reason.WITHIN_BAND: vocabulary.Reason.WITHIN_BAND,
        Reason.OUTSIDE_BAND_TO_EDGE: vocabulary.Reason.OUTSIDE_BAND,
        Reason.OUTSIDE_BAND_TO_CENTRE: vocabulary.Reason.OUTSIDE_BAND,
        Reason.HARD_LIMIT_TO_EDGE: vocabulary.Reason.HARD_LIMIT,
        Reason.HARD_LIMIT_TO_CENTRE: vocabulary.Reason.HARD_LIMIT,
        Reason.STEP: vocabulary.Reason.STEP,
        Reason.DWELL: vocabulary.Reason.DWELL,
        Reason.COOLDOWN: vocabulary.Reason.COOLDOWN,
        Reason.MIN_TRADE: vocabulary.Reason.MIN_TRADE,
        Reason.WAITING_WINDOW: vocabulary.Reason.WINDOW,
        Reason.DECAY_PAYS: vocabulary.Reason.DECAY_PAYS,
        Reason.DECAY_LOST: vocabulary.Reason.DECAY_LOST,
        Reason.MISSED_WINDOW_PAYS: vocabulary.Reason.DECAY_PAYS,
        Reason.MISSED_WINDOW_LOST: vocabulary.Reason.DECAY_LOST,
        Reason.QUIET_WINDOW: vocabulary.Reason.QUIET_WINDOW,
        Reason.MOVE_PAYS: vocabulary.Reason.OUTSIDE_BAND,
        Reason.CAP: vocabulary.Reason.DELTA_CAP,
        Reason.BORN: vocabulary.Reason.NEW_DELTA,
        Reason.SIGMA_BAND_HOLD: vocabulary.Reason.SIGMA_BAND,
        Reason.SIGMA_BAND_HEDGE: vocabulary.Reason.SIGMA_BAND,
        Reason.OUTSIDE_BAND_BY_RATIO: vocabulary.Reason.OUTSIDE_BAND,
        Reason.MIN_MOVE: vocabulary.Reason.MIN_MOVE,
        Reason.MAX_INTERVAL: vocabulary.Reason.MAX_INTERVAL,
        Reason.CENTRE_BEFORE: vocabulary.Reason.CENTRE_BEFORE,
        Reason.BLACKOUT: vocabulary.Reason.BLACKOUT,
        Reason.FALLBACK_BAND_HOLD: vocabulary.Reason.WITHIN_BAND,
        Reason.FALLBACK_BAND_HEDGE: vocabulary.Reason.OUTSIDE_BAND,
        Reason.WINDOW_ENDED: vocabulary.Reason.WINDOW_ENDED,
        Reason.WINDOW_FLAT: vocabulary.Reason.WITHIN_BAND,
        Reason.FEE_EXCEEDS: vocabulary.Reason.DECAY_PAYS,
        Reason.INNER_BAND_HOLD: vocabulary.Reason.WITHIN_BAND,
        Reason.SLICE: vocabulary.Reason.SLICE,
        Reason.PLAIN_DELTA: vocabulary.Reason.WINDOW_ENDED,
        Reason.NOT_FINITE: vocabulary.Reason.BAD_INPUT,
    }
)
"""The operator's vocabulary for every reason; EXPLANATION says the finer detail."""
