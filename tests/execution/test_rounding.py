"""Rounding on any listing: |delta| never grows beyond the edge aimed for, whatever the lots are."""

from __future__ import annotations

import math
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from hedger.domain.instrument import Instrument
from hedger.execution.params import ExecutionParams, Style
from hedger.execution.plan import NoPlan, Planned, Round, clip, plan, smallest_amount
from tests.portfolio import market

STEPS = [Decimal(text) for text in ("0.0001", "0.001", "0.1", "1", "5", "10", "25", "1000")]
NOISE = 1e-9  # of the size, as execution.plan has it


@st.composite
def listings(draw: st.DrawFn) -> Instrument:
    """Inverse or linear, any step, a minimum that may be no whole number of steps."""
    make = draw(st.sampled_from([market.perpetual, market.linear_perpetual]))
    step = draw(st.sampled_from(STEPS))
    least = draw(st.sampled_from([step, step * 3, step * Decimal("2.5"), step * 10]))
    return make(contract_size=step, min_trade_amount=least)


STYLES = st.sampled_from(
    [ExecutionParams(), ExecutionParams(style=Style.CHASE), ExecutionParams(depth_share=0.5)]
)
MARKS = st.floats(0.01, 1_000_000)


def coin_of(instrument: Instrument, amount: Decimal, mark: float) -> float:
    return instrument.amount_to_coin(amount, mark)


@given(listings(), MARKS, st.floats(-1e4, 1e4), st.floats(0, 1e3), st.sampled_from(Round), STYLES)
@settings(max_examples=400, deadline=None)
def test_no_order_ends_further_from_the_target_than_standing_still(
    instrument: Instrument,
    mark: float,
    change: float,
    beyond: float,
    rounding: Round,
    params: ExecutionParams,
) -> None:
    """Also when only a first clip of it trades: the residual shrinks all the way."""
    gap = change + math.copysign(beyond, change)
    quote = market.future_quote(instrument.name, mark)
    answer = plan(change, instrument, quote, params, rounding, gap_coin=gap)
    if isinstance(answer, NoPlan):
        return
    assert abs(answer.residual_coin) < abs(gap)
    assert instrument.legal_amount(answer.amount)
    child = clip(answer, instrument, quote, params)
    assert Decimal(0) < child.amount <= answer.amount
    assert instrument.legal_amount(child.amount)
    assert abs(child.residual_coin) < abs(gap) * (1 + NOISE)


@given(listings(), MARKS, st.floats(0, 1e3), st.floats(-1e3, 1e3), st.floats(0, 1e3), st.floats(0, 1e3))
@settings(max_examples=400, deadline=None)
def test_to_the_edge_lands_in_the_band_or_stands_still(
    instrument: Instrument, mark: float, width: float, middle: float, beyond: float, target_share: float
) -> None:
    """Delta above a band is sold down to its upper edge, rounded inward: never out on the other side."""
    lower, upper = middle - width / 2, middle + width / 2
    delta = upper + beyond
    target = lower + (upper - lower) * (target_share / 1e3)
    quote = market.future_quote(instrument.name, mark)
    answer = plan(
        upper - delta,
        instrument,
        quote,
        ExecutionParams(),
        Round.INWARD,
        gap_coin=target - delta,
        room_coin=lower - delta,
    )
    if isinstance(answer, NoPlan):
        return
    after = delta - answer.coin
    noise = NOISE * max(1.0, abs(delta), abs(lower), abs(upper)) * 10
    assert answer.side.sign == -1
    assert after >= lower - noise, "it overshot the far edge"
    if answer.amount > smallest_amount(instrument) or lower <= delta - _least(instrument, mark) <= upper:
        room = math.floor((delta - lower) / _lot(instrument, mark) + NOISE)
        full = room * _lot(instrument, mark) <= answer.coin + noise
        assert after <= upper + noise or full, "it stopped short of the edge although a lot more fitted"


def _least(instrument: Instrument, mark: float) -> float:
    return coin_of(instrument, smallest_amount(instrument), mark)


def _lot(instrument: Instrument, mark: float) -> float:
    return coin_of(instrument, instrument.amount_step, mark)


@given(listings(), MARKS, st.floats(-1e4, 1e4))
@settings(max_examples=200, deadline=None)
def test_each_rounding_is_within_its_own_lot(instrument: Instrument, mark: float, change: float) -> None:
    """Inward at least what was asked, down at most, nearest within half a lot: wherever a lot exists."""
    quote = market.future_quote(instrument.name, mark)
    lot, least = _lot(instrument, mark), _least(instrument, mark)
    noise = NOISE * max(abs(change), lot) * 10
    for rounding in Round:
        answer = plan(change, instrument, quote, ExecutionParams(), rounding)
        if not isinstance(answer, Planned) or answer.coin <= least * (1 + NOISE):
            continue
        off = answer.coin - abs(change)
        low, high = {
            Round.INWARD: (0.0, lot),
            Round.NEAREST: (-lot / 2, lot / 2),
            Round.DOWN_AT_LEAST_ONE: (-lot, 0.0),
        }[rounding]
        assert low - noise <= off <= high + noise
