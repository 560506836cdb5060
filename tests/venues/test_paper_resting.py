"""Orders that rest on paper: they wait, move, fill when the market comes, and end when the link does."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from hedger.domain.approval import Approved
from hedger.domain.errors import InvariantError
from hedger.domain.order import OrderReport, Side, TimeInForce
from hedger.domain.vocabulary import Mode
from hedger.engine import events as ev
from hedger.engine.effects import Amend, Cancel, LookUp
from hedger.engine.events import Event
from hedger.venues.paper_account import PaperAccount
from tests.venues.deribit.orders_fixtures import LABEL, make_intent
from tests.venues.test_paper_account import NAME, NOW, make_account, make_quote, place

REST = {"post_only": True, "time_in_force": TimeInForce.GTC, "price": Decimal("99999.5")}


def resting(**changes: Any) -> PaperAccount:
    account = make_account()
    (report,) = place(account, **{**REST, **changes})
    assert told(report).state == "open"
    return account


def told(event: Event) -> OrderReport:
    assert isinstance(event, ev.Reported)
    return event.report


def quoted(account: PaperAccount, **changes: Any) -> list[Event]:
    event = ev.Quoted(quote=make_quote(**changes))
    account.seen(event)
    return account.matched(event, NOW)


def amend(mode: Mode = Mode.PAPER, **changes: Any) -> Amend:
    intent = make_intent(**{**REST, **changes})
    return Amend(approved=Approved(intent=intent, mode=mode), order_id=f"paper-{LABEL}")


def test_a_post_only_order_rests_until_the_market_comes_to_it() -> None:
    account = resting()
    assert quoted(account, ask=100000.0) == []

    fill, report, _position = quoted(account, ask=99999.5)
    assert isinstance(fill, ev.Filled)
    assert (fill.fill.price, fill.fill.amount, fill.fill.liquidity) == (Decimal("99999.5"), Decimal(10), "M")
    assert told(report).state == "filled"
    assert quoted(account, ask=99999.0) == [], "filled once"


def test_a_large_order_fills_in_parts_each_a_trade_of_its_own() -> None:
    account = resting(amount=Decimal(500))
    first = quoted(account, ask=99999.5, ask_amount=300.0)[0]
    second, report, _ = quoted(account, ask=99999.0, ask_amount=300.0)

    assert isinstance(first, ev.Filled)
    assert isinstance(second, ev.Filled)
    assert (first.fill.amount, second.fill.amount) == (Decimal(300), Decimal(200))
    assert first.fill.trade_id != second.fill.trade_id
    assert (told(report).state, told(report).filled_amount) == ("filled", Decimal(500))


def test_a_post_only_order_that_would_take_is_refused() -> None:
    (refused,) = place(make_account(), **{**REST, "price": Decimal(100000)})
    assert isinstance(refused, ev.PlacementRefused)
    assert refused.code == 11054


def test_new_terms_move_the_order_and_a_smaller_total_stands() -> None:
    account = resting(amount=Decimal(100))
    (report,) = account.amend(amend(price=Decimal(99990), amount=Decimal(50)), NOW)
    assert (told(report).price, told(report).amount) == (Decimal(99990), Decimal(50))
    assert quoted(account, ask=99999.5) == [], "it is not there any more"

    assert told(quoted(account, ask=99990.0)[1]).filled_amount == Decimal(50)


def test_new_terms_that_would_take_end_the_order() -> None:
    (report,) = resting().amend(amend(price=Decimal(100000)), NOW)
    assert (told(report).state, told(report).cancel_reason) == ("cancelled", "edit_post_only_reject")


def test_new_terms_of_what_has_ended_say_nothing_and_late_ones_are_refused() -> None:
    (lost,) = make_account().amend(amend(), NOW)
    assert isinstance(lost, ev.AmendLost)
    (refused,) = resting().amend(amend(valid_until_ms=NOW.market_ms - 1), NOW)
    assert isinstance(refused, ev.AmendRefused)


def test_only_paper_approvals_amend_on_paper() -> None:
    with pytest.raises(InvariantError, match="approved for mode live reached the paper venue"):
        resting().amend(amend(Mode.LIVE), NOW)


def test_what_rests_can_be_cancelled_and_is_listed_as_open() -> None:
    account = resting()
    snapshot = ev.SnapshotTaken("deribit", NOW.market_ms, (), (), (), ())
    seen = account.seen(snapshot)
    assert isinstance(seen, ev.SnapshotTaken)
    assert [report.label for report in seen.open_orders] == [LABEL]

    (report,) = account.cancel(Cancel(venue="deribit", instrument=NAME, label=LABEL, order_id=None), NOW)
    assert told(report).state == "cancelled"
    assert quoted(account, ask=99000.0) == []


def test_a_lost_link_cancels_what_rests_and_a_look_up_says_so() -> None:
    account = resting()
    account.seen(ev.LinkDown(venue="deribit", reason="cut"))

    looked = LookUp(venue="deribit", instrument=NAME, label=LABEL, since_ms=0)
    (found,) = account.look_up(looked, NOW)
    assert isinstance(found, ev.LookedUp)
    assert [report.cancel_reason for report in found.reports] == ["cancel_on_disconnect"]


def test_a_selling_order_fills_at_its_own_price() -> None:
    account = resting(side=Side.SELL, price=Decimal("100000.5"))
    fill = quoted(account, bid=100001.0, ask=100001.5)[0]
    assert isinstance(fill, ev.Filled)
    assert (fill.fill.price, fill.fill.side) == (Decimal("100000.5"), Side.SELL)
