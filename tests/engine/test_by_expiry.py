"""The standing part of a hedge goes where it costs less, and the policy never waits for it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from hedger.domain.order import OrderType, Purpose, Side, TimeInForce
from hedger.domain.vocabulary import Action, Mode, Reason
from hedger.engine import events as ev
from hedger.engine.ownership.owned import LabelSum
from hedger.execution.by_expiry_params import Use
from hedger.execution.params import ExecutionParams, Style
from tests.engine.dated import FAR, FAR_PERP, NEAR, NEAR_PERP, WIDE, Dated
from tests.engine.rig import CALL, PERP

# --- off and advise ---------------------------------------------------------------------------------


def test_switched_off_nothing_is_watched_looked_at_or_moved() -> None:
    rig = Dated(Use.OFF)
    rig.live()
    rig.pass_time(120)
    assert rig.watched == (CALL, PERP)
    assert (rig.by_expiry.allocation, rig.legs) == (None, [])


def test_advice_names_the_place_its_saving_and_every_candidates_costs_and_trades_nothing() -> None:
    """Ten coins of collateral less 3.66 the calls ask for: 6.34 short, all of it standing collateral."""
    rig = Dated(Use.ADVISE)
    rig.live()
    rig.pass_time(10)
    assert set(rig.watched) == {CALL, PERP, NEAR, FAR, NEAR_PERP, FAR_PERP}
    allocation = rig.by_expiry.allocation
    assert allocation is not None
    (choice,) = allocation.choices
    assert (choice.part, choice.instrument) == ("collateral", FAR)
    assert rig.target(FAR) == pytest.approx(choice.coin)
    assert -6.4 < choice.coin < -5.9
    assert [cost.instrument for cost in choice.costs] == [PERP, NEAR, FAR]
    # 30 days of 5 % are 41 bp, trades take 7 and 2.5 of half spread more: 31 bp of 600,000 USD
    assert 1_500 < allocation.saving_usd < 2_200
    rig.pass_time(120)
    assert {intent.instrument for intent in rig.placed} == {PERP}


def test_what_is_not_known_is_said() -> None:
    rig = Dated(Use.ADVISE)
    rig.funding_8h = None  # type: ignore[assignment]
    rig.live()
    rig.pass_time(10)
    assert rig.by_expiry.waits == f"{PERP}: no funding rate yet"
    rig.silent = {NEAR, FAR}
    rig.funding_8h = 0.0
    rig.pass_time(12)
    assert rig.by_expiry.allocation is not None
    (choice,) = rig.by_expiry.allocation.choices
    assert "old, at most 5 s" in choice.costs[1].refused


# --- moving -----------------------------------------------------------------------------------------


def test_a_step_sells_a_clip_of_the_future_and_buys_as_much_perpetual_back() -> None:
    rig = Dated()
    rig.live()
    first = rig.until_leg()
    before = rig.delta
    # half of the way from the upper edge, where the hedge ended, to the lower one is a whole 0.4
    assert (first.side, first.amount, first.purpose) == (Side.SELL, Decimal(40_460), Purpose.MOVE)
    assert (first.order_type, first.time_in_force) == (OrderType.LIMIT, TimeInForce.IOC)
    assert (rig.hedged.reason, rig.hedged.instrument) == (Reason.BY_EXPIRY, FAR)
    rig.answer()
    # all of it but what would bring delta nearer to the edge than a twentieth of the band
    second = rig.placed[-1]
    assert (second.instrument, second.side, second.purpose) == (PERP, Side.BUY, Purpose.MOVE)
    assert second.amount == 36_000
    rig.answer()
    assert (before, rig.delta) == (pytest.approx(0.4, abs=1e-4), pytest.approx(0.36, abs=1e-4))
    third = rig.until_leg()
    rig.answer()
    assert float(rig.placed[-1].amount) == pytest.approx(
        float(third.amount), rel=0.02
    )  # from inside all of it


def test_clip_by_clip_the_whole_standing_part_is_moved_and_delta_never_leaves_the_band() -> None:
    rig = Dated(by_expiry={"pace_s": 5.0})
    rig.live()
    for _ in range(500):
        rig.pass_time(1)
        assert -0.4 <= rig.delta <= 0.4001
    assert float(rig.own(FAR)) == pytest.approx(-600_000, rel=0.1)
    assert abs(rig.own(PERP)) < 60_000
    assert rig.by_expiry.steps == len(rig.legs) / 2
    assert rig.by_expiry.moved_usd == float(sum(leg.amount for leg in rig.legs))
    assert rig.by_expiry.fees_usd > 0.0
    before = len(rig.placed)
    rig.pass_time(200)
    assert len(rig.placed) == before  # there, nothing goes to and fro


def test_when_funding_pays_a_short_more_than_the_basis_everything_comes_back() -> None:
    rig = Dated(by_expiry={"pace_s": 5.0, "funding_half_life_h": 0.01})
    rig.live()
    rig.pass_time(300)
    assert rig.own(FAR) < -300_000
    rig.funding_8h = 0.0003
    rig.pass_time(600)
    assert abs(rig.own(FAR)) < 50_000  # less than a clip is not worth an order
    assert rig.own(PERP) < -500_000


def applied(rig: Dated, **changes: Any) -> None:
    """New settings of hedging by expiry, on the running daemon."""
    book = rig.settings.books[0]
    changed = replace(book, by_expiry=replace(book.by_expiry, **changes))
    rig.step(ev.SettingsApplied(replace(rig.settings, books=(changed,), config_hash="beef")))


def test_a_future_near_its_expiry_is_rolled_into_the_next_through_the_perpetual() -> None:
    rig = Dated(by_expiry={"pace_s": 5.0, "instruments": (NEAR,), "standing_days": 10.0})
    rig.live()
    rig.pass_time(300)
    assert rig.own(NEAR) < -300_000
    applied(rig, instruments=(), roll_days=40.0)
    rig.pass_time(900)
    assert rig.own(NEAR) == 0
    assert rig.own(FAR) < -300_000


def test_a_future_that_is_chosen_no_more_is_left_whatever_it_costs() -> None:
    rig = Dated(by_expiry={"pace_s": 5.0})
    rig.live()
    rig.pass_time(200)
    assert rig.own(FAR) < -200_000
    applied(rig, instruments=("NONE",))
    rig.pass_time(10)
    allocation = rig.by_expiry.allocation
    assert allocation is not None
    assert f"leaves {FAR}, which is none of by_expiry.instruments, for {PERP}" in {
        choice.why for choice in allocation.choices
    }
    rig.pass_time(600)
    assert rig.own(FAR) == 0


# --- what goes wrong between the legs ---------------------------------------------------------------


def test_the_second_leg_gives_back_what_the_first_really_traded() -> None:
    rig = Dated()
    rig.live()
    rig.pass_time(3)
    rig.until_leg()
    rig.answer(Decimal(20_000))
    second = rig.placed[-1]
    assert (second.instrument, second.side) == (PERP, Side.BUY)
    assert float(second.amount) == pytest.approx(20_000, rel=0.02)


def test_with_no_room_towards_the_future_the_perpetual_goes_first_and_takes_back_what_it_does_not_fill() -> (
    None
):
    """Back from the future: buying it would bring delta to the upper edge, where the hedge left it."""
    rig = Dated(by_expiry={"funding_half_life_h": 0.01})
    rig.live()
    rig.pass_time(120)
    assert rig.own(FAR) < -50_000
    rig.funding_8h = 0.0003
    while (first := rig.until_leg(PERP)).side is Side.BUY:
        rig.answer()
    assert first.purpose is Purpose.MOVE
    before = rig.own(FAR)
    rig.answer()
    seen = []
    for _ in range(12):
        if rig.placed[-1] not in seen and rig.placed[-1] is not first:
            seen.append(rig.placed[-1])
        rig.answer(Decimal(0) if seen and seen[-1].instrument == FAR else None)
        rig.pass_time(1, answers=False)
    assert [(leg.instrument, leg.side) for leg in seen] == [
        (FAR, Side.BUY),
        (FAR, Side.BUY),
        (PERP, Side.BUY),
    ]
    assert rig.own(FAR) == before
    assert rig.engine._state.books["btc"].by_expiry.leg is None


def test_a_leg_that_finds_nobody_costs_the_policy_no_pause_and_no_birth_of_delta() -> None:
    rig = Dated()
    rig.live()
    rig.until_leg()
    book = rig.engine._state.books["btc"]
    epoch, last_hedge_s = book.epoch, book.last_hedge_s
    rig.answer(Decimal(0))
    assert (book.epoch, book.last_hedge_s, book.fruitless) == (epoch, last_hedge_s, 0)
    rig.move(106_000.0)
    assert (rig.placed[-1].instrument, rig.placed[-1].purpose) == (PERP, Purpose.HEDGE)


def test_legs_do_not_start_the_policys_cooldown() -> None:
    rig = Dated(by_expiry={"pace_s": 5.0}, cooldown_s=600.0)
    rig.live()
    rig.pass_time(600)
    assert len(rig.legs) > 4
    rig.move(106_000.0)
    assert (rig.hedged.action, rig.hedged.reason) == (Action.HEDGE, Reason.OUTSIDE_BAND)


def test_nothing_else_is_sent_while_the_outcome_of_a_leg_is_unknown() -> None:
    rig = Dated()
    rig.live()
    leg = rig.until_leg()
    rig.step(ev.PlacementLost(venue="deribit", label=leg.label, reason="timed out"))
    rig.move(110_000.0)
    assert (rig.last.action, rig.last.reason) == (Action.BLOCKED, Reason.UNKNOWN_ORDER)
    assert rig.placed[-1] is leg


def test_a_leg_in_flight_counts_in_delta_as_a_hedge_does() -> None:
    rig = Dated()
    rig.live()
    leg = rig.until_leg()
    view = rig.engine.view(rig.now).books[0]
    assert view.in_flight_coin == pytest.approx(-float(leg.amount) / rig.index)


def test_a_hedge_of_the_policy_ends_the_step_and_takes_over_its_open_half() -> None:
    rig = Dated()
    rig.live()
    rig.until_leg()
    rig.answer()
    while rig.placed[-1].purpose is Purpose.MOVE:
        rig.move(rig.index + 4_000.0)  # the second leg may be on its way already
        rig.answer(Decimal(0)) if rig.placed[-1].purpose is Purpose.MOVE else None
    hedge, legs = rig.placed[-1], len(rig.legs)
    assert (hedge.purpose, hedge.instrument) == (Purpose.HEDGE, PERP)
    assert rig.engine._state.books["btc"].by_expiry.leg is None
    rig.answer()
    assert abs(rig.delta) <= 0.4001
    rig.pass_time(30)
    assert len(rig.legs) == legs


def test_a_restart_between_the_legs_leaves_a_book_its_policy_lets_be() -> None:
    rig = Dated()
    rig.live()
    rig.until_leg()
    rig.answer()
    held = {CALL: "-10", PERP: str(rig.own(PERP)), FAR: str(rig.own(FAR))}
    again = Dated(Use.ADVISE)
    again.sums = tuple(LabelSum(label="h-btc", instrument=name, size=rig.own(name)) for name in (PERP, FAR))
    again.start(held, epoch=2)
    again.pass_time(30)
    assert again.placed == []
    assert -0.4 < again.delta < 0.4
    assert again.own(FAR) == rig.own(FAR)


def test_the_hedge_is_told_in_usd_and_in_coin_of_the_same_futures() -> None:
    rig = Dated()
    rig.live()
    rig.until_leg()
    rig.answer()
    told = rig.engine.view(rig.now).books[0].hedge_position
    assert told.coin is not None
    assert told.usd == float(rig.own(PERP) + rig.own(FAR))
    assert told.usd / rig.index == pytest.approx(told.coin, rel=0.02)


def test_a_second_leg_that_is_not_filled_is_tried_again_and_left_to_the_policy_in_the_end() -> None:
    rig = Dated(book={"execution": ExecutionParams(give_up_s=20.0)})
    rig.live()
    rig.until_leg()
    rig.answer()
    for _ in range(30):
        rig.pass_time(1, answers=False)
        rig.answer(Decimal(0))
    tries = [leg for leg in rig.legs if leg.instrument == PERP]
    assert len(tries) == 4
    assert "move_given_up" in rig.notes()
    assert rig.last.action is Action.HOLD
    assert rig.delta == pytest.approx(0.0, abs=1e-3)  # where the first leg left it, well inside the band


@pytest.mark.parametrize("command", ["pause", "reduce_only", "halt"])
def test_a_stopped_book_moves_nothing(command: str) -> None:
    rig = Dated()
    rig.start({CALL: "-10"})
    rig.answer()
    rig.step(ev.CommandGiven(command=command, book="", by="trader", reason="test"))
    rig.pass_time(200)
    assert rig.legs == []


def test_flattening_closes_the_perpetual_first_and_then_the_futures() -> None:
    rig = Dated(by_expiry={"pace_s": 5.0})
    rig.live()
    rig.pass_time(100)
    assert rig.own(FAR) < 0
    assert rig.own(PERP) < 0
    before = len(rig.placed)
    rig.step(ev.CommandGiven(command="flatten", book="", by="trader", reason="test", accept_naked_delta=True))
    rig.pass_time(20)
    assert (rig.own(FAR), rig.own(PERP)) == (0, 0)
    closing = [order.instrument for order in rig.placed[before:] if order.purpose is Purpose.HEDGE]
    assert closing == sorted(closing, reverse=True)  # BTC-PERPETUAL before BTC-27MAR26, in clips
    assert (rig.last.action, rig.last.reason) == (Action.HOLD, Reason.FLATTENING)


def test_the_delta_that_flattening_would_leave_counts_every_instrument() -> None:
    rig = Dated(by_expiry={"pace_s": 5.0})
    rig.live()
    rig.pass_time(1)
    whole = rig.engine.view(rig.now).books[0].working.naked_delta_coin
    rig.pass_time(300)
    assert rig.own(FAR) < -300_000
    assert rig.engine.view(rig.now).books[0].working.naked_delta_coin == pytest.approx(whole, abs=0.4)


# --- what a move must not do ------------------------------------------------------------------------


def test_moves_leave_the_upper_part_of_the_turnover_to_hedges() -> None:
    cap = replace(WIDE, max_turnover_hour_usd=2_000_000.0, soft_fraction=0.8)
    rig = Dated(by_expiry={"pace_s": 5.0}, book={"envelope": cap})
    rig.live()
    rig.pass_time(300)
    assert rig.engine._state.books["btc"].counters.turnover_hour_usd(rig.now) < 0.5 * 0.8 * 2_000_000.0
    assert rig.by_expiry.held_back == "max_turnover_hour_usd is kept for hedges"


def test_the_position_cap_holds_for_all_instruments_together() -> None:
    """5.95 coins are short and 6 allowed: a first leg of 0.4 is cut to what fits."""
    capped = replace(WIDE, max_hedge_position_coin=6.0, soft_fraction=1.0)
    rig = Dated(by_expiry={"pace_s": 5.0}, book={"envelope": capped})
    rig.live()
    short_usd = -rig.own(PERP)
    assert 590_000 < short_usd < 600_000
    first = rig.until_leg()
    assert float(first.amount) == pytest.approx(6 * 100_000 - float(short_usd), rel=0.05)


def test_the_position_cap_counts_the_hedges_in_an_earlier_hedge_instrument() -> None:
    """5.95 coins are short in the perpetual; a change of the hedge instrument makes no room for six more."""
    capped = replace(WIDE, max_hedge_position_coin=6.0, soft_fraction=1.0)
    rig = Dated(Use.OFF, book={"envelope": capped})
    rig.live()
    fresh = replace(rig.settings.books[0], hedge_instrument=FAR)
    rig.step(ev.SettingsApplied(replace(rig.settings, books=(fresh,), config_hash="beef")))
    rig.move(80_000.0)
    rig.pass_time(60)
    short = [order for order in rig.placed if order.instrument == FAR]
    assert sum(float(order.amount) for order in short) <= (6.0 - 5.9) * 100_000
    (book,) = rig.engine.view(rig.now).books
    assert book.guard is not None
    (cap,) = [cap for cap in book.guard.caps if cap.name == "max_hedge_position_coin"]
    assert cap.used > 5.9


def test_flatten_closes_the_hedge_in_an_earlier_hedge_instrument() -> None:
    rig = Dated(Use.OFF)
    rig.live()
    assert rig.own(PERP) < -500_000
    fresh = replace(rig.settings.books[0], hedge_instrument=FAR)
    rig.step(ev.SettingsApplied(replace(rig.settings, books=(fresh,), config_hash="beef")))
    rig.move(80_000.0)
    rig.pass_time(60)
    assert rig.own(FAR) < 0
    rig.step(ev.CommandGiven(command="flatten", book="", by="trader", reason="test", accept_naked_delta=True))
    rig.pass_time(30)
    assert (rig.own(FAR), rig.own(PERP)) == (0, 0)
    assert (rig.last.action, rig.last.reason) == (Action.HOLD, Reason.FLATTENING)


def test_options_ordered_by_hand_are_no_part_of_the_hedge_position() -> None:
    rig = Dated(Use.OFF)
    rig.sums = (LabelSum(f"h-{rig.settings.books[0].name}", CALL, Decimal(-4)),)
    rig.live()
    rig.pass_time(1)
    (book,) = rig.engine.view(rig.now).books
    assert book.guard is not None
    (cap,) = [cap for cap in book.guard.caps if cap.name == "max_hedge_position_coin"]
    assert cap.used == pytest.approx(abs(float(rig.own(PERP))) / rig.index, rel=0.01)


def test_nothing_is_moved_while_the_policy_waits_to_hedge() -> None:
    """Outside the band, inside the hard limit, for a dwell of ten minutes: no leg brings delta in instead."""
    rig = Dated(by_expiry={"pace_s": 5.0}, dwell_s=600.0)
    rig.live()
    rig.pass_time(20)
    rig.move(106_000.0)
    rig.answer()  # a second leg may have been on its way
    moved = len(rig.legs)
    rig.pass_time(60)
    assert len(rig.legs) == moved
    assert rig.last.reason is Reason.DWELL
    assert rig.by_expiry.held_back == "delta is outside the policy's interval: a hedge comes first"


def test_a_chasing_book_moves_by_orders_that_take() -> None:
    rig = Dated(book={"execution": ExecutionParams(style=Style.CHASE)})
    rig.live()
    leg = rig.until_leg()
    assert not leg.post_only
    assert leg.time_in_force is TimeInForce.IOC


def test_a_future_without_fresh_prices_on_both_sides_is_not_traded() -> None:
    rig = Dated()
    rig.start({CALL: "-10"}, quotes=False)
    rig.silent = {FAR}
    rig.pass_time(90)
    assert rig.own(NEAR) < 0  # the other one is
    assert [leg.instrument for leg in rig.legs if leg.instrument == FAR] == []


def test_nothing_is_moved_in_observe_mode() -> None:
    rig = Dated(mode=Mode.OBSERVE)
    rig.live()
    rig.pass_time(90)
    assert rig.placed == []


def test_nothing_is_moved_before_a_large_first_hedge_was_let_pass() -> None:
    rig = Dated(book={"execution": ExecutionParams(confirm_above_coin=0.01)})
    rig.start({CALL: "-10", PERP: "0"})
    rig.pass_time(90)
    assert rig.placed == []
    assert rig.last.reason is Reason.CONFIRMATION
