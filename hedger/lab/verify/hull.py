"""Hull, Options, Futures, and Other Derivatives, ch. 19: table 19.4 and both path replays (theory 5.3)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from hedger.lab.closed import Call, sd_exact
from hedger.lab.verify.rows import EVERY_STEP, Effort, Row, printed, scaled, short_call, simulated

_CALL = Call(49.0, 50.0, 20.0 / 52.0, 0.20, 0.05)
_PRICE = 2.4005
_QUARTERS = (20, 16, 8, 4, 2, 1)  # hedged every so many quarter weeks
_PRINTED = (0.42, 0.38, 0.28, 0.21, 0.16, 0.13)
_EXACT = (0.4100, 0.3699, 0.2673, 0.1921, 0.1374, 0.0980)
_IGNORED = (0.4212, 0.3792, 0.2796, 0.2108, 0.1642, 0.1346)  # interest and discounting ignored, 400k paths
_PRESENT = (0.4164, 0.3733, 0.2684, 0.1922, 0.1371, 0.0983)  # present value of the cost, 13 % drift
_THEIR_SE = 0.0005


def hull_table(effort: Effort) -> Iterator[Row]:
    """Table 19.4: sd of the cost of hedging over the price; as printed without interest and discounting."""
    yield printed("price of the call", float(_CALL.value(49.0, 0.0)), _PRICE, 4)
    for quarters, theirs in zip(_QUARTERS, _EXACT, strict=True):
        ours = sd_exact(_CALL, 80 // quarters) / _PRICE
        yield Row(f"{quarters / 4:g} weeks: present value, exact", ours, theirs, 6e-5)
    for words, accrue, known in (("as printed", False, _IGNORED), ("present value", True, _PRESENT)):
        result = effort.simulate(_tables(accrue), 200_000, 20240101)
        for quarters, theirs, shown in zip(_QUARTERS, known, _PRINTED, strict=True):
            performance = scaled(result.figure(f"{quarters}", "pnl_sd"), 1.0 / _PRICE)
            yield simulated(f"{quarters / 4:g} weeks: {words}", performance, theirs, _THEIR_SE)
            if not accrue:
                yield simulated(f"{quarters / 4:g} weeks: Hull's figure", performance, shown, slack=0.005)


def _tables(accrue: bool) -> dict[str, object]:
    return {
        "book": short_call(49.0, 50.0, 20.0 / 52.0 * 365.0, 0.20, rate=0.05),
        "model": {"kind": "gbm", "volatility": 0.20, "drift": 0.13},
        "costs": {"accrue_interest": accrue},
        "simulation": {"steps": 80},
        "policies": [{"name": f"{q}", "ask_every": q, **EVERY_STEP} for q in _QUARTERS],
    }


class Replay(NamedTuple):
    """Weekly prices as printed, and what hedging 100,000 calls cost on them, thousands of USD."""

    prices: tuple[float, ...]
    cumulative: float
    cost: float


def _prices(printed: str) -> tuple[float, ...]:
    return tuple(map(float, printed.split()))


IN_THE_MONEY = Replay(
    _prices("""49.00 48.12 47.37 50.25 51.75 53.12 53.00 51.87 51.38 53.00 49.88
               48.50 49.88 50.37 52.13 51.88 52.87 54.87 54.62 55.87 57.25"""),
    5263.3,
    263.3,
)
"""Table 19.2."""

OUT_OF_THE_MONEY = Replay(
    _prices("""49.00 49.75 52.00 50.00 48.38 48.25 48.75 49.63 48.25 48.25 51.12
               51.50 49.88 49.88 48.75 47.50 48.00 46.25 48.13 46.63 48.12"""),
    256.6,
    256.6,
)
"""Table 19.3. The text beside it says 236,400: its own table says 256.6."""


def hull_replays(effort: Effort) -> Iterator[Row]:
    """Tables 19.2 and 19.3: the printed prices replayed, cost of 100,000 calls in thousands of USD.

    Deltas are rounded to three decimals, cash earns e^(.05/52) a week.
    """
    cumulative = replayed(IN_THE_MONEY.prices)
    yield printed("19.2: cumulative cost, k", cumulative, IN_THE_MONEY.cumulative, 1)
    yield printed("19.2: cost of hedging, k", cumulative - 5000.0, IN_THE_MONEY.cost, 1)
    discounted = (cumulative - 5000.0) * math.exp(-0.05 * 20 / 52)
    yield printed("19.2: its present value, k", discounted, 258.3, 1)
    yield printed("19.3: our replay, k", replayed(OUT_OF_THE_MONEY.prices), 256.3, 1)
    yield printed("19.3: deltas not rounded, k", replayed(OUT_OF_THE_MONEY.prices, digits=None), 256.5, 1)
    yield Row("19.3: as printed, k", replayed(OUT_OF_THE_MONEY.prices), OUT_OF_THE_MONEY.cost, 0.4)


def replayed(prices: tuple[float, ...], digits: int | None = 3) -> float:
    """Cumulative cost with interest of hedging 100,000 sold calls weekly on the given prices, thousands."""
    growth, cost, held = math.exp(0.05 / 52.0), 0.0, 0.0
    last = len(prices) - 1
    for week, price in enumerate(prices):
        delta = float(price > _CALL.strike) if week == last else float(_CALL.delta(price, week / 52.0))
        delta = delta if digits is None else round(delta, digits)
        cost = cost * growth + 100.0 * (delta - held) * price
        held = delta
    return cost
