"""Where gates meet what is under way: a clip, a chase, an edge order is held to them like a new hedge."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import msgspec
import pytest

from hedger.domain.order import Order, OrderIntent, OrderState, Purpose, Side
from hedger.domain.vocabulary import Action, Legs, Reason
from hedger.engine import effects as fx
from hedger.engine import events as ev
from hedger.engine.ownership.scope import Scope
from hedger.engine.settings import DeltaParams, Timing
from hedger.execution.params import ExecutionParams, Style
from hedger.policies.schedule import Schedule
from hedger.risk.envelope import Envelope
from tests.engine.rig import CALL, PERP, Rig, settings

BAND = {"lower": -0.1, "upper": 0.1, "hard_lower": -50.0, "hard_upper": 50.0}
FROM_ONE = Schedule(blackouts=("daily 01:00-03:00",))
TO_ONE_S = 3_600.0
SMALL_CLIPS = ExecutionParams(min_clip_usd=0.0, give_up_s=36_000.0)
CHASE = ExecutionParams(style=Style.CHASE, chase_tries=3, chase_s=36_000.0, give_up_s=36_000.0)
LONG_GAMMA = {CALL: "10", PERP: "-366000"}
LATER = "BTC-27MAR26-105000-C"


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


# --- another hedge instrument while something rests in the one before -----------------------------------

MARCH = "BTC-27MAR26"


def hedging_with_march(rig: Rig) -> list[ev.Event]:
    """New settings, and tickers of both instruments: the future stands a little higher."""
    fresh = replace(rig.settings.books[0], hedge_instrument=MARCH)
    quotes = [rig.perp_quote(), rig.perp_quote(instrument=MARCH, bid=rig.index + 9.5, ask=rig.index + 10.5)]
    return [
        ev.SettingsApplied(replace(rig.settings, books=(fresh,), config_hash="march")),
        rig.indexed(),
        *quotes,
        rig.option_quote(CALL),
    ]


def test_a_chase_in_the_hedge_instrument_of_before_is_taken_back() -> None:
    rig = Rig(execution=CHASE, **BAND)
    rig.start({CALL: "-10", MARCH: "0"})
    (order,) = rig.placed
    rig.step(rig.report_of(order, "open"))
    rig.wait(3.0)
    rig.step(*hedging_with_march(rig))

    assert not rig.of(fx.Amend)
    assert cancelled(rig) == [order.label]


def test_edge_orders_in_the_hedge_instrument_of_before_are_taken_back() -> None:
    rig = Rig(execution=ExecutionParams(resting=True), **BAND)
    rig.start({**LONG_GAMMA, MARCH: "0"})
    buy, sell = rig.placed
    rig.step(rig.report_of(buy, "open"), rig.report_of(sell, "open"))
    rig.wait(3.0)
    rig.step(*hedging_with_march(rig))

    assert not rig.of(fx.Amend)
    assert sorted(cancelled(rig)) == sorted([buy.label, sell.label])


# --- gates that close while something else is awaited ---------------------------------------------------


def before_eight(execution: ExecutionParams, held: dict[str, str]) -> Rig:
    """Twenty seconds before the daily settlement, what rests is open at the venue."""
    rig = Rig(execution=execution, timing=Timing(reconcile_s=15.0), **BAND)
    rig.market_ms += 8 * 3_600_000 - 20_000
    rig.start(held)
    rig.step(*(rig.report_of(order, "open") for order in rig.placed))
    return rig


@pytest.mark.parametrize(
    ("execution", "held"), [(CHASE, {CALL: "-10"}), (ExecutionParams(resting=True), LONG_GAMMA)]
)
def test_what_rests_is_taken_back_before_a_settlement_while_positions_are_compared(
    execution: ExecutionParams, held: dict[str, str]
) -> None:
    """The venue's answer may take as long as the settlement: that is no reason to stay in the market."""
    rig = before_eight(execution, held)
    rig.wait(16.0)
    rig.move(rig.index)
    assert rig.of(fx.RequestSnapshot)
    assert rig.last.reason is Reason.SETTLEMENT_PAUSE
    assert sorted(cancelled(rig)) == sorted(order.label for order in rig.placed)


