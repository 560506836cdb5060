"""Figures of shadows over a restart: what is written, what a start goes on with, what begins anew."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from hedger.domain.account import Fill
from hedger.domain.order import Order, Purpose
from hedger.domain.vocabulary import Mode
from hedger.engine import effects as fx
from hedger.engine import events as ev
from hedger.engine.records import Intended, ShadowsKept
from hedger.engine.settings import EngineSettings
from hedger.engine.shadow.shadow import Shadow
from hedger.engine.shadows_kept import EVERY_MS
from hedger.engine.views.shadow_view import ShadowView
from tests.engine.rig import CALL, PERP, PUT
from tests.engine.shadow.shaded import HELD, ShadedRig, begun, shadow
from tests.engine.shadow.test_shadow import walk

TIGHT = shadow("tight", lower=-0.02, upper=0.02, hard_lower=-5.0, hard_upper=5.0)
CLOCK = shadow("clock", "time", window_s=300.0)
FIGURES = ("amount", "cash", "trades", "turnover_usd", "fees_usd", "spread_usd", "funding_usd")


def ran(steps: int = 300) -> ShadedRig:
    """Twenty-five minutes of a market that moves, hedged by the live book and two shadows."""
    rig = begun(TIGHT, CLOCK, lower=-0.1, upper=0.1, hard_lower=-5.0, hard_upper=5.0)
    rig.play(walk(rig, 1, steps))
    return rig


def rows(rig: ShadedRig) -> list[ShadowsKept]:
    return [r for write in rig.of(fx.Write) for r in write.records if isinstance(r, ShadowsKept)]


def live_fills(rig: ShadedRig) -> list[Fill]:
    """What the journal has of the live hedge's trades."""
    records = [record for write in rig.of(fx.Write) for record in write.records]
    return [record.fill for record in records if type(record).__name__ == "Traded"]


def restarted(
    before: ShadedRig,
    *,
    fills: list[Fill] | None = None,
    orders: tuple[Order, ...] = (),
    told: EngineSettings | None = None,
) -> ShadedRig:
    """The next run of the same settings, or of others, a minute later; nothing has been quoted yet."""
    rig = ShadedRig(told or before.settings)
    rig.market_ms, rig.wire_s, rig.index = before.market_ms + 60_000, 9_000.0, before.index
    known = live_fills(before) if fills is None else fills
    rig.step(rig.listed(CALL, PUT), rig.link_up())
    loaded = rig.journal(orders=orders, fills=known, epoch=2)
    rig.step(msgspec.structs.replace(loaded, shadows=tuple(rows(before)[-1:])))
    return rig


def shown(rig: ShadedRig, name: str = "tight") -> ShadowView:
    (book,) = rig.engine.view(rig.now).books
    return next(each for each in book.shadows if each.name == name)


def ledgers(shadow: Shadow) -> list[Any]:
    return [getattr(ledger, name) for ledger in (shadow.own, shadow.live) for name in FIGURES]


def sums(shadow: Shadow) -> list[Any]:
    grids = shadow.minutes, shadow.hours
    return [(g.live, g.own, g.apart, g.looks, g.squares) for g in grids]


def test_after_a_stop_every_figure_is_as_it_was_and_goes_on() -> None:
    rig = ran()
    rig.step(ev.StopRequested("maintenance"))
    again = restarted(rig)
    for name, was in rig.shadows.items():
        found = again.shadows[name]
        assert was.own.trades > 3
        assert was.minutes.live.count > 20
        assert found.since_ms == was.since_ms
        assert ledgers(found) == ledgers(was)
        assert sums(found) == sums(was)
        assert (found.off, found.off_cash) == (was.off, was.off_cash)
        assert found.last_hedge_s == was.last_hedge_s
    held = {**HELD, PERP: str(int(HELD[PERP]) + int(rig.shadows["tight"].live.amount))}
    again.step(again.snapshot(held), *again.quotes(CALL, PUT))
    again.filled()
    again.play(walk(again, 2, 60))
    assert shown(again).since_ms == shown(rig).since_ms
    assert shown(again).own.trades > shown(rig).own.trades
    assert shown(again).live.trades >= shown(rig).live.trades
    assert shown(again).minutes.intervals > shown(rig).minutes.intervals
    tight = again.shadows["tight"]
    assert abs(tight.delta_coin or 1.0) <= 0.021, "its own hedge is where it was left, and was hedged on"


