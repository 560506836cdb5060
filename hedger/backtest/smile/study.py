"""Every recorded chain fitted, every interval hedged by every rule: what the smile is worth, out of sample.

At each instant the smile of every expiry is fitted and each option is hedged with its own forward until the
next, by Black's delta and by the smile's; the shift of each rule rests on intervals that had ended by then.
Errors are fractions of the forward, one option one vote. Those count whose smile is used and that have
.05 < |D| < .95, so that every rule is judged on the same ones.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hedger.backtest.smile.chains import Chain
from hedger.backtest.smile.results import RULES, Fit, Outcome, Params, Residuals, Stuck, Study
from hedger.pricing.black76 import Floats
from hedger.pricing.smile.curve import Parabola, Smile, calendar_gap
from hedger.pricing.smile.delta import LEAST_DELTA, MOST_DELTA, Coefficients
from hedger.pricing.smile.stickiness import Stickiness
from hedger.pricing.smile.strip import Fitted, fit_strip
from hedger.pricing.smile.track import Shifts, Track, interval
from hedger.pricing.smile.variance_ratio import Ratio, variance_ratio

_DAY_MS = 86_400_000
_YEAR_DAYS = 365.0


class _Group(NamedTuple):
    """Some of the options."""

    options: str
    tenor: str


_TENORS = (("under 7 d", 0.0, 7.0), ("7-30 d", 7.0, 30.0), ("over 30 d", 30.0, math.inf))
_ALL = "all"


class _Sums:
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


def study(coin: str, chains: Iterable[Chain], params: Params | None = None) -> Study:
    """Chains in time order. ValueError when there are none."""
    walk = Walk(params or Params())
    for chain in chains:
        walk.take(chain)
    if not walk.times:
        raise ValueError(f"no chain of {coin}")
    return Study(
        coin=coin,
        first_ms=walk.times[0],
        last_ms=walk.times[-1],
        chains=len(walk.times),
        intervals=walk.intervals,
        params=walk.params,
        residuals=tuple(_residuals(walk)),
        outcomes=tuple(_outcomes(walk)),
        stickiness=tuple(_stuck(expiry, found) for expiry, found in sorted(walk.stickiness.items())),
        calls=_numbers(walk.track.calls),
        puts=_numbers(walk.track.puts),
        last_chain=tuple(_fits(walk.last)),
    )


class Walk:
    """What the chains so far have shown; feed it chains in time order."""

    def __init__(self, params: Params) -> None:
        self.params = params
        self.times: list[int] = []
        self.intervals = 0
        self.track = Track(params.window_days * _DAY_MS)
        self.last: dict[int, Fitted] = {}
        self.shifts: dict[int, Shifts] = {}
        self.fits: list[tuple[Fitted, bool]] = []  # with whether total variance falls from the expiry before
        self.stickiness: dict[int, Stickiness] = {}
        self.groups: dict[_Group, _Sums] = {}

    def take(self, chain: Chain) -> None:
        fitted = {strip.expiration_ms: fit_strip(strip) for strip in chain.strips}
        self.fits.extend((each, bool(gap)) for each, gap in _with_calendar(fitted))
        if self.times and chain.market_ms - self.times[-1] <= self.params.gap_h * 3_600_000:
            pairs = [(self.last[expiry], fitted[expiry]) for expiry in self.last if expiry in fitted]
            if chain.market_ms - self.times[0] > self.params.least_days * _DAY_MS:
                self._judge(pairs)
            self.track.learn(chain.market_ms, pairs)
        self.times.append(chain.market_ms)
        self.last = fitted
        self.shifts = {expiry: self.track.shifts(each) for expiry, each in fitted.items() if not each.gap}
        for expiry in fitted:
            self.stickiness[expiry] = self.track.stickiness(expiry)

    def squares(self) -> Floats:
        """Squared errors of all options, shape (intervals, 1 + rules): Black's first."""
        return np.array(self.groups[_Group(_ALL, _ALL)].squares)

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
        for group, mine in _groups(strip.sign[at], delta, _days(before)):
            chosen = counted & mine
            self._sums(group).add([each[chosen] for each in errors], per_r[chosen])

    def _sums(self, group: _Group) -> _Sums:
        if group not in self.groups:
            self.groups[group] = _Sums()
            self.groups[group].squares = [[0.0] * (1 + len(RULES)) for _ in range(self.intervals)]
        return self.groups[group]


