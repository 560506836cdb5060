"""A daemon as the surface sees it, for tests: shows a picture, remembers commands, obeys them at once."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from hedger.domain.errors import ConfigError
from hedger.domain.vocabulary import BreakerState, State
from hedger.engine.decision import Decision
from hedger.engine.events import (
    AcceptGiven,
    CancelGiven,
    CommandGiven,
    HoldAsked,
    OverrideCleared,
    OverrideGiven,
    SettingChange,
)
from hedger.engine.hedging.manual_order import OrderAnswered, OrderAsked
from hedger.engine.profile import ProfileView
from hedger.engine.views.chain import Expiry, Side, Strike
from hedger.engine.views.outlook import Cell, NextOrder, Outlook
from hedger.engine.views.view import EditView, StatusView
from hedger.runtime.metrics import Metrics
from tests.view_fixtures import MARKET_MS, decision, hedge, status

TOKEN = "a-token-of-the-tests-with-enough-characters"

_AFTER = {
    "pause": BreakerState.PAUSED,
    "resume": BreakerState.RUNNING,
    "reduce_only": BreakerState.REDUCE_ONLY,
    "neutralise": BreakerState.NEUTRALISING,
    "flatten": BreakerState.FLATTENING,
    "halt": BreakerState.HALTED,
}


class Desk:
    """Satisfies `hedger.web.port.DaemonPort`."""

    def __init__(self, view: StatusView | None = None) -> None:
        self.shown = view or status()
        self.step_age_s = 0.05
        self.token = TOKEN
        self.commands: list[CommandGiven] = []
        self.refusal = ""
        self.asked: list[OrderAsked] = []
        self.cancels: list[CancelGiven] = []
        self.answered = OrderAnswered("h-btc_main-7-43", "written down and on its way")
        self.resumed: list[bool] = []
        self.overrides: list[OverrideGiven | OverrideCleared] = []
        self.refuses_keys = ""
        self.accepted: list[AcceptGiven] = []
        self.holds: list[HoldAsked] = []
        self.kept = [hedge(), *(decision(market_ms=MARKET_MS - 1000 * n) for n in range(1, 120))]
        self.kept.sort(key=lambda d: -d.market_ms)
        self._metrics = Metrics(self.view, lambda: 1_770_000_000.0)

    def view(self) -> StatusView:
        return self.shown

    def plan(self, book: str, *, resumed: bool = False) -> Decision:
        self.resumed.append(resumed)
        return hedge(book=book, label="")

    def outlook(self, book: str) -> Outlook:
        order = NextOrder(
            index_usd=101_000.0,
            move_pct=1.0,
            delta_before_coin=-0.11,
            amount_coin=0.01,
            delta_after_coin=-0.1,
        )
        cell = Cell(move_pct=1.0, vol_shift_points=0.0, pnl_coin=-0.1, pnl_usd=-9_000.0, delta_coin=-0.3)
        return Outlook(book=book, index_usd=1e5, delta_coin=0.0, ladder=(order,), grid=(cell,))

    def chain(self, underlying: str) -> Sequence[Expiry]:
        call = Side(
            instrument=f"{underlying}-30JAN26-105000-C",
            bid=0.042,
            ask=0.043,
            mark=0.0425,
            iv=0.55,
            delta=0.41,
            age_s=0.2,
            size="-10",
        )
        strikes = (Strike(strike_usd=105_000.0, put=None, call=call),)
        return (
            Expiry(
                venue="deribit",
                expiry="2026-01-30",
                settlement_currency=underlying,
                hours=700.0,
                forward_usd=100_200.0,
                atm_iv=0.54,
                strikes=strikes,
            ),
        )

    def objection(self, given: CommandGiven) -> str:
        return self.refusal

    async def order(self, asked: OrderAsked) -> OrderAnswered:
        self.asked.append(asked)
        return self.answered

    async def cancel(self, given: CancelGiven) -> StatusView:
        self.cancels.append(given)
        return self.shown

    async def decisions(self, limit: int, book: str, before_ms: int | None) -> Sequence[Decision]:
        found = [d for d in self.kept if book in ("", d.book)]
        return [d for d in found if before_ms is None or d.market_ms < before_ms][:limit]

    async def command(self, given: CommandGiven) -> StatusView:
        self.commands.append(given)
        after = _AFTER.get(given.command, self.shown.breaker)
        if given.book:
            changed = [
                msgspec.structs.replace(b, state=after) if b.name == given.book else b
                for b in self.shown.books
            ]
            self.shown = msgspec.structs.replace(self.shown, books=tuple(changed))
        else:
            books = tuple(msgspec.structs.replace(b, state=after) for b in self.shown.books)
            self.shown = msgspec.structs.replace(
                self.shown, breaker=after, state=State(after.value), books=books
            )
        return self.shown

    async def override(self, told: OverrideGiven | OverrideCleared) -> StatusView:
        self.overrides.append(told)
        profile = ProfileView()
        if isinstance(told, OverrideGiven):
            until_ms = MARKET_MS + round(told.duration_s * 1000)
            profile = ProfileView(
                band_scale=told.factor,
                override_factor=told.factor,
                override_until_ms=until_ms,
                override_by=told.by,
                override_reason=told.reason,
            )
        books = [
            msgspec.structs.replace(b, profile=profile) if told.book in ("", b.name) else b
            for b in self.shown.books
        ]
        self.shown = msgspec.structs.replace(self.shown, books=tuple(books))
        return self.shown

    async def set_key(self, key: str, value: str, by: str, reason: str) -> SettingChange:
        if self.refuses_keys:
            raise ConfigError(f"{key}: {self.refuses_keys}")
        kept = [edit for edit in self.shown.edits if edit.key != key]
        if value:
            kept.append(EditView(key=key, value=value, since_ms=MARKET_MS, by=by))
        self.shown = msgspec.structs.replace(self.shown, edits=tuple(kept))
        return SettingChange(key=key, value=value, before="0.1", by=by, reason=reason)

    async def hold(self, asked: HoldAsked) -> StatusView:
        self.holds.append(asked)
        until_ms = self.shown.market_ms + int(asked.seconds * 1000) if asked.seconds else 0
        books = tuple(
            msgspec.structs.replace(
                book,
                ownership=msgspec.structs.replace(book.ownership, hold_until_ms=until_ms, hold_by=asked.by),
            )
            for book in self.shown.books
            if asked.book in ("", book.name)
        )
        self.shown = msgspec.structs.replace(self.shown, books=books)
        return self.shown

    def accept_objection(self, given: AcceptGiven) -> str:
        return self.refusal

    async def accept(self, given: AcceptGiven) -> StatusView:
        self.accepted.append(given)
        return self.shown

    def metrics(self) -> bytes:
        return self._metrics.render()
