"""When shadows begin, wait, follow and begin anew."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from typing import Any

import msgspec
import pytest

from hedger.domain.order import Side
from hedger.domain.vocabulary import Action, Mode, Reason
from hedger.engine import events as ev
from hedger.engine.settings import SettlementParams
from hedger.engine.shadow.shadow import Shadow
from hedger.engine.views.shadow_view import ShadowView
from hedger.engine.views.view import StatusView
from tests.engine.rig import CALL, PERP, PUT, VENUE, Rig
from tests.engine.shadow.shaded import HELD, MARKET, WIDE, ShadedRig, begun, shaded, shadow
from tests.engine.shadow.test_shadow import walk
from tests.engine.test_manual import asked
from tests.engine.test_settlement import BAND, EXPIRY_MS, PINNED
from tests.engine.test_settlement import WIDE as UNBOUND

TIGHT = shadow("tight", lower=-0.02, upper=0.02, hard_lower=-5.0, hard_upper=5.0)
BORN = shadow("born", "theta_offset", window_s=86_400.0, cap_sigmas=10.0)
FAR = {"lower": -4.0, "upper": 4.0, "hard_lower": -9.0, "hard_upper": 9.0}
"""A live band that is not left by what these tests do."""


def shown(rig: ShadedRig, name: str = "tight") -> ShadowView:
    (book,) = rig.engine.view(rig.now).books
    return next(each for each in book.shadows if each.name == name)


def moved(rig: ShadedRig, index: float) -> None:
    rig.wait(5.0)
    rig.move(index, CALL, PUT)
    rig.filled()


def command(word: str) -> ev.CommandGiven:
    return ev.CommandGiven(command=word, book="", by="me", reason="drill")


def test_before_the_book_may_trade_a_shadow_has_not_begun() -> None:
    rig = ShadedRig(shaded(TIGHT, **FAR))
    rig.start(HELD, quotes=False)
    found = shown(rig)
    assert (found.since_ms, found.says, found.delta_coin, found.ahead_usd) == (None, "", None, None)
    rig.step(*rig.quotes(CALL, PUT))
    assert shown(rig).since_ms == rig.market_ms


def test_it_begins_with_the_live_hedge_and_trades_only_from_there() -> None:
    """Short 10 strangles and 200,000 USD: the shadow closes its gap once, the live band is far."""
    rig = begun(TIGHT, **FAR)
    live = rig.delta
    found = shown(rig)
    assert (found.live.trades, found.own.trades) == (0, 1)
    assert rig.shadows["tight"].own.amount == Decimal(found.hedge_apart)
    moved(rig, 100_001.0)
    assert abs(shown(rig).delta_coin or 0.0) <= 0.021 < abs(live)


def test_where_nobody_bids_or_asks_nothing_is_filled() -> None:
    rig = begun(TIGHT, **FAR)
    trades = shown(rig).own.trades
    rig.index = 101_000.0
    rig.step(rig.indexed(), rig.perp_quote(bid=None, ask=None), rig.option_quote(CALL), rig.option_quote(PUT))
    assert shown(rig).own.trades == trades
    moved(rig, 101_000.0)
    assert shown(rig).own.trades == trades + 1


@pytest.mark.parametrize("stops", ["pause", "reduce_only", "link", "stale"], ids=lambda what: str(what))
def test_what_stops_the_live_book_stops_its_shadows(stops: str) -> None:
    rig = begun(TIGHT, **FAR)
    trades = shown(rig).own.trades
    match stops:
        case "link":
            rig.step(ev.LinkDown(venue=VENUE, reason="closed 1006"))
        case "stale":
            rig.step(rig.perp_quote())
        case _:
            rig.step(command(stops))
    rig.wait(20.0)
    rig.index = 101_500.0
    events = rig.quotes(CALL, PUT)
    rig.step(*(events[0], *events[2:]) if stops == "stale" else events)
    assert shown(rig).own.trades == trades
    if stops == "stale":
        rig.step(rig.perp_quote())
        assert shown(rig).own.trades == trades + 1


def test_a_foreign_trade_moves_the_delta_of_both_and_is_no_trade_of_either() -> None:
    rig = begun(TIGHT, **FAR)
    before = shown(rig)
    trade = rig.fill(PERP, Side.BUY, Decimal(50_000), Decimal(100_000))
    rig.step(ev.Filled(trade))
    rig.step(*rig.quotes(CALL, PUT))
    after = shown(rig)
    assert after.live.trades == before.live.trades
    assert after.own.trades == before.own.trades + 1, "the shadow hedges it, half a coin"
    assert float(after.own.amount) - float(before.own.amount) == pytest.approx(-48_000, abs=5_000)


def test_delta_born_of_a_foreign_trade_is_born_for_a_shadow_too() -> None:
    """theta_offset waits for its window unless delta is born."""
    rig = begun(BORN, **FAR)
    moved(rig, 100_300.0)
    rig.step(*rig.quotes(CALL, PUT))
    assert shown(rig, "born").says.startswith("the observation window")
    trades = shown(rig, "born").own.trades
    rig.step(ev.Filled(rig.fill(PERP, Side.BUY, Decimal(9_000), Decimal(100_300))))
    rig.step(*rig.quotes(CALL, PUT))
    assert shown(rig, "born").own.trades == trades + 1


def test_a_live_order_that_failed_bears_no_delta_for_a_shadow() -> None:
    """The live epoch changes with it; the shadow had no such order and goes on waiting."""
    rig = ShadedRig(shaded(BORN, **WIDE))
    rig.start(HELD)
    epoch = rig.engine._state.books["btc"].epoch
    trades = shown(rig, "born").own.trades
    rig.step(*rig.fill_of(rig.placed[0], Decimal(0)))
    rig.step(*rig.quotes(CALL, PUT))
    assert rig.engine._state.books["btc"].epoch == epoch + 1
    assert rig.shadows["born"].memory.book_epoch == epoch
    assert shown(rig, "born").own.trades == trades == 1


def test_a_shadow_does_not_wait_for_live_orders_in_flight() -> None:
    """The live hedge is with the venue, unanswered; the market moves on and the shadow with it."""
    rig = ShadedRig(shaded(TIGHT, **WIDE))
    rig.start(HELD)
    assert len(rig.placed) == 1
    trades = shown(rig).own.trades
    rig.index = 101_000.0
    rig.step(*rig.quotes(CALL, PUT))
    assert (rig.last.action, rig.last.reason) == (Action.WAIT, Reason.IN_FLIGHT)
    assert shown(rig).own.trades == trades + 1
    assert abs(shown(rig).delta_coin or 0.0) > 0.02, "as it saw it before"
    rig.step(*rig.quotes(CALL, PUT))
    assert abs(shown(rig).delta_coin or 0.0) < 0.021


def test_an_operators_own_order_is_common_to_both() -> None:
    rig = begun(shadow("far", **FAR), **FAR)
    delta = shown(rig, "far").delta_coin or 0.0
    rig.step(asked(amount=Decimal(50_000), price=Decimal(100_010)))
    rig.filled()
    found = shown(rig, "far")
    assert (found.live.trades, found.own.trades, found.hedge_apart) == (0, 0, "0")
    assert (found.delta_coin or 0.0) - delta == pytest.approx(0.5, abs=1e-3)


def test_an_order_to_neutralise_brings_a_shadow_to_the_target_too() -> None:
    rig = begun(shadow("far", **FAR), **FAR)
    moved(rig, 101_000.0)
    assert shown(rig, "far").own.trades == 0
    rig.step(command("neutralise"))
    rig.filled()
    found = shown(rig, "far")
    assert (found.own.trades, found.live.trades, found.hedge_apart) == (1, 1, "0")


def test_a_policy_that_raises_ends_its_shadow_and_nothing_else() -> None:
    rig = begun(TIGHT, shadow("far", **FAR), **FAR)
    tight = rig.shadows["tight"]

    def divides(*_asked: Any) -> tuple[Any, float, int]:
        return None, 1.0 / 0.0, 0

    tight.policy = tight.policy._replace(decide=divides)
    moved(rig, 100_500.0)
    found = shown(rig)
    assert found.failed
    assert "ZeroDivisionError" in found.says
    asked_ms = rig.shadows["far"].minutes.ends_ms
    rig.wait(60.0)
    moved(rig, 101_000.0)
    assert (shown(rig).own.trades, rig.shadows["far"].minutes.ends_ms > asked_ms) == (1, True)


def test_in_observe_mode_shadows_trade_beside_a_hedge_that_does_not() -> None:
    rig = begun(TIGHT, mode=Mode.OBSERVE, **WIDE)
    rig.play(walk(rig, 2, 60, 20.0))
    found = shown(rig)
    assert (found.live.trades, rig.placed) == (0, [])
    assert found.own.trades > 3
    assert found.minutes.variance_ratio is not None
    assert found.minutes.variance_ratio < 1.0


# --- new settings -------------------------------------------------------------------------------------


def applied(rig: ShadedRig, *shadows: Any, **params: Any) -> int:
    """The market time at which they were."""
    fresh = shaded(*shadows, config_hash="2", **params)
    rig.step(ev.SettingsApplied(settings=fresh))
    at_ms = rig.market_ms
    rig.step(*rig.quotes(CALL, PUT))
    rig.filled()
    return at_ms


def running() -> tuple[ShadedRig, Shadow]:
    rig = begun(TIGHT, **FAR)
    rig.play(walk(rig, 2, 30))
    return rig, rig.shadows["tight"]


def test_a_shadow_that_is_as_it_was_goes_on_over_a_reload() -> None:
    rig, tight = running()
    trades, since_ms = tight.own.trades, tight.since_ms
    at_ms = applied(rig, TIGHT, BORN, execution=replace(MARKET, validity_s=4.0), **FAR)
    assert rig.shadows["tight"] is tight
    assert tight.own.trades >= trades
    assert (tight.since_ms, rig.shadows["born"].since_ms) == (since_ms, at_ms)


def test_other_parameters_and_another_live_policy_begin_anew() -> None:
    rig, _ = running()
    at_ms = applied(rig, replace(TIGHT, params={**TIGHT.params, "upper": 0.03}), **FAR)
    changed = rig.shadows["tight"]
    assert (changed.since_ms, changed.live.trades) == (at_ms, 0)
    rig.wait(1.0)
    at_ms = applied(rig, changed.settings, **{**FAR, "upper": 3.0})
    assert rig.shadows["tight"] is not changed
    assert rig.shadows["tight"].since_ms == at_ms


def test_a_shadow_that_is_left_out_is_gone() -> None:
    rig, _ = running()
    applied(rig, **FAR)
    assert rig.shadows == {}


def test_new_shadows_alone_bear_no_delta() -> None:
    """The live book has no new settings, whatever stands beside it."""
    rig, _ = running()
    epoch = rig.engine._state.books["btc"].epoch
    applied(rig, BORN, **FAR)
    assert rig.engine._state.books["btc"].epoch == epoch
    applied(rig, BORN, **{**FAR, "upper": 3.0})
    assert rig.engine._state.books["btc"].epoch == epoch + 1


def test_shadows_may_be_put_beside_a_running_engine() -> None:
    rig = begun(**FAR)
    rig.engine.shade({"btc": (TIGHT,)})
    rig.step(*rig.quotes(CALL, PUT))
    assert shown(rig).own.trades == 1
    with pytest.raises(KeyError):
        rig.engine.shade({"eth": ()})


def test_a_picture_with_shadows_survives_json() -> None:
    """A hard limit of `auto` is an infinity among the parameters."""
    rig = begun(shadow("auto"), BORN, **FAR)
    view = rig.engine.view(rig.now)
    again = msgspec.json.decode(msgspec.json.encode(view), type=StatusView)
    assert again.books[0].shadows == view.books[0].shadows
    assert shown(rig, "auto").params["hard_upper"] == "auto"


# --- the interval that counts -------------------------------------------------------------------------


def test_an_option_traded_within_a_minute_is_no_result_of_a_hedge() -> None:
    rig = begun(TIGHT, **FAR)
    for _ in range(3):
        rig.wait(60.0)
        rig.step(*rig.quotes(CALL, PUT))
    assert shown(rig).minutes.intervals == 3
    rig.step(ev.Filled(rig.fill(CALL, Side.BUY, Decimal(1), Decimal("0.05"))))
    rig.wait(60.0)
    rig.step(*rig.quotes(CALL, PUT))
    assert shown(rig).minutes.intervals == 3
    rig.wait(60.0)
    rig.step(*rig.quotes(CALL, PUT))
    assert shown(rig).minutes.intervals == 4


def test_hedged_result_is_that_of_options_and_hedge_at_mark() -> None:
    """By hand: options n p at the tickers' marks, and -Q/F of what both hold in the perpetual."""
    rig = begun(shadow("never", **FAR), **FAR)
    marks = [_worth(rig)]
    for index in (100_400.0, 99_900.0, 100_800.0):
        rig.wait(60.0)
        rig.move(index, CALL, PUT)
        marks.append(_worth(rig))
    gains = [later - sooner for sooner, later in pairwise(marks)]
    found = rig.shadows["never"].minutes
    assert found.live.count == 3
    assert found.live.mean == pytest.approx(sum(gains) / 3, abs=1e-12)
    mean = sum(gains) / 3
    assert found.live.variance == pytest.approx(sum((gain - mean) ** 2 for gain in gains) / 2, rel=1e-9)


