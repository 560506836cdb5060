"""The next move of an order that chases: every branch, and what may never happen."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedger.domain.order import Side
from hedger.execution.chase import Keep, Move, Pace, Repeg, Standing, Withdraw, next_move
from hedger.execution.params import ExecutionParams

PARAMS = ExecutionParams(chase_tries=3, chase_s=30.0, repeg_s=2.0)
BUY = Standing(Side.BUY, Decimal(100), Decimal(50), Decimal(10))


def move(standing: Standing = BUY, **changes: Any) -> Move:
    given_ = {
        "wanted": Decimal(40),
        "touch": Decimal(100),
        "tries": 1,
        "started": 0.0,
        "pegged": 0.0,
        "wire_s": 10.0,
        **changes,
    }
    pace = Pace(given_["tries"], given_["started"], given_["pegged"])
    return next_move(PARAMS, standing, given_["wanted"], given_["touch"], pace, given_["wire_s"])


def test_at_the_touch_it_stays() -> None:
    assert move() == Keep()


def test_behind_the_touch_it_moves_there() -> None:
    assert move(touch=Decimal(101)) == Repeg(Decimal(101), Decimal(50))
    sell = BUY._replace(side=Side.SELL)
    assert move(sell, touch=Decimal(99)) == Repeg(Decimal(99), Decimal(50))


def test_before_the_touch_it_stays() -> None:
    assert move(touch=Decimal(99)) == Keep()


def test_not_too_often() -> None:
    assert move(touch=Decimal(101), pegged=9.0) == Keep()


def test_less_is_wanted_the_total_falls_and_counts_what_has_filled() -> None:
    assert move(wanted=Decimal(20)) == Repeg(Decimal(100), Decimal(30))


def test_more_is_wanted_the_total_stays() -> None:
    assert move(wanted=Decimal(400)) == Keep()


@pytest.mark.parametrize("wanted", [0, -10])
def test_nothing_is_wanted_it_comes_back(wanted: int) -> None:
    answer = move(wanted=Decimal(wanted))
    assert isinstance(answer, Withdraw)
    assert not answer.cross


def test_too_long_or_too_often_it_crosses() -> None:
    for answer in (move(wire_s=30.0), move(touch=Decimal(101), tries=3)):
        assert isinstance(answer, Withdraw)
        assert answer.cross


def test_tries_end_only_a_chase_that_has_to_move_again() -> None:
    assert move(tries=9) == Keep()


@given(
    side=st.sampled_from(Side),
    price=st.integers(90, 110),
    touch=st.integers(90, 110),
    amount=st.integers(1, 50),
    filled=st.integers(0, 50),
    wanted=st.integers(-5, 60),
    tries=st.integers(0, 5),
    wire_s=st.floats(0, 60),
)
def test_new_terms_never_add_never_retreat_and_leave_something(
    side: Side, price: int, touch: int, amount: int, filled: int, wanted: int, tries: int, wire_s: float
) -> None:
    if filled >= amount:
        return
    standing = Standing(side, Decimal(price), Decimal(amount), Decimal(filled))
    answer = move(standing, touch=Decimal(touch), wanted=Decimal(wanted), tries=tries, wire_s=wire_s)
    if isinstance(answer, Repeg):
        assert filled < answer.amount <= amount
        assert answer.amount - filled <= wanted
        assert (answer.price - price) * side.sign >= 0
