"""The worked example ATT-1 of theory 4: ten calls and five puts sold, hedged by the perpetual for 5 days."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from hedger.portfolio.attribution import FutureTerms, Mark, Terms, funding_payment
from hedger.portfolio.running import Interval, RunningAttribution
from hedger.portfolio.valuation import OptionTerms
from hedger.pricing.scalar import black76_one, years_to

DAY_MS = 86_400_000
CALL, PUT, PERPETUAL = "C105000", "P95000", "PERPETUAL"
CONTRACTS: dict[str, Terms] = {
    CALL: OptionTerms(105_000.0, 30 * DAY_MS, 1.0, inverse=True),
    PUT: OptionTerms(95_000.0, 30 * DAY_MS, -1.0, inverse=True),
    PERPETUAL: FutureTerms(inverse=True),
}
SOLD = {CALL: -10.0, PUT: -5.0}
CASH = 5.0
TAKER = 0.0005
FUNDING = (1e-4, -5e-5, 0.0, 2e-4, 1e-4)
FORWARDS = (100_000.0, 102_000.0, 99_000.0, 95_000.0, 97_000.0, 98_500.0)
VOLS = {CALL: (0.55, 0.54, 0.57, 0.62, 0.60, 0.58), PUT: (0.60, 0.59, 0.63, 0.70, 0.66, 0.64)}
HEDGES = (168_760.0, 241_140.0, 132_700.0, 5_870.0, 65_020.0)


class Life(NamedTuple):
    """What an independent account of the five days knows: the equity at each instant and the intervals."""

    equities: list[float]
    intervals: list[Interval]


def mark(name: str, day: int) -> Mark:
    terms, forward = CONTRACTS[name], FORWARDS[day]
    if not isinstance(terms, OptionTerms):
        return Mark(day * DAY_MS, forward)
    sigma = VOLS[name][day]
    value = black76_one(
        forward, terms.strike_usd, years_to(terms.expiration_ms, day * DAY_MS), sigma, terms.sign
    )
    return Mark(day * DAY_MS, value.price_usd / forward, forward, sigma)


def life(funding_of: Callable[[float, float, float], float] | None = None) -> Life:
    """Runs the example; the cash is kept apart from the attribution, trade by trade, as a venue would."""
    cash, size, entry_inverse = CASH, 0.0, 0.0  # entry_inverse: sum of dQ / px of all fills

    def equity(day: int) -> float:
        options = sum(SOLD[name] * mark(name, day).price for name in SOLD)
        return cash + options + entry_inverse - size / FORWARDS[day]

    equities = [equity(0)]
    running = RunningAttribution(0, equities[0], FORWARDS[0])
    for name, sold in SOLD.items():
        running.hold(name, CONTRACTS[name], sold, mark(name, 0))
    intervals = []
    for day, target in enumerate(HEDGES):
        trade = target - size
        price = FORWARDS[day] * (1.0 + 1e-4 if trade > 0 else 1.0 - 1e-4)
        fee = TAKER * abs(trade) / price
        running.traded(
            PERPETUAL, CONTRACTS[PERPETUAL], trade, price, fee, mark(PERPETUAL, day), FORWARDS[day]
        )
        size, entry_inverse, cash = target, entry_inverse + trade / price, cash - fee
        paid = funding_payment(size, FORWARDS[day], FUNDING[day], inverse=True)
        running.booked(PERPETUAL, "funding", paid)
        cash += paid
        for name in CONTRACTS:
            running.marked(name, mark(name, day + 1))
        equities.append(equity(day + 1))
        intervals.append(running.cut((day + 1) * DAY_MS, equities[-1], FORWARDS[day + 1]))
    return Life(equities, intervals)
