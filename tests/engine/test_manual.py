"""Orders by hand: the same doors, the same write-ahead, and no part in the hedge."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from hedger.domain.order import OrderIntent, Purpose, Side, TimeInForce
from hedger.domain.vocabulary import BreakerState, Mode, Reason
from hedger.engine import effects as fx
from hedger.engine import events as ev
from hedger.engine.hedging.hedge import Manual
from hedger.engine.hedging.manual_order import OrderAsked
from hedger.engine.records import Commanded, Intended
from hedger.risk.envelope import AssetClass, Envelope
from tests.engine.rig import CALL, PERP, PUT, VENUE, Rig

CALM = {"lower": -9.0, "upper": 9.0, "hard_lower": -50.0, "hard_upper": 50.0}
OPTIONS = Envelope(max_order_usd=2e6, asset_classes=tuple(AssetClass), collar_option_fraction=0.012)


def asked(instrument: str = PERP, **changes: Any) -> ev.OrderGiven:
    fields: dict[str, Any] = {
        "number": "1",
        "book": "btc",
        "instrument": instrument,
        "side": Side.BUY,
        "amount": Decimal(1000),
        "price": Decimal(99_900),
        "by": "me",
        "reason": "drill",
    }
    return ev.OrderGiven(OrderAsked(**{**fields, **changes}))


def calm(**changes: Any) -> Rig:
    rig = Rig(**{**CALM, **changes})
    rig.start()
    return rig


def answer(rig: Rig, number: str = "1") -> Manual:
    found = rig.engine.manual_answer("btc", number)
    assert found is not None
    return found


def placed(rig: Rig, event: ev.OrderGiven) -> OrderIntent:
    rig.step(event, *rig.quotes(CALL))
    assert answer(rig).label == rig.placed[-1].label, answer(rig).detail
    return rig.placed[-1]


def records(rig: Rig, kind: type) -> list[Any]:
    return [record for write in rig.of(fx.Write) for record in write.records if isinstance(record, kind)]


def test_an_order_by_hand_is_written_down_and_sent_as_asked() -> None:
    rig = calm()
    order = placed(rig, asked())

    assert (order.instrument, order.side, order.amount, order.price) == (PERP, Side.BUY, 1000, 99_900)
    assert (order.time_in_force, order.purpose) == (TimeInForce.GTC, Purpose.MANUAL)
    assert order.label == "h-btc-1-1"
    assert records(rig, Intended)[-1].intent == order
    command = records(rig, Commanded)[-1]
    assert (command.by, command.state) == ("me", BreakerState.RUNNING)
    assert "order buy 1000 BTC-PERPETUAL at 99900 as h-btc-1-1" in command.command


def test_flags_are_passed_on() -> None:
    rig = calm()
    order = placed(rig, asked(post_only=True, reduce_only=True))
    assert (order.post_only, order.reduce_only) == (True, True)
    immediate = placed(rig, asked(number="1", immediate=True))
    assert immediate.time_in_force is TimeInForce.IOC


def test_it_waits_for_the_journal() -> None:
    rig = calm()
    rig.journal_ok = False
    rig.step(asked())
    assert not rig.placed
    rig.step(ev.Durable(rig.of(fx.Write)[-1].sequence))
    assert len(rig.placed) == 1


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"amount": Decimal(15)}, Reason.ILLEGAL_ORDER),
        ({"price": Decimal("99900.3")}, Reason.ILLEGAL_ORDER),
        ({"price": Decimal(90_000)}, Reason.PRICE_COLLAR),
        ({"amount": Decimal(10_000_000)}, Reason.ORDER_NOTIONAL),
        ({"instrument": "BTC-1JAN27"}, Reason.MISSING_QUOTE),
        ({"instrument": CALL, "amount": Decimal(1), "price": Decimal("0.04")}, Reason.ASSET_CLASS),
    ],
)
def test_what_breaks_a_limit_is_refused_by_name(changes: dict[str, Any], reason: Reason) -> None:
    rig = calm()
    rig.step(asked(**changes))
    assert not rig.placed
    assert answer(rig).label == ""
    assert answer(rig).detail.startswith(reason)


def another_hedger() -> ev.Event:
    rig = calm()
    return ev.Filled(rig.fill(PERP, Side.BUY, Decimal(10), Decimal(100_000), "h-main-1-1"))


@pytest.mark.parametrize(
    ("before", "reason"),
    [
        ([another_hedger()], Reason.OTHER_HEDGER),
        ([ev.LinkDown(venue=VENUE, reason="gone")], Reason.LINK_DOWN),
        ([ev.LinkDown(venue=VENUE, reason="gone"), Rig().link_up()], Reason.RECOVERING),
    ],
)
def test_what_would_be_dropped_once_durable_is_not_told_to_be_on_its_way(
    before: list[ev.Event], reason: Reason
) -> None:
    rig = calm()
    rig.step(*before)
    rig.step(asked(), *rig.quotes(CALL))
    assert not rig.placed
    assert answer(rig).label == ""
    assert answer(rig).detail.startswith(f"{reason}: ")


def test_a_paused_book_takes_no_order_by_hand() -> None:
    rig = calm()
    rig.step(ev.CommandGiven(command="pause", book="", by="me", reason="drill"))
    rig.step(asked())
    assert answer(rig).detail.startswith(Reason.PAUSED)


@pytest.mark.parametrize("mode", [Mode.OBSERVE, Mode.PAPER])
def test_only_live_mode_takes_orders_by_hand(mode: Mode) -> None:
    rig = calm(mode=mode)
    rig.step(asked())
    assert not rig.of(fx.Place)
    assert answer(rig).detail.startswith(Reason.OBSERVE_MODE)


def test_an_order_that_rests_is_no_delta_in_flight_and_holds_no_hedge_up() -> None:
    rig = calm(lower=-4.0, upper=4.0)
    order = placed(rig, asked())
    rig.step(rig.report_of(order, "open"))
    assert rig.engine.view(rig.now).books[0].in_flight_coin == 0.0
    rig.move(103_000.0)

    assert [placed_.purpose for placed_ in rig.placed] == [Purpose.MANUAL, Purpose.HEDGE]


def test_one_that_nobody_has_answered_holds_a_hedge_up() -> None:
    rig = calm(lower=-4.0, upper=4.0)
    placed(rig, asked())
    rig.move(103_000.0)
    assert rig.last.reason is Reason.IN_FLIGHT


def test_what_it_trades_is_new_delta_and_no_hedge() -> None:
    rig = calm()
    order = placed(rig, asked())
    before = rig.delta
    rig.step(*rig.fill_of(order))
    book = rig.engine.view(rig.now).books[0]

    assert rig.delta == pytest.approx(before + 0.01, abs=1e-6)
    assert (book.turnover_usd_24h, book.working.hedges_done) == (0.0, 0)


def test_a_hedge_is_admitted_as_if_the_resting_order_had_filled() -> None:
    rig = calm(lower=-4.0, upper=4.0, envelope=Envelope(max_order_usd=2e6, max_hedge_position_coin=1.0))
    order = placed(rig, asked(amount=Decimal(90_000)))
    rig.step(rig.report_of(order, "open"))
    rig.move(103_000.0)

    shrunk = rig.placed[-1]
    assert (shrunk.purpose, float(shrunk.amount)) == (Purpose.HEDGE, pytest.approx(13_000, abs=20))


def test_where_the_resting_order_leaves_no_room_the_hedge_is_blocked_by_name() -> None:
    rig = calm(lower=-4.0, upper=4.0, envelope=Envelope(max_order_usd=2e6, max_hedge_position_coin=0.9))
    order = placed(rig, asked(amount=Decimal(90_000)))
    rig.step(rig.report_of(order, "open"))
    rig.move(103_000.0)
    assert rig.placed[-1].amount == 2_700  # 90,000 USD are 0.874 coin here: room for so much
    rig.step(*rig.fill_of(rig.placed[-1]))
    rig.move(103_000.0)

    assert rig.last.reason is Reason.HEDGE_POSITION
    assert len(rig.placed) == 2


# --- options ------------------------------------------------------------------------------------------


def option_order(**changes: Any) -> ev.OrderGiven:
    return asked(**{"instrument": CALL, "amount": Decimal(1), "price": Decimal("0.0425"), **changes})


def test_an_option_order_is_judged_by_its_premium() -> None:
    rig = calm(envelope=OPTIONS)
    mark = rig.option_quote(CALL).quote.mark
    assert mark == pytest.approx(0.0425, abs=0.002)
    order = placed(rig, option_order())
    assert (order.instrument, order.amount) == (CALL, Decimal(1))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"price": Decimal("0.06")}, Reason.PRICE_COLLAR),
        ({"side": Side.SELL, "price": Decimal("0.02")}, Reason.PRICE_COLLAR),
        ({"price": Decimal("0.01")}, Reason.PRICE_COLLAR),
        ({"amount": Decimal("0.05")}, Reason.ILLEGAL_ORDER),
        ({"amount": Decimal(10)}, Reason.ORDER_SIZE),
    ],
)
def test_an_option_order_that_pays_too_much_or_is_too_large_is_refused(
    changes: dict[str, Any], reason: Reason
) -> None:
    rig = calm(envelope=OPTIONS)
    rig.step(option_order(**changes), *rig.quotes(CALL))
    assert not rig.placed
    assert answer(rig).detail.startswith(reason)


def test_an_option_nobody_holds_is_watched_first() -> None:
    rig = Rig(envelope=OPTIONS, **CALM)
    rig.step(rig.listed(CALL, PUT), rig.link_up())
    rig.step(rig.journal())
    rig.step(rig.snapshot({CALL: "-10"}))
    rig.step(*rig.quotes(CALL))
    rig.step(option_order(instrument=PUT, price=Decimal("0.03")))
    assert rig.engine.manual_answer("btc", "1") is None
    assert PUT in rig.of(fx.Watch)[-1].instruments

    rig.step(*rig.quotes(CALL, PUT))
    assert rig.placed[-1].instrument == PUT


def test_an_option_without_a_ticker_is_refused_in_the_end() -> None:
    rig = Rig(envelope=OPTIONS, **CALM)
    rig.step(rig.listed(CALL, PUT), rig.link_up())
    rig.step(rig.journal())
    rig.step(rig.snapshot({CALL: "-10"}))
    rig.step(option_order(instrument=PUT))
    rig.wait(6.0)
    rig.step()
    assert answer(rig).detail.startswith(Reason.MISSING_QUOTE)


def test_an_option_traded_by_hand_is_hedged_like_any_other() -> None:
    rig = calm(envelope=OPTIONS, lower=-4.0, upper=4.0)
    order = placed(rig, option_order(side=Side.SELL, amount=Decimal(4), price=Decimal("0.0425")))
    rig.step(*rig.fill_of(order), *rig.quotes(CALL))
    assert rig.placed[-1].purpose is Purpose.HEDGE


def test_the_ticker_of_what_nobody_holds_is_let_go_after_a_while() -> None:
    rig = Rig(envelope=OPTIONS, **CALM)
    rig.step(rig.listed(CALL, PUT), rig.link_up())
    rig.step(rig.journal())
    rig.step(rig.snapshot({CALL: "-10"}))
    rig.step(option_order(instrument=PUT))
    rig.wait(61.0)
    rig.step()
    assert PUT not in rig.of(fx.Watch)[-1].instruments


# --- cancel -------------------------------------------------------------------------------------------


def test_an_order_by_hand_is_cancelled_by_its_label() -> None:
    rig = calm()
    order = placed(rig, asked())
    rig.step(rig.report_of(order, "open"))
    rig.step(ev.CancelGiven(label=order.label, by="me", reason="drill"))
    assert [cancel.label for cancel in rig.of(fx.Cancel)] == [order.label]


def test_a_label_nobody_knows_cancels_nothing() -> None:
    rig = calm()
    rig.step(ev.CancelGiven(label="h-btc-9-9", by="me", reason="drill"))
    assert not rig.of(fx.Cancel)
    assert "cancel_refused" in rig.notes()


def test_an_operators_order_outlives_a_pause_and_not_a_halt() -> None:
    rig = calm()
    order = placed(rig, asked())
    rig.step(rig.report_of(order, "open"))
    rig.step(ev.CommandGiven(command="pause", book="", by="me", reason="drill"))
    assert not rig.of(fx.Cancel)
    rig.step(ev.CommandGiven(command="halt", book="", by="me", reason="drill"))
    assert [cancel.label for cancel in rig.of(fx.Cancel)] == [order.label]