def _groups(sign: Floats, delta: Floats, days: float) -> list[tuple[_Group, NDArray[np.bool_]]]:
    tenor = next(name for name, low, high in _TENORS if low <= days < high)
    otm = np.abs(delta) < 0.5
    kinds = (
        (_ALL, np.ones(len(otm), dtype=bool)),
        ("OTM puts", otm & (sign < 0.0)),
        ("OTM calls", otm & (sign > 0.0)),
    )
    return [(_Group(kind, each), mine) for kind, mine in kinds for each in (_ALL, tenor)]


def _with_calendar(fitted: dict[int, Fitted]) -> list[tuple[Fitted, str]]:
    """Each fit with where it contradicts the used one before it, nearest first."""
    found: list[tuple[Fitted, str]] = []
    near: Smile | None = None
    for _, each in sorted(fitted.items()):
        found.append((each, calendar_gap(near, each.smile) if near and each.smile else ""))
        if each.smile is not None and not each.gap:
            near = each.smile
    return found


def _residuals(walk: Walk) -> Iterable[Residuals]:
    for tenor, low, high in (("under 1 d", 0.0, 1.0), ("1-7 d", 1.0, 7.0), *_TENORS[1:]):
        mine = [(each, calendar) for each, calendar in walk.fits if low <= _days(each) < high]
        smiles = [each.smile for each, _ in mine if each.smile is not None]
        if not smiles:
            continue
        rms = np.array([smile.rms_points for smile in smiles])
        yield Residuals(
            tenor=tenor,
            fits=len(smiles),
            used=sum(not each.gap for each, _ in mine),
            parabolas=sum(isinstance(smile.curve, Parabola) for smile in smiles),
            rms_points_median=float(np.median(rms)),
            rms_points_p90=float(np.percentile(rms, 90)),
            rms_points_most=float(rms.max()),
            worst_points_median=float(np.median([smile.worst_points for smile in smiles])),
            butterflies=sum(bool(smile.butterfly_gap) for smile in smiles),
            calendars=sum(calendar for _, calendar in mine),
        )


def _days(fitted: Fitted) -> float:
    return fitted.strip.tau_years * _YEAR_DAYS


def _outcomes(walk: Walk) -> Iterable[Outcome]:
    span_ms = walk.times[-1] - walk.times[0]
    per_block = max(1, round(walk.params.block_h * 3_600_000 * max(len(walk.times) - 1, 1) / max(span_ms, 1)))
    for group, sums in sorted(walk.groups.items()):
        squares = np.array(sums.squares)
        for place, rule in enumerate(RULES, start=1):
            found = variance_ratio(squares[:, place], squares[:, 0], per_block)
            if sums.hedges:
                yield _outcome(group, rule, found, sums)


def _outcome(group: _Group, rule: str, found: Ratio, sums: _Sums) -> Outcome:
    return Outcome(
        options=group.options,
        tenor=group.tenor,
        rule=rule,
        ratio=found.ratio,
        error=_known(found.error),
        confidence=_known(found.confidence),
        intervals=found.instants,
        hedges=sums.hedges,
        hindsight_r=1.0 + sums.across / sums.along if sums.along > 0.0 else 1.0,
    )


def _stuck(expiration_ms: int, found: Stickiness) -> Stuck:
    return Stuck(expiration_ms, found.r, _known(found.raw), _known(found.error), found.moves)


def _numbers(of: Coefficients) -> tuple[float, float, float]:
    return (of.a, of.b, of.c)


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _fits(fitted: dict[int, Fitted]) -> Iterable[Fit]:
    zero = np.zeros(1)
    for each, calendar in _with_calendar(fitted):
        strip, smile = each.strip, each.smile
        yield Fit(
            expiration_ms=strip.expiration_ms,
            days=_days(each),
            forward_usd=strip.forward_usd,
            strikes=len(np.unique(strip.strike_usd)),
            curve="" if smile is None else type(smile.curve).__name__.lower(),
            atm_iv=None if smile is None else float(smile.sigma(zero)[0]),
            slope=None if smile is None else float(smile.slope(zero)[0]),
            rms_points=None if smile is None else smile.rms_points,
            worst_points=None if smile is None else smile.worst_points,
            gap=each.gap,
            calendar=calendar,
        )
