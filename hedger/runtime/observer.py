"""Watches the steps of a run and sums it up: hedges, turnover, time outside the band, P&L."""

from __future__ import annotations

from hedger.domain.time_units import HOUR_MS
from hedger.engine.effects import Effect
from hedger.engine.engine import Engine
from hedger.engine.events import Event, Filled, Now
from hedger.engine.views.view import BookView, StatusView
from hedger.execution.labels import parse_label

_NOISE_COIN = 1e-9


class Observer:
    """A StepWatcher for one engine with one book."""

    def __init__(self) -> None:
        self._engine: Engine | None = None
        self._first: BookView | None = None
        self._first_now: Now | None = None
        self._last: StatusView | None = None
        self._now: Now | None = None
        self._outside_s = self._watched_s = 0.0
        self._was_outside = False
        self._waiting: dict[str, None] = {}  # labels of hedges that filled and may still be open
        self._counted: dict[str, None] = {}  # a fill is told twice, by the reply and by the notification
        self.hedged = self.hedged_inside = 0

    def attach(self, engine: Engine) -> None:
        """Watch this engine from its next step on."""
        self._engine = engine

    def append(self, now: Now, events: list[Event], effects: list[Effect]) -> None:
        """Look at the book after a step."""
        if self._engine is None:
            return
        view = self._engine.view(now)
        book = view.books[0]
        if book.delta.used is None or book.equity_coin is None or book.band.lower is None:
            return
        if self._first is None:
            self._first, self._first_now = book, now
        if self._now is not None:
            self._watch(now.wire_s - self._now.wire_s)
        self._was_outside = _outside(book)
        self._last, self._now = view, now
        fresh = [label for event in events if (label := _hedge_filled(event)) and label not in self._counted]
        self._waiting.update(dict.fromkeys(fresh))
        if self._waiting and book.working.hedge is None and not view.orders.open + view.orders.unknown:
            self.hedged += 1  # in however many clips
            self.hedged_inside += not self._was_outside
            self._counted.update(self._waiting)
            self._waiting.clear()

    def _watch(self, seconds: float) -> None:
        self._watched_s += seconds
        self._outside_s += seconds if self._was_outside else 0.0

    @property
    def outside_share(self) -> float:
        """Share of wire time with delta outside the no-trade interval."""
        return self._outside_s / self._watched_s if self._watched_s else 0.0

    def summary(self) -> list[tuple[str, str]]:
        """Rows for a person; empty-handed runs say so."""
        if self._first is None or self._first_now is None or self._last is None or self._now is None:
            return [("hedged", "nothing: the book was never fully known")]
        book = self._last.books[0]
        hours = (self._now.market_ms - self._first_now.market_ms) / HOUR_MS
        unhedged = _change(self._first.options_value_coin, book.options_value_coin, book.underlying)
        hedged = _change(self._first.equity_coin, book.equity_coin, book.underlying)
        return [
            ("market time", f"{hours:.2f} h in {self._watched_s:.0f} s"),
            ("hedges", f"{book.working.hedges_done}"),
            ("after a hedge inside the band", f"{self.hedged_inside} of {self.hedged}"),
            ("turnover", f"{book.turnover_usd_24h:,.0f} USD"),
            ("fees", f"{book.fees_usd_24h:,.2f} USD"),
            ("time outside the band", f"{100 * self.outside_share:.2f} %"),
            ("P&L of the options alone", unhedged),
            ("P&L hedged, fees paid", hedged),
            ("delta at the end", f"{book.delta.used:+.4f} {book.underlying}"),
        ]


def _outside(book: BookView) -> bool:
    y, lower, upper = book.delta.used, book.band.lower, book.band.upper
    if y is None or lower is None or upper is None:
        return False
    return y < lower - _NOISE_COIN or y > upper + _NOISE_COIN


def _hedge_filled(event: Event) -> str:
    """The label of a hedge that traded, empty for anything else."""
    if isinstance(event, Filled) and parse_label(event.fill.label) is not None:
        return event.fill.label
    return ""


def _change(first: float | None, last: float | None, unit: str) -> str:
    return "not known" if first is None or last is None else f"{last - first:+.6f} {unit}"
