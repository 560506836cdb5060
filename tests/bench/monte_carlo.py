"""The lab's Monte Carlo against numpy looped step by step, in one run: one option, and a book of fifty.

Both draw the same number of normals and count the same figures. Ratios are of CPU time in one process, and of
wall time on two; kernels are compiled before the clock starts, and how long that takes is told apart.
"""

from __future__ import annotations

import gc
import math
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from hedger.lab.chunks import tasks_of, work
from hedger.lab.executor import Processes
from hedger.lab.experiment import Experiment, read
from hedger.lab.run import run

STEPS = 250
HALF_WIDTH = 0.15  # hedged to the target, as most hedgers do by default
COST = 0.0005


def monte_carlo(paths: int, book_paths: int) -> dict[str, float]:
    """One option with the band policy, then fifty options, then memory."""
    one, fifty = _experiment([100.0], paths), _experiment(np.linspace(80.0, 120.0, 50).tolist(), book_paths)
    compiling_s = _spent(lambda: work(tasks_of(one)[0]), time.process_time, times=1)
    numpy_s = _spent(lambda: _looped([100.0], paths), time.process_time)
    ours_s = _spent(lambda: run(one), time.process_time)
    with Processes(2) as two:
        run(one, two)  # both processes compile
        wall_s = _spent(lambda: run(one, two), time.perf_counter)
    numpy_wall_s = _spent(lambda: _looped([100.0], paths), time.perf_counter)
    book_numpy_s = _spent(
        lambda: _looped(np.linspace(80.0, 120.0, 50).tolist(), book_paths), time.process_time
    )
    book_ours_s = _spent(lambda: run(fifty), time.process_time)
    return {
        "numpy, ns per path-step": numpy_s / (paths * STEPS) * 1e9,
        "lab, ns per path-step": ours_s / (paths * STEPS) * 1e9,
        "lab against numpy, one process": numpy_s / ours_s,
        "lab against numpy, two processes": numpy_wall_s / wall_s,
        "fifty options: lab against numpy": book_numpy_s / book_ours_s,
        "memory, ten times the paths": _peak(10 * book_paths) / _peak(book_paths),
        "compiling, CPU s": compiling_s,
    }


def _experiment(strikes: list[float], paths: int) -> Experiment:
    legs: list[dict[str, Any]] = [
        {
            "kind": "call",
            "strike_usd": strike,
            "expiry_days": 365.0,
            "quantity_coin": -1.0 / len(strikes),
            "iv": 0.25,
        }
        for strike in strikes
    ]
    band = {"lower": -HALF_WIDTH, "upper": HALF_WIDTH, "to_centre": 1}
    return read(
        {
            "book": {"spot_usd": 100.0, "options": legs},
            "model": {"kind": "gbm", "volatility": 0.25},
            "costs": {"one_way": COST},
            "simulation": {"paths": paths, "steps": STEPS, "seed": 3},
            "policies": [{"name": "band", "policy": "band", "params": band}],
        }
    )


def _looped(strikes: list[float], paths: int) -> tuple[float, float, float]:
    """The same in numpy, all paths at each step: mean and sd of the result, mean number of trades."""
    random, dt, sigma = np.random.Generator(np.random.SFC64(3)), 1.0 / STEPS, 0.25
    spot, hedge, cash, trades = np.full(paths, 100.0), np.zeros(paths), np.zeros(paths), np.zeros(paths)
    for step in range(STEPS):
        y = hedge + _delta(spot, strikes, sigma * np.sqrt(1.0 - step * dt))
        change = np.where(np.abs(y) > HALF_WIDTH, -y, 0.0)
        hedge += change
        cash -= change * spot + COST * np.abs(change) * spot
        trades += change != 0.0
        spot *= np.exp(random.standard_normal(paths) * (sigma * np.sqrt(dt)) - 0.5 * sigma**2 * dt)
    owed = sum(np.maximum(spot - strike, 0.0) for strike in strikes) / len(strikes)
    result = cash + hedge * spot - owed
    return float(result.mean()), float(result.std()), float(trades.mean())


def _delta(spot: NDArray[np.float64], strikes: list[float], v: float) -> NDArray[np.float64]:
    logs, total = np.log(spot), np.zeros_like(spot)
    for strike in strikes:
        total -= ndtr((logs - np.log(strike)) / v + 0.5 * v)
    return total / len(strikes)


def _spent(what: Callable[[], object], clock: Callable[[], float], times: int = 5) -> float:
    """The least of several runs: the machine is shared."""
    least_s = math.inf
    for _ in range(times):
        gc.collect()
        began_s = clock()
        what()
        least_s = min(least_s, clock() - began_s)
    return least_s


def _peak(paths: int) -> float:
    """Bytes that numpy and Python held at most."""
    experiment = _experiment([100.0], paths)
    work(tasks_of(experiment)[0])  # what all its paths share is there before
    tracemalloc.start()
    try:
        run(experiment)
        return float(tracemalloc.get_traced_memory()[1])
    finally:
        tracemalloc.stop()
