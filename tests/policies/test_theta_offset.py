"""Theta-offset: waits while decay pays, and never waits with delta that was born or beyond the cap."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from hedger.policies.inputs import Inputs
from hedger.policies.reasons import ACTS, Reason
from hedger.policies.theta_offset import (
    INITIAL_MEMORY,
    Memory,
    Params,
    decide,
    half_width,
    interval,
    no_trade_moves_usd,
    reference,
    validate,
    window_pnl_usd,
)
from tests.policies.books import GAMMA, HOUR_S, NOON_S, THETA_USD_PER_DAY, book

NOT_READ = (
    "last_hedge_s",
    "equity_coin",
    "book_gamma_coin_per_usd",
    "blackout",
    "centre_s",
    "vanna_coin",
    "tau_years",
)
SIX_HOURS = Params()
LONG = Params(long_gamma=1)
X_STAR = 1439.4158  # one call sold, flat at the window's start, six hours


def moved(x: float, hours: float = 6.0, start_gap: float = 0.0, **changes: float) -> Inputs:
    """The call sold at noon after a move of x USD, its delta drifted by gamma."""
    gamma = changes.pop("gamma", -GAMMA)
    start = book(start_gap + gamma * x, gamma=gamma, **changes)
    return start._replace(now_s=NOON_S + hours * HOUR_S, index_usd=100_000.0 + x)


def at_noon(gap: float = 0.0, **changes: float) -> Memory:
    return reference(book(gap, **changes))


@pytest.mark.parametrize(
    ("gap", "hours", "expected"),
    [
        (0.0, 6.0, (-1439.4158, 1439.4158)),
        (0.05, 6.0, (-458.6351, 4517.5731)),
        (0.0, 1.0, (-587.6390, 587.6390)),
        (0.0, 24.0, (-2878.8316, 2878.8316)),
    ],
)
def test_the_no_trade_interval_has_the_published_digits(
    gap: float, hours: float, expected: tuple[float, float]
) -> None:
    moves = no_trade_moves_usd(gap, -GAMMA, THETA_USD_PER_DAY, hours / 24)
    assert moves == pytest.approx(expected, abs=5e-5)


def test_ten_calls_sold_and_unhedged_would_wait_for_absurd_moves_so_born_delta_is_hedged_at_once() -> None:
    gap = -10 * 0.4088186315
    assert no_trade_moves_usd(gap, -10 * GAMMA, 10 * THETA_USD_PER_DAY, 0.25) == pytest.approx(
        (-33_250, 62), abs=1
    )
    _, answer, reason = decide(SIX_HOURS, INITIAL_MEMORY, book(gap, gamma=-10 * GAMMA))
    assert (answer, reason) == (0.0, Reason.BORN)


@pytest.mark.parametrize(
    ("x", "reason", "answer_is_target"),
    [
        (X_STAR - 0.001, Reason.DECAY_PAYS, False),
        (X_STAR + 0.001, Reason.DECAY_LOST, True),
        (-X_STAR + 0.001, Reason.DECAY_PAYS, False),
        (-X_STAR - 0.001, Reason.DECAY_LOST, True),
    ],
)
def test_at_the_windows_end_the_move_is_weighed_against_decay(
    x: float, reason: Reason, answer_is_target: bool
) -> None:
    inputs = moved(x)
    _, answer, why = decide(SIX_HOURS, at_noon(), inputs)
    assert why == reason
    assert answer == (0.0 if answer_is_target else inputs.delta_coin)


def test_before_the_windows_end_the_policy_waits_whatever_decay_lost() -> None:
    memory = at_noon()
    after, _, reason = decide(SIX_HOURS, memory, moved(1_600.0, hours=5.999))
    assert (after, reason) == (memory, Reason.WAITING_WINDOW)


def test_windows_end_at_multiples_of_their_length_since_the_epoch() -> None:
    late_start = reference(book(now_s=NOON_S + 5 * HOUR_S))
    _, _, reason = decide(SIX_HOURS, late_start, moved(700.0))
    assert reason == Reason.DECAY_LOST  # one hour of decay bears 588 USD


def test_the_skip_starts_the_next_window_with_the_drift_kept() -> None:
    inputs = moved(1_000.0)
    after, _, reason = decide(SIX_HOURS, at_noon(), inputs)
    assert reason == Reason.DECAY_PAYS
    assert after == reference(inputs)
    assert after.ref_gap_coin == pytest.approx(-GAMMA * 1_000)
    assert decide(SIX_HOURS, after, inputs)[2] == Reason.WAITING_WINDOW


def test_a_hedge_stays_due_until_delta_arrives_and_then_starts_a_new_reference() -> None:
    inputs = moved(2_000.0)
    memory, answer, reason = decide(SIX_HOURS, at_noon(), inputs)
    assert (answer, reason, memory.due) == (0.0, Reason.DECAY_LOST, Reason.DECAY_LOST)
    memory, answer, reason = decide(SIX_HOURS, memory, inputs._replace(now_s=inputs.now_s + 60))
    assert (answer, reason) == (0.0, Reason.DECAY_LOST)
    arrived = inputs._replace(delta_coin=5e-5, now_s=inputs.now_s + 61)
    memory, answer, reason = decide(SIX_HOURS, memory, arrived)
    assert (answer, reason) == (5e-5, Reason.WAITING_WINDOW)
    assert memory == reference(arrived)


def test_what_delta_drifted_by_while_the_hedge_was_on_its_way_is_not_chased() -> None:
    """A hundred calls: half a second moves delta by many lots, so that no order would ever leave one lot."""
    big = book(-1.0, gamma=-100 * GAMMA, theta=100 * THETA_USD_PER_DAY, now_s=NOON_S + 60)
    memory, _, reason = decide(SIX_HOURS, INITIAL_MEMORY, big)
    assert reason == Reason.BORN
    arrived = big._replace(delta_coin=0.004, now_s=NOON_S + 60.5)
    after, answer, reason = decide(SIX_HOURS, memory, arrived)
    assert (after, answer, reason) == (reference(arrived), 0.004, Reason.WAITING_WINDOW)
    far = arrived._replace(delta_coin=0.09)  # ten seconds move it by .076
    assert decide(SIX_HOURS, memory, far)[1:] == (0.0, Reason.BORN)
    assert decide(SIX_HOURS, memory, arrived._replace(book_epoch=2.0))[1:] == (0.0, Reason.BORN)


def test_beyond_two_sigma_of_the_windows_delta_move_the_hedge_does_not_wait_for_its_end() -> None:
    cap = half_width(SIX_HOURS, book(), 2.0)
    assert cap == pytest.approx(2 * GAMMA * X_STAR, rel=1e-6)  # with r = 0 the window's sigma is x*
    inside, outside = book(0.999 * cap, now_s=NOON_S + 60), book(-1.001 * cap, now_s=NOON_S + 60)
    assert decide(SIX_HOURS, at_noon(), inside)[2] == Reason.WAITING_WINDOW
    assert decide(SIX_HOURS, at_noon(), outside)[1:] == (0.0, Reason.CAP)


def test_the_cap_is_at_least_one_lot() -> None:
    coarse = book(0.09, lot=0.1, now_s=NOON_S + 60)
    assert decide(SIX_HOURS, at_noon(), coarse)[2] == Reason.WAITING_WINDOW
    assert decide(SIX_HOURS, at_noon(), coarse._replace(delta_coin=0.11))[2] == Reason.CAP


def test_delta_born_of_a_trade_is_hedged_at_once_and_the_reference_starts_when_flat() -> None:
    traded = book(0.03, epoch=2.0, now_s=NOON_S + 60)
    memory, answer, reason = decide(SIX_HOURS, at_noon(), traded)
    assert (answer, reason) == (0.0, Reason.BORN)
    memory, _, reason = decide(SIX_HOURS, memory, traded)
    assert reason == Reason.BORN
    flat = traded._replace(delta_coin=0.0)
    memory, _, reason = decide(SIX_HOURS, memory, flat)
    assert (memory, reason) == (reference(flat), Reason.WAITING_WINDOW)


def test_a_book_that_starts_flat_just_starts_a_reference() -> None:
    memory, answer, reason = decide(SIX_HOURS, INITIAL_MEMORY, book(1e-4))
    assert (memory, answer, reason) == (reference(book(1e-4)), 1e-4, Reason.WAITING_WINDOW)


@pytest.mark.parametrize(
    ("x", "reason"), [(X_STAR, Reason.MISSED_WINDOW_PAYS), (2_600.0, Reason.MISSED_WINDOW_LOST)]
)
def test_a_missed_window_is_judged_over_the_true_time_and_says_so(x: float, reason: Reason) -> None:
    wide = Params(cap_sigmas=10.0)
    assert decide(wide, at_noon(), moved(x, hours=12.0))[2] == reason


def test_long_gamma_hedges_iff_the_move_earned_more_than_decay_cost() -> None:
    memory = at_noon(gamma=GAMMA, theta=-THETA_USD_PER_DAY)
    quiet = moved(X_STAR - 1, gamma=GAMMA, theta=-THETA_USD_PER_DAY)
    busy = moved(X_STAR + 1, gamma=GAMMA, theta=-THETA_USD_PER_DAY)
    assert decide(LONG, memory, quiet)[1:] == (quiet.delta_coin, Reason.QUIET_WINDOW)
    assert decide(LONG, memory, busy)[1:] == (0.0, Reason.MOVE_PAYS)


@pytest.mark.parametrize(
    "greeks",
    [
        {"gamma": GAMMA, "theta": -THETA_USD_PER_DAY},  # long gamma, not asked for
        {"gamma": -GAMMA, "theta": -THETA_USD_PER_DAY},  # a calendar spread: both cost
        {"gamma": GAMMA, "theta": THETA_USD_PER_DAY},
        {"gamma": -GAMMA, "theta": 0.0},
    ],
)
def test_where_decay_cannot_offset_gamma_a_one_sigma_band_decides_at_any_time(
    greeks: dict[str, float],
) -> None:
    one_sigma = GAMMA * X_STAR
    memory = at_noon(**greeks)
    inside = book(0.999 * one_sigma, now_s=NOON_S + 60, **greeks)
    outside = book(-1.001 * one_sigma, now_s=NOON_S + 60, **greeks)
    assert decide(SIX_HOURS, memory, inside)[1:] == (inside.delta_coin, Reason.SIGMA_BAND_HOLD)
    assert decide(SIX_HOURS, memory, outside)[1:] == (0.0, Reason.SIGMA_BAND_HEDGE)


def test_with_almost_no_gamma_the_sigma_band_is_that_of_the_floor() -> None:
    floored = Params(gamma_floor_coin_per_usd=1e-6)
    memory, width = at_noon(gamma=-1e-8), 1e-6 * X_STAR
    for delta, reason in ((0.99 * width, Reason.SIGMA_BAND_HOLD), (1.01 * width, Reason.SIGMA_BAND_HEDGE)):
        assert decide(floored, memory, book(delta, gamma=-1e-8, now_s=NOON_S + 60))[2] == reason


def test_a_book_without_options_is_held_within_one_lot() -> None:
    bare = book(2e-4, gamma=0.0, theta=0.0, iv=0.0, now_s=NOON_S + 60)
    memory = at_noon(gamma=0.0, theta=0.0)
    assert decide(SIX_HOURS, memory, bare)[1:] == (0.0, Reason.CAP)  # with no move to expect the cap is a lot
    within = bare._replace(delta_coin=1e-4)
    assert decide(SIX_HOURS, memory, within)[1:] == (1e-4, Reason.SIGMA_BAND_HOLD)


def test_the_regime_is_looked_at_again_at_every_windows_end() -> None:
    memory = at_noon(gamma=0.0, theta=0.0)
    memory, _, reason = decide(SIX_HOURS, memory, moved(0.0))
    assert reason == Reason.SIGMA_BAND_HOLD
    assert decide(SIX_HOURS, memory, moved(0.0, hours=6.1))[2] == Reason.WAITING_WINDOW


finite_inputs = st.builds(
    Inputs,
    st.floats(1.7e9, 1.8e9),
    st.floats(-20, 20),
    st.floats(-2, 2),
    st.floats(-1e-2, 1e-2),
    st.floats(-1e5, 1e5),
    st.floats(1, 2e5),
    st.floats(0, 5),
    st.floats(1e-6, 0.1),
    st.just(math.nan),
    st.sampled_from([1.0, 2.0]),
    equity_coin=st.just(math.nan),
    book_gamma_coin_per_usd=st.just(math.nan),
    band_scale=st.sampled_from([0.5, 1.0, 2.0]),
    blackout=st.just(0.0),
    centre_s=st.sampled_from([0.0, 1.8e9]),
)


@given(
    st.floats(-2, 2),
    st.floats(1e-6, 1e-2),
    st.floats(1, 1e5),
    st.floats(-20_000, 20_000),
    st.floats(0.01, 24),
    st.booleans(),
)
@example(0.05, GAMMA, THETA_USD_PER_DAY, 4_517.0, 6.0, True)
@example(0.05, GAMMA, THETA_USD_PER_DAY, 4_518.0, 6.0, True)
def test_the_rule_is_the_comparison_of_squared_deltas_for_both_signs_of_gamma(
    gap: float, gamma: float, theta: float, x: float, hours: float, short: bool
) -> None:
    g, th = (-gamma, theta) if short else (gamma, -theta)
    memory = at_noon(gap, gamma=g, theta=th)
    inputs = moved(x, hours, start_gap=gap, gamma=g, theta=th)
    drifted, bound = (gap + g * x) ** 2, gap**2 - 2 * g * th * hours / 24
    assume(abs(drifted - bound) > 1e-9 * max(drifted, bound))
    f = window_pnl_usd(memory, inputs)
    assert (f < 0 if short else f > 0) == (drifted > bound)
    low, high = no_trade_moves_usd(gap, g, th, hours / 24)
    assert (low <= x <= high) == (drifted <= bound)


@given(finite_inputs, finite_inputs, st.sampled_from([SIX_HOURS, LONG, Params(window_s=3600.0)]))
def test_the_answer_is_finite_and_never_further_from_the_target(
    first: Inputs, second: Inputs, params: Params
) -> None:
    memory, _, _ = decide(params, INITIAL_MEMORY, first)
    _, answer, reason = decide(params, memory, second)
    target, delta = second.target_delta_coin, second.delta_coin
    assert math.isfinite(answer)
    assert abs(answer - target) <= abs(delta - target)
    assert answer in (delta, target)
    assert (Reason(reason) in ACTS) == (answer != delta)
    shown = interval(params, memory, second)
    assert shown.lower_delta <= target <= shown.upper_delta


@given(finite_inputs, finite_inputs)
def test_no_gap_beyond_the_cap_is_ever_held(first: Inputs, second: Inputs) -> None:
    memory, _, _ = decide(SIX_HOURS, INITIAL_MEMORY, first)
    gap = abs(second.delta_coin - second.target_delta_coin)
    assume(gap > half_width(SIX_HOURS, second, SIX_HOURS.cap_sigmas))
    assert decide(SIX_HOURS, memory, second)[1] == second.target_delta_coin


@pytest.mark.parametrize("field", [name for name in Inputs._fields if name not in NOT_READ])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_not_finite_is_never_traded_on(field: str, value: float) -> None:
    memory = at_noon()
    inputs = moved(5_000.0)._replace(**{field: value})
    after, answer, reason = decide(SIX_HOURS, memory, inputs)
    assert (after, reason) == (memory, Reason.NOT_FINITE)
    assert answer is inputs.delta_coin


def test_the_interval_shows_the_no_trade_interval_of_the_windows_end_in_delta_and_index() -> None:
    shown = interval(SIX_HOURS, at_noon(), book(now_s=NOON_S + HOUR_S))
    assert (shown.lower_delta, shown.upper_delta) == pytest.approx((-GAMMA * X_STAR, GAMMA * X_STAR))
    assert (shown.hard_lower, shown.hard_upper) == pytest.approx((-2 * GAMMA * X_STAR, 2 * GAMMA * X_STAR))
    assert shown.lower_index_usd == pytest.approx(100_000 - X_STAR, abs=1e-3)
    assert shown.upper_index_usd == pytest.approx(100_000 + X_STAR, abs=1e-3)


@given(
    st.floats(-0.04, 0.04),
    st.floats(-3_000, 3_000),
    st.floats(0.0, 100.0),
    st.floats(0.0, 1.9),
    st.booleans(),
    st.floats(-20.0, 40.0),
)
def test_the_interval_is_where_the_windows_end_holds_whatever_fee_and_inner_band_say(
    gap: float, x: float, fee_bps: float, inner: float, short: bool, carried: float
) -> None:
    g, th = (-GAMMA, THETA_USD_PER_DAY) if short else (GAMMA, -THETA_USD_PER_DAY)
    params = Params(fee_bps=fee_bps, inner_sigmas=inner, long_gamma=1, reference=1)
    memory = at_noon(gap, gamma=g, theta=th)._replace(carried_usd=carried if short else -carried)
    # what is judged at the end is seen by the second before it, with the index of the end
    at_end = moved(x, start_gap=gap, gamma=g, theta=th)
    shown = interval(params, memory, at_end._replace(now_s=at_end.now_s - 1.0))
    y, cap = at_end.delta_coin, half_width(params, at_end, params.cap_sigmas)
    assume(shown.upper_delta > 0.0)
    assume(all(abs(abs(y) - edge) > 1e-7 for edge in (shown.upper_delta, cap)))
    _, answer, _ = decide(params, memory, at_end)
    assert (answer != y) == (not shown.lower_delta <= y <= shown.upper_delta)


def test_a_fee_and_an_inner_band_widen_the_interval_that_is_shown() -> None:
    inputs = book(now_s=NOON_S + HOUR_S)
    plain, paid, inner = (
        interval(params, at_noon(), inputs)
        for params in (SIX_HOURS, Params(fee_bps=5.0), Params(inner_sigmas=1.5))
    )
    assert paid.upper_delta == pytest.approx(GAMMA * (50.0 + math.hypot(50.0, X_STAR)))
    assert inner.upper_delta == pytest.approx(1.5 * plain.upper_delta)
    for wider in (paid, inner):
        assert wider.upper_index_usd == pytest.approx(100_000 + wider.upper_delta / GAMMA)
        assert wider.lower_index_usd == pytest.approx(100_000 - wider.upper_delta / GAMMA)


def test_where_the_cap_comes_first_the_interval_shows_the_cap() -> None:
    start = book(-0.06, now_s=NOON_S + 60)
    shown = interval(SIX_HOURS, at_noon(-0.06), start)
    down, up = no_trade_moves_usd(-0.06, -GAMMA, THETA_USD_PER_DAY, 0.25)
    cap_above = 100_000 + (2 * GAMMA * X_STAR - 0.06) / GAMMA
    assert shown.upper_index_usd == pytest.approx(min(100_000 + up, cap_above))
    assert shown.lower_index_usd == pytest.approx(100_000 + down)


def test_in_the_sigma_band_the_interval_is_that_band() -> None:
    inputs = book(theta=0.0)
    shown = interval(SIX_HOURS, reference(inputs), inputs)
    assert shown.upper_delta == pytest.approx(GAMMA * X_STAR)
    assert shown.upper_index_usd == pytest.approx(100_000 + X_STAR, abs=1e-3)


def test_while_a_hedge_is_due_no_next_trigger_is_shown() -> None:
    for memory in (INITIAL_MEMORY, at_noon()._replace(due=int(Reason.CAP))):
        shown = interval(SIX_HOURS, memory, book(0.2))
        assert (shown.lower_delta, shown.upper_delta) == (-1e-4, 1e-4)
        assert math.isnan(shown.lower_index_usd)
        assert math.isnan(shown.upper_index_usd)


def test_an_index_level_below_zero_is_missing() -> None:
    tiny = {"gamma": -2e-7, "theta": 1e5}
    shown = interval(SIX_HOURS, at_noon(**tiny), book(**tiny, iv=500.0))
    assert math.isnan(shown.lower_index_usd)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (Params(window_s=1.0), "window_s = 1.0: must be at least 60 s"),
        (Params(window_s=1e6), "window_s = 1000000.0: must be at most 604800 s"),
        (Params(cap_sigmas=0.0), "cap_sigmas = 0.0: must be above 0"),
        (Params(cap_sigmas=math.inf), "cap_sigmas = inf: must be a finite number"),
        (Params(cap_sigmas=0.5), "cap_sigmas = 0.5: must be at least sigma_band_k = 1.0"),
        (Params(long_gamma=3), "long_gamma = 3: must be at most 1"),
        (Params(gamma_floor_coin_per_usd=0.0), "gamma_floor_coin_per_usd = 0.0: must be above 0"),
    ],
)
def test_wrong_parameters_are_refused_by_name(params: Params, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        validate(params)


def test_a_target_that_is_not_a_number_is_refused() -> None:
    with pytest.raises(ValueError, match="target_delta_coin = nan: must be a finite number"):
        validate(Params(), math.nan)


def test_the_scale_widens_the_cap_and_not_what_decay_pays_for() -> None:
    cap = half_width(SIX_HOURS, book(), SIX_HOURS.cap_sigmas)
    beyond = book(1.5 * cap, now_s=NOON_S + 60)
    assert decide(SIX_HOURS, at_noon(), beyond)[2] == Reason.CAP
    assert decide(SIX_HOURS, at_noon(), beyond._replace(band_scale=2.0))[2] == Reason.WAITING_WINDOW
    assert interval(SIX_HOURS, at_noon(), beyond._replace(band_scale=2.0)).hard_upper == pytest.approx(
        2 * cap
    )
    due = moved(2_000.0)
    assert decide(SIX_HOURS, at_noon(), due._replace(band_scale=2.0))[2] == Reason.DECAY_LOST


def test_in_a_blackout_only_the_cap_hedges_and_what_was_due_is_judged_over_the_true_time_after_it() -> None:
    due = moved(2_000.0)
    memory, answer, reason = decide(SIX_HOURS, at_noon(), due._replace(blackout=1.0))
    assert (memory, answer, reason) == (at_noon(), due.delta_coin, Reason.BLACKOUT)
    assert decide(SIX_HOURS, memory, due)[2] == Reason.DECAY_LOST
    beyond = moved(3_500.0)._replace(blackout=1.0)
    assert decide(SIX_HOURS, at_noon(), beyond)[2] == Reason.CAP
    quiet = moved(100.0, 1.0)._replace(blackout=1.0)
    assert decide(SIX_HOURS, at_noon(), quiet)[2] == Reason.WAITING_WINDOW


def test_before_an_announced_event_delta_goes_to_the_target_once() -> None:
    event_s = NOON_S + 2 * HOUR_S
    before = moved(500.0, 1.0)._replace(centre_s=event_s)
    memory, answer, reason = decide(SIX_HOURS, at_noon(), before)
    assert (answer, reason) == (0.0, Reason.CENTRE_BEFORE)
    memory, _, _ = decide(SIX_HOURS, memory, before._replace(delta_coin=0.0))
    assert memory.centred_s == event_s
    assert decide(SIX_HOURS, memory, before)[2] == Reason.WAITING_WINDOW


def test_counted_from_the_last_rebalance_a_window_that_paid_makes_the_next_one_wait_longer() -> None:
    both = Params(reference=1)
    quiet, _, reason = decide(both, at_noon(), moved(0.0))
    assert reason == Reason.DECAY_PAYS
    assert quiet.carried_usd == pytest.approx(THETA_USD_PER_DAY / 4)
    later = moved(X_STAR * 1.2, hours=12.0)
    assert decide(SIX_HOURS, quiet._replace(carried_usd=0.0), later)[2] == Reason.DECAY_LOST
    assert decide(both, quiet, later)[2] == Reason.DECAY_PAYS
    assert interval(both, quiet, later)[4] < interval(both, quiet._replace(carried_usd=0.0), later)[4]


def test_a_rebalance_forgets_what_was_carried() -> None:
    both = Params(reference=1)
    carrying = at_noon()._replace(carried_usd=50.0)
    due, target, reason = decide(both, carrying, moved(2_500.0))
    assert (target, reason) == (0.0, Reason.DECAY_LOST)
    flat, _, _ = decide(both, due, moved(2_500.0)._replace(delta_coin=0.0))
    assert flat.carried_usd == 0.0


def test_a_loss_smaller_than_the_fee_of_hedging_it_is_left_alone() -> None:
    small, large = moved(X_STAR + 0.001), moved(X_STAR * 1.5)
    assert decide(Params(fee_bps=5.0), at_noon(), small)[2] == Reason.FEE_EXCEEDS
    assert decide(Params(fee_bps=5.0), at_noon(), large)[2] == Reason.DECAY_LOST


def test_inside_the_inner_band_nothing_is_hedged_whatever_the_window_lost() -> None:
    lost = moved(X_STAR * 1.2)
    assert decide(Params(inner_sigmas=1.5), at_noon(), lost)[2] == Reason.INNER_BAND_HOLD
    assert decide(Params(inner_sigmas=1.0), at_noon(), lost)[2] == Reason.DECAY_LOST
