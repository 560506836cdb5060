"""The band in equity and in sigmas; every rule by which a hedge waits, comes early or goes part way."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hedger.policies.band import INITIAL_MEMORY, Memory, decide, interval
from hedger.policies.band_params import COIN, EQUITY, SIGMA, Params, validate
from hedger.policies.inputs import Inputs
from hedger.policies.reasons import ACTS, Reason
from tests.policies.books import GAMMA, HOUR_S, NOON_S, book

BAND = Params()
WAITS = Params(dwell_s=600.0, cooldown_s=600.0, min_move_pct=1.0)


def looked(params: Params, inputs: Inputs) -> Memory:
    return decide(params, INITIAL_MEMORY, inputs)[0]


def after(params: Params, memory: Memory, inputs: Inputs) -> tuple[float, Reason]:
    _, answer, reason = decide(params, memory, inputs)
    return answer, Reason(reason)


# --- thresholds ----------------------------------------------------------------------------------------


def test_one_sigma_of_six_hours_is_355_thousandths_for_ten_calls() -> None:
    """k |gamma| F iv sqrt(h) of theory's EX-INV: 10 x 2.4637e-5 x 100,000 x .55 x sqrt(6 h)."""
    shown = interval(Params(unit=SIGMA), INITIAL_MEMORY, book(gamma=-10 * GAMMA))
    assert shown.upper_delta == pytest.approx(0.355, abs=5e-4)
    assert shown.lower_delta == -shown.upper_delta
    assert (shown.hard_lower, shown.hard_upper) == pytest.approx(
        (3 * shown.lower_delta, 3 * shown.upper_delta)
    )


def test_sigmas_are_counted_around_the_target_and_each_side_has_its_own() -> None:
    params = Params(unit=SIGMA, below_sigmas=0.5, above_sigmas=2.0)
    shown = interval(params, INITIAL_MEMORY, book(target=1.0, gamma=-10 * GAMMA))
    assert (1.0 - shown.lower_delta, shown.upper_delta - 1.0) == pytest.approx((0.1773, 0.7093), abs=1e-4)


def test_a_sigma_band_is_at_least_one_lot_wide() -> None:
    shown = interval(Params(unit=SIGMA), INITIAL_MEMORY, book(gamma=0.0, lot=1e-4))
    assert (shown.lower_delta, shown.upper_delta) == (-1e-4, 1e-4)


def test_a_band_in_equity_grows_with_the_account() -> None:
    params = Params(unit=EQUITY, below_equity_pct=1.0, above_equity_pct=2.0)
    shown = interval(params, INITIAL_MEMORY, book()._replace(equity_coin=5.0))
    assert shown[:4] == pytest.approx((-0.05, 0.1, -0.15, 0.3))
    ruined = interval(params, INITIAL_MEMORY, book()._replace(equity_coin=-5.0))
    assert ruined.upper_delta == 1e-4  # less than nothing leaves no room


@pytest.mark.parametrize(
    ("unit", "field"),
    [(EQUITY, "equity_coin"), (SIGMA, "iv"), (SIGMA, "book_gamma_coin_per_usd"), (SIGMA, "index_usd")],
)
def test_a_band_whose_measure_is_not_known_is_never_traded_on(unit: int, field: str) -> None:
    blind = book(9.0)._replace(equity_coin=5.0)._replace(**{field: math.nan})
    assert after(Params(unit=unit), INITIAL_MEMORY, blind) == (9.0, Reason.NOT_FINITE)


def test_the_hard_limit_is_three_times_the_band_unless_it_is_written() -> None:
    assert interval(BAND, INITIAL_MEMORY, book())[2:4] == pytest.approx((-0.3, 0.3))
    own = Params(hard_times=5.0, hard_upper=0.2)
    assert interval(own, INITIAL_MEMORY, book())[2:4] == pytest.approx((-0.5, 0.2))
    far = Params(lower=0.9, upper=1.2)
    assert interval(far, INITIAL_MEMORY, book(target=1.0))[2:4] == pytest.approx((0.7, 1.6))


def test_a_scale_widens_the_band_and_moves_no_hard_limit() -> None:
    doubled = book()._replace(band_scale=2.0)
    assert interval(BAND, INITIAL_MEMORY, doubled)[:4] == pytest.approx((-0.2, 0.2, -0.3, 0.3))
    assert interval(BAND, INITIAL_MEMORY, doubled._replace(band_scale=9.0))[:2] == pytest.approx((-0.3, 0.3))
    step = Params(step_coin=0.1)
    assert interval(step, INITIAL_MEMORY, doubled)[:2] == (-0.2, 0.2)


