"""Through the record, chain by chain: fit, hedge the interval that has ended by every rule, learn from it."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hedger.backtest.smile.chains import Chain
from hedger.backtest.smile.results import RULES, Params
from hedger.domain.time_units import DAY_MS, HOUR_MS, YEAR_DAYS
from hedger.pricing.black76 import Floats
from hedger.pricing.smile.curve import Smile, calendar_gap
from hedger.pricing.smile.delta import LEAST_DELTA, MOST_DELTA
from hedger.pricing.smile.lesson import interval, lesson
from hedger.pricing.smile.stickiness import Stickiness
from hedger.pricing.smile.strip import Fitted, fit_strip
from hedger.pricing.smile.track import Shifts, Track


class Group(NamedTuple):
    """Some of the options."""

    options: str
    tenor: str


TENORS = (("under 7 d", 0.0, 7.0), ("7-30 d", 7.0, 30.0), ("over 30 d", 30.0, math.inf))
ALL = "all"


class Sums:
    """Squared errors of one group, instant by instant."""

    def __init__(self) -> None:
        self.squares: list[list[float]] = []  # Black's first, then RULES
        self.hedges = 0
        self.across, self.along = 0.0, 0.0  # of e x and x^2, x the error's change per unit of R

    def add(self, errors: list[Floats], per_r: Floats) -> None:
        self.squares[-1] = [
            so_far + float(each @ each) for so_far, each in zip(self.squares[-1], errors, strict=True)
        ]
        self.hedges += len(per_r)
        self.across += float(errors[0] @ per_r)
        self.along += float(per_r @ per_r)


class Walk:
    """What the chains so far have shown; feed it chains in time order."""

    def __init__(self, params: Params) -> None:
        self.params = params
        self.times: list[int] = []
        self.intervals = 0
        self.track = Track(params.window_days * DAY_MS)
        self.last: dict[int, Fitted] = {}
        self.shifts: dict[int, Shifts] = {}
        self.fits: list[tuple[Fitted, bool]] = []  # with whether total variance falls from the expiry before
        self.stickiness: dict[int, Stickiness] = {}
        self.groups: dict[Group, Sums] = {}

    def take(self, chain: Chain) -> None:
        fitted = {strip.expiration_ms: fit_strip(strip) for strip in chain.strips}
        self.fits.extend((each, bool(gap)) for each, gap in with_calendar(fitted))
        if self.times and chain.market_ms - self.times[-1] <= self.params.gap_h * HOUR_MS:
            pairs = [(self.last[expiry], fitted[expiry]) for expiry in self.last if expiry in fitted]
            if chain.market_ms - self.times[0] > self.params.least_days * DAY_MS:
                self._judge(pairs)
            self.track.learn(lesson(chain.market_ms, pairs))
        self.times.append(chain.market_ms)
        self.last = fitted
        self.shifts = {expiry: self.track.shifts(each) for expiry, each in fitted.items() if not each.gap}
        for expiry in fitted:
            self.stickiness[expiry] = self.track.stickiness(expiry)

    def squares(self) -> Floats:
        """Squared errors of all options, shape (intervals, 1 + rules): Black's first."""
        return np.array(self.groups[Group(ALL, ALL)].squares)

    def _judge(self, pairs: list[tuple[Fitted, Fitted]]) -> None:
        self.intervals += 1
        for sums in self.groups.values():
            sums.squares.append([0.0] * (1 + len(RULES)))
        for before, after in pairs:
            if not before.gap:
                self._add(before, after)

    def _add(self, before: Fitted, after: Fitted) -> None:
        strip, over = before.strip, interval(before, after)
        at = over.places[0]
        delta, forward = strip.greeks().delta[at], strip.forward_usd
        shifts = self.shifts[strip.expiration_ms]
        counted = (np.abs(delta) > LEAST_DELTA) & (np.abs(delta) < MOST_DELTA)
        errors = [over.errors(delta, forward)]
        errors += [over.errors(delta + getattr(shifts, rule)[at], forward) for rule in RULES]
        per_r = -shifts.sticky_delta[at] * over.forward_move_usd / forward  # D_R - D is (R - 1) times this
        for group, mine in _groups(strip.sign[at], delta, days_of(before)):
            chosen = counted & mine
            self._sums(group).add([each[chosen] for each in errors], per_r[chosen])

    def _sums(self, group: Group) -> Sums:
        if group not in self.groups:
            self.groups[group] = Sums()
            self.groups[group].squares = [[0.0] * (1 + len(RULES)) for _ in range(self.intervals)]
        return self.groups[group]


def _groups(sign: Floats, delta: Floats, days: float) -> list[tuple[Group, NDArray[np.bool_]]]:
    tenor = next(name for name, low, high in TENORS if low <= days < high)
    otm = np.abs(delta) < 0.5
    kinds = (
        (ALL, np.ones(len(otm), dtype=bool)),
        ("OTM puts", otm & (sign < 0.0)),
        ("OTM calls", otm & (sign > 0.0)),
    )
    return [(Group(kind, each), mine) for kind, mine in kinds for each in (ALL, tenor)]


def with_calendar(fitted: dict[int, Fitted]) -> list[tuple[Fitted, str]]:
    """Each fit with where it contradicts the used one before it, nearest first."""
    found: list[tuple[Fitted, str]] = []
    near: Smile | None = None
    for _, each in sorted(fitted.items()):
        found.append((each, calendar_gap(near, each.smile) if near and each.smile else ""))
        if each.smile is not None and not each.gap:
            near = each.smile
    return found


def days_of(fitted: Fitted) -> float:
    """Until it expires."""
    return fitted.strip.tau_years * YEAR_DAYS
