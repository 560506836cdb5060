"""A rig whose venue also tells margin, locks and liquidations, and whose journal remembers what guards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import msgspec

from hedger.domain.account import Fill, Position
from hedger.domain.order import OrderReport, Side
from hedger.engine import effects as fx
from hedger.engine import events as ev
from hedger.engine.records import Latched, LossReferenced, Record
from hedger.engine.views.view import AlarmView
from hedger.engine.views.view_guard import CapView, GuardView
from hedger.risk.envelope import Envelope
from hedger.risk.margin_params import MarginParams
from tests.engine.rig import PERP, VENUE, Rig, perpetual, settings

WIDE = {"lower": -0.1, "upper": 0.1, "hard_lower": -50.0, "hard_upper": 50.0}


class GuardedRig(Rig):
    """`told` are fields of every account summary; `latches` and `references` are what the journal knows."""

    def __init__(
        self, *, margin: MarginParams | None = None, told: dict[str, Any] | None = None, **keywords: Any
    ) -> None:
        made = settings(**{**WIDE, "envelope": Envelope(max_order_usd=2e6), **keywords})
        books = tuple(replace(book, margin=margin or MarginParams()) for book in made.books)
        super().__init__(replace(made, books=books))
        self.told = told or {}
        self.balance = Decimal(10)  # cash; what futures and options earn stands in the equity beside it
        self.latches: tuple[Latched, ...] = ()
        self.references: tuple[LossReferenced, ...] = ()

    def account(self, equity: str = "10") -> ev.AccountReported:
        plain = super().account(equity).account
        parts = {"balance": self.balance, "session_rpl": plain.equity - self.balance}
        return ev.AccountReported(msgspec.structs.replace(plain, **{**parts, **self.told}))

    def journal(self, *given: Any, **named: Any) -> ev.JournalLoaded:
        return msgspec.structs.replace(
            super().journal(*given, **named), latches=self.latches, loss_references=self.references
        )

    def listed(self, *options: str) -> ev.InstrumentsListed:
        """The perpetual tells its leverage."""
        plain = super().listed(*options)
        first = msgspec.structs.replace(perpetual(), max_leverage=Decimal(50))
        return msgspec.structs.replace(plain, instruments=(first, *plain.instruments[1:]))

    def hedged(self) -> GuardedRig:
        """Started, and its first hedge filled."""
        self.start()
        self.step(*self.fill_of(self.placed[-1]))
        return self

    # --- what the venue does -------------------------------------------------------------------------

    def forced(self, side: Side = Side.BUY, amount: str = "10000") -> ev.Filled:
        """The venue trades for us."""
        fill = self.fill(PERP, side, Decimal(amount), Decimal(str(self.index)))
        return ev.Filled(msgspec.structs.replace(fill, liquidation=True))

    def report(self, **changes: Any) -> ev.Reported:
        """A foreign order of the account."""
        plain = OrderReport(
            venue=VENUE,
            order_id="F1",
            label="",
            instrument=PERP,
            side=Side.SELL,
            state="cancelled",
            amount=Decimal(10),
            filled_amount=Decimal(0),
            average_price=Decimal(0),
        )
        return ev.Reported(msgspec.structs.replace(plain, **changes))

    def positions(self, sizes: dict[str, str], fills: Sequence[Fill] = ()) -> list[fx.Effect]:
        """The venue tells other positions than fills say, is asked, and answers with a snapshot."""
        self.step(*(self.position(name, size) for name, size in sizes.items()))
        self.wait(0.01)
        return self.step(self.snapshot(sizes, fills=fills), *self.quotes(*sizes))

    def with_margin(self, size: str, initial: str, maintenance: str) -> ev.PositionReported:
        """The venue's own margin of our perpetual."""
        return ev.PositionReported(
            Position(
                VENUE,
                PERP,
                Decimal(size),
                initial_margin=Decimal(initial),
                maintenance_margin=Decimal(maintenance),
            )
        )

    def quiet(self, seconds: float) -> None:
        """Time passes with fresh quotes and nothing else."""
        for _ in range(int(seconds)):
            self.step(*self.quotes("BTC-30JAN26-105000-C"), after_s=1.0)

    def filled(self, index: float | None = None) -> None:
        """The market moves there; whatever is ordered is filled."""
        before = len(self.placed)
        if index is not None:
            self.move(index)
        for order in self.placed[before:] or self.placed[-1:] * (index is None):
            self.step(*self.fill_of(order))
        self.step(*self.quotes("BTC-30JAN26-105000-C"))

    # --- what is to be seen --------------------------------------------------------------------------

    @property
    def guard(self) -> GuardView:
        return self.engine.view(self.now).books[0].guard

    def cap(self, name: str) -> CapView:
        return next(cap for cap in self.guard.caps if cap.name == name)

    @property
    def alarms(self) -> dict[str, AlarmView]:
        return {alarm.name: alarm for alarm in self.engine.view(self.now).alarms}

    def records(self, kind: type[Record]) -> list[Any]:
        return [r for write in self.of(fx.Write) for r in write.records if isinstance(r, kind)]

    def command(self, name: str, book: str = "btc") -> list[fx.Effect]:
        given = ev.CommandGiven(command=name, book=book, by="anna", reason="looked", accept_naked_delta=True)
        return self.step(given)