# --- what waits, and what ends the wait ----------------------------------------------------------------


def test_no_hedge_before_the_index_has_moved_since_the_last_one() -> None:
    params = Params(min_move_pct=1.0)
    memory = looked(params, book(0.0, last_hedge_s=NOON_S - 60))
    small, large = book(0.2, index=100_900.0), book(0.2, index=101_100.0)
    assert after(params, memory, small._replace(last_hedge_s=NOON_S - 60))[1] is Reason.MIN_MOVE
    assert after(params, memory, large._replace(last_hedge_s=NOON_S - 60)) == (
        0.1,
        Reason.OUTSIDE_BAND_TO_EDGE,
    )
    hedged, _, _ = decide(params, memory, large._replace(last_hedge_s=NOON_S + 5, delta_coin=0.1))
    again = large._replace(last_hedge_s=NOON_S + 5, index_usd=101_500.0)
    assert after(params, hedged, again)[1] is Reason.MIN_MOVE  # counted from the hedge at 101,100


def test_the_realised_move_counts_anew_in_every_window() -> None:
    params = Params(min_move_pct=1.0, move_window_s=HOUR_S)
    memory = looked(params, book())
    moved = book(0.2, index=101_100.0)
    assert after(params, memory, moved._replace(now_s=NOON_S + 3_599))[1] is Reason.OUTSIDE_BAND_TO_EDGE
    assert after(params, memory, moved._replace(now_s=NOON_S + 3_600))[1] is Reason.MIN_MOVE


@pytest.mark.parametrize("delta", [0.31, -0.31])
def test_beyond_the_hard_limit_nothing_waits(delta: float) -> None:
    """Dwell, cooldown, the move filter, a blackout, a minimum trade and a ratio below 1 all yield."""
    params = WAITS._replace(min_trade_coin=5.0, hedge_ratio=0.1)
    inputs = book(delta, last_hedge_s=NOON_S - 1)._replace(blackout=1.0)
    assert after(params, looked(params, inputs), inputs) == (0.0, Reason.HARD_LIMIT_TO_EDGE)


def test_in_a_blackout_a_hedge_that_is_due_waits_and_dwell_keeps_counting() -> None:
    params = Params(dwell_s=60.0)
    memory, answer, reason = decide(params, INITIAL_MEMORY, book(0.2)._replace(blackout=1.0))
    assert (answer, reason) == (0.2, Reason.BLACKOUT)
    assert after(params, memory, book(0.2, now_s=NOON_S + 60)) == (0.1, Reason.OUTSIDE_BAND_TO_EDGE)
    inside = book(0.05)._replace(blackout=1.0)
    assert after(params, memory, inside)[1] is Reason.WITHIN_BAND  # nothing is due: nothing is held back


# --- what comes early ----------------------------------------------------------------------------------


def test_at_the_maximum_interval_delta_goes_to_the_target_even_inside_the_band() -> None:
    params = Params(max_interval_s=HOUR_S)
    memory = looked(params, book(0.05))
    assert after(params, memory, book(0.05, now_s=NOON_S + 3_599))[1] is Reason.WITHIN_BAND
    assert after(params, memory, book(0.05, now_s=NOON_S + 3_600)) == (0.0, Reason.MAX_INTERVAL)


def test_less_than_a_lot_or_the_minimum_trade_is_not_hedged_and_begins_a_new_interval() -> None:
    params = Params(max_interval_s=HOUR_S, min_trade_coin=0.02)
    memory = looked(params, book(0.05))
    memory, _, reason = decide(params, memory, book(0.019, now_s=NOON_S + 3_600))
    assert reason == Reason.WITHIN_BAND
    assert after(params, memory, book(0.05, now_s=NOON_S + 3_700))[1] is Reason.WITHIN_BAND
    assert after(params, memory, book(0.05, now_s=NOON_S + 7_200))[1] is Reason.MAX_INTERVAL


def test_a_hedge_to_the_edge_does_not_begin_a_new_interval_and_one_to_the_target_does() -> None:
    params = Params(max_interval_s=HOUR_S)
    first = looked(params, book(0.2))
    to_edge, _, _ = decide(params, first, book(0.1, now_s=NOON_S + 1_800, last_hedge_s=NOON_S + 1_799))
    late = book(0.1, now_s=NOON_S + 3_600, last_hedge_s=NOON_S + 1_799)
    assert after(params, to_edge, late)[1] is Reason.MAX_INTERVAL
    to_target, _, _ = decide(params, first, book(0.0, now_s=NOON_S + 1_800, last_hedge_s=NOON_S + 1_799))
    assert after(params, to_target, late)[1] is Reason.WITHIN_BAND