def test_after_a_crash_it_goes_on_from_the_newest_row_with_what_the_live_hedge_traded_since() -> None:
    rig = ran(400)
    newest, tight = rows(rig)[-1], rig.shadows["tight"]
    (kept,) = (each for each in newest.shadows if each.name == "tight")
    since = [fill for fill in live_fills(rig) if fill.market_ms > newest.fills_through_ms]
    assert since
    assert kept.live.trades < tight.live.trades
    known = tuple(Order(intent) for intent in rig.placed)  # with the marks at their decisions
    found = restarted(rig, orders=known).shadows["tight"]
    assert found.live.trades == tight.live.trades
    assert found.live.amount == tight.live.amount
    assert found.live.fees_usd == pytest.approx(tight.live.fees_usd, rel=1e-12)
    assert found.own.trades == kept.own.trades


def test_a_persons_order_and_a_move_between_futures_are_common_to_both() -> None:
    rig = ran(400)
    newest, fill = rows(rig)[-1], live_fills(rig)[-1]
    assert fill.market_ms > newest.fills_through_ms
    (order,) = (o for o in rig.placed if o.label == fill.label)
    for purpose, counted in ((Purpose.HEDGE, 1), (Purpose.MANUAL, 0), (Purpose.MOVE, 0)):
        known = Order(msgspec.structs.replace(order, purpose=purpose))
        found = restarted(rig, fills=[fill], orders=(known,)).shadows["tight"]
        (kept,) = (each for each in newest.shadows if each.name == "tight")
        assert found.live.trades == kept.live.trades + counted


def test_what_is_another_than_it_was_or_held_against_another_begins_anew() -> None:
    rig = ran()
    rig.step(ev.StopRequested("maintenance"))
    (book,) = rig.settings.books
    wider = replace(TIGHT, params={**TIGHT.params, "upper": 0.05})

    def since(told: EngineSettings) -> dict[str, bool]:
        return {name: bool(one.since_ms) for name, one in restarted(rig, told=told).shadows.items()}

    def with_book(**changes: Any) -> EngineSettings:
        return replace(rig.settings, books=(replace(book, **changes),))

    assert since(with_book(shadows=(wider, CLOCK))) == {"tight": False, "clock": True}
    assert since(with_book(shadows=(CLOCK,))) == {"clock": True}
    assert since(with_book(policy_params={**book.policy_params, "upper": 0.2})) == {
        "tight": False,
        "clock": False,
    }
    assert since(with_book(envelope=replace(book.envelope, max_order_usd=1e6))) == {
        "tight": True,
        "clock": True,
    }
    assert since(replace(rig.settings, mode=Mode.PAPER)) == {"tight": False, "clock": False}


def test_rows_ride_once_a_quarter_in_writes_that_leave_anyway_and_that_no_order_waits_for() -> None:
    rig = ran(720)  # an hour
    with_rows = [w for w in rig.of(fx.Write) if any(isinstance(r, ShadowsKept) for r in w.records)]
    assert len(with_rows) == len({row.market_ms // EVERY_MS for row in rows(rig)}) in (4, 5)
    for write in with_rows:
        assert len(write.records) > 1
        assert not any(isinstance(record, Intended) for record in write.records)
    assert sum(isinstance(r, Intended) for w in rig.of(fx.Write) for r in w.records) > 5


def test_what_failed_has_not_begun_or_is_no_number_is_not_written() -> None:
    rig = ran(30)
    tight, clock = rig.shadows["tight"], rig.shadows["clock"]
    tight.failed = "ValueError: math domain error"
    rig.step(ev.StopRequested("maintenance"))
    assert [each.name for each in rows(rig)[-1].shadows] == ["clock"]
    clock.own.cash = float("nan")
    before = len(rows(rig))
    rig.step(ev.CommandGiven(command="pause", book="", by="me", reason="drill"))
    assert len(rows(rig)) == before
