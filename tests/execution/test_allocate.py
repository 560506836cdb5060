"""One net hedge, divided: what flips in the perpetual, what stands where it is cheaper over its life."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedger.execution.allocate import COLLATERAL, Allocation, Choice, Part, Wanted, allocate
from hedger.execution.by_expiry_params import ByExpiryParams
from hedger.execution.carry import Candidate
from tests.execution.expiries import HOME, NOW_MS, candidate, recorded

PARAMS = ByExpiryParams()
NEAR, FAR = "BTC-30JAN26", "BTC-27MAR26"


def collateral(coin: float, standing: float | None = None, now_ms: int = NOW_MS) -> Wanted:
    """The collateral of a usd book, short in futures: -5 is five coins of it."""
    return Wanted(now_ms, coin, coin if standing is None else standing, (Part(COLLATERAL, None, coin),))


def target(told: Allocation, instrument: str) -> float:
    return next(each.target_coin for each in told.placed if each.instrument == instrument)


def only(told: Allocation) -> Choice:
    (choice,) = told.choices
    return choice


def contango(**changes: float) -> tuple[Candidate, tuple[Candidate, ...]]:
    """No funding, five per cent a year of basis."""
    home = candidate(HOME, funding_8h=changes.get("funding_8h", 0.0))
    near, far = changes.get("near_days", 14.0), changes.get("far_days", 70.0)
    return home, (
        candidate(NEAR, near, basis=0.05 * near / 365.0),
        candidate(FAR, far, basis=0.05 * far / 365.0),
    )


# --- where the standing part goes -------------------------------------------------------------------


def test_the_collateral_of_a_usd_book_goes_short_where_the_basis_is_earned() -> None:
    home, dated = contango()
    told = allocate(collateral(-5.0), home, dated, {HOME: -5.0}, PARAMS)
    assert (target(told, HOME), target(told, FAR)) == (0.0, -5.0)
    # 30 days of 5 % a year, one way out of the perpetual, both ways of the future less the way out that
    # the perpetual would have cost at the end
    earned = 30.0 / 70.0 * math.log(1.0 + 0.05 * 70.0 / 365.0)
    assert told.saving_usd == pytest.approx(5 * 100_000.0 * (earned - 2 * 0.00036), rel=1e-9)
    assert only(told).why.startswith(f"leaves {HOME}: {FAR} saves +33.7 bp over 30.0 days")


def test_a_long_hedge_stays_in_the_perpetual_while_the_basis_would_be_paid() -> None:
    home, dated = contango()
    told = allocate(collateral(+5.0), home, dated, {HOME: 5.0}, PARAMS)
    assert target(told, HOME) == 5.0
    assert only(told).why.startswith(f"stays in {HOME}: ")


def test_a_long_hedge_leaves_a_perpetual_whose_funding_costs_more_than_the_basis() -> None:
    home, dated = contango(funding_8h=0.0003)
    told = allocate(collateral(+5.0), home, dated, {HOME: 5.0}, PARAMS)
    assert target(told, FAR) == 5.0


def test_what_flips_stays_in_the_perpetual() -> None:
    home, dated = contango()
    told = allocate(collateral(-5.0, standing=-2.0), home, dated, {HOME: -5.0}, PARAMS)
    assert (target(told, HOME), target(told, FAR)) == (-3.0, -2.0)


def test_a_future_that_does_not_show_the_clip_is_no_choice() -> None:
    home, (near, far) = contango()
    thin = far._replace(bid_usd=9_990.0)
    told = allocate(collateral(-5.0), home, (near, thin), {HOME: -5.0}, PARAMS)
    assert target(told, FAR) == 0.0
    refused = {each.instrument: each.refused for each in only(told).costs}
    assert refused[FAR] == "shows 9990 USD at the touch, clip_usd = 10000"
    shut = allocate(collateral(-5.0), home, (near, far._replace(shut="no ticker yet")), {HOME: -5.0}, PARAMS)
    assert target(shut, FAR) == 0.0


# --- buckets ----------------------------------------------------------------------------------------


def test_each_expiry_is_hedged_by_its_own_future_or_the_perpetual_and_by_no_other() -> None:
    home, (near, far) = contango()
    wanted = Wanted(
        NOW_MS, -6.0, -6.0, (Part(NEAR, near.expiration_ms, -4.0), Part(FAR, far.expiration_ms, -2.0))
    )
    told = allocate(wanted, home, (near, far), {HOME: -6.0}, PARAMS)
    assert (target(told, NEAR), target(told, FAR)) == (-4.0, -2.0)
    assert [[cost.instrument for cost in each.costs] for each in told.choices] == [[HOME, NEAR], [HOME, FAR]]
    assert told.choices[0].life_days == pytest.approx(14.0)


def test_parts_on_the_other_side_are_netted_and_open_no_position_against_the_rest() -> None:
    home, (near, far) = contango()
    wanted = Wanted(
        NOW_MS, -2.0, -2.0, (Part(NEAR, near.expiration_ms, +4.0), Part(FAR, far.expiration_ms, -6.0))
    )
    told = allocate(wanted, home, (near, far), {HOME: -2.0}, PARAMS)
    assert target(told, FAR) == pytest.approx(-2.0)
    assert told.offset_coin == 0.0


# --- hysteresis, offsets, rolls ---------------------------------------------------------------------


def test_a_saving_that_does_not_pay_both_legs_and_the_margin_on_top_moves_nothing() -> None:
    home, dated = contango()
    # 30 days earn 41 bp less 7.2 bp of trades: 34 bp. Asked for 40, nothing moves; asked for 30, it does.
    for asked, place in ((0.0040, HOME), (0.0030, FAR)):
        told = allocate(
            collateral(-5.0), home, dated, {HOME: -5.0}, replace(PARAMS, min_saving_fraction=asked)
        )
        assert target(told, place) == -5.0


def test_between_the_two_points_of_going_and_coming_back_everything_stays_where_it_is() -> None:
    home, dated = contango(funding_8h=0.00004)  # 36 bp a month against 41: neither way is worth its legs
    for held in ({HOME: -5.0}, {FAR: -5.0}):
        told = allocate(collateral(-5.0), home, dated, held, PARAMS)
        assert {each.instrument: each.target_coin for each in told.placed if each.target_coin} == held


def test_a_future_about_to_expire_is_left_whatever_it_costs_unless_its_own_options_are_hedged() -> None:
    home, dated = contango(near_days=1.5, funding_8h=0.0003)
    told = allocate(collateral(-5.0), home, dated, {NEAR: -5.0}, PARAMS)
    assert target(told, NEAR) == 0.0
    assert only(told).why == f"leaves {NEAR}, which expires within 2 days, for {HOME}"
    own = Wanted(NOW_MS, -5.0, -5.0, (Part(NEAR, dated[0].expiration_ms, -5.0),))
    assert target(allocate(own, home, dated, {NEAR: -5.0}, PARAMS), NEAR) == -5.0
    little = Wanted(NOW_MS, -0.01, -0.01, (Part(NEAR, dated[0].expiration_ms, -0.01),))
    assert target(allocate(little, home, dated, {NEAR: -0.01}, PARAMS), NEAR) == -0.01


def test_long_in_one_and_short_in_another_is_cut_to_the_cap_as_the_hedge_shrinks() -> None:
    home, dated = contango()
    tolerated = allocate(collateral(-4.7), home, dated, {FAR: -5.0, HOME: 0.3}, PARAMS)
    assert (target(tolerated, FAR), target(tolerated, HOME)) == (-5.0, pytest.approx(0.3))
    cut = allocate(collateral(-3.0), home, dated, {FAR: -5.0, HOME: 2.0}, PARAMS)
    assert (target(cut, FAR), cut.offset_coin) == (-3.5, 0.5)
    turned = allocate(collateral(+1.0, standing=0.0), home, dated, {FAR: -5.0, HOME: 6.0}, PARAMS)
    assert (target(turned, FAR), target(turned, HOME)) == (-0.5, 1.5)


def test_figures_that_are_not_finite_are_refused() -> None:
    home, dated = contango()
    with pytest.raises(ValueError, match="must be finite"):
        allocate(collateral(math.nan), home, dated, {}, PARAMS)


# --- whatever the figures ---------------------------------------------------------------------------

COIN = st.floats(-20.0, 20.0)


@st.composite
def _cases(draw: st.DrawFn) -> tuple[Wanted, Candidate, tuple[Candidate, ...], dict[str, float]]:
    funding = draw(st.floats(-0.001, 0.001))
    days = sorted(draw(st.lists(st.floats(0.1, 200.0), min_size=1, max_size=4, unique=True)))
    dated = tuple(
        candidate(f"BTC-{number}", each, basis=draw(st.floats(-0.05, 0.05)))
        for number, each in enumerate(days)
    )
    parts = [Part(each.instrument, each.expiration_ms, draw(COIN)) for each in dated]
    parts.append(Part(COLLATERAL, None, draw(COIN)))
    hedge = math.fsum(part.coin for part in parts)
    standing = hedge * draw(st.floats(0.0, 1.0))
    held = {each.instrument: draw(COIN) for each in dated}
    held[HOME] = hedge - math.fsum(held.values())
    return Wanted(NOW_MS, hedge, standing, tuple(parts)), candidate(HOME, funding_8h=funding), dated, held


@given(_cases())
def test_the_division_is_the_hedge_and_offsets_stay_under_the_cap(
    case: tuple[Wanted, Candidate, tuple[Candidate, ...], dict[str, float]],
) -> None:
    wanted, home, dated, held = case
    told = allocate(wanted, home, dated, held, PARAMS)
    assert math.fsum(each.target_coin for each in told.placed) == pytest.approx(wanted.hedge_coin, abs=1e-9)
    assert told.offset_coin <= PARAMS.max_offset_coin + 1e-9


@given(_cases())
def test_going_where_it_is_to_go_comes_to_an_end(
    case: tuple[Wanted, Candidate, tuple[Candidate, ...], dict[str, float]],
) -> None:
    """Moved as told and asked again, it asks for nothing more after a round for each future, or two."""
    wanted, home, dated, held = case
    for _ in range(len(dated) + 2):
        told = allocate(wanted, home, dated, held, PARAMS)
        there = {each.instrument: each.target_coin for each in told.placed}
        if there == pytest.approx(held, abs=1e-9):
            return
        held = there
    raise AssertionError(f"still moving: {told.placed}")


# --- the recorded market ----------------------------------------------------------------------------


def test_in_january_2026_a_short_collateral_belonged_in_june_and_a_long_hedge_in_the_perpetual() -> None:
    """18 January 2026, funding nothing, June 4.9 % a year over the index; fees of that time, 5 bp."""
    now_ms, home, dated = recorded("20260118")
    params = replace(PARAMS, clip_usd=5_000.0)
    short = allocate(collateral(-5.0, now_ms=now_ms), home, dated, {home.instrument: -5.0}, params)
    assert target(short, "BTC-26JUN26") == -5.0
    assert 1_000.0 < short.saving_usd < 1_800.0  # 23 to 38 bp of 475,000 USD over 30 days
    long = allocate(collateral(+5.0, now_ms=now_ms), home, dated, {home.instrument: 5.0}, params)
    assert target(long, home.instrument) == 5.0


def test_on_16_january_2026_funding_paid_a_short_what_the_basis_did_and_nothing_was_worth_two_legs() -> None:
    """0.43 bp in 8 h are 4.7 % a year; June was 5.0 % a year over the index."""
    now_ms, home, dated = recorded("20260116")
    assert home.funding_8h == pytest.approx(0.00004297)
    params = replace(PARAMS, clip_usd=2_000.0)
    told = allocate(collateral(-5.0, now_ms=now_ms), home, dated, {home.instrument: -5.0}, params)
    assert target(told, home.instrument) == -5.0
    june = next(each for each in only(told).costs if each.instrument == "BTC-26JUN26")
    assert not june.refused
    assert june.total < 0.0  # it earns, too: not enough more


def test_most_recorded_dated_books_do_not_carry_a_clip_and_are_refused_for_it() -> None:
    now_ms, home, dated = recorded("20260117")
    told = allocate(collateral(-5.0, now_ms=now_ms), home, dated, {home.instrument: -5.0}, PARAMS)
    refused = [each.instrument for each in only(told).costs if each.refused]
    assert refused == [each.instrument for each in dated if each.bid_usd < PARAMS.clip_usd]
    assert len(refused) == len(dated) == 7  # 270 to 8160 USD at the bid
    assert target(told, home.instrument) == -5.0
