"""Events of a scenario that outlast a run: crashes, what happens unseen, restarts, clocks that are set."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from hedger.domain.account import Fill, LedgerEntry
from hedger.domain.order import Order
from hedger.engine import effects as fx
from hedger.engine import events as ev
from hedger.engine.ownership.owned import LabelSum
from hedger.engine.records import Intended, Kept, OrderChanged, Record, Snapshot, Traded
from tests.engine import rig as rigs
from tests.engine.rig import VENUE, Rig

Options = dict[str, str]


def seconds(text: str) -> float:
    """90s, 5m or 24h in seconds."""
    units = {"s": 1.0, "m": 60.0, "h": 3600.0}
    return float(text[:-1]) * units[text[-1]]


class Aftermath:
    """What a stage knows of more than one run; the rest of it is Stage."""

    held: dict[str, Decimal]
    cash: dict[str, Decimal]
    queue: list[fx.Effect]
    late: list[Fill]
    records: list[Record]  # what is in the journal, over every run
    log: list[LedgerEntry]  # of the account, as the venue keeps it
    epoch: int
    lines: list[str]
    _rig: Rig | None
    rig: Any
    time: Any
    step: Any
    quote: Any
    _answer: Any
    _traded: Any
    _snapshot: Any

    def on_crash(self, words: list[str], _options: Options) -> None:
        """crash 10m: the daemon dies; what follows happens unseen until `restart`, that much later"""
        self.rig.wait(seconds(words[0]))
        self.queue, self.late = [], []

    def on_unseen(self, words: list[str], options: Options) -> None:
        """unseen buy|sell AMOUNT INSTRUMENT: a trade while no daemon runs"""
        self._traded(words, options)

    def on_moved(self, words: list[str], _options: Options) -> None:
        """moved +1000 INSTRUMENT [as transfer]: a position changes without a trade; `as`: the log has it"""
        amount, name = Decimal(words[0]), words[1]
        self.held[name] = self.held.get(name, Decimal(0)) + amount
        if "as" in words:
            number, at_ms = str(len(self.log) + 1), self.rig.market_ms
            self.log.append(LedgerEntry(VENUE, number, words[-1], "BTC", at_ms, Decimal(0), name, amount))

    def on_deposit(self, words: list[str], _options: Options) -> None:
        """deposit 2: money arrives while no daemon runs, and the venue's log has it"""
        self.cash["BTC"] += Decimal(words[0])
        number, at_ms = str(len(self.log) + 1), self.rig.market_ms
        self.log.append(LedgerEntry(VENUE, number, "deposit", "BTC", at_ms, Decimal(words[0])))

    def on_restart(self, _words: list[str], _options: Options) -> None:
        """restart: the next run reads the journal, then the venue"""
        before = self.rig
        self._rig = Rig(before.settings)
        self.rig.market_ms, self.rig.wire_s, self.rig.index = before.market_ms, before.wire_s, before.index
        self.rig.trade_number, self.epoch = before.trade_number, self.epoch + 1
        live = [name for name in self.held if name != rigs.PERP]
        self.step(self.rig.listed(*live), self.rig.link_up())
        self.step(self._journal())
        self._answer()
        self.quote()

    def _journal(self) -> ev.JournalLoaded:
        orders = {r.intent.label: Order(r.intent) for r in self.records if isinstance(r, Intended)}
        orders.update({r.order.intent.label: r.order for r in self.records if isinstance(r, OrderChanged)})
        fills = [r.fill for r in self.records if isinstance(r, Traded)]
        snapshots = [r for r in self.records if isinstance(r, Snapshot)]
        loaded = self.rig.journal(tuple(orders.values()), fills, epoch=self.epoch)
        own = [fill for fill in fills if fill.label.startswith("h-")]
        return msgspec.structs.replace(
            loaded,
            baseline=snapshots[-1],
            sums=tuple(LabelSum(f.label.rsplit("-", 2)[0], f.instrument, f.signed_amount) for f in own),
            kept=tuple(r for r in self.records if isinstance(r, Kept))[-1:],
        )

    def on_look(self, _words: list[str], _options: Options) -> None:
        """look: the periodic comparison with the venue"""
        self.step(self._snapshot())

    def on_accept(self, words: list[str], _options: Options) -> None:
        """accept BOOK: a person takes the venue's positions as they are"""
        self.step(ev.AcceptGiven(book=words[0], by="trader", reason="scenario"))

    def on_found(self, _words: list[str], _options: Options) -> None:
        """found: show positions that were not as expected"""
        for book in self.rig.engine.view(self.rig.now).books:
            for row in book.differences:
                sizes = f"expected {row.expected}, found {row.observed}"
                why = f"explained by {'; '.join(row.explained) or 'nothing'}, unexplained {row.unexplained}"
                self.lines.append(f"{self.time} {book.name} {row.instrument}: {sizes}, {why}")

    def on_measured(self, words: list[str], _options: Options) -> None:
        """measured 5: a round trip tells the venue's clock less ours, ms"""
        self.step(ev.LinkHealth(venue=VENUE, credits=20.0, clock_skew_ms=float(words[0]), round_trip_s=0.01))

    def on_jump(self, words: list[str], _options: Options) -> None:
        """jump 3600s|-3600s: our wall clock is set"""
        sign = -1 if words[0].startswith("-") else 1
        self.rig.market_ms += sign * int(seconds(words[0].lstrip("-")) * 1000)
