"""The main job: a book leaves its band, one order goes out, and delta is back inside."""

from __future__ import annotations

from decimal import Decimal

import pytest

from hedger.domain.order import OrderType, Side, TimeInForce
from hedger.domain.vocabulary import Action, Mode, Neutral, Reason
from hedger.engine import effects as fx
from hedger.engine import events as ev
from hedger.execution.params import ExecutionParams, Style
from hedger.risk.envelope import Envelope
from tests.engine.rig import CALL, PERP, PUT, VENUE, Rig

WIDE = {"lower": -0.1, "upper": 0.1, "hard_lower": -50.0, "hard_upper": 50.0}


def test_a_short_call_book_is_hedged_to_the_edge_of_its_band() -> None:
    """Theory 1.4: ten EX-INV calls sold need about +3.66 coin; to the edge means 0.1 less."""
    rig = Rig(**WIDE)
    rig.start()

    (order,) = rig.placed
    assert (order.side, order.instrument) == (Side.BUY, PERP)
    assert (order.order_type, order.time_in_force) == (OrderType.LIMIT, TimeInForce.IOC)
    rig.step(*rig.fill_of(order))
    assert -0.1 <= rig.delta < -0.0998
    assert len(rig.placed) == 1


def test_a_usd_neutral_book_sells_its_collateral_short() -> None:
    """The sign flips between coin and usd: equity 5 and NTD -3.66 leave +1.34 coin to sell."""
    rig = Rig(neutral=Neutral.USD, **WIDE)
    rig.start(equity="5")

    (order,) = rig.placed
    assert order.side is Side.SELL
    rig.step(*rig.fill_of(order))
    assert 0.0998 < rig.delta <= 0.1


def test_every_order_carries_label_validity_and_a_capped_legal_price() -> None:
    rig = Rig(**WIDE)
    rig.start()

    (order,) = rig.placed
    assert order.label == "h-btc-1-1"
    assert rig.market_ms < order.valid_until_ms <= rig.market_ms + 5_000
    assert order.price == Decimal("100100.0")  # mark 100,000 plus 0.1 %
    assert order.amount % 10 == 0


def test_market_style_sends_no_price() -> None:
    rig = Rig(execution=ExecutionParams(style=Style.MARKET), **WIDE)
    rig.start()

    assert rig.placed[0].price is None
    assert rig.placed[0].order_type is OrderType.MARKET


def test_the_resting_residual_of_a_protected_market_order_is_cancelled_at_once() -> None:
    rig = Rig(execution=ExecutionParams(style=Style.MARKET), **WIDE)
    rig.start()
    order = rig.placed[0]

    made = rig.step(rig.report_of(order, "open", Decimal(100), Decimal(100_000)))
    (cancel,) = [effect for effect in made if isinstance(effect, fx.Cancel)]
    assert (cancel.label, cancel.order_id) == (order.label, f"id-{order.label}")


def test_nothing_is_sent_while_an_order_is_in_flight() -> None:
    rig = Rig(**WIDE)
    rig.start()
    rig.move(104_000.0)

    assert len(rig.placed) == 1
    assert (rig.last.action, rig.last.reason) == (Action.WAIT, Reason.IN_FLIGHT)


def test_in_flight_hedges_count_in_the_delta_that_is_shown() -> None:
    rig = Rig(**WIDE)
    rig.start()

    view = rig.engine.view(rig.now).books[0]
    assert view.in_flight_coin == pytest.approx(float(rig.placed[0].amount) / 100_000, rel=1e-6)


def test_a_partial_fill_is_followed_by_an_order_for_the_rest() -> None:
    rig = Rig(**WIDE)
    rig.start()
    first = rig.placed[0]
    rig.step(*rig.fill_of(first, Decimal(100_000)))

    first, second = rig.placed
    assert second.label == "h-btc-1-2"
    assert second.amount == first.amount - 100_000


def test_inside_the_band_nothing_is_done_and_the_distance_is_told() -> None:
    rig = Rig(lower=-5.0, upper=5.0, hard_lower=-50.0, hard_upper=50.0)
    rig.start()

    assert not rig.placed
    assert (rig.last.action, rig.last.reason) == (Action.HOLD, Reason.WITHIN_BAND)
    assert rig.last.distance_coin == pytest.approx(5.0 - 3.66, abs=0.02)
    assert rig.last.distance_move_pct is not None


def test_to_centre_rounds_to_the_smaller_residual() -> None:
    rig = Rig(to_centre=1, **WIDE)
    rig.start()
    rig.step(*rig.fill_of(rig.placed[0]))

    assert abs(rig.delta) <= 5 / 100_000 + 1e-9  # half a 10 USD contract


def test_the_fmz_rule_rounds_down_to_the_lot() -> None:
    rig = Rig(step_coin=0.1, **WIDE)
    rig.start()
    assert rig.last.reason in (Reason.STEP, Reason.IN_FLIGHT)
    rig.step(*rig.fill_of(rig.placed[0]))

    assert -10 / 100_000 < rig.delta <= 0