def test_after_a_restart_the_interval_counts_from_the_last_hedge() -> None:
    params = Params(max_interval_s=HOUR_S)
    assert after(params, INITIAL_MEMORY, book(0.05, last_hedge_s=NOON_S - 3_600))[1] is Reason.MAX_INTERVAL
    assert after(params, INITIAL_MEMORY, book(0.05, last_hedge_s=NOON_S - 3_500))[1] is Reason.WITHIN_BAND


def test_before_an_announced_event_delta_goes_to_the_target_once_whatever_waits() -> None:
    announced = book(0.05, last_hedge_s=NOON_S - 1)._replace(centre_s=NOON_S + 900)
    memory, answer, reason = decide(WAITS, INITIAL_MEMORY, announced)
    assert (answer, reason) == (0.0, Reason.CENTRE_BEFORE)
    memory, _, _ = decide(WAITS, memory, announced._replace(delta_coin=0.0))
    assert after(WAITS, memory, announced)[1] is Reason.WITHIN_BAND
    another = announced._replace(centre_s=NOON_S + 86_400)
    assert after(WAITS, memory, another)[1] is Reason.CENTRE_BEFORE
    assert after(WAITS, memory, another._replace(blackout=1.0))[1] is Reason.BLACKOUT


# --- how far -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ratio", "to_centre", "delta", "answer"),
    [
        (0.5, 0, 0.3, 0.2),  # half of the way to the edge
        (0.5, 1, 0.3, 0.15),  # half of the way to the target
        (1.5, 0, 0.3, 0.0),  # past the edge: .2 too much, .3 traded
        (1.5, 0, -0.2, -0.05),
        (1.5, 0, 0.28, 0.01),
    ],
)
def test_a_hedge_goes_by_its_ratio_of_the_way(
    ratio: float, to_centre: int, delta: float, answer: float
) -> None:
    params = Params(hedge_ratio=ratio, to_centre=to_centre)
    assert after(params, INITIAL_MEMORY, book(delta)) == (pytest.approx(answer), Reason.OUTSIDE_BAND_BY_RATIO)


def test_a_ratio_above_one_stops_at_the_far_edge() -> None:
    params = Params(hedge_ratio=1.5, hard_lower=-9.0, hard_upper=9.0)
    assert after(params, INITIAL_MEMORY, book(2.0))[0] == -0.1


