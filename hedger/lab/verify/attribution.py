"""The worked attribution ATT-1 (theory 4): calls and puts sold, the perpetual beside them, five days."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from hedger.domain.time_units import DAY_MS, YEAR_DAYS
from hedger.lab.verify.rows import Effort, Row, exact
from hedger.portfolio.attribution import (
    FutureTerms,
    Lines,
    Mark,
    added,
    funding_payment,
    future_lines,
    in_usd,
    option_lines,
    trade_lines,
)
from hedger.portfolio.valuation import OptionTerms
from hedger.pricing.scalar import black76_one

_TAKER, _SLIP, _CASH = 0.0005, 1e-4, 5.0
_FUNDING = (1e-4, -5e-5, 0.0, 2e-4, 1e-4)
_FORWARDS = (100_000.0, 102_000.0, 99_000.0, 95_000.0, 97_000.0, 98_500.0)
_HEDGES = (168_760.0, 241_140.0, 132_700.0, 5_870.0, 65_020.0)


class _Sold(NamedTuple):
    terms: OptionTerms
    quantity: float
    vols: tuple[float, ...]

    def mark(self, day: int) -> Mark:
        left = (30 - day) / YEAR_DAYS
        value = black76_one(_FORWARDS[day], self.terms.strike_usd, left, self.vols[day], self.terms.sign)
        return Mark(day * DAY_MS, value.price_usd / _FORWARDS[day], _FORWARDS[day], self.vols[day])


_BOOK = (
    _Sold(
        OptionTerms(105_000.0, 30 * DAY_MS, 1.0, inverse=True), -10.0, (0.55, 0.54, 0.57, 0.62, 0.60, 0.58)
    ),
    _Sold(OptionTerms(95_000.0, 30 * DAY_MS, -1.0, inverse=True), -5.0, (0.60, 0.59, 0.63, 0.70, 0.66, 0.64)),
)

_LINES = {
    "delta": 0.0782726048,
    "future_delta": -0.0782721726,
    "gamma": -0.0573872121,
    "future_gamma": -0.0050959948,
    "theta": 0.0834442695,
    "vega": -0.0557942594,
    "vanna": 0.0018526873,
    "volga": -0.0007442119,
    "residual": 0.0028235189,
    "future_residual": -0.0001378649,
    "funding": -0.0001299429,
    "fees": -0.0027186751,
    "slippage": -0.0005437350,
}
_DIGITS = 1e-9  # theirs is printed to 1e-10 coin


def attribution(effort: Effort) -> Iterator[Row]:
    """ATT-1: every line of the change of equity, in coin, and that they sum to it."""
    days = [_day(day) for day in range(len(_HEDGES))]
    whole = added(days)
    for name, theirs in _LINES.items():
        yield Row(name, getattr(whole, name), theirs, _DIGITS)
    yield Row("sum of the lines", whole.total, -0.034430988009, _DIGITS)
    equities = _equities()
    yield Row("equity at the start", equities[0], 4.3515329209, _DIGITS)
    yield Row("equity at the end", equities[-1], 4.3171019329, _DIGITS)
    yield Row("lines less the change of equity", whole.total - (equities[-1] - equities[0]), 0.0, 1e-12)
    dollars = added(
        [in_usd(day, *rest) for day, *rest in zip(days, equities, _FORWARDS, _FORWARDS[1:], strict=False)]
    )
    yield exact("change in USD", dollars.total, -9918.7517, relative=5e-9)


def _trade(day: int) -> tuple[float, float]:
    """(USD traded, price)."""
    size = _HEDGES[day] - (_HEDGES[day - 1] if day else 0.0)
    return size, _FORWARDS[day] * (1.0 + _SLIP if size > 0.0 else 1.0 - _SLIP)


def _day(day: int) -> Lines:
    """The interval that begins with the day's trade."""
    size, price = _trade(day)
    before, after = _FORWARDS[day], _FORWARDS[day + 1]
    fee = _TAKER * abs(size) / price
    paid = funding_payment(_HEDGES[day], before, _FUNDING[day], inverse=True)
    options = [option_lines(sold.quantity, sold.terms, sold.mark(day), sold.mark(day + 1)) for sold in _BOOK]
    trade = trade_lines(size, FutureTerms(inverse=True), price, fee, before)
    held = future_lines(_HEDGES[day], before, after, inverse=True)
    return added([*options, trade, held, Lines(funding=paid)])


def _equities() -> list[float]:
    """As a venue keeps them: cash, marks, and the perpetual from its fills."""
    cash, bought, told = _CASH, 0.0, []
    for day in range(len(_FORWARDS)):
        options = sum(sold.quantity * sold.mark(day).price for sold in _BOOK)
        held = _HEDGES[day - 1] if day else 0.0
        told.append(cash + options + bought - held / _FORWARDS[day])
        if day < len(_HEDGES):
            size, price = _trade(day)
            bought += size / price
            cash -= _TAKER * abs(size) / price + _FUNDING[day] * _HEDGES[day] / _FORWARDS[day]
    return told