def test_a_foreign_option_trade_is_hedged_like_any_other_delta() -> None:
    rig = Rig(lower=-5.0, upper=5.0, hard_lower=-50.0, hard_upper=50.0)
    rig.start()
    rig.step(ev.Filled(rig.fill(CALL, Side.SELL, Decimal(10), Decimal("0.0425"))))

    assert rig.placed[0].side is Side.BUY
    assert "foreign_trade" in rig.notes()


def test_observe_mode_says_what_it_would_do_and_sends_nothing() -> None:
    rig = Rig(mode=Mode.OBSERVE, **WIDE)
    rig.start()
    for _ in range(5):
        rig.move(101_000.0)

    assert not rig.of(fx.Place)
    assert rig.last.action is Action.WOULD_HEDGE
    assert rig.last.amount_coin == pytest.approx(3.7, abs=0.4)
    assert rig.notes().count("would_hedge") == 1


def test_paper_mode_approves_for_paper_only() -> None:
    rig = Rig(mode=Mode.PAPER, **WIDE)
    rig.start()

    assert [place.approved.mode for place in rig.of(fx.Place)] == [Mode.PAPER]


def test_a_hedge_larger_than_the_envelope_is_shrunk_and_says_so() -> None:
    rig = Rig(envelope=Envelope(max_order_coin=1.0), **WIDE)
    rig.start()

    assert rig.placed[0].amount == Decimal(100_000)
    (record,) = [r for write in rig.of(fx.Write) for r in write.records if type(r).__name__ == "Intended"]
    assert record.intent == rig.placed[0]


def test_dwell_waits_and_the_hard_limit_does_not() -> None:
    rig = Rig(dwell_s=60.0, lower=-0.1, upper=0.1, hard_lower=-10.0, hard_upper=10.0)
    rig.start()
    assert (rig.last.action, rig.last.reason) == (Action.WAIT, Reason.DWELL)

    hard = Rig(dwell_s=60.0, lower=-0.1, upper=0.1, hard_lower=-1.0, hard_upper=1.0)
    hard.start()
    assert hard.placed


def test_cooldown_is_counted_in_market_time_from_the_last_fill() -> None:
    rig = Rig(cooldown_s=300.0, **WIDE)
    rig.start()
    rig.step(*rig.fill_of(rig.placed[0]))
    rig.wait(60)
    rig.move(105_000.0)
    assert (rig.last.action, rig.last.reason) == (Action.WAIT, Reason.COOLDOWN)

    rig.wait(300)
    rig.move(105_000.0)
    assert len(rig.placed) == 2


def test_theta_offset_hedges_new_delta_at_once_then_waits_for_its_window() -> None:
    rig = Rig(policy="theta_offset")
    rig.start({CALL: "-10", PUT: "-10"})
    assert rig.placed
    rig.step(*rig.fill_of(rig.placed[0]))
    rig.move(100_400.0, CALL, PUT)

    assert len(rig.placed) == 1
    assert (rig.last.action, rig.last.reason) == (Action.WAIT, Reason.WINDOW)
    band = rig.engine.view(rig.now).books[0].band
    assert band.lower is not None
    assert band.upper is not None
    assert band.lower < rig.delta < band.upper


def test_theta_offset_lets_decay_pay_at_the_window_end() -> None:
    rig = Rig(policy="theta_offset")
    rig.start({CALL: "-10", PUT: "-10"})
    rig.step(*rig.fill_of(rig.placed[0]))
    rig.wait(6 * 3600)
    rig.move(100_200.0, CALL, PUT)

    assert len(rig.placed) == 1
    assert rig.engine.view(rig.now).counters.decisions.get("hold|decay_pays") == 1


def test_theta_offset_hedges_when_the_move_cost_more_than_decay_earned() -> None:
    rig = Rig(policy="theta_offset")
    rig.start({CALL: "-10", PUT: "-10"})
    rig.step(*rig.fill_of(rig.placed[0]))
    rig.wait(6 * 3600)
    rig.move(102_500.0, CALL, PUT)

    assert len(rig.placed) == 2
    assert rig.placed[1].side is Side.BUY


def test_theta_offset_does_not_wait_for_the_window_beyond_its_cap() -> None:
    rig = Rig(policy="theta_offset")
    rig.start({CALL: "-10", PUT: "-10"})
    rig.step(*rig.fill_of(rig.placed[0]))
    rig.wait(60)
    rig.move(106_000.0, CALL, PUT)

    assert len(rig.placed) == 2
    assert rig.engine.view(rig.now).books[0].last_hedge is not None
    assert rig.engine.view(rig.now).books[0].last_hedge.reason is Reason.DELTA_CAP  # type: ignore[union-attr]


def test_what_is_held_and_what_hedges_is_watched() -> None:
    rig = Rig(**WIDE)
    rig.start({CALL: "-10", PUT: "2"})

    assert rig.of(fx.Watch)[-1] == fx.Watch(
        venue=VENUE, instruments=tuple(sorted((CALL, PUT, PERP))), indices=("btc_usd",)
    )


def test_a_venue_clock_ahead_of_ours_is_no_cooldown() -> None:
    rig = Rig(**WIDE)
    rig.start()
    rig.market_ms += 500
    events = rig.fill_of(rig.placed[0])
    rig.market_ms -= 500
    rig.step(*events)
    rig.move(105_000.0)

    assert len(rig.placed) == 2
