"""The attribution of an account as it runs: marks, trades and cash go in, closed intervals come out.

Each instrument has intervals of its own: a trade cuts that of what was traded and leaves the rest alone. A
cut ends all of them at one instant, at which the account's equity and the price of its currency are known.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from hedger.domain.names import is_option
from hedger.portfolio.attribution import (
    NO_LINES,
    Lines,
    Mark,
    Terms,
    added,
    in_usd,
    lines_of,
    summed,
    trade_lines,
)

FLAT = 1e-9
"""Amounts are multiples of a venue's step, all larger than this: less is what floats have left over."""

ACCOUNT = ""
"""The instrument of what belongs to none: transfers, what is unexplained."""


class Interval(msgspec.Struct, frozen=True):
    """One closed interval of one account, in the account's currency; market time in ms."""

    from_ms: int
    to_ms: int
    equity_before: float
    equity_after: float
    rate_before_usd: float  # USD per unit of the currency
    rate_after_usd: float
    lines: dict[str, Lines]  # per instrument; ACCOUNT: of none
    bookings: int  # trades and cash: the venue may have rounded each

    @property
    def total(self) -> Lines:
        """All instruments together, in the currency."""
        return added(self.lines.values())

    @property
    def total_usd(self) -> Lines:
        """The same in dollars, with the equity held at a price that moved."""
        return in_usd(self.total, self.equity_before, self.rate_before_usd, self.rate_after_usd)

    @property
    def option_fees(self) -> float:
        """What of the total's `fees` was paid for options, signed like it."""
        return math.fsum(lines.fees for name, lines in self.lines.items() if is_option(name))

    @property
    def gap(self) -> float:
        """The equity's change less the sum of all lines but `unexplained`, in the currency."""
        parts = (line for lines in self.lines.values() for line in lines._replace(unexplained=0.0).parts)
        return math.fsum((self.equity_after, -self.equity_before, *(-part for part in parts)))


@dataclass(slots=True)
class _Held:
    terms: Terms
    quantity: float
    mark: Mark


class RunningAttribution:
    """The accumulator of one account (one settlement currency)."""

    def __init__(self, market_ms: int, equity: float, rate_usd: float) -> None:
        self._from_ms, self._equity, self._rate_usd = market_ms, equity, rate_usd
        self._held: dict[str, _Held] = {}
        self._lines: dict[str, list[float]] = {}  # summed in place: this is done for every mark
        self._bookings = 0

    def held(self) -> dict[str, float]:
        """Signed quantities by instrument, of what is not flat."""
        return {name: held.quantity for name, held in self._held.items()}

    @property
    def equity(self) -> float:
        """Equity by the marks and bookings so far, in the currency."""
        return math.fsum((self._equity, *self._parts()))

    def terms(self) -> dict[str, Terms]:
        """The contracts of everything held."""
        return {name: held.terms for name, held in self._held.items()}

    def marks(self) -> dict[str, tuple[float, Mark]]:
        """Signed quantity and newest mark of everything held."""
        return {name: (held.quantity, held.mark) for name, held in self._held.items()}

    def forget(self, name: str) -> None:
        """A position that is not there any more, and of whose end nobody knows: no line."""
        self._held.pop(name, None)

    def hold(self, name: str, terms: Terms, quantity: float, mark: Mark) -> None:
        """A position that is there from the start, or was found: no trade, no line."""
        self._held[name] = _Held(terms, quantity, mark)

    def marked(self, name: str, mark: Mark) -> None:
        """The instrument stands at a new mark; one that is not held is none of ours."""
        held = self._held.get(name)
        if held is None:
            return
        self._add(name, lines_of(held.quantity, held.terms, held.mark, mark))
        held.mark = mark

    def traded(
        self,
        name: str,
        terms: Terms,
        quantity: float,
        price: float,
        fee: float,
        mark: Mark,
        decided: float | None = None,
    ) -> None:
        """A signed trade, after which the position stands at `mark`; `fee` is positive when paid."""
        self.marked(name, mark)
        self._add(name, trade_lines(quantity, terms, price, fee, mark.price, decided))
        self._bookings += 1
        held = self._held.setdefault(name, _Held(terms, 0.0, mark))
        held.quantity += quantity
        if abs(held.quantity) < FLAT:
            del self._held[name]

    def delivered(self, name: str, mark: Mark) -> None:
        """An expiry: the position becomes cash at `mark` (options: their payoff, which has no volatility)."""
        held = self._held.get(name)
        if held is None:
            return
        self.marked(name, mark._replace(sigma=held.mark.sigma))
        del self._held[name]
        self._bookings += 1

    def booked(self, name: str, line: str, amount: float) -> None:
        """Cash of one line: funding, fees, settlement, transfers. ValueError for a line that is none."""
        if line not in Lines._fields:
            raise ValueError(f"line = {line!r}: must be one of {', '.join(Lines._fields)}")
        self._add(name, NO_LINES._replace(**{line: amount}))
        self._bookings += 1

    @property
    def from_ms(self) -> int:
        """Market time at which the present interval began."""
        return self._from_ms

    def so_far(self, market_ms: int, equity: float, rate_usd: float) -> Interval:
        """The present interval as of the marks already given; what the told equity has beyond its lines is
        `unexplained`."""
        lines = {name: Lines(*sums) for name, sums in self._lines.items()}
        beyond = NO_LINES._replace(
            unexplained=math.fsum((equity, -self._equity, *(-p for p in self._parts())))
        )
        lines[ACCOUNT] = beyond.plus(lines[ACCOUNT]) if ACCOUNT in lines else beyond
        return Interval(
            from_ms=self._from_ms,
            to_ms=market_ms,
            equity_before=self._equity,
            equity_after=equity,
            rate_before_usd=self._rate_usd,
            rate_after_usd=rate_usd,
            lines=lines,
            bookings=self._bookings,
        )

    def cut(self, market_ms: int, equity: float, rate_usd: float) -> Interval:
        """Close the interval at marks already given, and begin the next."""
        closed = self.so_far(market_ms, equity, rate_usd)
        self._from_ms, self._equity, self._rate_usd = market_ms, equity, rate_usd
        self._lines, self._bookings = {}, 0
        return closed

    def _add(self, name: str, lines: Lines) -> None:
        sums = self._lines.get(name)
        if sums is None:
            self._lines[name] = list(lines)
            return
        for place, line in enumerate(lines):
            if line:
                sums[place] += line

    def _parts(self) -> Iterator[float]:
        for sums in self._lines.values():
            yield from summed(sums)
