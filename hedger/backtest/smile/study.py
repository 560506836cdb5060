"""Every recorded chain fitted, every interval hedged by every rule: what the smile is worth, out of sample.

At each instant the smile of every expiry is fitted and each option is hedged with its own forward until the
next, by Black's delta and by the smile's; the shift of each rule rests on intervals that had ended by then.
Errors are fractions of the forward, one option one vote. Those count whose smile is used and that have
.05 < |D| < .95, so that every rule is judged on the same ones.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from hedger.backtest.smile.chains import Chain
from hedger.backtest.smile.results import RULES, Fit, Outcome, Params, Residuals, Stuck, Study, Verdict
from hedger.backtest.smile.walk import ALL, TENORS, Group, Sums, Walk, days_of, with_calendar
from hedger.domain.time_units import HOUR_MS
from hedger.pricing.smile.curve import Parabola
from hedger.pricing.smile.delta import Coefficients
from hedger.pricing.smile.stickiness import Stickiness
from hedger.pricing.smile.strip import Fitted
from hedger.pricing.smile.variance_ratio import CLOSED, Ratio, judge, variance_ratio


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
        verdicts=tuple(_verdicts(walk)),
        stickiness=tuple(_stuck(expiry, found) for expiry, found in sorted(walk.stickiness.items())),
        calls=_numbers(walk.track.taught.calls),
        puts=_numbers(walk.track.taught.puts),
        last_chain=tuple(_fits(walk.last)),
    )


def _residuals(walk: Walk) -> Iterable[Residuals]:
    for tenor, low, high in (("under 1 d", 0.0, 1.0), ("1-7 d", 1.0, 7.0), *TENORS[1:]):
        mine = [(each, calendar) for each, calendar in walk.fits if low <= days_of(each) < high]
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


def _outcomes(walk: Walk) -> Iterable[Outcome]:
    for group, sums in sorted(walk.groups.items()):
        for rule, found in zip(RULES, _ratios(walk, sums), strict=True):
            if sums.hedges:
                yield _outcome(group, rule, found, sums)


def _verdicts(walk: Walk) -> Iterable[Verdict]:
    params, everything = walk.params, walk.groups.get(Group(ALL, ALL))
    for rule, found in zip(RULES, _ratios(walk, everything or Sums()), strict=True):
        gate = judge(CLOSED, found, params.least_intervals, params.opens_at, params.opens_at)
        yield Verdict(rule, gate.open, gate.why)


def _ratios(walk: Walk, sums: Sums) -> list[Ratio]:
    """Of RULES, in their order; blocks have as many intervals as the record has in `block_h`."""
    span_ms = walk.times[-1] - walk.times[0]
    steps = max(len(walk.times) - 1, 1)
    per_block = max(1, round(walk.params.block_h * HOUR_MS * steps / max(span_ms, 1)))
    squares = np.array(sums.squares).reshape(-1, 1 + len(RULES))
    return [variance_ratio(squares[:, place], squares[:, 0], per_block) for place in range(1, 1 + len(RULES))]


def _outcome(group: Group, rule: str, found: Ratio, sums: Sums) -> Outcome:
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
    for each, calendar in with_calendar(fitted):
        strip, smile = each.strip, each.smile
        yield Fit(
            expiration_ms=strip.expiration_ms,
            days=days_of(each),
            forward_usd=strip.forward_usd,
            strikes=len(np.unique(strip.strike_usd)),
            curve="" if smile is None else smile.name,
            atm_iv=None if smile is None else smile.atm_iv,
            slope=None if smile is None else smile.atm_slope,
            rms_points=None if smile is None else smile.rms_points,
            worst_points=None if smile is None else smile.worst_points,
            gap=each.gap,
            calendar=calendar,
        )
