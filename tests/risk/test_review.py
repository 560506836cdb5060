"""The first door may shrink a hedge, never enlarge it and never turn it around."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedger.domain.approval import Refused
from hedger.domain.vocabulary import BreakerState, Reason
from hedger.risk.counters import Counters
from hedger.risk.envelope import Envelope
from hedger.risk.margin_params import MarginParams
from hedger.risk.review import Reviewed, review
from tests.portfolio import market
from tests.portfolio.market import NOW_MS, At
from tests.risk.accounts import account, funds
from tests.risk.trades import fill


def reviewed(change_coin: float, **changes: Any) -> Reviewed | Refused:
    return review(
        change_coin,
        **{
            "hedge_position_coin": 0.0,
            "in_flight_coin": 0.0,
            "index_usd": 100_000.0,
            "envelope": Envelope(),
            "breaker": BreakerState.RUNNING,
            "counters": Counters(),
            "now": At(),
            **changes,
        },
    )


def traded(usd: float) -> Counters:
    counters = Counters()
    counters.add_fill(fill(amount=Decimal(10), market_ms=NOW_MS), usd)
    return counters


def test_a_hedge_inside_every_limit_passes_unchanged() -> None:
    assert reviewed(-2.0) == Reviewed(-2.0, None, "")
    assert reviewed(0.0) == Reviewed(0.0)


@pytest.mark.parametrize(
    ("change", "given_", "left", "reason"),
    [
        (9.0, {"envelope": Envelope(max_order_usd=1e9)}, 5.0, Reason.ORDER_SIZE),
        (-9.0, {}, -2.5, Reason.ORDER_NOTIONAL),
        (-9.0, {"hedge_price_usd": 125_000.0}, -2.0, Reason.ORDER_NOTIONAL),
        (2.0, {"hedge_position_coin": 48.0, "in_flight_coin": 1.0}, 1.0, Reason.HEDGE_POSITION),
        (-2.0, {"hedge_position_coin": -49.5}, -0.5, Reason.HEDGE_POSITION),
        (-2.0, {"hedge_position_coin": -10.0, "others_coin": -39.5}, -0.5, Reason.HEDGE_POSITION),
        (-2.0, {"hedge_position_coin": -49.5, "others_coin": 20.0}, -0.5, Reason.HEDGE_POSITION),
        (2.0, {"counters": traded(1_900_000.0)}, 1.0, Reason.TURNOVER_HOUR),
        (
            2.0,
            {"counters": traded(1_900_000.0), "envelope": Envelope(max_turnover_day_usd=1_950_000.0)},
            0.5,
            Reason.TURNOVER_DAY,
        ),
        (-2.0, {"hedge_position_coin": 1.5, "breaker": BreakerState.REDUCE_ONLY}, -1.5, Reason.REDUCE_ONLY),
        (2.0, {"hedge_position_coin": -1.5, "breaker": BreakerState.FLATTENING}, 1.5, Reason.FLATTENING),
    ],
)
def test_the_tightest_limit_shrinks_and_is_named(
    change: float, given_: dict[str, Any], left: float, reason: Reason
) -> None:
    answer = reviewed(change, **given_)
    assert isinstance(answer, Reviewed)
    assert answer.change_coin == pytest.approx(left)
    assert answer.shrunk_by is reason
    assert f"{change:+.6g} coin to" in answer.detail


@pytest.mark.parametrize(
    ("change", "given_", "reason"),
    [
        (1.0, {"breaker": BreakerState.PAUSED}, Reason.PAUSED),
        (1.0, {"breaker": BreakerState.HALTED}, Reason.HALTED),
        (1.0, {"breaker": BreakerState.REDUCE_ONLY, "hedge_position_coin": 2.0}, Reason.REDUCE_ONLY),
        (1.0, {"breaker": BreakerState.FLATTENING}, Reason.FLATTENING),
        (1.0, {"hedge_position_coin": 50.0}, Reason.HEDGE_POSITION),
        (1.0, {"counters": traded(2_000_000.0)}, Reason.TURNOVER_HOUR),
        (math.nan, {}, Reason.BAD_INPUT),
        (1.0, {"hedge_position_coin": math.inf}, Reason.BAD_INPUT),
        (1.0, {"index_usd": 0.0}, Reason.BAD_INPUT),
    ],
)
def test_where_nothing_is_left_the_hedge_is_refused(
    change: float, given_: dict[str, Any], reason: Reason
) -> None:
    answer = reviewed(change, **given_)
    assert isinstance(answer, Refused)
    assert answer.reason is reason


def test_a_position_beyond_its_cap_may_still_be_made_smaller() -> None:
    assert reviewed(-1.0, hedge_position_coin=60.0) == Reviewed(-1.0)


@given(
    change=st.floats(-100, 100),
    position=st.floats(-60, 60),
    in_flight=st.floats(-5, 5),
    index=st.floats(1_000, 500_000),
    breaker=st.sampled_from(BreakerState),
    usd=st.floats(0, 12_000_000),
)
def test_review_never_enlarges_and_never_flips(
    change: float, position: float, in_flight: float, index: float, breaker: BreakerState, usd: float
) -> None:
    answer = reviewed(
        change,
        hedge_position_coin=position,
        in_flight_coin=in_flight,
        index_usd=index,
        breaker=breaker,
        counters=traded(usd),
    )
    if isinstance(answer, Reviewed):
        assert abs(answer.change_coin) <= abs(change)
        assert answer.change_coin * change >= 0.0
        after, before = position + in_flight + answer.change_coin, position + in_flight
        assert abs(after) <= max(50.0, abs(before)) + 1e-9
        if breaker not in (BreakerState.RUNNING, BreakerState.NEUTRALISING):
            assert abs(after) <= abs(before)
            assert after * before >= 0.0


def test_a_hedge_is_shrunk_to_whole_lots_of_what_the_margin_carries() -> None:
    thin = account(told=funds(1.0, 0.9))
    given = {"account": thin, "floor": MarginParams(), "listed": market.perpetual()}
    answer = reviewed(5.0, **given)

    assert isinstance(answer, Reviewed)
    assert answer.shrunk_by is Reason.MARGIN
    assert 2.0 < answer.change_coin < 3.0
    assert answer.change_coin * 100_000 / 10 == pytest.approx(round(answer.change_coin * 100_000 / 10))


def test_where_the_margin_carries_not_even_a_lot_the_hedge_is_refused_by_name() -> None:
    full = account(told=funds(1.0, 0.95))
    answer = reviewed(5.0, account=full, floor=MarginParams(), listed=market.perpetual())

    assert isinstance(answer, Refused)
    assert answer.reason is Reason.MARGIN
    assert answer.detail.startswith("delta out, no margin: initial margin would go from 0.95")


def test_what_is_in_flight_takes_margin_too() -> None:
    thin = account(told=funds(1.0, 0.9))
    given = {"account": thin, "floor": MarginParams(), "listed": market.perpetual()}
    free, busy = reviewed(5.0, **given), reviewed(5.0, in_flight_coin=1.0, **given)

    assert isinstance(free, Reviewed)
    assert isinstance(busy, Reviewed)
    assert busy.change_coin == pytest.approx(free.change_coin - 1.0, abs=0.001)


def test_a_crumb_of_the_hedge_is_not_sent_although_it_would_fit() -> None:
    """Free margin trembles with the marks: sending whatever fits would trade a lot at every tick."""
    full = account(told=funds(1.0, 0.9455))
    given = {"account": full, "floor": MarginParams(), "listed": market.perpetual()}
    assert isinstance(reviewed(0.2, **given), Reviewed)
    assert isinstance(reviewed(5.0, **given), Refused)
