"""The second door for new terms of open orders."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from hedger.domain.approval import Approved
from hedger.domain.vocabulary import BreakerState, Mode, Reason
from hedger.risk.admit import Standing
from hedger.risk.envelope import Envelope
from tests.portfolio import market
from tests.risk.test_admit import counters_with, intent, judged, refusal

OPEN = Standing(Decimal(10_000), 0, 60)
AMENDS = {"standing": OPEN, "filled": Decimal(4_000)}


def test_new_terms_may_move_the_price_and_make_the_order_smaller() -> None:
    for amount in (10_000, 5_000):
        assert isinstance(judged(intent(amount=Decimal(amount)), **AMENDS), Approved)


@pytest.mark.parametrize("amount", [10_010, 4_000, 10])
def test_new_terms_may_not_add_nor_take_back_what_has_filled(amount: int) -> None:
    assert refusal(intent(amount=Decimal(amount)), **AMENDS) is Reason.ILLEGAL_ORDER


def test_limits_count_what_of_an_open_order_may_still_trade() -> None:
    """0.06 coin are left of it; the position has 0.96 already and 1.0 are allowed."""
    held = {"hedge_position": Decimal(96_000)}
    tight = Envelope(max_hedge_position_coin=1.0)
    assert refusal(intent(), **AMENDS, envelope=tight, **held) is Reason.HEDGE_POSITION
    smaller = intent(amount=Decimal(8_000))
    assert isinstance(judged(smaller, **AMENDS, envelope=tight, **held), Approved)


def test_new_terms_have_a_rate_of_their_own_and_leave_that_of_orders_alone() -> None:
    busy = counters_with(orders=20)
    assert refusal(counters=busy) is Reason.ORDER_RATE
    assert isinstance(judged(counters=busy, **AMENDS), Approved)
    assert refusal(filled=Decimal(4_000), standing=OPEN._replace(amends_minute=60)) is Reason.AMEND_RATE


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"breaker": BreakerState.PAUSED}, Reason.PAUSED),
        ({"quote": market.future_quote(wire_s=-60.0)}, Reason.STALE_QUOTE),
        ({"mode": Mode.OBSERVE}, Reason.OBSERVE_MODE),
    ],
)
def test_every_other_limit_holds_for_new_terms_too(changes: dict[str, Any], reason: Reason) -> None:
    assert refusal(**AMENDS, **changes) is reason


def test_a_neutralising_breaker_lets_a_hedge_pass() -> None:
    assert isinstance(judged(breaker=BreakerState.NEUTRALISING), Approved)