def _worth(rig: Rig) -> float:
    quotes = {name: rig.engine._state.venues[VENUE].quotes[name].mark for name in (CALL, PUT, PERP)}
    return -10.0 * quotes[CALL] - 10.0 * quotes[PUT] - 200_000.0 / quotes[PERP]


# --- what goes before every policy ----------------------------------------------------------------------


def test_a_settlements_slices_are_taken_by_shadows_too() -> None:
    """A hundred calls at the money unwind to 08:00; the far band asks for nothing by itself."""
    far = shadow("far", lower=-60.0, upper=60.0, hard_lower=-90.0, hard_upper=90.0)
    rig = ShadedRig(shaded(far, **BAND, envelope=UNBOUND, settlement=SettlementParams()))
    rig.market_ms = EXPIRY_MS - 35 * 60_000
    rig.start({PINNED: "-100"}, equity="100")
    rig.filled()
    assert (shown(rig, "far").own.trades, shown(rig, "far").live.trades) == (0, 1)
    for _ in range(34 * 60 // 4):
        rig.wait(4.0)
        rig.step(*rig.quotes(PINNED), after_s=0.0)
        rig.filled()
    found = shown(rig, "far")
    assert found.own.trades >= 25, "one a minute"
    assert (found.own.turnover_usd, found.hedge_apart) == (found.live.turnover_usd, "0")


def test_where_sources_of_delta_part_a_shadow_trades_what_all_ask_for() -> None:
    """The venue says .50 a call and the model .41: 10 short calls ask for 5 or 4.1 less premium."""
    wide = {"lower": -4.0, "upper": 4.0, "hard_lower": -5.0, "hard_upper": 5.0}
    rig = ShadedRig(shaded(TIGHT, shadow("wide", **wide), **WIDE))
    rig.start({CALL: "-10"}, quotes=False)
    rig.step(rig.indexed(), rig.perp_quote(), rig.option_quote(CALL, delta=0.50))
    assert rig.last.reason is not Reason.SOURCES_PART
    (live,) = rig.placed
    tight = shown(rig)
    assert abs(float(tight.own.amount) - float(live.amount)) <= 0.1 * 100_000, "the bands are 0.08 apart"
    assert float(tight.own.amount) / 100_000 == pytest.approx(3.64, abs=1e-2)
    assert shown(rig, "wide").own.trades == 0, "by the model delta is inside"
