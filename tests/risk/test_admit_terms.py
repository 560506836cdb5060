"""The second door for new terms of open orders, and for options."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from hedger.domain.approval import Approved, Refused
from hedger.domain.order import OrderType, Side
from hedger.domain.vocabulary import BreakerState, Mode, Reason
from hedger.risk.admit import OptionTerms, Standing
from hedger.risk.envelope import Envelope
from tests.portfolio import market
from tests.risk.test_admit import counters_with, intent, judged, refusal

OPEN = Standing(Decimal(10_000), Decimal(4_000), 0, 60)


def test_new_terms_may_move_the_price_and_make_the_order_smaller() -> None:
    for amount in (10_000, 5_000):
        assert isinstance(judged(intent(amount=Decimal(amount)), standing=OPEN), Approved)


@pytest.mark.parametrize("amount", [10_010, 4_000, 10])
def test_new_terms_may_not_add_nor_take_back_what_has_filled(amount: int) -> None:
    assert refusal(intent(amount=Decimal(amount)), standing=OPEN) is Reason.ILLEGAL_ORDER


def test_limits_count_what_of_an_open_order_may_still_trade() -> None:
    """0.06 coin are left of it; the position has 0.96 already and 1.0 are allowed."""
    held = {"hedge_position": Decimal(96_000)}
    tight = Envelope(max_hedge_position_coin=1.0)
    assert refusal(intent(), standing=OPEN, envelope=tight, **held) is Reason.HEDGE_POSITION
    smaller = intent(amount=Decimal(8_000))
    assert isinstance(judged(smaller, standing=OPEN, envelope=tight, **held), Approved)


def test_new_terms_have_a_rate_of_their_own_and_leave_that_of_orders_alone() -> None:
    busy = counters_with(orders=20)
    assert refusal(counters=busy) is Reason.ORDER_RATE
    assert isinstance(judged(counters=busy, standing=OPEN), Approved)
    assert refusal(standing=OPEN._replace(amends_minute=60)) is Reason.AMEND_RATE


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"breaker": BreakerState.PAUSED}, Reason.PAUSED),
        ({"quote": market.future_quote(wire_s=-60.0)}, Reason.STALE_QUOTE),
        ({"mode": Mode.OBSERVE}, Reason.OBSERVE_MODE),
    ],
)
def test_every_other_limit_holds_for_new_terms_too(changes: dict[str, Any], reason: Reason) -> None:
    assert refusal(standing=OPEN, **changes) is reason


def test_a_neutralising_breaker_lets_a_hedge_pass() -> None:
    assert isinstance(judged(breaker=BreakerState.NEUTRALISING), Approved)


# --- options ------------------------------------------------------------------------------------------

CALL = market.option()
TERMS = OptionTerms(0.2)


def option_answer(
    price: str = "0.05", side: Side = Side.BUY, amount: str = "0.5", **given: Any
) -> Approved | Refused:
    order = intent(instrument=CALL.name, amount=Decimal(amount), price=Decimal(price), side=side)
    judged_by = {"options": TERMS, "quote": market.option_quote(CALL, mark=0.05), **given}
    return judged(order, instrument=CALL, **judged_by)


def option_refusal(price: str = "0.05", **changes: Any) -> Reason:
    answer = option_answer(price, **changes)
    assert isinstance(answer, Refused)
    return answer.reason


def test_an_option_order_near_its_premium_passes() -> None:
    assert isinstance(option_answer(), Approved)


def test_only_where_options_are_allowed() -> None:
    assert option_refusal(options=None) is Reason.ASSET_CLASS


@pytest.mark.parametrize(
    ("side", "price", "passes"),
    [
        (Side.BUY, "0.0600", True),  # a fifth above the mark, and a tick
        (Side.BUY, "0.0610", False),
        (Side.SELL, "0.0400", True),
        (Side.SELL, "0.0390", False),
        (Side.BUY, "0.0010", True),  # a bid far below is no danger
        (Side.SELL, "0.9000", True),
    ],
)
def test_only_a_premium_worse_than_the_mark_is_refused(side: Side, price: str, passes: bool) -> None:
    answer = option_answer(price, side=side)
    assert isinstance(answer, Approved) is passes
    assert passes or (isinstance(answer, Refused) and answer.reason is Reason.PRICE_COLLAR)


def test_an_option_order_needs_a_price() -> None:
    order = intent(instrument=CALL.name, amount=Decimal("0.5"), price=None, order_type=OrderType.MARKET)
    answer = judged(order, instrument=CALL, quote=market.option_quote(CALL, mark=0.05), options=TERMS)
    assert isinstance(answer, Refused)
    assert answer.reason is Reason.ILLEGAL_ORDER


def test_an_option_order_is_as_large_as_what_lies_under_it() -> None:
    assert option_refusal(amount="6") is Reason.ORDER_NOTIONAL
    rich = Envelope(max_order_usd=1e9)
    assert option_refusal(amount="6", envelope=rich) is Reason.ORDER_SIZE


@pytest.mark.parametrize(
    "breaker",
    [
        BreakerState.REDUCE_ONLY,
        BreakerState.NEUTRALISING,
        BreakerState.FLATTENING,
        BreakerState.PAUSED,
        BreakerState.HALTED,
    ],
)
def test_only_a_running_book_trades_options(breaker: BreakerState) -> None:
    assert isinstance(option_answer(breaker=breaker), Refused)


def test_a_stale_option_quote_is_refused() -> None:
    assert option_refusal(quote=market.option_quote(CALL, mark=0.05, wire_s=-61.0)) is Reason.STALE_QUOTE
