"""A dated future's own line: what its mark does apart from the index, live, over a restart and at its end."""

from __future__ import annotations

import msgspec
import pytest

from hedger.domain.names import parse_name
from hedger.engine import effects as fx
from hedger.engine import events as ev
from hedger.engine.records import Attributed
from hedger.execution.by_expiry_params import Use
from hedger.portfolio.attribution import added
from tests.engine.dated import FAR, NEAR, Dated
from tests.engine.rig import CALL, PERP

SHORT = {CALL: "-10", PERP: "-100000", NEAR: "-100000", FAR: "-200000"}
BAND = {"lower": -50.0, "upper": 50.0, "hard_lower": -99.0, "hard_upper": 99.0}


def rig_of() -> Dated:
    return Dated(Use.ADVISE, **BAND)


def begun() -> Dated:
    """Short futures beside short calls; nothing is hedged."""
    rig = rig_of()
    rig.start(SHORT)
    rig.step(*rig.quotes(CALL), rig.account(), after_s=0.0)
    return rig


def a_minute(rig: Dated, minutes: float = 1.0) -> None:
    rig.wait(60.0 * minutes)
    rig.step(*rig.quotes(CALL), rig.account(), after_s=0.0)


def written(rig: Dated) -> list[Attributed]:
    return [r for write in rig.of(fx.Write) for r in write.records if isinstance(r, Attributed)]


def closed(rig: Dated) -> Attributed:
    rig.step(ev.StopRequested("maintenance"))
    return written(rig)[-1]


def test_a_basis_that_widens_is_a_line_of_each_dated_future_and_of_nothing_else() -> None:
    rig = begun()
    before = rig.future_quote(FAR).quote.mark
    rig.yearly = 0.06
    a_minute(rig)
    row, after = closed(rig), rig.future_quote(FAR).quote.mark
    assert after > before
    assert row.lines[FAR].future_basis == pytest.approx(-200_000 / before * (after / before - 1.0), rel=1e-6)
    assert row.lines[FAR].future_delta == pytest.approx(0.0, abs=1e-12)
    assert row.lines[NEAR].future_basis < 0.0
    assert {name for name, lines in row.lines.items() if lines.future_basis} == {NEAR, FAR}
    assert added(row.lines.values()).total == pytest.approx(row.equity_after - row.equity_before, abs=1e-12)


def test_an_index_that_moves_all_alike_is_delta_and_the_perpetuals_premium_too() -> None:
    rig = begun()
    perp, rig.index = rig.perp_quote().quote.mark, rig.index * 1.01
    rig.wait(60.0)
    premium = rig.perp_quote(mark=perp * 1.0105)
    rig.step(premium, *rig.quotes(CALL), rig.account(), after_s=0.0)
    row = closed(rig)
    coin = 200_000 / rig.future_quote(FAR).quote.mark * 1.01
    assert row.lines[FAR].future_delta == pytest.approx(-coin * 0.01, rel=1e-6)
    assert row.lines[FAR].future_basis == pytest.approx(0.0, abs=1e-6)  # a minute of 5 % a year ran off
    assert row.lines[PERP].future_basis == 0.0
    assert row.lines[PERP].future_delta == pytest.approx(-100_000 / perp * 0.0105, rel=1e-6)


def test_status_shows_the_line_and_its_lines_sum_to_the_change() -> None:
    rig = begun()
    rig.yearly = 0.04
    a_minute(rig)
    day = next(view for view in rig.engine.view(rig.now).attribution if view.cut == "08:00")
    assert day.lines["future_basis"] > 0.0, "a short earns a basis that falls"
    assert list(day.lines)[list(day.lines).index("future_delta") + 1] == "future_basis"
    assert sum(day.lines.values()) == pytest.approx(day.change, abs=1e-12)


def test_a_restart_splits_what_happened_meanwhile() -> None:
    rig = begun()
    a_minute(rig)
    row, before = closed(rig), rig.future_quote(FAR).quote
    assert row.held[FAR].index_usd == before.index_usd
    assert row.held[PERP].index_usd is None

    again = rig_of()
    again.market_ms, again.wire_s, again.index = rig.market_ms + 600_000, 5_000.0, rig.index * 1.02
    again.yearly = 0.06
    again.step(again.listed(CALL), again.link_up())
    again.step(msgspec.structs.replace(again.journal(epoch=2), attributed=(row,)))
    again.step(again.snapshot(SHORT))
    a_minute(again)
    lines, after = closed(again).lines[FAR], again.future_quote(FAR).quote
    moves = after.mark / before.mark - 1.0, after.index_usd / before.index_usd - 1.0
    coin = -200_000 / before.mark
    assert lines.future_delta == pytest.approx(coin * moves[1], rel=1e-6)
    assert lines.future_basis == pytest.approx(coin * (moves[0] - moves[1]), rel=1e-6)


def test_at_delivery_the_rest_of_the_basis_has_run_off() -> None:
    """From 5 % a year to none: it ends at the delivery price, which is the index's average."""
    rig = begun()
    expiry_ms, before = parse_name(NEAR).expiration_ms, rig.future_quote(NEAR).quote.mark
    assert expiry_ms is not None
    rig.wait((expiry_ms - rig.market_ms) / 1000 - 60.0)
    rig.step(*rig.quotes(CALL), rig.account(), after_s=0.0)
    rig.wait(90.0)
    rig.index *= 1.0001  # at the ticker; the average is the price that counts
    delivered = rig.future_quote(NEAR, mark=rig.index, estimated_delivery_usd=100_000.0)
    rig.step(delivered, rig.account(), after_s=0.0)
    assert NEAR not in closed(rig).held
    lines = added(row.lines[NEAR] for row in written(rig) if NEAR in row.lines)
    assert lines.future_basis == pytest.approx(100_000 / before * (1.0 - 100_000 / before), rel=1e-4)
    assert lines.future_delta == pytest.approx(0.0, abs=1e-6)
