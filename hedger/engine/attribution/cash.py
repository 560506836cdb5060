"""A wallet's cash against what was booked: the identity without any mark in it.

    balance + session_rpl = premiums, fees, funding, transfers, and the profit of futures that were closed

A price that is told a moment later changes nothing here, so what does not add up is a trade, a fee or a
payment that we do not know of, or know wrongly. The profit of a close is counted against the session's own
entry, which every position told by the venue carries (its floating profit at its mark). At 08:00 UTC the
session moves into cash: what is told then is the new beginning.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from hedger.domain.account import Account, Position
from hedger.portfolio.attribution import FutureTerms

FINEST, COARSEST = 1e-8, 1e-6
"""The venue rounds the figures of an account to eight places, of some currencies to six (deribit.md 9)."""

MARK_UNIT_USD = 0.01
"""Marks of futures, from which session entries are taken, are told in cents."""


@dataclass(slots=True)
class Entry:
    """A future's session: its size, and what it was worth where the session began or it was traded since."""

    size: float
    worth: float  # inverse: -Q / F, linear: N F; in the settlement currency

    def trade(self, quantity: float, price_usd: float, terms: FutureTerms) -> float:
        """Take in a signed trade at a price; returns the profit it realised, by the average entry."""
        closing = 0.0
        if self.size * quantity < 0.0:
            closing = quantity if abs(quantity) <= abs(self.size) else -self.size
        realised = 0.0
        if closing:
            part = self.worth * (-closing / self.size)
            realised = worth_of(-closing, price_usd, terms) - part
            self.worth -= part
        self.worth += worth_of(quantity - closing, price_usd, terms)
        self.size += quantity
        return realised


def worth_of(quantity: float, price_usd: float, terms: FutureTerms) -> float:
    """Profit between two prices is the difference of two worths."""
    return -quantity / price_usd if terms.inverse else quantity * price_usd


@dataclass(slots=True)
class CashCheck:
    """One wallet's; amounts in its currency."""

    unit: float = COARSEST  # the last digit seen in what is told
    expected: float | None = None  # None: to be taken from what is told next
    session: int = -1  # of the venue, by its number of days
    bookings: int = 0
    slack: float = 0.0  # what rounding of entries may come to
    entries: dict[str, Entry] = field(default_factory=dict)
    gap: float = 0.0  # told less expected, at the last look
    beyond: int = 0  # looks in a row at which it was more than rounding

    @property
    def tolerance(self) -> float:
        return (self.bookings + 1) * self.unit + self.slack

    def book(self, amount: float) -> None:
        """Cash that came or went."""
        if self.expected is not None:
            self.expected += amount
            self.bookings += 1

    def traded(self, name: str, terms: FutureTerms, quantity: float, price_usd: float) -> None:
        """A trade of a future: what it realised, where the session's entry is known."""
        entry = self.entries.get(name)
        if entry is None:
            if self.expected is not None:
                self.restart()  # a close of a position whose entry nobody told
            return
        self.book(entry.trade(quantity, price_usd, terms))
        self.slack += _rounding(quantity, price_usd, terms)

    def positioned(self, position: Position, terms: FutureTerms) -> None:
        """The venue's own word on a position: its session entry is its worth less its floating profit."""
        mark, floating = position.mark_price, position.floating_pnl
        if not position.size:
            self._entered(position.instrument, Entry(0.0, 0.0), 0.0)
        elif mark is not None and floating is not None and mark > 0:
            size, price_usd = float(position.size), float(mark)
            worth = worth_of(size, price_usd, terms)
            self._entered(
                position.instrument,
                Entry(size, worth - float(floating)),
                _rounding(size, price_usd, terms) + self.unit,
            )

    def _entered(self, name: str, told: Entry, rounding: float) -> None:
        """An entry that is not ours: trades were told in another order than they happened in.

        Whatever their order, what they realised less the worth of what is left is the same sum; so what the
        entry has more was realised, too.
        """
        ours, self.entries[name] = self.entries.get(name), told
        if ours is None or self.expected is None:
            return
        if not math.isclose(ours.size, told.size, abs_tol=1e-9):
            self.restart()
        elif abs(told.worth - ours.worth) > rounding:
            self.expected += told.worth - ours.worth
            self.slack += rounding

    def restart(self) -> None:
        """What is told next is the beginning."""
        self.expected, self.bookings, self.slack, self.beyond, self.gap = None, 0, 0.0, 0, 0.0

    def told(self, account: Account, session: int, allowed: float) -> None:
        """Hold a summary against what was booked; `allowed` is funding that may have accrued since."""
        told = float(account.balance + account.session_rpl)
        self.unit = min(self.unit, unit_of(account))
        if session != self.session:
            self.restart()
            self.session = session
        if self.expected is None:
            self.expected = told
            return
        self.gap = told - self.expected
        self.beyond = self.beyond + 1 if abs(self.gap) > self.tolerance + allowed else 0


def _rounding(quantity: float, price_usd: float, terms: FutureTerms) -> float:
    """What a cent of the price of a future is worth, in the settlement currency."""
    return abs(quantity) * MARK_UNIT_USD / (price_usd**2 if terms.inverse else 1.0)


def unit_of(account: Account) -> float:
    """The last digit of a summary's figures; zeros at an end are not told, so the next may have more."""
    places = (figure.as_tuple().exponent for figure in (account.balance, account.equity, account.session_rpl))
    least = min((place for place in places if isinstance(place, int)), default=0)
    return min(max(10.0**least, FINEST), COARSEST)
