"""Hedging at discrete times: Derman and Kamal, Boyle and Emanuel (theory 5.1, 5.2)."""

from __future__ import annotations

import math
from collections.abc import Iterator

from hedger.lab.closed import Call, sd_exact, sd_rule
from hedger.lab.verify.rows import EVERY_STEP, Effort, Row, printed, short_call, simulated

_PUBLISHED = {21: (0.443, 0.42598, 0.42776), 84: (0.222, 0.21723, 0.21813)}
"""N: their rule, the exact sd of the discounted error, and at expiry. Their simulated .41 and .20 are 4 to
6 % too low, ten standard errors, and are not tested to."""


def derman_kamal(effort: Effort) -> Iterator[Row]:
    """Derman and Kamal, 1998: when you cannot hedge continuously."""
    call = Call(100.0, 100.0, 1.0 / 12.0, 0.20, 0.05)
    yield printed("value of the call", float(call.value(100.0, 0.0)), 2.512, 3)
    book = short_call(100.0, 100.0, 365.0 / 12.0, 0.20, rate=0.05)
    model = {"kind": "gbm", "volatility": 0.20, "drift": 0.05}
    for hedges, (rule, discounted, at_expiry) in _PUBLISHED.items():
        exact = sd_exact(call, hedges)
        yield printed(f"N={hedges}: sd by the rule", sd_rule(call, hedges), rule, 3)
        yield printed(f"N={hedges}: sd, exact", exact, discounted, 5)
        yield printed(f"N={hedges}: sd at expiry, exact", exact * math.exp(0.05 / 12.0), at_expiry, 5)
        rules = [{"name": "all", **EVERY_STEP}]
        tables = {"book": book, "model": model, "policies": rules, "simulation": {"steps": hedges}}
        result = effort.simulate(tables, 50_000, 1)
        yield simulated(f"N={hedges}: sd, simulated", result.figure("all", "pnl_sd"), discounted)
        yield simulated(f"N={hedges}: mean, simulated", result.figure("all", "pnl_mean"), 0.0)


def boyle_emanuel(effort: Effort) -> Iterator[Row]:
    """Boyle and Emanuel, JFE 1980: a bitcoin call hedged every 6 h for 14 days."""
    call = Call(1e5, 1e5, 14.0 / 365.0, 0.80)
    yield printed("sd by the rule, USD", sd_rule(call, 56), 737.965, 3)
    yield printed("sd, exact, USD", sd_exact(call, 56), 720.854, 3)
    tables = {
        "book": short_call(1e5, 1e5, 14.0, 0.80),
        "model": {"kind": "gbm", "volatility": 0.80},
        "policies": [{"name": "all", **EVERY_STEP}],
        "simulation": {"steps": 56},
    }
    result = effort.simulate(tables, 50_000, 2)
    yield simulated("sd, simulated, USD", result.figure("all", "pnl_sd"), 720.854)
