"""Moves and rolls go as one order through the spread of their two futures, where its book can be used."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import permutations
from typing import Any

import msgspec
import pytest

from hedger.domain.instrument import InstrumentState
from hedger.domain.order import Order, OrderIntent, OrderState, OrderType, Purpose, Side, TimeInForce
from hedger.domain.vocabulary import Action, Mode, Reason
from hedger.engine import effects as fx
from hedger.engine import events as ev
from hedger.engine import records as rc
from hedger.engine.attribution.trades import _decided
from hedger.engine.ownership.owned import LabelSum
from hedger.execution.by_expiry_params import Use
from hedger.risk.envelope import AssetClass
from tests.engine.dated import FAR, FAR_NEAR, FAR_PERP, NEAR, NEAR_PERP, WIDE, Dated
from tests.engine.rig import CALL, PERP

ALL = (NEAR_PERP, FAR_PERP, FAR_NEAR)


def spread_rig(use: Use = Use.MOVE, *, index: float = 101_000.0, **keywords: Any) -> Dated:
    """Hedged, with every spread listed, and then moved by the market into the middle of the band."""
    rig = Dated(use, **keywords)
    rig.spreads = ALL
    rig.live()
    rig.move(index)
    return rig


def only_far(**more: Any) -> dict[str, Any]:
    return {"by_expiry": {"pace_s": 5.0, "instruments": (FAR,), **more}}


# --- one order ---------------------------------------------------------------------------------------


def test_a_clip_moves_in_one_order_and_nothing_has_to_be_given_back() -> None:
    rig = spread_rig(**only_far())
    order = rig.until_leg(FAR_PERP)
    # the short moves: the perpetual is bought back, and the future, the spread's first leg, is sold
    assert (order.side, order.amount, order.purpose) == (Side.SELL, Decimal(50_000), Purpose.MOVE)
    assert (order.order_type, order.time_in_force) == (OrderType.LIMIT, TimeInForce.IOC)
    assert (rig.hedged.reason, rig.hedged.instrument) == (Reason.BY_EXPIRY, FAR_PERP)
    assert "in one order" in rig.hedged.detail
    # 3.5 basis points in each leg, and to the touch at most 1.5 of 100,000 USD
    cost = rig.hedged.expected_cost_usd
    assert cost is not None
    assert 35.0 < cost <= 35.0 + 0.75
    before, perp = rig.delta, rig.own(PERP)
    rig.answer()
    assert (rig.own(FAR), rig.own(PERP) - perp) == (-50_000, 50_000)
    assert rig.delta == pytest.approx(before, abs=0.01)  # half a coin, one per cent of basis
    rig.pass_time(3)
    assert rig.placed[-1] is order  # no second leg
    assert (rig.by_expiry.steps, rig.by_expiry.moved_usd) == (1, 100_000)


def test_the_price_is_no_worse_than_crossing_both_legs_and_legal_for_the_spread() -> None:
    rig = spread_rig(**only_far())
    order = rig.until_leg(FAR_PERP)
    far, perp = rig.future_quote(FAR).quote, rig.perp_quote().quote
    assert far.bid is not None
    assert perp.ask is not None
    assert order.price is not None
    assert order.price >= Decimal(str(far.bid - perp.ask))
    assert order.price <= Decimal(str(rig.spread_quote(FAR_PERP).quote.bid))
    assert order.price % Decimal("0.5") == 0


def test_clip_by_clip_everything_is_moved_through_the_spread() -> None:
    rig = spread_rig(**only_far())
    rig.pass_time(300)
    assert rig.own(FAR) < -500_000
    assert {leg.instrument for leg in rig.legs} <= {FAR_PERP, FAR, PERP}
    through = [leg for leg in rig.legs if leg.instrument == FAR_PERP]
    assert sum(leg.amount for leg in through) > 400_000
    assert abs(rig.delta) <= 0.4001


def test_a_roll_goes_from_one_future_straight_into_the_next() -> None:
    rig = Dated(by_expiry={"pace_s": 5.0, "instruments": (NEAR,), "standing_days": 10.0})
    rig.spreads = ALL
    rig.live()
    rig.pass_time(300)
    assert rig.own(NEAR) < -300_000
    book = rig.settings.books[0]
    rolled = replace(book, by_expiry=replace(book.by_expiry, instruments=(), roll_days=40.0))
    rig.step(ev.SettingsApplied(replace(rig.settings, books=(rolled,), config_hash="beef")))
    before = len(rig.legs)
    rig.pass_time(300)
    assert rig.own(NEAR) == 0
    assert rig.own(FAR) < -300_000
    rolls = [leg for leg in rig.legs[before:] if leg.instrument == FAR_NEAR]
    assert sum(leg.amount for leg in rolls) > 250_000
    assert {leg.side for leg in rolls} == {Side.SELL}  # sells March, buys January back


def test_coming_back_buys_the_spread() -> None:
    rig = spread_rig(by_expiry={"pace_s": 5.0, "funding_half_life_h": 0.01, "instruments": (FAR,)})
    rig.pass_time(200)
    assert rig.own(FAR) < -200_000
    rig.funding_8h = 0.0003
    rig.pass_time(30)
    back = [leg for leg in rig.legs if leg.instrument == FAR_PERP][-1]
    assert back.side is Side.BUY


def test_advice_names_the_spread_and_watches_it() -> None:
    rig = Dated(Use.ADVISE, by_expiry={"instruments": (FAR,)})
    rig.live()
    rig.pass_time(10)
    assert rig.by_expiry.through == f"in two legs: {FAR_PERP} is not listed"
    assert FAR_PERP in rig.watched
    rig.spreads = ALL
    rig.step(ev.InstrumentsListed(venue="deribit", instruments=rig.listed().instruments, complete=False))
    rig.pass_time(2)
    assert rig.by_expiry.through == FAR_PERP
    assert {leg.instrument for leg in rig.legs} == set()


# --- where two legs are better -----------------------------------------------------------------------


def first_move(rig: Dated) -> tuple[OrderIntent, str]:
    rig.until_leg(FAR)
    return rig.placed[-1], rig.hedged.detail


def test_without_a_spread_there_are_two_legs() -> None:
    rig = Dated(**only_far())
    rig.live()
    leg, detail = first_move(rig)
    assert leg.instrument == FAR
    assert detail.endswith(f"in two legs: {FAR_PERP} is not listed")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"bid": None, "bid_amount": 0.0}, f"{FAR_PERP}: one-sided prices"),
        ({"state": InstrumentState.HALTED}, "is halted, must be open"),
        ({"bid": -50.0, "ask": 5_000.0}, "is dearer than its legs"),
        ({"mark": float("nan")}, "must be finite"),
        ({"bid_amount": 0.0, "ask_amount": 0.0}, "both must be above 0"),
    ],
)
def test_a_book_that_cannot_be_used_is_left_alone_and_said(changes: dict[str, Any], words: str) -> None:
    rig = Dated(**only_far())
    rig.spreads = (FAR_PERP,)
    quote = rig.spread_quote
    rig.spread_quote = lambda name: quote(name, **changes)  # type: ignore[method-assign]
    rig.live()
    rig.move(101_000.0)
    leg, detail = first_move(rig)
    assert leg.instrument in (FAR, PERP)
    assert words in detail


def test_a_stale_book_is_left_alone() -> None:
    rig = Dated(**only_far())
    rig.spreads = (FAR_PERP,)
    rig.live()
    rig.silent = {FAR_PERP}
    rig.wait(10)
    rig.move(101_000.0)
    leg, detail = first_move(rig)
    assert leg.instrument in (FAR, PERP)
    assert "s old, at most 5 s" in detail


def test_in_its_last_hour_a_spread_is_left_alone() -> None:
    rig = Dated(**only_far())
    rig.spreads = (FAR_PERP,)
    listed = rig.listed
    soon = rig.market_ms + 1_800_000

    def ending(*options: str) -> ev.InstrumentsListed:
        rows = listed(*options).instruments
        ends = [
            msgspec.structs.replace(row, expiration_ms=soon) if row.name == FAR_PERP else row for row in rows
        ]
        return ev.InstrumentsListed(venue="deribit", instruments=tuple(ends), complete=True)

    rig.listed = ending  # type: ignore[method-assign]
    rig.live()
    rig.move(101_000.0)
    assert "a leg expires within an hour" in first_move(rig)[1]


def test_at_the_edge_of_the_band_the_basis_is_no_reason_to_leave_it() -> None:
    """The hedge ended at the upper edge, and equal dollars of a dearer future are fewer coins."""
    rig = Dated(**only_far())
    rig.spreads = (FAR_PERP,)
    rig.live()
    assert "the policy leaves no room for that" in first_move(rig)[1]


def test_paper_mode_trades_the_legs() -> None:
    rig = spread_rig(mode=Mode.PAPER, **only_far())
    assert "paper mode trades no spreads" in first_move(rig)[1]


def test_a_spread_that_fills_nothing_is_left_alone_for_ten_paces() -> None:
    rig = spread_rig(**only_far())
    order = rig.until_leg(FAR_PERP)
    rig.answer(Decimal(0))
    rig.until_leg(FAR)
    assert f"{FAR_PERP}: {order.label} is cancelled with nothing filled" in rig.hedged.detail
    rig.pass_time(20)
    assert [leg.instrument for leg in rig.legs].count(FAR_PERP) == 1
    rig.pass_time(60)
    assert [leg.instrument for leg in rig.legs].count(FAR_PERP) > 1


def test_a_spread_the_venue_refuses_is_left_alone_too() -> None:
    rig = spread_rig(**only_far())
    order = rig.until_leg(FAR_PERP)
    rig.answered += 1
    rig.step(ev.PlacementRefused(venue="deribit", label=order.label, code=10009, message="not_enough_funds"))
    rig.until_leg(FAR)
    assert "is rejected with nothing filled: 10009 not_enough_funds" in rig.hedged.detail


def test_the_envelope_holds_for_both_legs() -> None:
    small = replace(WIDE, max_hedge_position_coin=6.4, soft_fraction=1.0, max_order_usd=600_000.0)
    rig = spread_rig(book={"envelope": small}, **only_far())
    assert rig.until_leg(FAR_PERP).amount == 50_000  # the sum of all hedges stays what it is
    no_futures = replace(WIDE, asset_classes=(AssetClass.PERPETUAL,))
    other = Dated(book={"envelope": no_futures}, **only_far())
    other.spreads = ALL
    other.live()
    other.pass_time(60)
    assert [leg.instrument for leg in other.legs] == []


def controlled(rig: Dated) -> float:
    """Delta with what may still trade, or has and is not in the positions yet."""
    return rig.delta + rig.engine.view(rig.now).books[0].in_flight_coin


# --- what the venue tells, in any order --------------------------------------------------------------


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_report_and_legs_may_be_told_in_any_order(order: tuple[int, ...]) -> None:
    rig = spread_rig(**only_far())
    intent = rig.until_leg(FAR_PERP)
    rig.answered += 1
    perp, delta = rig.own(PERP), controlled(rig)
    told = rig.fill_of(intent)
    for number in order:
        rig.step(told[number])
        assert controlled(rig) == pytest.approx(delta, abs=0.01)  # what has not arrived is in flight
        both_legs = {1, 2} <= {*order[: order.index(number) + 1]}  # they prove its end without a report
        assert (rig.last.reason is Reason.IN_FLIGHT) is not both_legs
    assert (rig.own(FAR), rig.own(PERP) - perp) == (-50_000, 50_000)


def test_a_leg_told_twice_counts_once() -> None:
    rig = spread_rig(**only_far())
    intent = rig.until_leg(FAR_PERP)
    rig.answered += 1
    told = rig.fill_of(intent)
    rig.step(*told)
    rig.step(*told)
    assert rig.own(FAR) == -50_000
    assert rig.by_expiry.moved_usd == 100_000


def test_a_part_that_filled_is_all_that_moved() -> None:
    rig = spread_rig(**only_far())
    rig.until_leg(FAR_PERP)
    perp = rig.own(PERP)
    rig.answer(Decimal(20_000))
    assert (rig.own(FAR), rig.own(PERP) - perp) == (-20_000, 20_000)
    rig.until_leg(FAR_PERP)  # it is no failure of the spread


def test_a_policy_hedge_waits_for_the_spread_and_comes_then() -> None:
    rig = spread_rig(**only_far())
    intent = rig.until_leg(FAR_PERP)
    rig.answered += 1
    rig.move(108_000.0)
    assert rig.last.reason is Reason.IN_FLIGHT
    rig.step(*rig.fill_of(intent))
    assert (rig.placed[-1].instrument, rig.placed[-1].purpose) == (PERP, Purpose.HEDGE)


def test_an_unknown_spread_order_blocks_until_its_end_is_known() -> None:
    rig = spread_rig(**only_far())
    intent = rig.until_leg(FAR_PERP)
    rig.answered += 1
    rig.step(ev.PlacementLost(venue="deribit", label=intent.label, reason="timed out"))
    assert (rig.last.action, rig.last.reason) == (Action.BLOCKED, Reason.UNKNOWN_ORDER)
    assert rig.of(fx.LookUp)[-1].instrument == FAR_PERP
    report, *legs = rig.fill_of(intent)
    assert isinstance(report, ev.Reported)
    fills = tuple(leg.fill for leg in legs if isinstance(leg, ev.Filled))
    found = ev.LookedUp(
        venue="deribit", label=intent.label, server_ms=rig.market_ms, reports=(report.report,), fills=fills
    )
    rig.step(found)
    assert rig.own(FAR) == -50_000
    assert rig.last.reason is not Reason.UNKNOWN_ORDER


def test_a_restart_finds_the_spread_order_and_both_its_legs() -> None:
    rig = spread_rig(**only_far())
    intent = rig.until_leg(FAR_PERP)
    perp = rig.own(PERP)
    placed = next(
        record
        for write in rig.of(fx.Write)
        for record in write.records
        if isinstance(record, rc.Intended) and record.intent.label == intent.label
    )
    again = Dated(**only_far())
    again.market_ms, again.wire_s, again.spreads, again.index = rig.market_ms, 5.0, ALL, rig.index
    again.trade_number = rig.trade_number
    again.sums = (LabelSum(label="h-btc", instrument=PERP, size=perp),)
    held = {CALL: "-10", PERP: str(perp + 50_000), FAR: "-50000"}
    again.start(held, orders=[Order(placed.intent, OrderState.IN_FLIGHT)], epoch=2)
    assert again.last.action is Action.BLOCKED
    assert again.placed == []
    assert again.of(fx.LookUp)[-1].label == intent.label
    report, *legs = again.fill_of(intent)
    assert isinstance(report, ev.Reported)
    fills = tuple(leg.fill for leg in legs if isinstance(leg, ev.Filled))
    found = ev.LookedUp(
        venue="deribit", label=intent.label, server_ms=again.market_ms, reports=(report.report,), fills=fills
    )
    again.step(found)
    again.step(again.snapshot(held, fills=fills))
    again.step(*again.quotes(CALL))
    assert (again.own(FAR), again.own(PERP)) == (-50_000, perp + 50_000)
    order = again.engine._state.orders.get(intent.label)
    assert order is not None
    assert order.state is OrderState.FILLED
    assert again.engine._state.orders.quiet


def test_its_price_is_no_slippage_of_a_leg() -> None:
    """A spread is decided at some hundred dollars: against that, a leg at 100,000 would be a disaster."""
    rig = spread_rig(**only_far())
    rig.until_leg(FAR_PERP)
    rig.answer()
    rig.pass_time(5)
    legs = [leg.fill for leg in rig.legs_told(rig.legs[-1]) if isinstance(leg, ev.Filled)]
    assert [_decided(rig.engine._state, leg) for leg in legs] == [None, None]
