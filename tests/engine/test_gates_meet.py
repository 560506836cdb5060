"""Where gates meet what is under way: a clip, a chase, an edge order is held to them like a new hedge."""

from __future__ import annotations

from decimal import Decimal

from hedger.domain.order import Side
from hedger.domain.vocabulary import Action, Reason
from hedger.engine import effects as fx
from hedger.engine import events as ev
from hedger.engine.settings import DeltaParams
from hedger.execution.params import ExecutionParams, Style
from hedger.policies.schedule import Schedule
from hedger.risk.envelope import Envelope
from tests.engine.rig import CALL, PERP, Rig

BAND = {"lower": -0.1, "upper": 0.1, "hard_lower": -50.0, "hard_upper": 50.0}
FROM_ONE = Schedule(blackouts=("daily 01:00-03:00",))
TO_ONE_S = 3_600.0
SMALL_CLIPS = ExecutionParams(min_clip_usd=0.0, give_up_s=36_000.0)
CHASE = ExecutionParams(style=Style.CHASE, chase_tries=3, chase_s=36_000.0, give_up_s=36_000.0)
LONG_GAMMA = {CALL: "10", PERP: "-366000"}


def thin(rig: Rig, amount: float = 100_000.0) -> list[ev.Event]:
    return [rig.indexed(), rig.perp_quote(bid_amount=amount, ask_amount=amount), rig.option_quote(CALL)]


def cancelled(rig: Rig) -> list[str]:
    return [cancel.label for cancel in rig.of(fx.Cancel)]


# --- a blackout that begins while something is under way ------------------------------------------------


def test_a_hedge_worked_in_clips_stops_where_a_blackout_begins() -> None:
    rig = Rig(execution=SMALL_CLIPS, schedule=FROM_ONE, to_centre=1.0, **BAND)
    rig.start(quotes=False)
    rig.step(*thin(rig))
    rig.wait(TO_ONE_S)
    rig.step(*rig.fill_of(rig.placed[0]), *thin(rig))
    rig.step(*thin(rig))

    assert len(rig.placed) == 1
    assert (rig.last.action, rig.last.reason) == (Action.WAIT, Reason.BLACKOUT)


def test_a_chase_is_taken_back_where_a_blackout_begins() -> None:
    rig = Rig(execution=CHASE, schedule=FROM_ONE, **BAND)
    rig.start()
    (order,) = rig.placed
    rig.step(rig.report_of(order, "open"))
    rig.wait(TO_ONE_S)
    rig.move(rig.index)

    assert cancelled(rig) == [order.label]


def test_edge_orders_are_taken_back_where_a_blackout_begins() -> None:
    rig = Rig(execution=ExecutionParams(resting=True), schedule=FROM_ONE, **BAND)
    rig.start(LONG_GAMMA)
    buy, sell = rig.placed
    rig.step(rig.report_of(buy, "open"), rig.report_of(sell, "open"))
    rig.wait(TO_ONE_S)
    rig.move(rig.index)

    assert sorted(cancelled(rig)) == sorted([buy.label, sell.label])


# --- sources that part ----------------------------------------------------------------------------------


def test_nothing_rests_at_edges_that_one_source_alone_sees() -> None:
    exact = DeltaParams(tolerance_coin=0.01, tolerance_per_coin=0.0)
    rig = Rig(execution=ExecutionParams(resting=True), delta=exact, **BAND)
    rig.start(LONG_GAMMA)
    buy, sell = rig.placed
    rig.step(rig.report_of(buy, "open"), rig.report_of(sell, "open"))
    rig.wait(1.0)
    rig.step(rig.indexed(), rig.perp_quote(), rig.option_quote(CALL, iv=rig.iv * 1.05))

    assert "delta_sources_part" in [alarm.name for alarm in rig.engine.view(rig.now).alarms]
    assert rig.last.reason is Reason.WITHIN_BAND
    assert sorted(cancelled(rig)) == sorted([buy.label, sell.label])


# --- limits on messages ---------------------------------------------------------------------------------


def test_the_order_rate_does_not_keep_a_chase_on_the_wrong_side() -> None:
    rig = Rig(execution=CHASE, envelope=Envelope(max_order_usd=2e6, max_orders_per_minute=1), **BAND)
    rig.start()
    (order,) = rig.placed
    assert order.side is Side.BUY
    rig.step(rig.report_of(order, "open"))
    by_hand = rig.fill(PERP, Side.BUY, Decimal(800_000), Decimal(100_000))
    rig.step(ev.Filled(by_hand), *rig.quotes(CALL))
    rig.move(rig.index)

    assert rig.placed == [order]
    assert cancelled(rig) == [order.label]
