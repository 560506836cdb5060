"""Amendments: what is sent, and what each answer proves about the terms an order stands at."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from hedger.domain.approval import Approved
from hedger.domain.errors import InvariantError
from hedger.domain.order import TimeInForce
from hedger.domain.vocabulary import Mode
from hedger.engine import events as ev
from hedger.engine.effects import Amend
from hedger.venues.deribit.errors import (
    AMEND_LOST_ITS_ORDER,
    PLACEMENT_REFUSED,
    PLACEMENT_UNKNOWN,
)
from tests.venues.deribit.orders_fixtures import LABEL, make_intent, make_place, wire_order, wire_trade
from tests.venues.deribit.talk import Talk

REST = {"post_only": True, "time_in_force": TimeInForce.GTC}


def make_amend(mode: Mode = Mode.LIVE, **changes: Any) -> Amend:
    intent = make_intent(**{**REST, "price": Decimal("100000.5"), **changes})
    return Amend(approved=Approved(intent=intent, mode=mode), order_id="74000000001")


def asked() -> Talk:
    talk = Talk().up().perform(make_amend())
    talk.play("...")
    return talk


def test_new_terms_name_the_order_its_total_and_their_own_validity() -> None:
    talk = Talk().up().perform(make_amend(amount=Decimal("1E+1")))
    frame = talk.sent.popleft()
    assert frame["method"] == "private/edit"
    assert frame["params"] == {
        "order_id": "74000000001",
        "amount": Decimal(10),
        "price": Decimal("100000.5"),
        "post_only": True,
        "reject_post_only": True,
        "valid_until": 1790000005000,
    }


def test_a_post_only_placement_would_rather_be_rejected_than_moved() -> None:
    """Otherwise the venue moves the price by a tick and the order stands where nobody put it."""
    talk = Talk().up().perform(make_place(**REST))
    params = talk.sent.popleft()["params"]
    assert (params["post_only"], params["reject_post_only"]) == (True, True)
    assert params["time_in_force"] == "good_til_cancelled"


def test_the_answer_is_the_order_at_its_new_terms_behind_its_trades() -> None:
    talk = asked()
    order = wire_order(order_state="open", filled_amount=0.0, price=100000.5)
    talk.answer("private/edit", {"order": order, "trades": [wire_trade()]})
    assert talk.take(ev.Filled).fill.label == LABEL
    assert talk.take(ev.Reported).report.price == Decimal("100000.5")


def test_new_terms_that_would_have_taken_come_back_as_a_cancelled_order() -> None:
    talk = asked()
    order = wire_order(order_state="cancelled", cancel_reason="edit_post_only_reject", filled_amount=0.0)
    talk.answer("private/edit", {"order": order, "trades": []})
    report = talk.take(ev.Reported).report
    assert (report.state, report.cancel_reason) == ("cancelled", "edit_post_only_reject")


@pytest.mark.parametrize("code", sorted({11021, *PLACEMENT_REFUSED} - set(AMEND_LOST_ITS_ORDER)))
def test_a_code_that_proves_that_nothing_changed_is_a_refusal(code: int) -> None:
    talk = asked()
    talk.refuse("private/edit", code, "no")
    locks = (ev.PlatformLocked, ev.AccountLocked)
    told = [event for event in talk.events if not isinstance(event, locks)]
    assert told == [ev.AmendRefused(venue="deribit", label=LABEL, code=code, message="no")]


@pytest.mark.parametrize("code", sorted({*AMEND_LOST_ITS_ORDER, *PLACEMENT_UNKNOWN, 99999}))
def test_every_other_code_has_the_order_looked_up(code: int) -> None:
    """11044 and kin say that the order may be gone; 13888 and kin say nothing at all."""
    talk = asked()
    talk.refuse("private/edit", code, "who knows")
    assert str(code) in talk.take(ev.AmendLost).reason


def test_new_terms_without_an_answer_are_lost() -> None:
    talk = asked()
    talk.pass_time(5.0)
    assert "no answer" in talk.take(ev.AmendLost).reason


def test_an_answer_that_cannot_be_read_is_lost() -> None:
    talk = asked()
    talk.answer("private/edit", {"order": wire_order(amount="ten")})
    talk.play("~ BadData\n~ AmendLost")


def test_without_a_link_or_a_credit_new_terms_are_not_sent_and_say_so() -> None:
    talk = Talk().perform(make_amend())
    assert "the link is down" in talk.take(ev.AmendRefused).message

    busy = Talk().up()
    for number in range(17):
        busy.perform(make_amend(label=f"h-btc-1-{number}"))
    assert busy.methods() == ["private/edit"] * 16
    assert "no credits" in busy.take(ev.AmendRefused).message


@pytest.mark.parametrize("mode", [Mode.OBSERVE, Mode.PAPER])
def test_new_terms_of_another_mode_are_a_defect(mode: Mode) -> None:
    talk = Talk().up()
    with pytest.raises(InvariantError, match="nothing was sent"):
        talk.perform(make_amend(mode))
    talk.play("")