def test_an_order_that_waits_for_the_journal_does_not_leave_once_another_hedger_is_seen() -> None:
    rig = Rig(**BAND)
    rig.start(quotes=False)
    rig.journal_ok = False
    made = rig.step(*rig.quotes(CALL))
    write = next(effect for effect in made if isinstance(effect, fx.Write))
    report = msgspec.structs.replace(rig.report_of(other_hedgers(), "open").report, label="h-other-1-1")
    rig.step(ev.Reported(report))
    rig.step(ev.Durable(sequence=write.sequence))

    assert not rig.placed


def other_hedgers() -> OrderIntent:
    rig = Rig(**BAND)
    rig.start()
    return rig.placed[0]


# --- what a person is told and asks for -----------------------------------------------------------------


def test_the_first_order_after_a_resume_is_shown_while_the_book_is_latched() -> None:
    rig = Rig(**BAND)
    rig.start()
    rig.step(*rig.fill_of(rig.placed[0]))
    forced = rig.fill(PERP, Side.BUY, Decimal(10_000), Decimal(100_000))
    rig.step(ev.Filled(msgspec.structs.replace(forced, liquidation=True)))
    rig.move(104_000.0)
    assert rig.last.reason is Reason.LIQUIDATION

    shown = rig.engine.plan("btc", rig.now, resumed=True)
    rig.step(ev.CommandGiven(command="resume", book="btc", by="me", reason="seen"), *rig.quotes(CALL))
    assert (shown.side, shown.amount) == ("buy", str(rig.placed[-1].amount))


def test_a_book_neutralised_with_the_others_hedges_once_and_waits_for_them() -> None:
    """A person holds the other book: this one is not hedged at every tick meanwhile."""
    one = settings(scope=Scope(expiries=("30JAN26",)), **BAND).books[0]
    books = (replace(one, name="near"), replace(one, name="far", scope=Scope(expiries=("27MAR26",))))
    rig = Rig(replace(settings(), books=books))
    rig.start({CALL: "-10", LATER: "-10"}, quotes=False)
    rig.step(ev.HoldAsked(book="far", seconds=600.0, by="ana", reason="legs in"))
    rig.step(ev.CommandGiven(command="neutralise", book="", by="me", reason="drill"))
    rig.step(*rig.quotes(CALL, LATER))
    for _ in range(5):
        if rig.engine.view(rig.now).orders.open:
            rig.step(*rig.fill_of(rig.placed[-1]))
        rig.move(rig.index + 20.0, CALL, LATER)

    assert [order.book for order in rig.placed] == ["near"]
    assert rig.last.reason is Reason.NEUTRALISING


def test_flatten_needs_no_common_collateral_to_close_the_books_own_hedge() -> None:
    rig = Rig(**BAND)
    rig.start()
    rig.step(*rig.fill_of(rig.placed[0]))
    both = replace(rig.settings.books[0], legs=Legs.BOTH)
    rig.step(ev.SettingsApplied(replace(rig.settings, books=(both,), config_hash="both")), *rig.quotes(CALL))
    flatten = ev.CommandGiven(command="flatten", book="btc", by="me", reason="drill", accept_naked_delta=True)
    rig.step(flatten, *rig.quotes(CALL))

    assert (rig.placed[-1].side, rig.placed[-1].amount) == (Side.SELL, rig.placed[0].amount)


# --- after a restart ------------------------------------------------------------------------------------


def test_orders_by_hand_count_as_no_hedge_after_a_restart_either() -> None:
    before = Rig(**BAND)
    before.start()
    before.step(*before.fill_of(before.placed[0]))
    by_hand = msgspec.structs.replace(before.placed[0], label="h-btc-1-9", purpose=Purpose.MANUAL)
    trade = before.trade(by_hand, Decimal(500_000), Decimal(100_000))
    order = Order(by_hand, state=OrderState.FILLED, filled_amount=Decimal(500_000))
    later = Rig(**BAND)
    later.start({CALL: "-10", PERP: "356000"}, orders=(order,), fills=(trade,), epoch=2)

    assert later.engine.view(later.now).books[0].turnover_usd_24h == 0.0
