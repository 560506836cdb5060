"""Theta-offset against the clock, and a hedge in parts (theory 5.8, 3.9)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from hedger.domain.time_units import HOUR_S
from hedger.lab.closed import Call
from hedger.lab.run import Result
from hedger.lab.statistics import Figure
from hedger.lab.verify.rows import Effort, Row, short_call, simulated


class Line(NamedTuple):
    """Fewer rebalances than the clock in %, counted from each window or the last hedge; sd of results."""

    days: float
    window_h: float
    ratio: float
    window: float
    last: float
    clock_sd: float
    window_sd: float
    last_sd: float


_LINES = (
    Line(14, 6, 0.8, 75.5, 93.9, 16.5, 21.2, 47.9),
    Line(14, 6, 1.0, 67.3, 87.4, 16.7, 20.6, 43.1),
    Line(14, 6, 1.2, 60.0, 79.2, 23.3, 25.6, 39.9),
    Line(28, 1, 1.0, 67.5, 93.6, 7.0, 8.5, 43.9),
    Line(28, 6, 0.8, 75.5, 95.6, 19.3, 23.5, 64.6),
    Line(7, 24, 1.0, 67.5, 77.1, 32.2, 39.1, 46.5),
)


def way2(effort: Effort) -> Iterator[Row]:
    """Hegic: theta-offset rebalances about 75 % less than the clock, within one point."""
    for line in _LINES:
        result = effort.simulate(_tables(line), 20_000, 1)
        clock = result.figure("clock", "trades_mean")
        name = f"{line.days:g} d / {line.window_h:g} h, ratio {line.ratio:g}"
        rules = (("window", line.window, line.window_sd), ("last", line.last, line.last_sd))
        for rule, fewer, sd in rules:
            trades = result.figure(rule, "trades_mean")
            ours = trades._replace(
                value=100.0 * (1.0 - trades.value / clock.value), se=100.0 * trades.se / clock.value
            )
            yield _within_a_point(effort, f"{name}, since {rule}: fewer, %", ours, fewer)
            yield simulated(f"{name}, since {rule}: sd", result.figure(rule, "pnl_sd"), sd, slack=0.03 * sd)
        clock_sd = result.figure("clock", "pnl_sd")
        yield simulated(f"{name}, clock: sd", clock_sd, line.clock_sd, slack=0.03 * line.clock_sd)


def _within_a_point(effort: Effort, what: str, ours: Figure, theirs: float) -> Row:
    """Errors are added only where fewer paths are walked than were for the table."""
    return Row(what, ours.value, theirs, 1.0) if effort.whole else simulated(what, ours, theirs, slack=1.0)


def _tables(line: Line) -> dict[str, Any]:
    window_s = line.window_h * HOUR_S
    offset = {"window_s": window_s, "cap_sigmas": 10.0, "gamma_floor_coin_per_usd": 1e-12}
    uncapped = {"policy": "theta_offset", "band_scale": 1e6}
    return {
        "book": short_call(1850.0, 1850.0, line.days, 1.0),
        "model": {"kind": "gbm", "realised_over_implied": line.ratio},
        "costs": {"first_hedge": False},
        "simulation": {"steps": round(line.days * 24.0 / line.window_h)},
        "policies": [
            {"name": "clock", "policy": "time", "params": {"window_s": window_s}},
            {"name": "window", "params": offset, **uncapped},
            {"name": "last", "params": {**offset, "reference": "last_rebalance"}, **uncapped},
        ],
    }


_PARTS = {
    0.0: ((0.17, 16.62, 2.17), (0.19, 16.25, 1.91)),
    -0.2: ((22.84, 16.09, 2.02), (23.30, 16.03, 1.76)),
    0.2: ((-25.38, 22.05, 2.31), (-26.13, 21.71, 2.06)),
}
"""Hourly autocorrelation: (mean before cost, sd, cost) hedged in full every 6 h, and 75 % then and the rest
over 3 h."""


def partial(effort: Effort) -> Iterator[Row]:
    """Hedging 75 % at once and the rest over 3 h: cheaper, better where moves revert, worse in trends."""
    for autocorrelation, known in _PARTS.items():
        result = effort.simulate(_parts_tables(autocorrelation), 20_000, 3)
        name = f"autocorrelation {autocorrelation:g}"
        for rule, (mean, sd, cost) in zip(("full", "parts"), known, strict=True):
            yield simulated(f"{name}, {rule}: mean", _before_cost(result, rule, "pnl_mean"), mean, 0.14)
            yield simulated(f"{name}, {rule}: sd", result.figure(rule, "pnl_sd"), sd, 0.1, 0.01 * sd)
            yield simulated(
                f"{name}, {rule}: cost", result.figure(rule, "cost_mean"), cost, 0.01, 0.01 * cost
            )
        gained = _before_cost(result, "parts", "pnl_mean_less_first")
        gained = gained._replace(value=gained.value - result.figure("full", "cost_mean").value)
        yield simulated(f"{name}: gained by parts", gained, known[1][0] - known[0][0], 0.05)


def _before_cost(result: Result, rule: str, mean: str) -> Figure:
    figure = result.figure(rule, mean)
    return figure._replace(value=figure.value + result.figure(rule, "cost_mean").value)


def _parts_tables(autocorrelation: float) -> dict[str, Any]:
    clock = {"policy": "time", "params": {"window_s": 21_600.0}}
    hedged = float(Call(1850.0, 1850.0, 14.0 / 365.0, 1.0).delta(1850.0, 0.0))  # both begin hedged in full
    return {
        "book": short_call(1850.0, 1850.0, 14.0, 1.0, hedge_coin=hedged),
        "model": {"kind": "gbm", "volatility": 1.0, "autocorrelation": autocorrelation},
        "costs": {"one_way": 0.0005, "first_hedge": False},
        "simulation": {"steps": 14 * 24},
        "policies": [
            {"name": "full", **clock},
            {"name": "parts", **clock, "partial": {"first_share": 0.75, "over_s": 10_800.0, "slices": 3}},
        ],
    }
