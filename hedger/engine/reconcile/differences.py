"""What is remembered of differences between the positions we expect and those the venue tells: state only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from hedger.domain.account import Fill
from hedger.domain.instrument import plain
from hedger.engine.records import Snapshot

MOST_SHOWN = 200
_NONE = Decimal(0)


def signed(amount: Decimal) -> str:
    """An amount with its sign."""
    return f"{'+' if amount > 0 else ''}{plain(amount)}"


def _newest_made(fills: Sequence[Fill], amount: Decimal) -> bool:
    """Whether an amount is what some of the newest trades come to."""
    left = _NONE
    for fill in sorted(fills, key=lambda each: (each.market_ms, each.trade_seq), reverse=True):
        left += fill.signed_amount
        if left == amount:
            return True
    return False


@dataclass(slots=True)
class Suspect:
    """A part of a position that nothing explains yet, in the instrument's amount unit."""

    amount: Decimal  # signed: observed less expected
    since_wire_s: float
    since_ms: int  # market time of the last word that was understood: evidence is younger
    books: tuple[str, ...]  # which it blocks
    standing: bool = False  # trades and log have been asked in vain: a person is paged
    tied: tuple[Fill, ...] = ()  # told late before it: the newest of them may be a part of it


@dataclass(slots=True)
class Compared:
    """A position that was not as expected, and what explains it; for `hedger reconcile` to show."""

    expected: Decimal
    observed: Decimal
    at_ms: int  # market time of the comparison
    books: tuple[str, ...]  # which it concerns
    why: list[str] = field(default_factory=list)
    at_start: bool = False  # found by the first look of this run, or accepted: shown until its end


@dataclass(slots=True)
class AccountLog:
    """The questions for the venue's own log of the account, as evidence."""

    asked_wire_s: float = -math.inf
    answered_wire_s: float = -math.inf  # when the newest question that was answered was asked
    under_way: bool = False
    used: dict[tuple[str, str], None] = field(default_factory=dict)  # (currency, trade or row) counted


@dataclass(slots=True)
class EquityWatch:
    """Whether a wallet's figures add up."""

    held_once: bool = False
    since_wire_s: float | None = None  # since when they have not
    detail: str = ""


@dataclass(slots=True)
class Differences:
    """One account's."""

    baseline: Snapshot | None = None  # what the last run left
    held: dict[str, Decimal] = field(default_factory=dict)  # by the baseline and the trades journalled since
    traded: dict[tuple[str, str], Decimal] = field(default_factory=dict)  # (instrument, whose), since
    untold: dict[str, None] = field(default_factory=dict)  # not held against the baseline yet
    tied: dict[str, list[Fill]] = field(default_factory=dict)  # told late, and perhaps not in the position
    owed: dict[str, Decimal] = field(default_factory=dict)  # trades told that have moved no position yet
    suspects: dict[str, Suspect] = field(default_factory=dict)
    compared: dict[str, Compared] = field(default_factory=dict)
    expired: dict[str, int] = field(default_factory=dict)  # options gone meanwhile, and when they expired
    unsaved: Snapshot | None = None  # the newest, kept back while something is unexplained
    equity: dict[str, EquityWatch] = field(default_factory=dict)  # by currency
    unconfirmed: dict[str, float] = field(
        default_factory=dict
    )  # filled, and until when its position is awaited
    log: AccountLog = field(default_factory=AccountLog)
    mismatches: int = 0  # since the start

    def owe(self, instrument: str, amount: Decimal) -> None:
        """A trade out of an answer: the next whole word on the position will hold it."""
        left = self.owed.get(instrument, _NONE) + amount
        if left:
            self.owed[instrument] = left
        else:
            self.owed.pop(instrument, None)

    def tie(self, fill: Fill) -> None:
        """A trade no younger than a told position that was as expected without it: in it, or not.

        A position carries the time its answer left, and was read before: a trade between the two is not in
        it. Until the next whole word tells, the told position stands and nothing is hedged.
        """
        self.tied.setdefault(fill.instrument, []).append(fill)

    def newest_tie_ms(self, instrument: str) -> int:
        """Market time of the newest undecided trade; -1: there is none."""
        return max((fill.market_ms for fill in self.tied.get(instrument, ())), default=-1)

    def told_apart(self, instrument: str, moved: Decimal) -> bool:
        """Whether a whole word moved by just the newest tied trades: those were not in the last one."""
        return _newest_made(self.tied.get(instrument, ()), moved)

    def show(self, instrument: str, compared: Compared) -> None:
        """Keep a comparison for people to see; the oldest goes where there are many."""
        self.compared[instrument] = compared
        settled = [name for name in self.compared if name not in self.suspects and name != instrument]
        if len(self.compared) > MOST_SHOWN and settled:
            del self.compared[settled[0]]

    def forget(self, instrument: str) -> None:
        """Its end has come, and explains whatever was strange about it."""
        if self.suspects.pop(instrument, None) is not None:
            self.compared.pop(instrument, None)

    def suspect(self, instrument: str, found: Suspect) -> None:
        """A position is off by an amount more than what was off already."""
        known = self.suspects.setdefault(instrument, found)
        if known is found:
            known.tied = tuple(self.tied.get(instrument, ()))
            self.mismatches += 1
        else:
            self._left(instrument, known.amount + found.amount)

    def explain(self, instrument: str, amount: Decimal, why: str, *, kept: bool = False) -> None:
        """Evidence that came later than the position which held it; `kept`: shown for the rest of the run."""
        known, shown = self.suspects.get(instrument), self.compared.get(instrument)
        if known is None:
            return
        if shown is not None:
            shown.why.append(why)
            shown.at_start = shown.at_start or kept
        self._left(instrument, known.amount - amount)

    def told_late(self, fill: Fill) -> None:
        """A trade that by its time a position told before held: it explains what that position was off by.

        One the log has told of counts no second time; where the position was not off, the next one decides.
        """
        if (fill.fee_currency, fill.trade_id) in self.log.used:
            return
        if fill.instrument in self.suspects:
            why = f"trade {fill.trade_id} of {signed(fill.signed_amount)}, told late"
            self.explain(fill.instrument, fill.signed_amount, why)
        else:
            self.tie(fill)

    def _left(self, instrument: str, amount: Decimal) -> None:
        found = self.suspects[instrument]
        found.amount = amount
        if amount and not _newest_made(found.tied, amount):
            return
        del self.suspects[instrument]
        shown = self.compared.get(instrument)
        if shown is not None and not shown.at_start:
            del self.compared[instrument]
