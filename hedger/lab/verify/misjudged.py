"""Hedged at a volatility that does not come true: El Karoui et al., Ahmad and Wilmott (theory 5.5)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from hedger.lab.closed import Call, misjudged_mean, misjudged_sure
from hedger.lab.verify.rows import EVERY_STEP, Effort, Row, printed, short_call, simulated


class Case(NamedTuple):
    """Sold at call.sigma; mean (se) and sd of the result hedged at it, and at what comes true."""

    call: Call
    realised: float
    drift: float
    digits: int
    implied: float
    actual: float
    implied_mc: tuple[float, float, float]
    actual_mc: tuple[float, float, float]


_CASES = {
    "A": Case(
        Call(100.0, 100.0, 1.0, 0.2, 0.05),
        0.3,
        0.05,
        5,
        -3.78067,
        -3.78067,
        (-3.7778, 0.0089, 1.785),
        (-3.7780, 0.0022, 0.447),
    ),
    "B": Case(
        Call(1e5, 1e5, 30 / 365, 0.6),
        0.5,
        0.0,
        4,
        1140.1732,
        1140.1732,
        (1140.90, 2.26, 451.6),
        (1140.82, 1.12, 224.1),
    ),
    "C": Case(
        Call(1e5, 1.1e5, 30 / 365, 0.6),
        0.75,
        0.8,
        4,
        -1709.0696,
        -1584.1216,
        (-1706.44, 4.55, 909.5),
        (-1584.74, 1.76, 352.6),
    ),
}


def el_karoui(effort: Effort) -> Iterator[Row]:
    """El Karoui et al. 1998, Ahmad and Wilmott 2005: sold and hedged at the wrong volatility."""
    for name, case in _CASES.items():
        yield printed(
            f"{name}: mean, hedged at implied",
            misjudged_mean(case.call, case.realised, case.drift),
            case.implied,
            case.digits,
        )
        yield printed(
            f"{name}: sure, hedged at actual",
            misjudged_sure(case.call, case.realised),
            case.actual,
            case.digits,
        )
        result = effort.simulate(_tables(case), 40_000, 20240202)
        for words, exact, (mean, se, sd) in (
            ("implied", case.implied, case.implied_mc),
            ("actual", case.actual, case.actual_mc),
        ):
            ours = result.figure(words, "pnl_mean")
            yield simulated(f"{name}: mean, hedged at {words}, simulated", ours, mean, se)
            yield simulated(f"{name}: the same against the formula", ours, exact, slack=5e-4 * abs(exact))
            yield simulated(f"{name}: sd, hedged at {words}", result.figure(words, "pnl_sd"), sd, se)


def _tables(case: Case) -> dict[str, Any]:
    call = case.call
    return {
        "book": short_call(call.spot, call.strike, call.years * 365.0, call.sigma, rate=call.rate),
        "model": {"kind": "gbm", "volatility": case.realised, "drift": case.drift},
        "simulation": {"steps": 500},
        "policies": [
            {"name": "implied", **EVERY_STEP},
            {"name": "actual", "hedge_iv": case.realised, **EVERY_STEP},
        ],
    }