def test_a_rest_below_the_minimum_trade_is_not_left_for_a_second_hedge() -> None:
    params = Params(hedge_ratio=0.5, min_trade_coin=0.05)
    assert after(params, INITIAL_MEMORY, book(0.12))[0] == pytest.approx(0.07)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (Params(hedge_ratio=1.2, to_centre=1), "hedge_ratio = 1.2: must be at most 1 on the way"),
        (Params(hedge_ratio=1.6), "hedge_ratio = 1.6: must be at most 1.5 of the way"),
        (Params(hedge_ratio=0.0), "hedge_ratio = 0.0: must be above 0"),
        (
            Params(max_interval_s=10.0, cooldown_s=20.0),
            "max_interval_s = 10.0: must be 0 or at least cooldown_s",
        ),
        (Params(unit=SIGMA, step_coin=0.1), 'step_coin = 0.1: must be 0 unless unit is "coin"'),
        (Params(unit=SIGMA, hard_upper=-0.1), "target_delta_coin = 0.0: must be at most hard_upper = -0.1"),
        (Params(unit=EQUITY, below_equity_pct=0.0), "below_equity_pct = 0.0: must be above 0"),
        (Params(hard_times=0.5), "hard_times = 0.5: must be at least 1"),
        (Params(hard_upper=-math.inf), "hard_upper = -inf: must be a finite number"),
    ],
)
def test_rules_that_contradict_each_other_are_refused_by_name(params: Params, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        validate(params)


# --- properties ----------------------------------------------------------------------------------------

any_params = st.builds(
    Params,
    unit=st.sampled_from([COIN, EQUITY, SIGMA]),
    lower=st.floats(-2, -1),
    upper=st.floats(1, 2),
    below_equity_pct=st.floats(0.1, 50),
    above_equity_pct=st.floats(0.1, 50),
    below_sigmas=st.floats(0.1, 10),
    above_sigmas=st.floats(0.1, 10),
    sigma_horizon_s=st.just(21_600.0),
    hard_times=st.floats(1, 5),
    hard_lower=st.sampled_from([-math.inf, -3.0]),
    hard_upper=st.sampled_from([math.inf, 3.0]),
    to_centre=st.sampled_from([0, 1]),
    hedge_ratio=st.one_of(st.just(1.0), st.floats(0.05, 1)),
    min_trade_coin=st.sampled_from([0.0, 0.3, 4.0]),
    dwell_s=st.sampled_from([0.0, 600.0]),
    cooldown_s=st.sampled_from([0.0, 600.0]),
    max_interval_s=st.sampled_from([0.0, 3_600.0]),
    min_move_pct=st.sampled_from([0.0, 2.0]),
    move_window_s=st.sampled_from([0.0, 1_800.0]),
    step_coin=st.just(0.0),
)
any_inputs = st.builds(
    lambda y, target, at, hedged, scale, blackout, centre, index: book(
        y, now_s=NOON_S + at, target=target, last_hedge_s=hedged, index=index, gamma=-10 * GAMMA
    )._replace(equity_coin=10.0, band_scale=scale, blackout=blackout, centre_s=centre),
    st.floats(-20, 20),
    st.floats(-1, 1),
    st.floats(0, 7_200),
    st.sampled_from([math.nan, NOON_S - 10.0, NOON_S + 7_000.0]),
    st.sampled_from([0.25, 1.0, 2.0, 10.0]),
    st.sampled_from([0.0, 1.0]),
    st.sampled_from([0.0, NOON_S + 9_000.0]),
    st.floats(80_000, 120_000),
)


def _sound(params: Params, inputs: Inputs) -> None:
    try:
        validate(params, inputs.target_delta_coin)
    except ValueError:
        assume(False)


@given(any_params, any_inputs, any_inputs)
def test_a_hedge_never_leads_away_from_the_target_and_a_ratio_up_to_one_never_widens_the_gap(
    params: Params, first: Inputs, second: Inputs
) -> None:
    _sound(params, second)
    _, answer, reason = decide(params, looked(params, first), second)
    gap, left = second.delta_coin - second.target_delta_coin, answer - second.target_delta_coin
    assert (answer - second.delta_coin) * gap <= 0.0
    assert abs(left) <= abs(gap)
    assert Reason(reason) in ACTS or answer == second.delta_coin


@given(any_params, st.floats(1, 1.5), any_inputs)
def test_no_hedge_ever_lands_beyond_the_opposite_edge(params: Params, ratio: float, inputs: Inputs) -> None:
    params = params._replace(hedge_ratio=ratio, to_centre=0)
    _sound(params, inputs)
    _, answer, reason = decide(params, INITIAL_MEMORY, inputs)
    assume(Reason(reason) in ACTS)
    shown = interval(params, INITIAL_MEMORY, inputs)
    assert (
        answer >= shown.lower_delta if inputs.delta_coin > shown.upper_delta else answer <= shown.upper_delta
    )
    assert shown.lower_delta <= answer <= shown.upper_delta  # and a whole way ends inside the band


@given(any_params, any_inputs, any_inputs)
def test_beyond_the_hard_limit_every_rule_hedges_at_once(
    params: Params, first: Inputs, second: Inputs
) -> None:
    _sound(params, second)
    shown = interval(params, INITIAL_MEMORY, second)
    assume(not shown.hard_lower <= second.delta_coin <= shown.hard_upper)
    _, answer, reason = decide(params, looked(params, first), second)
    assert reason in (Reason.HARD_LIMIT_TO_EDGE, Reason.HARD_LIMIT_TO_CENTRE)
    assert shown.hard_lower <= answer <= shown.hard_upper


@given(any_params, any_inputs, st.floats(0.1, 10), st.floats(0.1, 10))
def test_a_larger_scale_never_narrows_the_band_nor_moves_the_hard_limits(
    params: Params, inputs: Inputs, one: float, other: float
) -> None:
    _sound(params, inputs)
    narrow = interval(params, INITIAL_MEMORY, inputs._replace(band_scale=min(one, other)))
    wide = interval(params, INITIAL_MEMORY, inputs._replace(band_scale=max(one, other)))
    tiny = 1e-9  # of floating point
    assert wide.lower_delta <= narrow.lower_delta + tiny
    assert wide.upper_delta >= narrow.upper_delta - tiny
    assert wide[2:4] == narrow[2:4]
    assert wide.hard_lower - tiny <= wide.lower_delta
    assert wide.upper_delta <= wide.hard_upper + tiny
