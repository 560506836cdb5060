"""Placements and cancels: what is sent, and what each answer proves."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from hedger.domain.errors import InvariantError
from hedger.domain.order import OrderType, Side
from hedger.domain.vocabulary import Mode
from hedger.engine import events as ev
from hedger.engine.effects import Cancel
from hedger.venues.deribit.credits import LATE_S
from hedger.venues.deribit.errors import PLACEMENT_REFUSED, PLACEMENT_UNKNOWN
from tests.venues.deribit.orders_fixtures import LABEL, make_place, wire_order, wire_trade
from tests.venues.deribit.talk import Talk

BY_LABEL = Cancel(venue="deribit", instrument="BTC-PERPETUAL", label=LABEL, order_id=None)
BY_ID = Cancel(venue="deribit", instrument="BTC-PERPETUAL", label=LABEL, order_id="74000000001")


def test_a_limit_order_says_everything_explicitly() -> None:
    talk = Talk().up().perform(make_place(amount=Decimal("1E+1"), price=Decimal("100000.5")))
    frame = talk.sent.popleft()
    assert frame["method"] == "private/buy"
    assert frame["params"] == {
        "instrument_name": "BTC-PERPETUAL",
        "amount": Decimal(10),
        "type": "limit",
        "label": LABEL,
        "post_only": False,
        "reduce_only": False,
        "valid_until": 1790000005000,
        "price": Decimal("100000.5"),
        "time_in_force": "immediate_or_cancel",
    }


def test_a_market_order_has_neither_price_nor_time_in_force() -> None:
    talk = Talk().up().perform(make_place(order_type=OrderType.MARKET, price=None, side=Side.SELL))
    frame = talk.sent.popleft()
    assert frame["method"] == "private/sell"
    assert not {"price", "time_in_force"} & set(frame["params"])


def test_a_fill_in_the_reply_comes_before_its_order() -> None:
    talk = Talk().up().perform(make_place())
    talk.play("...")
    talk.answer("private/buy", {"order": wire_order(), "trades": [wire_trade()]})
    fill = talk.take(ev.Filled).fill
    assert (fill.amount, fill.fee, fill.side) == (Decimal(10), Decimal("0.000000035"), Side.BUY)
    assert talk.take(ev.Reported).report.state == "filled"


def test_a_notification_may_overtake_the_reply() -> None:
    talk = Talk().up().perform(make_place())
    talk.play("...")
    position = {"instrument_name": "BTC-PERPETUAL", "size": 10.0, "direction": "buy"}
    changes = {"orders": [wire_order()], "trades": [wire_trade()], "positions": [position]}
    talk.notify("user.changes.any.any.raw", changes)
    talk.answer("private/buy", {"order": wire_order(), "trades": [wire_trade()]})
    talk.play(
        """
        ~ Filled
        ~ Reported
        ~ PositionReported
        ~ Filled
        ~ Reported
        """
    )


@pytest.mark.parametrize("code", sorted(PLACEMENT_REFUSED))
def test_a_code_that_proves_absence_is_a_refusal(code: int) -> None:
    talk = Talk().up().perform(make_place())
    talk.play("...")
    talk.refuse("private/buy", code, "price_too_high 2180.0")
    locks = (ev.PlatformLocked, ev.AccountLocked)
    refused = [event for event in talk.events if not isinstance(event, locks)]
    assert refused == [
        ev.PlacementRefused(venue="deribit", label=LABEL, code=code, message="price_too_high 2180.0")
    ]


@pytest.mark.parametrize("code", [*sorted(PLACEMENT_UNKNOWN), 99999, -32603])
def test_every_other_code_leaves_the_order_unknown(code: int) -> None:
    talk = Talk().up().perform(make_place())
    talk.play("...")
    talk.refuse("private/buy", code, "who knows")
    assert str(code) in talk.take(ev.PlacementLost).reason


def test_no_code_is_both_refused_and_unknown() -> None:
    assert not set(PLACEMENT_REFUSED) & set(PLACEMENT_UNKNOWN)


def test_settlement_in_progress_locks_until_the_status_says_otherwise() -> None:
    Talk().up().perform(make_place()).play(
        """
        ...
        ! private/buy 10041 settlement_in_progress
        = PlatformLocked {"index": "", "locked": true}
        = PlacementRefused {"code": 10041}
        + 5
        > public/status
        < public/status {"locked": "false"}
        = PlatformLocked {"index": "", "locked": false}
        """
    )


def test_a_placement_without_an_answer_is_lost() -> None:
    talk = Talk().up().perform(make_place())
    talk.play("...")
    talk.pass_time(5.0)
    assert "no answer" in talk.take(ev.PlacementLost).reason


def test_a_reply_that_cannot_be_read_leaves_the_order_unknown() -> None:
    talk = Talk().up().perform(make_place())
    talk.play("...")
    talk.answer("private/buy", {"order": wire_order(amount="ten")})
    talk.play(
        """
        ~ BadData
        ~ PlacementLost
        """
    )


def test_a_reply_with_an_impossible_order_leaves_it_unknown() -> None:
    talk = Talk().up().perform(make_place())
    talk.play("...")
    talk.answer("private/buy", {"order": wire_order(direction="sideways")})
    talk.play("~ BadData\n~ PlacementLost")


def test_a_disconnect_loses_every_placement_in_flight() -> None:
    talk = Talk().up().perform(make_place()).perform(make_place(label="h-btc-1-2"))
    talk.play(
        """
        ...
        - connection lost
        = PlacementLost {"label": "h-btc-1-1", "reason": "-2 connection lost"}
        = PlacementLost {"label": "h-btc-1-2"}
        = LinkDown {"reason": "connection lost"}
        """
    )


def test_without_a_link_a_placement_is_not_sent() -> None:
    talk = Talk().perform(make_place())
    assert talk.take(ev.PlacementUnsent).reason == "the link is down"
    assert talk.methods() == ["public/hello"]


def test_credits_are_kept_for_cancels() -> None:
    talk = Talk().up()
    for number in range(20):
        talk.perform(make_place(label=f"h-btc-1-{number}"))
    assert talk.methods() == ["private/buy"] * 16  # burst 20, 4 in reserve
    assert "no credits" in talk.take(ev.PlacementUnsent).reason
    talk.play("...")
    for _ in range(5):
        talk.perform(BY_ID)
    assert talk.methods() == ["private/cancel"] * 4  # the fifth waits for its credit
    talk.pass_time(LATE_S + 0.2)
    assert talk.methods() == ["private/cancel"] * 5
    talk.play("...")


@pytest.mark.parametrize("mode", [Mode.OBSERVE, Mode.PAPER])
def test_a_placement_of_another_mode_is_a_defect(mode: Mode) -> None:
    talk = Talk().up()
    with pytest.raises(InvariantError, match="nothing was sent"):
        talk.perform(make_place(mode))
    talk.play("")


def test_a_live_placement_where_trading_is_not_enabled_is_a_defect() -> None:
    talk = Talk(trading=False).up()
    with pytest.raises(InvariantError, match="not enabled"):
        talk.perform(make_place())
    talk.play("")


def test_a_cancel_by_id_answers_with_the_order() -> None:
    Talk().up().perform(BY_ID).play(
        f"""
        > private/cancel {{"order_id": "74000000001"}}
        < private/cancel {json.dumps(wire_order(order_state="cancelled", filled_amount=0.0))}
        = Reported {{"report": {{"state": "cancelled", "label": "{LABEL}"}}}}
        """
    )


def test_a_cancel_by_label_names_the_currency_and_counts() -> None:
    Talk().up().perform(BY_LABEL).play(
        """
        > private/cancel_by_label {"label": "h-btc-1-1", "currency": "BTC"}
        < private/cancel_by_label 1
        """
    )


def test_a_cancel_that_found_nothing_asks_for_the_state() -> None:
    Talk().up().perform(BY_LABEL).play(
        """
        ...
        < private/cancel_by_label 0
        = CancelRefused {"code": 10004}
        """
    )


def test_a_cancel_that_lost_the_race_is_refused() -> None:
    Talk().up().perform(BY_ID).play(
        """
        ...
        ! private/cancel 11044 not_open_order
        = CancelRefused {"code": 11044, "message": "not_open_order"}
        """
    )


def test_a_cancel_without_an_answer_asks_for_the_state() -> None:
    talk = Talk().up().perform(BY_ID)
    talk.play("...")
    talk.pass_time(5.0)
    assert talk.take(ev.CancelRefused).code == -1


def test_unreadable_answers_to_cancels_are_bad_data() -> None:
    Talk().up().perform(BY_ID).perform(BY_ID).perform(BY_LABEL).play(
        f"""
        ...
        < private/cancel {{"order_id": 1}}
        ~ BadData
        < private/cancel {json.dumps(wire_order(direction="up"))}
        ~ BadData
        < private/cancel_by_label "many"
        ~ BadData
        """
    )


@pytest.mark.parametrize(("trading", "why"), [(True, "link is down"), (False, "not enabled")])
def test_a_cancel_that_cannot_be_sent_says_so(trading: bool, why: str) -> None:
    talk = Talk(trading=trading)
    talk.perform(BY_ID)
    assert why in talk.take(ev.CancelRefused).message
    assert talk.methods() == ["public/hello"]
