"""Hedges of whose end the venue has not told yet: a book never has more than one."""

from __future__ import annotations

from decimal import Decimal

from hedger.backtest.simulate.tally import Violation
from hedger.domain.account import Fill
from hedger.domain.approval import Approved
from hedger.engine import events as ev
from hedger.engine.events import Event

_ENDED = ("filled", "cancelled", "rejected")


class Awaited:
    """Kept from what was asked for and from every word that reached a process since."""

    def __init__(self) -> None:
        self._hedges: dict[str, Approved] = {}  # by label
        self._filled: dict[str, Decimal] = {}
        self._amount: dict[str, Decimal] = {}  # as amended
        self._trades: set[tuple[str, str]] = set()  # label, trade

    def begin(self, approved: Approved) -> None:
        """A hedge is asked for. Raises Violation beside another of its book."""
        book = approved.intent.book
        other = next((label for label, one in self._hedges.items() if one.intent.book == book), None)
        if other is not None:
            told = f"{approved.intent.label} beside {other}, whose end nobody told"
            raise Violation("one hedge at a time", told)
        self._hedges[approved.intent.label] = approved

    def hear(self, event: Event) -> None:
        """What may tell the end of an order."""
        match event:
            case ev.Reported():
                self._amount[event.report.label] = event.report.amount
                if event.report.state in _ENDED:
                    self._hedges.pop(event.report.label, None)
            case ev.Filled():
                self._traded(event.fill)
            case ev.PlacementRefused() | ev.PlacementUnsent():
                self._hedges.pop(event.label, None)
            case ev.LookedUp():
                self._looked_up(event)
            case ev.SnapshotTaken():
                for fill in event.fills:
                    self._traded(fill)
            case _:
                pass

    def _traded(self, fill: Fill) -> None:
        """The last part of an order may be told by its trade alone."""
        label, key = fill.label, (fill.label, fill.trade_id)
        if label not in self._hedges or key in self._trades:
            return
        self._trades.add(key)
        self._filled[label] = self._filled.get(label, Decimal(0)) + fill.amount
        intent = self._hedges[label].intent  # of a spread every leg tells the whole amount
        if self._filled[label] >= self._amount.get(label, intent.amount) * len(intent.legs):
            del self._hedges[label]

    def _looked_up(self, event: ev.LookedUp) -> None:
        approved = self._hedges.get(event.label)
        if approved is None:
            return
        for fill in event.fills:
            self._traded(fill)
        ended = any(report.state in _ENDED for report in event.reports)
        gone = not event.reports and event.server_ms > approved.intent.valid_until_ms
        if ended or gone:
            self._hedges.pop(event.label, None)
