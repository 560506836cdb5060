"""Orders at both edges of the band: only for long gamma, only while all is calm, never beside a hedge."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from hedger.domain.order import OrderIntent, Purpose, Side, TimeInForce
from hedger.domain.vocabulary import Action, Mode, Reason
from hedger.engine import effects as fx
from hedger.engine import events as ev
from hedger.engine.views.view import StatusView
from hedger.execution.params import ExecutionParams
from hedger.risk.envelope import Envelope
from tests.engine.rig import CALL, PERP, VENUE, Rig

RESTING = ExecutionParams(resting=True, repeg_s=2.0)
BAND = {"lower": -0.2, "upper": 0.2, "hard_lower": -50.0, "hard_upper": 50.0}
HEDGED = {CALL: "10", PERP: "-366000"}  # ten calls bought, their delta sold


def calm(held: dict[str, str] = HEDGED, **changes: Any) -> Rig:
    """A long-gamma book inside its band, its edge orders placed and not yet answered."""
    rig = Rig(execution=changes.pop("execution", RESTING), **{**BAND, **changes})
    rig.start(held)
    return rig


def resting() -> tuple[Rig, OrderIntent, OrderIntent]:
    """The same with both orders open at the venue: the buying and the selling one."""
    rig = calm()
    buy, sell = rig.placed
    rig.step(rig.report_of(buy, "open"), rig.report_of(sell, "open"))
    return rig, buy, sell


def after(rig: Rig, seconds: float, index: float | None = None) -> list[fx.Effect]:
    rig.wait(seconds)
    return rig.move(rig.index if index is None else index)


def cancelled(rig: Rig) -> list[str]:
    return [cancel.label for cancel in rig.of(fx.Cancel)]


def view(rig: Rig) -> StatusView:
    return rig.engine.view(rig.now)


def gone(rig: Rig, *orders: OrderIntent) -> list[ev.Event]:
    return [event for order in orders for event in rig.fill_of(order, Decimal(0), state="cancelled")]


def test_a_long_gamma_book_rests_a_buy_below_and_a_sale_above() -> None:
    rig = calm()
    buy, sell = rig.placed

    assert (buy.side, sell.side) == (Side.BUY, Side.SELL)
    assert float(buy.price or 0) < 100_000 < float(sell.price or 0)
    for order in (buy, sell):
        assert order.post_only
        assert order.time_in_force is TimeInForce.GTC
        assert order.purpose is Purpose.RESTING


def test_each_stands_where_gamma_brings_delta_to_its_edge_and_fills_back_to_the_target() -> None:
    rig = calm()
    buy, sell = rig.placed
    book = view(rig).books[0]
    assert book.band.lower_index_usd is not None
    assert book.band.upper_index_usd is not None

    assert float(buy.price or 0) == pytest.approx(book.band.lower_index_usd, abs=0.5)
    assert float(sell.price or 0) == pytest.approx(book.band.upper_index_usd, abs=0.5)
    assert float(sell.amount) / float(sell.price or 1) == pytest.approx(0.2, abs=1e-4)
    assert float(buy.amount) / float(buy.price or 1) == pytest.approx(0.2, abs=1e-4)


def test_a_short_gamma_book_rests_nothing() -> None:
    """It would buy high and sell low, at prices it has told everybody."""
    assert not calm({CALL: "-10", PERP: "366000"}).placed


def test_nothing_rests_unless_it_was_asked_for() -> None:
    assert not calm(execution=ExecutionParams()).placed


def test_in_observe_mode_nothing_rests() -> None:
    assert not calm(mode=Mode.OBSERVE).of(fx.Place)


def test_what_rests_is_no_delta_yet() -> None:
    rig, _, _ = resting()
    book = view(rig).books[0]
    assert book.in_flight_coin == 0.0
    assert [edge.side for edge in book.working.resting] == ["buy", "sell"]


def test_it_is_re_priced_with_the_book() -> None:
    """Volatility rises: gamma is less, and both edges are further away."""
    rig, _, sell = resting()
    rig.iv = 0.58
    after(rig, 3.0)

    moved = {effect.approved.intent.label: effect.approved.intent for effect in rig.of(fx.Amend)}
    upper = view(rig).books[0].band.upper_index_usd
    assert upper is not None
    assert float(moved[sell.label].price or 0) == pytest.approx(upper, abs=0.5)


def test_a_small_move_of_the_edge_is_let_be() -> None:
    rig, _, _ = resting()
    after(rig, 3.0, 100_010.0)
    assert all(amend.approved.intent.amount < Decimal(20_200) for amend in rig.of(fx.Amend))
    prices = {(a.approved.intent.label, a.approved.intent.price) for a in rig.of(fx.Amend)}
    assert prices <= {(order.label, order.price) for order in rig.placed}


def test_a_fill_is_a_hedge_that_needs_no_other() -> None:
    rig, _, sell = resting()
    upper = view(rig).books[0].band.upper_index_usd
    assert upper is not None
    rig.wait(3.0)
    rig.index = float(int(upper)) - 5
    rig.step(*rig.fill_of(sell), *rig.quotes(CALL))

    assert abs(rig.delta) < 0.05
    assert rig.last.reason is Reason.WITHIN_BAND
    assert [order.side for order in rig.placed[2:]] == [Side.SELL] or not rig.placed[2:]


def test_a_hedge_waits_until_both_are_proved_gone() -> None:
    rig, buy, sell = resting()
    after(rig, 1.0, 102_000.0)
    assert sorted(cancelled(rig)) == sorted([buy.label, sell.label])
    assert (rig.last.action, rig.last.reason) == (Action.WAIT, Reason.RESTING_CANCEL)
    assert len(rig.placed) == 2

    rig.step(*gone(rig, buy), *rig.quotes(CALL))
    assert len(rig.placed) == 2, "one of them may still fill"
    rig.step(*gone(rig, sell), *rig.quotes(CALL))
    assert rig.placed[2].purpose is Purpose.HEDGE


def test_one_that_fills_while_it_is_taken_back_makes_the_hedge_smaller() -> None:
    rig, buy, sell = resting()
    after(rig, 1.0, 102_000.0)
    rig.step(*gone(rig, buy), *rig.fill_of(sell), *rig.quotes(CALL))

    without = 0.49  # ten calls gain about half a coin of delta over 2,000 USD
    assert float(rig.placed[2].amount) / 102_000 < without - 0.2


def test_gamma_that_flips_takes_them_back() -> None:
    """Somebody sells twenty calls and buys as much delta: short gamma at the same delta."""
    rig, buy, sell = resting()
    rig.step(
        ev.Filled(rig.fill(CALL, Side.SELL, Decimal(20), Decimal("0.04"))),
        ev.Filled(rig.fill(PERP, Side.BUY, Decimal(732_000), Decimal(100_000))),
    )
    rig.step(*rig.quotes(CALL))

    assert sorted(cancelled(rig)) == sorted([buy.label, sell.label])
    rig.step(*gone(rig, buy, sell), *rig.quotes(CALL))
    after(rig, 5.0)
    assert all(order.purpose is not Purpose.RESTING for order in rig.placed[2:])


@pytest.mark.parametrize("command", ["pause", "halt", "reduce_only"])
def test_a_switch_takes_back_what_it_does_not_allow(command: str) -> None:
    rig, buy, sell = resting()
    rig.step(ev.CommandGiven(command=command, book="", by="me", reason="drill"), *rig.quotes(CALL))
    expected = [sell.label] if command == "reduce_only" else [buy.label, sell.label]
    assert set(expected) <= set(cancelled(rig))


def test_a_closed_gate_takes_them_back() -> None:
    rig, buy, sell = resting()
    rig.wait(6.0)
    rig.step(rig.indexed(), rig.option_quote(CALL))
    assert rig.last.reason is Reason.STALE_QUOTE
    assert sorted(cancelled(rig)) == sorted([buy.label, sell.label])


def test_a_stop_takes_them_back_and_waits_for_the_evidence() -> None:
    rig, buy, sell = resting()
    rig.step(ev.StopRequested("test"))
    assert sorted(cancelled(rig)) == sorted([buy.label, sell.label])
    assert not rig.of(fx.Exit)
    rig.step(*gone(rig, buy, sell))
    assert rig.of(fx.Exit)


def test_the_envelope_shrinks_them() -> None:
    rig = calm(envelope=Envelope(max_order_coin=0.05))
    assert {float(order.amount) for order in rig.placed} == {5_000.0}


def test_an_edge_beyond_the_collar_does_not_rest_and_says_why() -> None:
    """The edge of so wide a band is two per cent away: further than any order may be from the mark."""
    rig = calm(lower=-0.6, upper=0.6)
    assert not rig.placed
    assert "collar_mark_fraction" in view(rig).books[0].working.resting_note


def test_each_is_admitted_as_if_everything_on_its_side_had_filled() -> None:
    """The position is 3.66 coin short; 3.7 are allowed: a sale that would lead beyond does not rest."""
    rig = calm(envelope=Envelope(max_hedge_position_coin=3.7, soft_fraction=1.0))
    sides = {order.side: order.amount for order in rig.placed}
    assert sides[Side.BUY] > Decimal(15_000)
    assert sides[Side.SELL] <= Decimal(4_000)


def test_an_edge_the_venue_refuses_is_not_asked_for_again_at_once() -> None:
    rig = calm()
    refused = [ev.PlacementRefused(VENUE, order.label, 10009, "not_enough_funds") for order in rig.placed]
    rig.step(*refused, *rig.quotes(CALL))
    for _ in range(5):
        after(rig, 3.0)
    assert len(rig.placed) == 2


def test_new_terms_whose_fate_is_unknown_block_the_book_until_they_are_found() -> None:
    rig, buy, sell = resting()
    rig.iv = 0.58
    after(rig, 3.0)
    assert sell.label in {effect.approved.intent.label for effect in rig.of(fx.Amend)}
    rig.step(ev.AmendLost(VENUE, sell.label, "no reply"), *rig.quotes(CALL))

    assert (rig.last.action, rig.last.reason) == (Action.BLOCKED, Reason.UNKNOWN_ORDER)
    assert sell.label in [look.label for look in rig.of(fx.LookUp)]
    assert buy.label in cancelled(rig), "at any gate what rests is taken back"


def test_before_the_first_hedge_is_confirmed_nothing_large_rests() -> None:
    rig = calm(execution=ExecutionParams(resting=True, confirm_above_coin=0.1))
    assert not rig.placed
    assert "confirmed first" in view(rig).books[0].working.resting_note


def test_orders_at_the_edges_are_told_apart_from_hedges() -> None:
    rig, _, _ = resting()
    assert {row.purpose for row in view(rig).orders.recent} == {"resting"}


def test_what_rests_at_one_edge_counts_towards_the_turnover_of_the_other() -> None:
    """Both may fill before anybody hears of either: together they stay within the budget."""
    both_usd = sum(float(order.amount) for order in calm().placed)
    wide = {"max_order_usd": 1e7, "max_order_coin": 100.0, "max_hedge_position_coin": 100.0}
    for budget_usd, orders in ((both_usd + 1.0, 2), (both_usd - 1.0, 1)):
        rig = calm(envelope=Envelope(**wide, max_turnover_hour_usd=budget_usd))  # type: ignore[arg-type]
        assert len(rig.placed) == orders
